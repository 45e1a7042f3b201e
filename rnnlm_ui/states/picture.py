"""The chosen unit over a text, and the token of it that is looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from rnnlm_core.data.marks import short
from rnnlm_core.errors import Problem
from rnnlm_core.figures.palette import SURPRISE_TOP, surprise_fill, surprise_gradient
from rnnlm_core.figures.states import alternatives_figure, visible
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.findings import signed
from rnnlm_ui.states.look import Look, has_no_limits
from rnnlm_ui.tokens import listed

LONG = 600  # characters: a longer text is written smaller
BEFORE = 12  # characters that are named before a place


def text_picture(look: Look) -> None:
    """The text, filled with the chosen unit's value after each token, with two units', or with how
    surprising each token was."""
    owners, unit = look.reading.owners, look.choice.unit
    tips, bands = _tips(look), []
    if look.colour == "surprise":
        fills = surprise_fill(np.nan_to_num(look.reading.surprise)[owners])
        legend = (t("states.bits", n=0), t("states.bits", n=number(SURPRISE_TOP)),
                  surprise_gradient())
    else:
        fills, legend = _fills(look, unit), _legend(look)
        if look.colour == "two":
            bands = _fills(look, look.second)
    clicked = coloured_text(
        look.reading.text, fills, key="states.coloured", tips=[tips[i] for i in owners],
        size="1.3rem" if len(owners) <= LONG else "1.05rem", bands=bands,
        selected=min(int(np.searchsorted(owners, look.place)), len(owners) - 1), legend=legend,
        label=t("states.text_label", name=look.name, **look.words), link=look.link,
        owners=owners.tolist())
    if clicked is not None:
        look.go_to(int(owners[clicked]))


def _fills(look: Look, unit: int) -> list[str]:
    """A unit's fill of each character, on the chosen unit's scale."""
    return look.scale.fills(look.values[look.reading.owners, unit])


def _legend(look: Look) -> tuple[str, str, str]:
    scale, name = look.scale, look.name
    low, high = signed(scale.low), signed(scale.top)
    if has_no_limits(look.choice.part, look.config):
        low, high = f"≤ {low}", f"≥ {high}"
    if look.colour == "two":
        name = t("states.two_names", name=name, second=look.name_of(look.second))
    return (t("states.end", name=name, value=low), high,
            scale.gradient)


def _tips(look: Look) -> list[str]:
    """One line on each token, for the pointer."""
    units = [look.choice.unit] + ([look.second] if look.colour == "two" else [])
    names = [look.name_of(unit) for unit in units]
    # the words are looked up once, not for each of two thousand tokens
    first, then, value_of = t("states.tip_first"), t("states.tip"), t("states.tip_value")
    tips = []
    for piece, values, bits in zip(look.reading.pieces, look.values[:, units].tolist(),
                                   look.reading.surprise.tolist(), strict=True):
        told = {"character": visible(piece), "bits": f"{bits:.1f}",
                "values": " · ".join(value_of.format(name=name, value=signed(value))
                                     for name, value in zip(names, values, strict=True))}
        tips.append((first if math.isnan(bits) else then).format(**told))
    return tips


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


def unknown_note(unknown: Sequence[str]) -> None:
    """What the network never saw, by name."""
    if unknown:
        problem = Problem("prompt.unknown_characters", {"characters": listed(unknown)})
        st.markdown(":material/info: " + plain(error_text(problem)))
