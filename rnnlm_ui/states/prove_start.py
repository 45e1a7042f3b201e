"""The experiment before the reader chooses: the one that the finding asks for.

The found unit, held at its mean on the other side of its label, over the three tokens before a
place where that decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnlm_ui import session
from rnnlm_ui.states.look import RUN_UP
from rnnlm_ui.states.prove_trial import (
    FACTOR,
    KIND,
    KINDS,
    OTHER,
    PLACE,
    SPAN,
    UNITS,
    VALUE,
    Bench,
)

if TYPE_CHECKING:
    from rnnlm_core.insight.labels import Label
    from rnnlm_core.insight.states import StateReading

_STEPS = 3  # tokens of the span
STRONGEST = "prove.strongest"  # run, text and place, where that was chosen so
_PAIR = "prove.pair"  # a unit and the partner that a swap has given it


def settle(made: Bench) -> None:
    """Bring the widgets in line with run, text and unit; a new one begins its own experiment."""
    session.choice(KIND, KINDS, KINDS[0])
    look, reading = made.look, made.reading
    label = label_on(made)
    text = (look.folder.id, reading.text)
    if session.recall("prove.text", None) != text:
        session.remember("prove.text", text)
        go_to(start_place(made, label), (0, 0))
        session.set_widget(OTHER, other_text(reading, label, session.recall(PLACE, 1)))
    unit = (look.folder.id, made.part, look.choice)
    if session.recall("prove.unit", None) != unit:
        session.remember("prove.unit", unit)
        session.set_widget(UNITS, partnered(made, [look.choice.unit]))
        session.set_widget(VALUE, start_value(made, label, session.recall(PLACE, 1)))
    low, high = made.limits
    session.set_widget(VALUE, round(min(max(low, session.widget(VALUE, 0.0)), high), 2))
    session.preset(FACTOR, 2.0)


def partnered(made: Bench, units: list[int]) -> list[int]:
    """A swap takes two: to a single unit, the one of the most similar spread comes along, and goes
    again where something else is done to the two."""
    from rnnlm_core.insight.interventions import control_units

    if session.widget(KIND, KINDS[0]) != "swap":
        pair = session.recall(_PAIR, [])
        session.forget(_PAIR)
        return units[:1] if units == pair else units
    if len(units) != 1:
        return units
    others = control_units(made.spread.sd, units, count=1)
    pair = [*units, *(others[0] if others else ())]
    session.remember(_PAIR, pair)
    return pair


def label_on(made: Bench) -> Label | None:
    """What the unit was found to tell, at every token of this text."""
    from rnnlm_core.insight.corpus_labels import corpus_labels
    from rnnlm_core.insight.labels import label_of_tokens, labels_of

    if made.finding is None:
        return None
    text = made.reading.text
    for label in corpus_labels(made.look.config.corpus, text) + labels_of(text):
        if label.name == made.finding.label:
            return label_of_tokens(label, made.reading.owners, made.reading.ids)
    return None


def start_place(made: Bench, label: Label | None) -> int:
    """The first place, after a run-up, that the text decides by what the unit holds; where it
    decides none so, the place whose prediction the change moves most."""
    from rnnlm_core.insight.decisions import decisions_of

    reading, length = made.reading, len(made.reading.ids)
    session.forget(STRONGEST)
    if label is not None and label.kind == "binary":
        places: list[int] = []
        if len(reading.text) == length:
            places = [d.at for d in decisions_of(made.look.config.corpus, reading.text) if d.at > 0]
        places = places or [at for at in range(1, length) if label.where[at - 1]]
        places = [at for at in places if label.values[at - 1] == 0] or places
        if places:
            return next((at for at in places if at >= RUN_UP), places[-1])
    if length <= _STEPS:
        return max(1, made.look.place)
    place = _strongest(made, label)
    session.remember(STRONGEST, (made.look.folder.id, reading.text, place))
    return place


def _strongest(made: Bench, label: Label | None) -> int:
    from rnnlm_core.insight.effects import moved_at
    from rnnlm_core.insight.interventions import Intervention

    length, best = len(made.reading.ids), (-1.0, 0)
    places = range(RUN_UP if length > 2 * RUN_UP else _STEPS, length)
    by_value: dict[float, list[int]] = {}
    for at in places:
        by_value.setdefault(start_value(made, label, at), []).append(at)
    for value, those in by_value.items():
        hold = Intervention((made.look.choice.unit,), "clamp", value, made.part,  # type: ignore[arg-type]
                            made.layer, 0, _STEPS)
        moved = moved_at(made.look.run.model, made.reading, hold, those)
        best = max(best, (float(moved.max()), those[int(moved.argmax())]))
    return best[1]


def start_value(made: Bench, label: Label | None, place: int) -> float:
    """The mean on the other side of the label; without one, the end that is farther away."""
    finding, unit = made.finding, made.look.choice.unit
    if finding is not None and label is not None:
        here = label.values[place - 1]
        high = here > (0.5 if label.kind == "binary" else float(np.median(label.values)))
        return finding.mean_off if high else finding.mean_on
    now = float(made.states[place - 1, unit])
    ends = float(made.spread.low[unit]), float(made.spread.high[unit])
    return max(ends, key=lambda end: abs(end - now))


def other_text(reading: StateReading, label: Label | None, place: int) -> str:
    """What to take values from: this text as far as where the label is on the other side."""
    if label is None or label.kind != "binary":
        return reading.text[:max(1, len(reading.text) // 2)]
    here = label.values[place - 1]
    others = [at for at in range(len(label.values)) if label.where[at] and label.values[at] != here]
    last = others[-1] if others else len(reading.ids) - 1
    return reading.text[:int(np.searchsorted(reading.owners, last, side="right"))]


def go_to(place: int, span: tuple[int, int]) -> None:
    """Look at this token, with the span just before it, as long as it was."""
    since, until = span
    length = until - since if until > since else _STEPS
    session.remember(PLACE, place)
    session.set_widget(SPAN, (max(0, place - length) + 1, place))
