"""The knobs of a run: a wish is carried out once, and a history again at its own steps."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from rnnlm_core.config import RunConfig
from rnnlm_core.records import Event
from rnnlm_core.trainer import Trainer
from rnnlm_core.turning import Knobs, Turn


class Steps:
    """A trainer that only counts and turns."""

    def __init__(self, steps: int) -> None:
        self.steps, self.config = steps, RunConfig(learning_rate=0.004)
        self.turned: list[tuple[int, str, float]] = []

    def turn(self, name: str, value: float) -> None:
        self.turned.append((self.steps, name, value))
        self.config = dataclasses.replace(self.config, **{name: value})  # type: ignore[arg-type]


def opened(steps: int) -> tuple[Knobs, Steps]:
    trainer = Steps(steps)
    return Knobs(cast(Trainer, trainer)), trainer


def event(step: int, name: str, value: float) -> Event:
    return Event(step, 0.0, "knob", {"name": name, "value": value, "before": 0.0})


def test_a_wish_is_carried_out_once_and_told_with_what_was_before() -> None:
    knobs, trainer = opened(7)
    wish = {"learning_rate": 0.01, "sample_temperature": 1.2}
    assert list(knobs.turn(wish)) == [
        Turn("learning_rate", 0.01, 0.004), Turn("sample_temperature", 1.2, 0.8)]
    assert list(knobs.turn(wish)) == []
    assert trainer.turned == [(7, "learning_rate", 0.01)] and knobs.sample_temperature == 1.2


def test_what_is_out_of_range_or_no_knob_is_not_carried_out() -> None:
    knobs, trainer = opened(7)
    wish: dict[str, Any] = {"learning_rate": -1.0, "hidden": 8, "sample_temperature": 99.0}
    assert list(knobs.turn(wish)) == [] and trainer.turned == []
    assert knobs.sample_temperature == 0.8


def test_history_after_the_checkpoint_comes_again_at_its_steps_and_is_not_told_anew() -> None:
    knobs, trainer = opened(20)
    knobs.resume(0.5, [
        event(12, "learning_rate", 0.1),  # in the checkpoint already
        event(20, "learning_rate", 0.01), event(22, "output_dropout", 0.5),
        event(22, "sample_temperature", 1.5), Event(23, 0.0, "paused")])
    wish = {"learning_rate": 0.01, "output_dropout": 0.5, "sample_temperature": 1.5}
    temperatures = []
    for trainer.steps in range(20, 25):
        assert list(knobs.turn(wish)) == []
        temperatures.append(knobs.sample_temperature)
    assert trainer.turned == [(20, "learning_rate", 0.01), (22, "output_dropout", 0.5)]
    assert temperatures == [0.5, 0.5, 1.5, 1.5, 1.5]


def test_a_newer_wish_waits_until_history_has_come_again() -> None:
    knobs, trainer = opened(20)
    knobs.resume(0.8, [event(22, "learning_rate", 0.01)])
    told = {}
    for trainer.steps in range(20, 24):
        told[trainer.steps] = list(knobs.turn({"learning_rate": 0.02}))
    assert told == {20: [], 21: [], 22: [Turn("learning_rate", 0.02, 0.01)], 23: []}
