"""`benchmarks.loop`: loops side by side are the same training, their ratio is one of times."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from benchmarks import loop
from rnnlm_core.planning import make_plan
from rnnlm_core.prepared import prepare
from rnnlm_core.trainer import Trainer
from tests.small_runs import new_run


def test_each_of_two_loops_has_a_random_state_of_its_own() -> None:
    drawn: dict[str, list[float]] = {"a": [], "b": []}
    torch.manual_seed(3)
    seconds = loop.in_turn({name: lambda n=name: drawn[n].append(torch.rand(()).item())
                            for name in drawn}, 3 * loop.BLOCK)
    torch.manual_seed(3)
    assert drawn["a"] == drawn["b"] == [torch.rand(()).item() for _ in range(3 * loop.BLOCK)]
    assert [len(seen) for seen in seconds.values()] == [3, 3]


def test_a_loop_that_takes_twice_the_time_has_half_the_speed(monkeypatch: pytest.MonkeyPatch
                                                             ) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "process_time", lambda: clock[0])

    def taking(seconds: float) -> None:
        clock[0] += seconds

    found = loop.paired(lambda: taking(0.5), lambda: taking(1.0), 100, 10 * loop.BLOCK)
    assert found == pytest.approx({"ours": 200.0, "bare": 100.0, "ratio": 2.0})


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_bare_loop_is_the_same_training(tmp_path: Path, cell: str) -> None:
    """Whoever compares speeds compares the same losses, with dropout."""
    folder = new_run(tmp_path, cell=cell, max_steps=2 * loop.BLOCK, layers=1)
    config, prepared = folder.config(), prepare(folder)
    plan = make_plan(config, prepared)
    trainer = Trainer(config, plan, prepared.train_ids, prepared.tokenizer.size)
    bare, step = loop.bare(loop.BareLoop, config, plan, prepared)
    loop.paired(trainer.step, step, 1, 2 * loop.BLOCK)
    assert prepared.rows is not None
    ours = trainer.evaluate(prepared.rows, live=False)
    bare.write_into(trainer.model)
    assert trainer.evaluate(prepared.rows, live=False) == pytest.approx(ours, abs=1e-5)
    assert trainer.steps == 2 * loop.BLOCK
