"""The chosen unit over a text, and the token of it that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.data.marks import short
from rnnlm_core.errors import Problem
from rnnlm_core.figures.palette import share_fill, share_gradient, value_fill, value_gradient
from rnnlm_core.figures.states import alternatives_figure, visible
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import error_text, t
from rnnlm_ui.page import plain
from rnnlm_ui.states_findings import signed
from rnnlm_ui.states_look import Look, has_no_limits
from rnnlm_ui.tokens import listed

if TYPE_CHECKING:
    from rnnlm_core.insight.states import StateReading

BEFORE = 12  # characters that are named before a place


def text_picture(look: Look) -> None:
    """The text, filled with the chosen unit's value after each token."""
    unit, scale, owners = look.values[:, look.choice.unit], look.scale, look.reading.owners
    shares = unit[owners] / scale.top
    low, high = signed(scale.low), signed(scale.top)
    if has_no_limits(look.choice.part, look.config):
        low, high = f"≤ {low}", f"≥ {high}"
    tips = [tip(look, int(i)) for i in owners]
    clicked = coloured_text(
        look.reading.text, value_fill(shares) if scale.signed else share_fill(shares),
        key="states.coloured", tips=tips, size="1.3rem",
        selected=min(int(np.searchsorted(owners, look.place)), len(owners) - 1),
        legend=(t("states.end", name=look.name, value=low), high,
                value_gradient() if scale.signed else share_gradient()),
        label=t("states.text_label", name=look.name, **look.words))
    if clicked is not None:
        look.go_to(int(owners[clicked]))


def tip(look: Look, index: int) -> str:
    """One line on a token, for the pointer."""
    value = signed(float(look.values[index, look.choice.unit]))
    surprise = float(look.reading.surprise[index])
    shown = visible(look.reading.pieces[index])
    if np.isnan(surprise):
        return t("states.tip_first", character=shown, name=look.name, value=value)
    return t("states.tip", character=shown, name=look.name, value=value, bits=f"{surprise:.1f}")


def character_panel(look: Look) -> None:
    """The token that is looked at: value, surprise, and what else was expected."""
    index, reading = look.place, look.reading
    before = visible("".join(map(short, reading.pieces[max(0, index - BEFORE):index]))[-BEFORE:])
    came = visible(reading.pieces[index])
    st.subheader(t("states.here" if before else "states.here_start", character=plain(came),
                   before=plain(before)), anchor=False)
    value = signed(float(look.values[index, look.choice.unit]))
    if not reading.alternatives[index]:
        st.markdown(t("states.here_first", name=look.name, value=value))
        return
    st.markdown(t("states.here_value", name=look.name, value=value,
                  bits=f"{float(reading.surprise[index]):.1f}"))
    choices = reading.alternatives[index]
    live_plot(lambda: alternatives_figure(choices, reading.pieces[index]), key="states.expected",
              height=26 * len(choices) + 8, alt=t("states.expected_alt", **look.words), on=(),
              rev=look.revision)


def unknown_note(reading: StateReading) -> None:
    """What the network never saw, by name."""
    if reading.unknown:
        problem = Problem("prompt.unknown_characters", {"characters": listed(reading.unknown)})
        st.markdown(":material/info: " + plain(error_text(problem)))
