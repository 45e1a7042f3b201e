"""The phrase that is brushed in the text, and what counts as on: widgets, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.insight.match import Levels, Span, switchboard
from rnnlm_ui import session
from rnnlm_ui.i18n import t
from rnnlm_ui.states.look import Look, has_no_limits

PHRASE, ALONE, OPPOSITE, LENGTHS = (
    f"match.{name}" for name in ("phrase", "alone", "opposite", "any_length"))
LONGEST_DEFAULT = 40  # tokens


class Threshold(NamedTuple):
    """How the slider of a part runs."""

    low: float
    high: float
    default: float
    step: float


@dataclass(frozen=True)
class Brush:
    """Characters `first` to `last`, and the tokens that end in them."""

    first: int
    last: int
    span: Span


def is_share(look: Look) -> bool:
    """Whether the part runs from 0 to 1: its middle is ½, and far below means near 0."""
    return not look.scale.signed


def threshold(look: Look, values: NDArray[np.float32]) -> Threshold:
    """h and candidates: 0 to 0.95, by default 0.3. Gates: above ½. Without limits: by the sizes
    in the text (T, H), from nothing to nearly all of them, by default half."""
    if is_share(look):
        return Threshold(0.5, 0.95, 0.65, 0.05)
    if has_no_limits(look.choice.part, look.config):
        middle, top = (float(q) for q in np.quantile(np.abs(values), (0.5, 0.95)))
        top = float(f"{top:.1g}") if top > 1e-3 else 1e-3
        return Threshold(0.0, top, round(middle / top * 20) * top / 20, top / 20)
    return Threshold(0.0, 0.95, 0.3, 0.05)


def levels_of(look: Look, theta: float, opposite: bool) -> Levels:
    if not opposite or not can_be_below(look):
        return Levels(theta)
    return Levels(theta, 1 - theta if is_share(look) else -theta)


def can_be_below(look: Look) -> bool:
    """A ReLU's values are never below zero."""
    return not (look.choice.part == "h" and look.config.cell == "rnn"
                and look.config.activation == "relu")


def chosen_levels(look: Look, values: NDArray[np.float32]) -> Levels:
    """The slider and the switches, in a row; what they mean as levels."""
    limits, part = threshold(look, values), look.choice.part
    kind = f"{look.folder.id}.{part}.{look.choice.layer}" \
        if has_no_limits(part, look.config) else "share" if is_share(look) else "signed"
    key = f"match.theta.{kind}"
    session.preset(key, limits.default)
    session.set_widget(key, min(max(session.widget(key, limits.default), limits.low),
                                limits.high))
    session.preset(OPPOSITE, True)
    session.preset(LENGTHS, True)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.slider(t("states_match.threshold"), limits.low, limits.high, key=key, step=limits.step,
                  width=220, persist_state="session")
        if can_be_below(look):
            st.toggle(t("states_match.opposite_share" if is_share(look)
                        else "states_match.opposite"),
                      key=OPPOSITE, persist_state="session")
        st.toggle(t("states_match.alone"), key=ALONE, help=t("states_match.alone_help"),
                  persist_state="session")
        st.toggle(t("states_match.any_length"), key=LENGTHS, persist_state="session")
    return levels_of(look, session.widget(key, limits.default),
                     bool(session.widget(OPPOSITE, True)))


def brushed(look: Look, levels: Levels) -> Brush:
    """The reader's phrase in this text, else the longest stretch over which the chosen unit is on.
    """
    text, ends = session.recall("match.brush", ("", (0, 0)))
    owners = look.reading.owners
    if text == look.reading.text and max(ends) < len(owners):
        first, last = sorted(ends)
        return Brush(first, last, Span(int(owners[first]), int(owners[last])))
    span = default_span(look.values, look.choice.unit, levels)
    first = int(np.searchsorted(owners, span.start))
    last = int(np.searchsorted(owners, span.end, side="right")) - 1
    return Brush(first, max(first, last), span)


def default_span(values: NDArray[np.float32], unit: int, levels: Levels) -> Span:
    """The longest stretch over which the unit is on or far below; its beginning.

    Where it is so nowhere or everywhere, that of any unit which is on over less than half the text.
    """
    on = switchboard(values, levels).on  # (T, F)
    own = on[:, unit::values.shape[1]]
    best = _longest(own, len(values) - 1) or _longest(on, len(values) // 2)
    start, end = best if best is not None else (0, min(len(values), 4))
    return Span(start, min(end, start + LONGEST_DEFAULT) - 1)


def _longest(on: NDArray[np.bool_], most: int) -> tuple[int, int] | None:
    """Start and end (not included) of the longest run in a column of (T, F), 3 to `most` tokens."""
    edges = np.diff(np.pad(on.T.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    starts, ends = np.nonzero(edges == 1)[1], np.nonzero(edges == -1)[1]
    lengths = np.where((ends - starts >= 3) & (ends - starts <= most), ends - starts, 0)
    if not lengths.any():
        return None
    index = int(lengths.argmax())
    return int(starts[index]), int(ends[index])


def keep_brush(look: Look, ends: tuple[int, int]) -> None:
    session.remember("match.brush", (look.reading.text, ends))


def phrase_slider(look: Look, brush: Brush) -> None:
    """The same choice without a mouse."""
    last = len(look.reading.owners) - 1
    if last < 1:
        return
    session.set_widget(PHRASE, (brush.first, brush.last))
    st.slider(t("states_match.phrase"), 0, last, key=PHRASE,
              on_change=lambda: keep_brush(look, session.widget(PHRASE, (0, 0))))
