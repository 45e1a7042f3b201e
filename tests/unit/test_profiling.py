"""The gradient's reach that a worker writes down while it trains: what it costs, what it leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from rnnlm_core import launch
from rnnlm_core.insight.gradients import lag_profiles
from rnnlm_core.lab import Run
from rnnlm_core.prepared import prepare
from rnnlm_core.profiling import SHARE, Profiler
from rnnlm_core.records import GradientReach
from rnnlm_core.run.checkpoint import load_at
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import entries
from rnnlm_core.run.reaches import ReachTail
from rnnlm_core.shipping import ship
from rnnlm_core.trainer import Trainer
from rnnlm_core.worker import Worker, work
from tests.small_runs import bits, new_run, small_text, with_plan


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many profiles as there are steps: so short a run affords none."""
    monkeypatch.setattr("rnnlm_core.profiling.SHARE", 1e6)
    monkeypatch.setattr("rnnlm_core.profiling.SPARSE", 0.0)


def tensors(folder: RunFolder) -> dict[tuple[int, str], bytes]:
    """Weights, moments and random state of every kept moment."""
    return {(entry.step, name): tensor.numpy().tobytes()
            for entry in entries(folder.checkpoints)
            for name, tensor in load_at(folder.checkpoints, entry.step).tensors.items()}


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_run_with_profiles_is_the_same_run_to_the_bit(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, often: None, cell: str) -> None:
    watched = with_plan(new_run(tmp_path, cell=cell, layers=2, averaging=0.9, max_steps=30))
    alone = RunFolder(shutil.copytree(watched.path, tmp_path / "alone"))
    assert work(watched) == "finished"
    monkeypatch.setattr("rnnlm_core.profiling.SHARE", 0.0)
    assert work(alone) == "finished"

    assert len(watched.profiles()[0]) == 2 * 30 and alone.profiles()[0] == []
    assert bits(watched) == bits(alone)
    assert tensors(watched) == tensors(alone) and len({step for step, _ in tensors(alone)}) > 2
    assert [s.text for s in watched.samples()[0]] == [s.text for s in alone.samples()[0]]


def test_what_is_written_is_the_profile_of_the_checkpoint(tmp_path: Path, often: None) -> None:
    folder = with_plan(new_run(tmp_path, small_text(6_000), cell="lstm", layers=2, max_steps=16))
    work(folder)
    run = Run(folder)
    ids = run.tokenizer.encode(run.validation_text[:24_000])

    found = [p for p in folder.profiles()[0] if p.step == 16]
    assert [p.layer for p in found] == [0, 1]
    for record, profile in zip(found, lag_profiles(run.model, ids), strict=True):
        assert profile.c is not None
        assert record.h == pytest.approx(np.log10(profile.h.mean), abs=6e-4)
        assert record.c == pytest.approx(np.log10(profile.c.mean), abs=6e-4)
        assert (record.h_horizon, record.c_horizon) == (profile.h.horizon, profile.c.horizon)
        assert (record.h_rate, record.c_rate) == pytest.approx((profile.h.rate, profile.c.rate))
        assert (record.lags, record.windows, record.cost > 0) == (100, 16, True)


def test_a_resume_cuts_what_came_after_its_checkpoint(tmp_path: Path, often: None) -> None:
    folder = with_plan(new_run(tmp_path, cell="rnn", max_steps=20))

    class Killed(Worker):
        def _one_step(self) -> None:
            super()._one_step()
            if self.trainer.steps == 9:
                self.journal.flush()
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Killed(folder).run()
    assert [p.step for p in folder.profiles()[0]] == list(range(1, 10))
    assert work(folder) == "finished"
    assert [p.step for p in folder.profiles()[0]] == list(range(1, 21))


def test_a_fork_takes_those_up_to_its_step_along(tmp_path: Path, often: None) -> None:
    folder = with_plan(new_run(tmp_path, cell="gru", max_steps=20))
    work(folder)
    forked = launch.fork(folder, 16, folder.config(), tmp_path)
    assert forked.profiles()[0] == [p for p in folder.profiles()[0] if p.step <= 16] != []


def test_a_cnn_and_a_tiny_text_have_none(tmp_path: Path, often: None) -> None:
    for folder in (new_run(tmp_path, cell="cnn", max_steps=3), new_run(tmp_path, small_text(
            300), cell="rnn", max_steps=3)):
        assert work(with_plan(folder)) == "finished"
        assert folder.profiles()[0] == []


class Clock:
    """Seconds as the test lets them pass: each profile takes `cost` of them."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost = 0.0, cost

    def __call__(self) -> float:
        self.now += self.cost / 2
        return self.now


@pytest.mark.parametrize("cost", [0.01, 0.04, 0.5])
@pytest.mark.parametrize("before", [0.0, 100.0])
def test_profiles_never_take_more_than_their_share(
        tmp_path: Path, cost: float, before: float) -> None:
    """The clock is the test's own. What an earlier life trained pays for nothing."""
    folder = with_plan(new_run(tmp_path, small_text(6_000), cell="rnn", batch=32,
                               sequence_length=64))
    prepared, plan = prepare(folder), folder.plan()
    assert plan is not None
    trainer = Trainer(folder.config(), plan, prepared.train_ids, prepared.tokenizer.size)
    clock = Clock(2 * cost)  # read twice, so each profile costs `cost`
    profiler, taken, seconds = Profiler(trainer, prepared, before, clock), 0, before
    for step in range(1, 2_001):
        trainer.steps, seconds = step, before + step * 0.05
        if profiler.is_due(seconds):
            assert profiler.take(seconds)[0].cost == pytest.approx(cost)
            taken += 1
        assert taken * cost <= SHARE * (seconds - before) + 0.5 * (taken == 1)
    assert taken >= 0.7 * SHARE * 100 / cost  # as often as that allows


# -- read as it comes -----------------------------------------------------------------------------
def append(folder: RunFolder, *steps: int, layers: int = 1) -> None:
    with open(folder.path / "profiles.jsonl", "a") as file:
        file.writelines(GradientReach(step, step / 10, layer, 16, [0.0, -1.0, -2.5], 2, 0.1)
                        .to_json() + "\n" for step in steps for layer in range(layers))


def test_a_tail_reads_on_and_begins_again_where_the_file_was_cut(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    tail = ReachTail(folder)
    assert tail.refresh().points == {} and tail.newest == {}  # trained before there were profiles
    append(folder, 1, 5, layers=2)
    assert [p.step for p in tail.refresh().points[1]] == [1, 5]
    append(folder, 9, layers=2)
    assert [p.step for p in tail.refresh().points[0]] == [1, 5, 9]
    assert tail.newest[1].h == [0.0, -1.0, -2.5] and tail.points[1][0].lags == 2
    (folder.path / "profiles.jsonl").unlink()
    append(folder, 1, 4, 6, 8, layers=2)  # longer than what was read, but another life
    assert [p.step for p in tail.refresh().points[0]] == [1, 4, 6, 8]


def test_a_shipped_run_keeps_an_even_choice_and_the_last(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlm_core.shipping._ROWS", 4)
    folder = with_plan(new_run(tmp_path, small_text(6_000), cell="gru", layers=2, max_steps=4))
    work(folder)
    append(folder, *range(1, 12), layers=2)
    shipped = ship(folder, tmp_path / "shipped", 1)
    assert [(p.step, p.layer) for p in shipped.profiles()[0]] == [
        (step, layer) for step in (1, 3, 5, 7, 9, 11) for layer in (0, 1)]
    assert Run(folder).profiles == folder.profiles()[0]
