"""Forks, and knobs turned while a run trains: what comes along, what is repeated to the bit."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from rnnlm_core import launch
from rnnlm_core.errors import ConfigError, RunError
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import entries
from rnnlm_core.worker import Worker, work
from tests.small_runs import bits, dropouts, new_run, with_plan
from tests.unit.test_resume import killed_at, same_run, stopped_at, twin, weights_hash

STEPS = 90


def trained(root: Path, stop_at: int = 0, **changes: Any) -> RunFolder:
    folder = with_plan(new_run(root, max_steps=STEPS, **dropouts(0.3), **changes), sample_every=40)
    if stop_at:
        stopped_at(folder, stop_at)
    else:
        assert work(folder) == "finished"
    return folder


def fork(folder: RunFolder, step: int | None = None, **changes: Any) -> RunFolder:
    config = dataclasses.replace(folder.config(), **changes)
    return launch.fork(folder, step, config, folder.path.parent)


def events(folder: RunFolder, kind: str) -> list[dict[str, Any]]:
    return [e.values for e in folder.events()[0] if e.kind == kind]


# -- forks ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "cnn"])
def test_a_fork_without_changes_repeats_the_other_run_to_the_bit(tmp_path: Path, cell: str) -> None:
    parent = trained(tmp_path, stop_at=50, cell=cell)
    forked = fork(parent)
    assert work(parent) == work(forked) == "finished"
    assert same_run(parent, forked) and len(bits(forked)) == STEPS
    assert events(forked, "forked") == [{
        "parent": parent.id, "optimizer": True, "position": True, "random_state": True}]
    assert forked.origin().exact  # type: ignore[union-attr]


def test_a_fork_that_is_killed_at_once_is_still_the_same(tmp_path: Path) -> None:
    parent = trained(tmp_path, stop_at=50)
    forked = fork(parent)
    killed_at(forked, 53, "step")
    assert work(parent) == work(forked) == "finished"
    assert same_run(parent, forked)


def test_a_changed_setting_changes_only_what_comes_after(tmp_path: Path) -> None:
    parent = trained(tmp_path, stop_at=50)
    forked = fork(parent, learning_rate=0.05)
    assert work(parent) == work(forked) == "finished"
    ours, theirs = bits(forked), bits(parent)
    assert {s: ours[s] for s in range(1, 51)} == {s: theirs[s] for s in range(1, 51)}
    assert ours[51][:2] == theirs[51][:2]  # the loss before the changed update, and its gradient
    assert all(ours[s][0] != theirs[s][0] for s in range(52, STEPS + 1))
    origin = forked.origin()
    assert origin is not None and origin.changed == {"learning_rate": 0.05} and not origin.exact


def test_weights_alone_start_the_optimizer_fresh(tmp_path: Path) -> None:
    parent = trained(tmp_path)
    assert not next(e for e in entries(parent.checkpoints) if e.step == 31).whole
    forked = fork(parent, step=31)
    assert work(forked) == "finished"
    assert events(forked, "forked")[0] == {
        "parent": parent.id, "optimizer": False, "position": False, "random_state": False}
    assert bits(forked).keys() == bits(parent).keys()
    assert {s: bits(forked)[s] for s in range(1, 32)} == {s: bits(parent)[s] for s in range(1, 32)}
    assert not forked.origin().exact  # type: ignore[union-attr]


@pytest.mark.parametrize(("changes", "optimizer", "position"), [
    ({"optimizer": "sgd"}, False, True), ({"optimizer": "adam"}, True, True),
    ({"batch": 2}, True, False), ({"sequence_length": 16}, True, False)])
def test_what_fits_comes_along(tmp_path: Path, changes: dict[str, Any], optimizer: bool,
                               position: bool) -> None:
    forked = fork(trained(tmp_path, stop_at=50), **changes)
    assert work(forked) == "finished"
    came = events(forked, "forked")[0]
    assert (came["optimizer"], came["position"]) == (optimizer, position)


def test_training_longer_goes_on_from_the_end(tmp_path: Path) -> None:
    parent = trained(tmp_path)
    longer = fork(parent, max_steps=STEPS + 40)
    assert work(longer) == "finished"
    assert longer.status(time.time()).step == STEPS + 40
    rows = longer.metrics()[0]
    assert [r.step for r in rows] == list(range(1, STEPS + 41))
    assert rows[-1].seconds > parent.metrics()[0][-1].seconds
    # the schedule is stretched to the new total: the rate goes up again
    assert rows[STEPS].learning_rate > 5 * rows[STEPS - 1].learning_rate


def test_the_moments_before_the_fork_come_along(tmp_path: Path) -> None:
    parent = trained(tmp_path)
    forked = fork(parent, step=31)
    assert [e.step for e in entries(forked.checkpoints)] == [
        e.step for e in entries(parent.checkpoints) if e.step <= 31]
    assert [s.step for s in forked.samples()[0]] == [
        s.step for s in parent.samples()[0] if s.step <= 31]
    before = weights_hash(parent)
    work(forked)
    assert weights_hash(parent) == before  # files that both share were not touched


@pytest.mark.parametrize(("changes", "codes"), [
    ({"hidden": 16, "cell": "gru"}, ["config.fork_fixed", "config.fork_fixed"]),
    ({"max_steps": 20}, ["config.fork_ended"]),
    ({"learning_rate": -1.0}, ["config.too_small"])])
def test_what_a_fork_cannot_do_is_told(tmp_path: Path, changes: dict[str, Any], codes: list[str]
                                       ) -> None:
    parent = trained(tmp_path, stop_at=40)
    with pytest.raises(ConfigError) as error:
        fork(parent, **changes)
    assert [p.code for p in error.value.problems] == codes
    assert len(launch.list_runs(tmp_path)) == 1


def test_a_moment_that_is_not_kept_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError) as error:
        fork(trained(tmp_path, stop_at=40), step=7)
    assert error.value.code == "run.no_such_moment"


def test_a_shipped_run_can_be_forked(tmp_path: Path) -> None:
    shipped = RunFolder(launch.models_root() / "dialogue2-gru")
    config = dataclasses.replace(shipped.config(), max_steps=1_003, max_seconds=0.0)
    forked = launch.fork(shipped, None, config, tmp_path)
    assert work(forked) == "finished"
    assert forked.status(time.time()).step == 1_003
    assert events(forked, "forked")[0]["optimizer"]


# -- knobs ----------------------------------------------------------------------------------------
def turned(folder: RunFolder, turns: dict[int, tuple[str, float]]) -> Worker:
    """A worker during whose life knobs are turned after these steps."""
    one = Worker(folder)
    step = one._one_step

    def one_step() -> None:
        step()
        if one.trainer.steps in turns:
            launch.turn(folder, *turns[one.trainer.steps])
            one.wish._looked = 0.0  # looks at once, not by the clock

    one._one_step = one_step  # type: ignore[method-assign]
    return one


TURNS: dict[int, tuple[str, float]] = {
    20: ("learning_rate", 0.03), 40: ("output_dropout", 0.7), 60: ("sample_temperature", 0.1),
    61: ("clip_norm", 0.01)}


def test_a_turned_knob_is_an_event_and_acts(tmp_path: Path) -> None:
    plain = with_plan(new_run(tmp_path, max_steps=STEPS, schedule="constant"), sample_every=40)
    folder = twin(plain)
    assert turned(folder, TURNS).run() == work(plain) == "finished"
    told = [(e.step, e.values["name"], e.values["value"], e.values["before"])
            for e in folder.events()[0] if e.kind == "knob"]
    config = plain.config()
    assert told == [
        (20, "learning_rate", 0.03, config.learning_rate), (40, "output_dropout", 0.7, 0.2),
        (60, "sample_temperature", 0.1, 0.8), (61, "clip_norm", 0.01, 1.0)]
    ours, theirs = bits(folder), bits(plain)
    assert all(ours[s] == theirs[s] for s in range(1, 21))
    assert all(ours[s] != theirs[s] for s in range(22, STEPS + 1))
    rows = {r.step: r for r in folder.metrics()[0]}
    assert rows[20].learning_rate == config.learning_rate and rows[21].learning_rate == 0.03
    assert all(rows[s].clipped_norm <= 0.01 for s in range(62, STEPS + 1))
    assert [s.temperature for s in folder.samples()[0]] == [0.8, 0.8, 0.1, 0.1]


def test_the_settings_now_are_those_with_the_knobs_turned(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, max_steps=30))
    assert turned(folder, TURNS).run() == "finished"
    assert folder.config_now() == dataclasses.replace(folder.config(), learning_rate=0.03)


def test_a_fork_writes_its_samples_at_the_temperature_that_was_turned_to(tmp_path: Path) -> None:
    parent = with_plan(new_run(tmp_path, max_steps=60), sample_every=20)
    plain = twin(parent)
    assert turned(parent, {20: ("sample_temperature", 0.1)}).run() == work(plain) == "finished"
    assert bits(parent) == bits(plain)
    ours, theirs = ({s.step: s.text for s in f.samples()[0]} for f in (parent, plain))
    assert ours[20] == theirs[20] and ours[40] != theirs[40]
    child = fork(parent, max_steps=90)
    assert work(child) == "finished"
    written = child.samples()[0]
    assert written[-1].step == 90 and {s.temperature for s in written if s.step > 20} == {0.1}


@pytest.mark.parametrize("killed", [25, 50, 75])
def test_turned_knobs_are_replayed_at_their_steps(tmp_path: Path, killed: int) -> None:
    straight = with_plan(new_run(tmp_path, max_steps=STEPS, **dropouts(0.3)), sample_every=40)
    broken = twin(straight)
    assert turned(straight, TURNS).run() == "finished"
    one = turned(broken, TURNS)
    step = one._one_step

    def dies() -> None:
        step()
        if one.trainer.steps == killed:
            one.journal.flush()
            raise SystemExit

    one._one_step = dies  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        one.run()
    remaining = {s: turn for s, turn in TURNS.items() if s > killed}
    assert turned(broken, remaining).run() == "finished"
    assert same_run(straight, broken)


@pytest.mark.parametrize(("name", "value", "code"), [
    ("learning_rate", -1.0, "config.too_small"), ("output_dropout", 0.95, "config.too_large"),
    ("clip_norm", float("nan"), "config.not_a_number"), ("hidden", 3.0, "config.unknown_field"),
    ("sample_temperature", 11.0, "config.too_large")])
def test_a_bad_turn_is_refused_and_changes_nothing(tmp_path: Path, name: str, value: float,
                                                   code: str) -> None:
    folder = new_run(tmp_path)
    with pytest.raises(ConfigError) as error:
        launch.turn(folder, name, value)
    assert error.value.problems[0].code == code
    assert folder.control().knobs == {}


# -- every lever resumes to the bit ---------------------------------------------------------------
@pytest.mark.parametrize("changes", [
    {"cell": "cnn", "receptive_field": 9}, {"softmax": "adaptive"},
    {"embedding": 8, "tie_weights": True}, {"embedding": 0, "layers": 2, "layer_norm": True},
    {"layers": 2, "residual": True, "variational_dropout": True}, {"averaging": 0.9},
    {"backprop_length": 20}, {"backprop_length": 3, "carry_length": 40}, {"windows": "random"},
    {"loss": "mse", "clip_value": 0.01}, {"label_smoothing": 0.1, "schedule": "one_cycle"},
    {"schedule": "step", "decay_every": 30}, {"patience": 3, "learning_rate": 0.5},
    {"cell": "rnn", "activation": "relu", "initialisation": "identity"},
    {"tokenizer": "words"}, {"tokenizer": "bytes"}], ids=str)
def test_killed_with_any_lever_and_still_the_same(tmp_path: Path, changes: dict[str, Any]) -> None:
    settings = {**dropouts(0.3), "max_steps": STEPS, **changes}
    straight = with_plan(new_run(tmp_path, **settings), sample_every=40)
    broken = twin(straight)
    assert work(straight) == "finished"
    killed_at(broken, 25, "step")
    killed_at(broken, 60, "step")
    assert work(broken) == "finished"
    assert same_run(straight, broken)
