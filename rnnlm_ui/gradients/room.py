"""Room: sliders and no training. What gain, input, gates and one unit do to a gradient, at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_room import (
    Axes,
    Line,
    by_lag_figure,
    cobweb_figure,
    rates_figure,
)
from rnnlm_ui import session, warm
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import t

if TYPE_CHECKING:
    from rnnlm_core.insight.driven import Gated, GatedReading, Reading, Slope

EXPERIMENTS = ("gain", "gate", "matrix", "unit")
ACTIVATIONS: tuple[Slope, ...] = ("tanh", "sigmoid", "relu", "identity")
GUESSES = ("vanishes", "lasts", "explodes")
_EXPERIMENT = "room"
_GAINS = np.round(np.arange(0, 3.01, 0.1), 1)
_BIASES = np.round(np.arange(-1, 5.01, 0.5), 1)
_LASTS = (0.99, 1.005)  # factors a step between which a gradient is called lasting over 100 steps
_FIRST = "room.guess_first"


# -- computed once for all visitors ---------------------------------------------------------------
@st.cache_data(max_entries=512, show_spinner=False)
def random_network(gain: float, activation: Slope, bias: float, noise: float) -> Reading:
    from rnnlm_core.insight import driven

    return driven.random_network(gain, activation, bias, noise)


@st.cache_data(max_entries=128, show_spinner=False)
def gated_network(cell: Gated, bias: float) -> GatedReading:
    warm.ready()
    from rnnlm_core.insight import driven

    return driven.gated_network(cell, bias)


def show(answer: DeltaGenerator) -> None:
    experiment = st.segmented_control(
        t("room.experiment"), EXPERIMENTS, required=True, label_visibility="collapsed",
        key=session.choice(_EXPERIMENT, EXPERIMENTS, EXPERIMENTS[0]),
        format_func=lambda e: t(f"room.name.{e}")) or EXPERIMENTS[0]
    {"gain": _gain, "gate": _gate, "matrix": _matrix, "unit": _unit}[experiment](answer)


# -- a network ------------------------------------------------------------------------------------
def _gain(answer: DeltaGenerator) -> None:
    picture, side = st.columns([2.1, 1], gap="medium")
    with side:
        session.preset("room.activation", ACTIVATIONS[0])
        activation = st.selectbox(t("room.activation"), ACTIVATIONS, key="room.activation",
                                  format_func=lambda a: t(f"room.phi.{a}"),
                                  persist_state="session")
        gain = _slider("gain", 0.0, 3.0, 1.0, 0.05)
        noise = _slider("noise", 0.0, 2.0, 0.3, 0.1)
        bias = _slider("bias", -2.0, 2.0, 0.0, 0.1)
        settings = (activation, gain, noise, bias)
        told = _guess(settings)
    found = random_network(gain, activation, bias, noise)
    rate = found.curve.rate
    if told is None:
        answer.markdown(t("room.guess_now"))
        return
    answer.markdown(told + t(f"room.answer.{_fate(rate)}", rate=_factor(rate))
                    + " " + t("room.beside", bound=f"{found.bound:.2f}",
                              field=f"{found.mean_field:.3f}", flat=f"{found.flat:.0%}"))
    lags = np.arange(len(found.curve.mean))
    lines = [Line(t("room.measured"), found.curve.mean, main=True, colour="rnn"),
             Line(t("room.bound"), found.bound ** lags, dash="dot"),
             Line(t("room.field"), found.mean_field ** lags)]
    with picture:
        _plot("room.gain", lambda: by_lag_figure(
            lines, Axes(t("room.lag"), t("room.size")), (found.curve.low, found.curve.high)),
            settings)
        st.markdown(t("room.sweep", activation=t(f"room.phi.{activation}")))
        live_plot(lambda: _sweep(activation, bias, noise, gain), key="room.sweep", height=300,
                  alt=t("room.sweep_alt"), on=(), rev=settings)


def _sweep(activation: Slope, bias: float, noise: float, gain: float) -> Any:
    readings = [random_network(float(g), activation, bias, noise) for g in _GAINS]
    theory = Line(t("room.bound"), np.array([r.bound for r in readings]), dash="dot")
    return rates_figure(_GAINS, [r.curve.rate for r in readings], theory, gain,
                        Axes(t("room.gain"), t("room.factor")), t("room.measured"))


# -- a gate ---------------------------------------------------------------------------------------
def _gate(answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.driven import half_life

    picture, side = st.columns([2.1, 1], gap="medium")
    with side:
        cells: tuple[Gated, ...] = ("lstm", "gru")
        session.preset("room.cell", cells[0])
        cell: Gated = st.segmented_control(
            t("room.cell"), cells, key="room.cell", required=True, persist_state="session",
            format_func=str.upper) or cells[0]
        bias = _slider(f"bias_{cell}", -1.0, 5.0, 1.0, 0.5)
        told = _guess((cell, bias))
    found = gated_network(cell, bias)
    if told is None:
        answer.markdown(t("room.guess_now"))
        return
    rate = found.curve.rate
    answer.markdown(told + t(f"room.answer.{_fate(rate)}", rate=_factor(rate)) + " " + t(
        f"room.gate_{cell}", gate=f"{found.gate:.3f}", direct=f"{found.direct:.3f}",
        half=f"{half_life(found.gate):.1f}"))
    lags = np.arange(len(found.curve.mean))
    lines = [Line(t("room.whole"), found.curve.mean, main=True, colour=cell),
             Line(t("room.direct"), found.direct ** lags)]
    with picture:
        _plot("room.gate", lambda: by_lag_figure(
            lines, Axes(t("room.lag"), t("room.size")), (found.curve.low, found.curve.high)),
            (cell, bias))
        rows = [f"| {b:g} | {1 / (1 + np.exp(-b)):.3f} | {half_life(1 / (1 + np.exp(-b))):.1f} |"
                for b in (-1, 0, 1, 3, 5)]
        st.markdown("\n".join([t("room.gate_table"), "|--:|--:|--:|", *rows]))


# -- a matrix that grows before it shrinks --------------------------------------------------------
def _matrix(answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.driven import powers

    picture, side = st.columns([2.1, 1], gap="medium")
    with side:
        diagonal = _slider("diagonal", 0.0, 1.1, 0.9, 0.05)
        corner = _slider("corner", 0.0, 10.0, 10.0, 0.5)
        st.latex(rf"W = \begin{{pmatrix}} {diagonal:g} & {corner:g} \\ 0 & {diagonal:g} "
                 r"\end{pmatrix}")
        told = _guess((diagonal, corner))
    norms, radius = powers(diagonal, corner, 100)
    if told is None:
        answer.markdown(t("room.guess_now"))
        return
    top = int(norms.argmax())
    answer.markdown(told + t("room.matrix_grows" if norms[top] > 1 and top else
                             "room.matrix_falls", radius=f"{diagonal:g}",
                             top=f"{norms[top]:.3g}", at=top, end=f"{norms[-1]:.1e}"))
    with picture:
        _plot("room.matrix", lambda: by_lag_figure(
            [Line("‖Wᵏ‖", norms, main=True, colour="rnn"), Line("ρᵏ", radius)],
            Axes(t("room.steps"), t("room.norm"))), (diagonal, corner))


# -- one unit -------------------------------------------------------------------------------------
def _unit(answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.driven import scalar_map

    picture, side = st.columns([2.1, 1], gap="medium")
    with side:
        session.preset("room.unit_phi", "tanh")
        phis: tuple[Slope, ...] = ("tanh", "sigmoid")
        activation: Slope = st.segmented_control(
            t("room.activation"), phis, key="room.unit_phi", required=True,
            format_func=lambda a: t(f"room.phi.{a}"), persist_state="session") or phis[0]
        w = _slider("weight", -3.0, 4.0, 1.5, 0.1)
        start = _slider("start", -1.0, 1.0, 0.5, 0.1)
        told = _guess((activation, w, start))
    course, logs = scalar_map(w, start, 50, activation)
    if told is None:
        answer.markdown(t("room.guess_now"))
        return
    size = float(np.exp(logs[-1]))
    answer.markdown(told + t("room.unit_answer", w=f"{w:g}", h=f"{course[-1]:.3f}",
                             size="0" if size == 0 else f"{size:.2g}"))
    x = np.linspace(-1.1, 1.1, 221)
    y = np.tanh(w * x) if activation == "tanh" else (1 + np.tanh(w * x / 2)) / 2
    with picture:
        _plot("room.unit", lambda: cobweb_figure((x, y), course, Axes("hₜ", "hₜ₊₁")),
              (activation, w, start))


# -- what all have --------------------------------------------------------------------------------
def _slider(name: str, low: float, high: float, default: float, step: float) -> float:
    key = f"room.slider_{name}"
    session.preset(key, default)
    return float(st.slider(t(f"room.slider.{name}"), low, high, key=key, step=step,
                           persist_state="session"))


def _guess(settings: tuple[object, ...]) -> str | None:
    """Nothing (""), or whether the reader's guess was right; None while there is none yet.

    A guess is for its settings: with other ones, it is asked for again.
    """
    if not st.toggle(t("room.guess_first"), key=_FIRST, persist_state="session"):
        return ""
    key = f"room.guess.{settings}"
    guess = st.segmented_control(t("room.guess"), GUESSES, key=key,
                                 format_func=lambda g: t(f"room.fate.{g}"))
    if guess is None:
        return None
    return t("room.guessed", guess=t(f"room.fate.{guess}")) + " "


def _fate(rate: float | None) -> str:
    if rate is None or rate < _LASTS[0]:
        return "vanishes"
    return "lasts" if rate <= _LASTS[1] else "explodes"


def _factor(rate: float | None) -> str:
    return "0" if rate is None else f"{rate:.3f}"


def _plot(key: str, draw: Callable[[], Any], revision: tuple[object, ...]) -> None:
    live_plot(draw, key=key, height=400, alt=t("room.alt"), on=(), rev=revision)
