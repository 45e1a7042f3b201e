"""Settings that change while a run trains: the person's wish, and what a resume does again.

The wish names what a knob is to be, so carrying it out twice changes nothing. Every change is an
event with its step; a resumed run first makes the changes after its checkpoint at those steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnnlm_core.knobs import SAMPLE_KNOB, SAMPLE_TEMPERATURE, knob_problem
from rnnlm_core.records import Event
from rnnlm_core.trainer import Trainer


@dataclass(frozen=True)
class Turn:
    """A knob that was turned just now."""

    name: str
    value: float
    before: float


class Knobs:
    """The knobs of one run."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.sample_temperature = SAMPLE_TEMPERATURE
        self._again: list[Event] = []  # turns of an earlier life, still to come

    def resume(self, sample_temperature: float, history: list[Event]) -> None:
        """Go on after the step that the trainer has reached."""
        self.sample_temperature = sample_temperature
        self._again = [e for e in history if e.kind == "knob" and e.step >= self._trainer.steps]

    def turn(self, wish: dict[str, float]) -> Iterator[Turn]:
        """What is due before the next step; yields what is new, not what is done again."""
        while self._again and self._again[0].step <= self._trainer.steps:
            event = self._again.pop(0)
            self._set(event.values["name"], event.values["value"])
        if self._again:
            return  # the wish stands for a later step
        for name, value in wish.items():
            if knob_problem(name, value) is None and value != (before := self._now(name)):
                self._set(name, value)
                yield Turn(name, value, before)

    def _now(self, name: str) -> float:
        if name == SAMPLE_KNOB:
            return self.sample_temperature
        now: float = getattr(self._trainer.config, name)
        return now

    def _set(self, name: str, value: float) -> None:
        if name == SAMPLE_KNOB:
            self.sample_temperature = value
        else:
            self._trainer.turn(name, value)
