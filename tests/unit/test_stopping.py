"""Stop rules: which one holds first, and that a resume remembers."""

from __future__ import annotations

import dataclasses

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.run.history import entries
from rnnlm_core.stopping import Stopping
from rnnlm_core.worker import work
from tests.small_runs import last_step, new_run, with_plan


def rules(**settings: object) -> Stopping:
    return Stopping(RunConfig(**{"max_seconds": 0.0, "max_steps": 100, **settings}), 100)  # type: ignore[arg-type]


@pytest.mark.parametrize(("settings", "seen", "step", "seconds", "reason"), [
    ({}, [], 99, 1e9, None),
    ({}, [], 100, 0.0, "steps"),
    ({"max_seconds": 5.0}, [], 10, 4.99, None),
    ({"max_seconds": 5.0}, [], 10, 5.0, "seconds"),
    ({"target_loss": 1.5}, [2.0, 1.51], 10, 0.0, None),
    ({"target_loss": 1.5}, [2.0, 1.5], 10, 0.0, "target"),
    ({"patience": 3}, [2.0, 2.1, 2.2], 10, 0.0, None),
    ({"patience": 3}, [2.0, 2.1, 2.2, 2.0], 10, 0.0, "patience"),  # as good is not better
    ({"patience": 3}, [2.0, 2.1, 2.2, 1.9, 2.0], 10, 0.0, None)])
def test_the_first_rule_that_holds(settings: dict[str, object], seen: list[float], step: int,
                                   seconds: float, reason: str | None) -> None:
    stopping = rules(**settings)
    for at, loss in enumerate(seen):
        stopping.see(at, loss)
    assert stopping.reason(step, seconds) == reason


def test_it_remembers_over_a_resume() -> None:
    first, second = rules(patience=3), rules(patience=3)
    for at, loss in enumerate([2.0, 1.0, 1.5, 1.5]):
        first.see(at, loss)
    second.restore(first.values())
    assert (second.best, second.best_step, second.reason(9, 0.0)) == (1.0, 1, None)
    second.see(9, 1.2)
    assert second.reason(9, 0.0) == "patience"
    rules().restore(rules().values())  # nothing seen yet


def test_patience_ends_a_run_and_keeps_its_best_weights(tmp_path) -> None:  # type: ignore[no-untyped-def]
    # a rate that is far too high soon makes things worse
    folder = with_plan(new_run(tmp_path, max_steps=400, patience=4, learning_rate=0.3,
                               schedule="constant", optimizer="adam", clip_norm=0.0),
                       evaluate_every=5)
    assert work(folder) == "finished"
    said = folder.status(0)
    rows = [r for r in folder.metrics()[0] if r.validation is not None]
    best = min(rows, key=lambda r: r.validation)
    assert said.ended_by == "patience" and last_step(folder) < 400
    assert [r.step for r in rows].index(best.step) == len(rows) - 5
    assert (said.best_step, said.best_validation) == (best.step, best.validation)
    kept, = [e for e in entries(folder.checkpoints) if e.best]
    assert (kept.step, kept.whole) == (best.step, True)


def test_a_target_ends_a_run_where_it_is_reached(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = with_plan(new_run(tmp_path, max_steps=5_000, target_loss=1.9, learning_rate=0.02,
                               schedule="constant"), evaluate_every=5)
    assert work(folder) == "finished"
    losses = [r.validation for r in folder.metrics()[0] if r.validation is not None]
    assert folder.status(0).ended_by == "target"
    assert losses[-1] <= 1.9 < min(losses[:-1])


def test_the_best_one_stays_whole_while_later_ones_come_and_go(tmp_path) -> None:  # type: ignore[no-untyped-def]
    import torch

    from rnnlm_core.run.checkpoint import Checkpoint, save_whole

    for step, best in ((10, True), (20, False), (30, True), (40, False), (50, False), (60, False)):
        save_whole(tmp_path, Checkpoint(step, {"model.w": torch.ones(2) * step}, {}), best)
    assert [(e.step, e.whole, e.best) for e in entries(tmp_path)] == [
        (30, True, True), (50, True, False), (60, True, False)]
    save_whole(tmp_path, Checkpoint(60, {"model.w": torch.ones(2)}, {}))
    assert [e.step for e in entries(tmp_path) if e.best] == [30]
    assert dataclasses.asdict(entries(tmp_path)[0])["best"] is True
