"""RNN, GRU and LSTM at the same input, and one gate's bias: the direct path against the whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_room import (
    Axes,
    Line,
    Theory,
    Values,
    by_lag_figure,
    by_setting_figure,
    power_text,
)
from rnnlm_core.figures.palette import DASH
from rnnlm_ui import warm
from rnnlm_ui.gradients import room_guess
from rnnlm_ui.gradients import room_parts as parts
from rnnlm_ui.gradients.room_gain import readings
from rnnlm_ui.i18n import joined, t

if TYPE_CHECKING:
    from rnnlm_core.insight.driven_gates import Gated, GatedReading, Weights

CELLS, GATED = ("rnn", "gru", "lstm"), ("lstm", "gru")
_CELL, _LAGS, _DECADES = "room_cell", 100, (-40.0, 6.0)
_TABLE = (-1.0, 0.0, 1.0, 3.0, 5.0)
_CELL_CASES: tuple[room_guess.Case, ...] = tuple(
    {"cells_gain": gain, "cells_noise": noise, "keep": keep} for gain, noise, keep in (
        (1.0, 0.3, 0.0), (1.0, 0.3, 5.0), (1.4, 0.3, 1.0), (1.0, 0.0, 0.0), (1.0, 1.0, 3.0),
        (0.5, 0.3, 1.0)))
_GATE_CASES: tuple[room_guess.Case, ...] = tuple(
    {"forget": bias, "update": bias} for bias in (0.0, 3.0, 5.0, -1.0, 1.0, 2.0))


@st.cache_data(max_entries=512, show_spinner=False)
def gated(cell: Gated, bias: float, noise: float, gain: float, weights: Weights) -> GatedReading:
    warm.ready()
    from rnnlm_core.insight import driven, driven_gates

    return driven_gates.gated_network(cell, bias, noise, gain, weights, driven.SHOWN)


# -- side by side ---------------------------------------------------------------------------------
def draw_cells(answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.driven import decades

    hand, picture, side = st.columns([1, 2.1, 1.5], gap="medium")
    with hand:
        gain = parts.slide("cells_gain", 0.0, 3.0, 1.0, 0.1)
        noise = parts.slide("cells_noise", 0.0, 2.0, 0.3, 0.1)
        keep = parts.slide("keep", -1.0, 5.0, 1.0, 0.5)
    settings = (gain, noise, keep)
    rnn = min(readings("random", "tanh", 0.0, noise), key=lambda r: abs(r.gain - gain))
    gates: dict[Gated, GatedReading] = {
        cell: gated(cell, keep, noise, gain, "orthogonal") for cell in ("gru", "lstm")}
    logs = {"rnn": rnn.log10, **{cell: decades(r.whole) for cell, r in gates.items()}}
    rates = {"rnn": rnn.curve.rate, **{cell: r.whole.rate for cell, r in gates.items()}}
    best = max(logs, key=lambda cell: logs[cell][-1])
    axes = Axes(t("room.lag"), t("room.size"), _DECADES)
    if not room_guess.revealed(answer, "cells", settings, CELLS, best, _CELL_CASES, str.upper,
                               _LAGS):
        with picture:
            st.markdown(t("room.by_lag_title"))
            parts.hidden("room.cells", axes, (0, _LAGS))
        return
    answer.markdown(joined([
        t("room.best", cell=best.upper(), left=power_text(logs[best][-1]),
          others=t("room.and").join(f"{cell.upper()} {power_text(logs[cell][-1])}"
                                    for cell in CELLS if cell != best)),
        t(f"room.best_why.{best}", gain=f"{gain:g}", gate=f"{gates['lstm'].gate:.2f}")]))
    with picture:
        st.markdown(t("room.by_lag_title"))
        parts.plot("room.cells", lambda: by_lag_figure(
            [Line(cell.upper(), logs[cell], main=True, colour=cell, dash=DASH[cell],
                  value=power_text(logs[cell][-1])) for cell in CELLS],
            axes, _LAGS, edge=True), settings, t("room.cells_alt"))
    with side:
        gate_texts = {"rnn": "–", **{cell: f"{r.gate:.3f}" for cell, r in gates.items()}}
        st.table({
            t("room.cell"): [f"**{cell.upper()}**" for cell in CELLS],
            t("room.factor"): [f"× {parts.factor_text(rates[cell])}" for cell in CELLS],
            t("room.gate_alone"): [gate_texts[cell] for cell in CELLS],
            t("room.half_life"): [parts.half_life_text(rates[cell]) for cell in CELLS],
        }, border="horizontal", hide_index=True)
        st.markdown(t("room.cells_note"))
    near = ((keep, round(gain + 0.1, 1)), (keep, round(max(gain - 0.1, 0.0), 1)),
            (keep + 0.5, gain), (keep - 0.5, gain))
    parts.think_ahead([partial(gated, cell, b, noise, g, "orthogonal")
                       for cell in gates for b, g in near])


# -- the bias of a gate ---------------------------------------------------------------------------
def choices() -> None:
    parts.choose(_CELL, GATED, t("room.cell"), str.upper)


def draw_gate(answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.driven import decades
    from rnnlm_core.insight.driven_gates import BIASES

    cell = cast("Gated", parts.chosen(_CELL, GATED))
    hand, picture, side = st.columns(parts.WIDTHS, gap="medium")
    with hand:
        bias = parts.slide("forget" if cell == "lstm" else "update", -1.0, 5.0, 1.0, 0.5)
        st.markdown(t("room.gate_note"))
    found = gated(cell, bias, 1.0, 1.0, "pytorch")
    whole, direct = decades(found.whole), decades(found.direct)
    by_lag = Axes(t("room.lag"), t("room.size"), _DECADES)
    by_bias = Axes(t(f"room.bias_of.{cell}"), t("room.factor"), (0.0, 1.2))
    asked = not room_guess.revealed(
        answer, "gate", (cell, bias), parts.FATES, parts.fate(whole[-1]), _GATE_CASES,
        lambda f: t(f"room.fate.{f}"), _LAGS)
    with picture:
        st.markdown(t("room.by_lag_title"))
        if asked:
            parts.hidden("room.gate", by_lag, (0, _LAGS))
        else:
            parts.plot("room.gate", lambda: by_lag_figure(
                [Line(t("room.whole"), whole, main=True, colour=cell, dash="solid",
                      value=power_text(whole[-1])),
                 Line(t("room.direct"), direct)],
                by_lag, _LAGS, edge=True), (cell, bias), t("room.gate_alt"))
    with side:
        st.markdown(t("room.by_bias_title"))
        if asked:
            parts.hidden("room.biases", by_bias, (-1, 5), log=False)
            return
        all_found = [gated(cell, float(b), 1.0, 1.0, "pytorch") for b in BIASES]
        parts.plot("room.biases", lambda: by_setting_figure(
            BIASES, [r.whole.rate for r in all_found],
            [Theory(t("room.gate_alone"), _sigma(BIASES), at=0.45)], bias, by_bias, cell,
            (t("room.above"), t("room.below"))), (cell, bias), t("room.biases_alt"))
    answer.markdown(_gate_finding(cell, bias, found, whole[-1]))
    _half_lives(cell)


def _sigma(bias: Values) -> Values:
    found: Values = 1 / (1 + np.exp(-bias))
    return found


def _gate_finding(cell: Gated, bias: float, found: GatedReading, left: float) -> str:
    rate = found.whole.rate
    return joined([
        t(f"room.answer.{parts.fate(left)}", rate=parts.factor_text(rate), left=power_text(left),
          lags=_LAGS),
        t(f"room.gate_{cell}", bias=f"{bias:g}", gate=f"{found.gate:.3f}",
          half=parts.half_life_text(found.gate)),
        t("room.gate_grows" if rate and rate > 1 else "room.gate_whole",
          half=parts.half_life_text(rate))])


def _half_lives(cell: Gated) -> None:
    """One column a bias: what the gate alone promises, and what the whole gradient does."""
    found = {bias: gated(cell, bias, 1.0, 1.0, "pytorch") for bias in _TABLE}
    st.table({
        t("room.bias_row"): [t("room.kept_row"), t("room.half_row"), t("room.whole_row"),
                             t("room.whole_half_row")],
        **{f"{bias:+g}".replace("-", "−"): [
            f"{r.gate:.3f}", parts.half_life_text(r.gate), f"× {parts.factor_text(r.whole.rate)}",
            parts.half_life_text(r.whole.rate)] for bias, r in found.items()},
    }, border="horizontal", hide_index=True)
