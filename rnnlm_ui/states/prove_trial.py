"""What is tried: which units, what is done to them, over which span, and where one looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.config import RunConfig
from rnnlm_ui import session
from rnnlm_ui.states import prove_facts
from rnnlm_ui.states.findings import finding_of, is_memory, unit_name
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.reading import read

if TYPE_CHECKING:
    from rnnlm_core.insight.interventions import Intervention, Spread
    from rnnlm_core.insight.states import StateReading
    from rnnlm_core.insight.units import UnitFinding

KINDS = ("clamp", "zero", "flip", "scale", "swap", "patch")
KIND, UNITS, VALUE, FACTOR, SPAN, OTHER, PLACE = (
    f"prove_{name}" for name in ("kind", "units", "value", "factor", "span", "other", "place"))
LONGEST_OTHER = 500
_BEYOND = 1.5  # of what a unit without limits reaches, a slider goes so far


@dataclass(frozen=True)
class Trial:
    """One experiment on the text that is read. Steps count from its first token."""

    change: Intervention
    place: int  # the token whose prediction is looked at; its length where it is the next one
    controls: tuple[Intervention, ...]


@dataclass(frozen=True)
class Bench:
    """What an experiment is made from: the looked-at layer, its units' spread, the finding."""

    look: Look
    part: str
    spread: Spread
    finding: UnitFinding | None

    @property
    def layer(self) -> int:
        return self.look.choice.layer

    @property
    def reading(self) -> StateReading:
        return self.look.reading

    @property
    def states(self) -> NDArray[np.float32]:
        """(T, H) of the looked-at layer, untouched."""
        return states_of(self.reading, self.part, self.layer)

    def name(self, unit: int) -> str:
        return unit_name(self.part, self.layer, unit, self.look.config)

    @property
    def limits(self) -> tuple[float, float]:
        return limits_of(self.look.config, self.part, self.spread)


def limits_of(config: RunConfig, part: str, spread: Spread) -> tuple[float, float]:
    """The ends of the slider: what a unit of this layer can hold, or some way beyond it."""
    if part == "h" and (config.cell != "rnn" or config.activation == "tanh"):
        return -1.0, 1.0
    if part == "h" and config.activation == "sigmoid":
        return 0.0, 1.0
    top = float(np.ceil(10 * _BEYOND * max(abs(spread.low).max(), spread.high.max(), 0.1)) / 10)
    return (-top if part == "c" else 0.0), top


def states_of(reading: StateReading, part: str, layer: int) -> NDArray[np.float32]:
    states = reading.c if part == "c" else reading.h
    assert states is not None
    return states[layer]


def bench(look: Look) -> Bench:
    """Gates are not held, they follow: where one is looked at, h of its layer is tried."""
    part = "c" if look.choice.part == "c" else "h"
    finding = finding_of([f for f in look.findings if is_memory(f)], look.choice,
                         session.recall("states.label", ""))
    found = prove_facts.spread(look.path, look.step, look.digest, part, look.choice.layer)
    return Bench(look, part, found, finding)


def span_of(reading: StateReading) -> tuple[int, int]:
    """The steps since ≤ t < until, as the slider has them (1 is the first token)."""
    first, last = session.widget(SPAN, (1, 1))
    length = len(reading.ids)
    return min(max(first, 1), length) - 1, min(max(last, 1), length)


def place_of(reading: StateReading) -> int:
    return min(max(1, session.recall(PLACE, 1)), len(reading.ids))


def trial(made: Bench) -> Trial:
    """As the widgets stand. Raises `BadInput` where that is no experiment."""
    from rnnlm_core.insight.interventions import Intervention, control_units, matched, rows_of

    kind, units = session.widget(KIND, KINDS[0]), tuple(session.widget(UNITS, []))
    (since, until), states = span_of(made.reading), None
    place = max(place_of(made.reading), since + 1)
    donor: tuple[tuple[float, ...], ...] = ()
    if kind == "patch":
        states = _other_states(made)[-(until - since):]
        since, donor = until - len(states), rows_of(states, units)
        place = max(place, since + 1)
    value = session.widget(FACTOR if kind == "scale" else VALUE, 0.0)
    if kind == "clamp":
        value = exact(made, units, value)
    change = Intervention(units, kind, value, made.part, made.layer,  # type: ignore[arg-type]
                          since, until, donor)
    controls = tuple(matched(change, other, made.spread, states)
                     for other in control_units(made.spread.sd, units))
    return Trial(change, place, controls)


def exact(made: Bench, units: tuple[int, ...], value: float) -> float:
    """The slider has two decimals: at a finding's mean, the mean itself."""
    if made.finding is not None and units == (made.finding.unit,):
        for mean in (made.finding.mean_on, made.finding.mean_off):
            if round(mean, 2) == value:
                return mean
    return value


def _other_states(made: Bench) -> NDArray[np.float32]:
    """(T, H) of this layer over the other text. Raises where nothing of it is known."""
    look = made.look
    other = read(look.path, look.step, look.digest, session.widget(OTHER, "")[:LONGEST_OTHER])
    return states_of(other, made.part, made.layer)
