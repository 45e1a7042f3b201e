"""Moments on the loss curve: where a yardstick was passed, where somebody changed something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from rnnlm_core.comparison import crossing
from rnnlm_core.config import FIELDS
from rnnlm_core.figures.training import Crossing, Mark
from rnnlm_core.knobs import SAMPLE_KNOB
from rnnlm_core.records import Event
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.i18n import duration, number, t
from rnnlm_ui.live import Column, RunTail

_EVENTS = ("paused", "resumed", "continued", "forked")  # marked on the chart, besides knobs
_MARKS = 30  # the newest ones


@dataclass(frozen=True)
class Passing:
    """Where the drawn curve crosses a yardstick."""

    step: float
    seconds: float  # of training


def passed_at(tail: RunTail, value: float) -> Passing | None:
    """When validation on the live sample first went under a loss (nats on the same positions)."""
    steps, losses = tail.validation()
    under = np.flatnonzero(losses < value)
    if not len(under):
        return None
    step = float(np.interp(crossing(losses, value, int(under[0])), np.arange(len(steps)), steps))
    return Passing(step, float(np.interp(step, tail.column("step"), tail.column("seconds"))))


def crossings(tail: RunTail, yardsticks: Mapping[str, float], unit: Callable[[Column], Column]
              ) -> list[Crossing]:
    """Where the validation curve passed each yardstick, by its name and live loss (nats)."""
    found = []
    for name, value in yardsticks.items():
        when = passed_at(tail, value)
        if when is not None and when.step > 1:
            found.append(Crossing(when.step, float(unit(np.array(value))),
                                  passed_text("✓ " + name, when)))
    return found


def passed_text(name: str, when: Passing) -> str:
    """`KN 4 (at step 300, after 12 s)`"""
    return t("train.passed_at", name=name, step=number(when.step), time=duration(when.seconds))


def event_marks(folder: RunFolder) -> list[Mark]:
    """What happened to the run from outside, for the chart: changed knobs, pauses, resumes."""
    found = [mark for event in folder.events()[0] if (mark := _mark(event)) is not None]
    return found[-_MARKS:]


def _mark(event: Event) -> Mark | None:
    if event.kind == "knob":
        name, value = str(event.values.get("name")), event.values.get("value")
        if (name not in FIELDS and name != SAMPLE_KNOB) or not isinstance(value, (int, float)):
            return None  # by another version
        before = event.values.get("before")
        was = f"{before:g}" if isinstance(before, (int, float)) else "–"
        text = t("train.event.knob", name=knob_name(name), before=was, value=f"{value:g}",
                 step=number(event.step))
        # the one that is turned most says it by the value alone
        return Mark(event.step, text, f"{value:g}" if name == "learning_rate"
                    else f"{knob_name(name)} {value:g}")
    if event.kind in _EVENTS:
        return Mark(event.step, t(f"train.event.{event.kind}", step=number(event.step)))
    return None


def knob_name(name: str) -> str:
    return t("train.sample_temperature" if name == SAMPLE_KNOB else f"config.{name}")
