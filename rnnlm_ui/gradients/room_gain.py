"""One network: the gradient by lag at the chosen gain, and the factor a step over all gains."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

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
from rnnlm_ui.gradients import room_guess
from rnnlm_ui.gradients import room_parts as parts
from rnnlm_ui.i18n import joined, percent, t

if TYPE_CHECKING:
    from rnnlm_core.insight.activations import Slope
    from rnnlm_core.insight.driven import Net, Reading

NETS, ACTIVATIONS = ("random", "wave", "identity"), ("tanh", "sigmoid", "relu", "identity")
_NET, _ACTIVATION = "room_net", "room_phi"
_SAME = 0.01  # factors a step that differ by less are alike
# factor a step that is shown at most; a linear network has just g, and the ring needs room
_HIGHEST = {"tanh": 1.6, "sigmoid": 1.6, "relu": 3.2, "identity": 3.2}
_DECADES = {"tanh": (-30.0, 12.0), "sigmoid": (-90.0, 12.0), "relu": (-30.0, 30.0),
            "identity": (-30.0, 30.0)}
_CASES: tuple[room_guess.Case, ...] = tuple(
    {"gain": gain, "noise": noise, "bias": bias} for gain, noise, bias in (
        (1.5, 1.0, 0.0), (1.0, 0.0, 0.0), (3.0, 0.5, 0.0), (1.1, 0.0, 0.0), (1.4, 0.3, 0.0),
        (1.0, 0.3, 2.0), (2.0, 0.3, 2.0), (1.3, 0.5, 0.0), (0.9, 0.0, 0.0), (1.8, 0.5, 0.0)))


@st.cache_data(max_entries=128, show_spinner=False)
def readings(net: Net, activation: Slope, bias: float, noise: float) -> list[Reading]:
    from rnnlm_core.insight.driven import SHOWN, sweep

    return sweep(net, activation, bias, noise, SHOWN)


@st.cache_data(max_entries=512, show_spinner=False)
def spread(net: Net, activation: Slope, bias: float, noise: float, gain: float
           ) -> tuple[float, float]:
    from rnnlm_core.insight import driven

    return driven.spread(net, activation, bias, noise, gain)


def choices() -> None:
    parts.choose(_NET, NETS, t("room.net"), lambda net: t(f"room.nets.{net}"))
    parts.choose(_ACTIVATION, ACTIVATIONS, t("room.activation"), lambda a: t(f"room.phi.{a}"))


def draw(answer: DeltaGenerator) -> None:
    net = cast("Net", parts.chosen(_NET, NETS))
    activation = cast("Slope", parts.chosen(_ACTIVATION, ACTIVATIONS))
    hand, picture, side = st.columns(parts.WIDTHS, gap="medium")
    with hand:
        gain = parts.slide("gain", 0.0, 3.0, 1.0, 0.1)
        noise = parts.slide("noise", 0.0, 2.0, 0.3, 0.1)
        bias = parts.slide("bias", -2.0, 2.0, 0.0, 0.1)
        st.markdown(t(f"room.net_is.{net}"))
    settings = (net, activation, gain, noise, bias)
    found = readings(net, activation, bias, noise)
    reading = min(found, key=lambda r: abs(r.gain - gain))
    lags = len(reading.log10) - 1
    by_lag = Axes(t("room.lag"), t("room.size"), _DECADES[activation])
    by_gain = Axes(t("room.gain"), t("room.factor"), (0.0, _HIGHEST[activation]))
    if not room_guess.revealed(answer, "gain", settings, parts.FATES,
                               parts.fate(reading.log10[-1]), _CASES,
                               lambda f: t(f"room.fate.{f}"), lags):
        with picture:
            st.markdown(t("room.by_lag_title"))
            parts.hidden("room.gain", by_lag, (0, lags))
        with side:
            st.markdown(t("room.by_gain_title"))
            parts.hidden("room.sweep", by_gain, (0, 3), log=False)
        return
    drawn = spread(net, activation, bias, noise, reading.gain)
    answer.markdown(joined([_finding(reading, activation, noise, bias), _draws(reading, drawn)]))
    with picture:
        st.markdown(t("room.by_lag_title"))
        parts.plot("room.gain", lambda: by_lag_figure(_lines(reading), by_lag, lags, edge=True),
                   settings, t("room.alt"))
    with side:
        st.markdown(_over_gains(found))
        parts.plot("room.sweep", lambda: _sweep(found, reading, by_gain), settings,
                   t("room.sweep_alt"))
    parts.think_ahead([partial(readings, net, activation, b, s) for b, s in (
        (bias, round(noise + 0.1, 1)), (bias, round(max(noise - 0.1, 0.0), 1)),
        (round(bias + 0.1, 1), noise), (round(bias - 0.1, 1), noise))])


def _lines(reading: Reading) -> list[Line]:
    log10, curve = reading.log10, reading.curve
    lags = len(log10) - 1
    band = None
    if reading.zero_from is None:
        low, high = (np.log10(part) - np.log10(curve.mean[0]) for part in (curve.low, curve.high))
        band = low, high
    theories = [parts.theory("bound", reading.bound, lags),
                Line(t("room.field"), parts.power_line(reading.mean_field, lags), dash="dash")]
    return [Line("", log10, main=True, colour="rnn", dash="solid",
                 value=power_text(log10[-1]), band=band),
            *(line for line in theories if not _covered(line.log10, log10))]


def _sweep(found: list[Reading], reading: Reading, axes: Axes) -> Any:
    gains = np.array([r.gain for r in found])
    bound = Theory(t("room.bound_step"), np.array([r.bound for r in found]))
    rates = [r.curve.rate or 0.0 for r in found]
    bounds = [] if _covered(bound.values, np.array(rates)) else [bound]
    return by_setting_figure(gains, rates, bounds, reading.gain, axes, "rnn",
                             (t("room.above"), t("room.below")))


def _covered(theory: Values, measured: Values) -> bool:
    """Whether a thin line of theory lies under that of what is measured: of a linear network."""
    both = np.isfinite(measured)
    return bool(both.all() and np.abs(theory - measured).max() < 1e-6)


def _draws(reading: Reading, drawn: tuple[float, float]) -> str:
    """What other draws of W and of the input give, where it is not the same to the eye."""
    from rnnlm_core.insight.driven import DRAWS

    low, high = (parts.factor_text(rate) for rate in drawn)
    if reading.zero_from is not None or drawn[1] - drawn[0] < _SAME:
        return ""
    return t("room.draws", n=len(DRAWS), low=low, high=high)


# -- words ----------------------------------------------------------------------------------------
def _finding(reading: Reading, activation: Slope, noise: float, bias: float) -> str:
    """What it does, how much is left, and why: gain against slopes."""
    if reading.zero_from is not None:
        why = "no_gain" if reading.gain == 0 else "all_off"
        return t("room.nothing", k=reading.zero_from) + " " + t(f"room.why.{why}")
    left = reading.log10[-1]
    what = t(f"room.answer.{parts.fate(left)}", rate=parts.factor_text(reading.curve.rate),
             left=power_text(left), lags=len(reading.log10) - 1)
    slopes = reading.slopes
    assert slopes is not None  # a gain of 0 leaves nothing
    product = t("room.product", gain=f"{reading.gain:.1f}", slopes=parts.factor_text(slopes),
                rate=parts.factor_text(reading.curve.rate))
    return joined([what, product, t(f"room.why.{_why(reading, activation, noise, bias)}",
                                    bound=parts.factor_text(reading.bound),
                                    flat=percent(reading.flat))])


def _why(reading: Reading, activation: Slope, noise: float, bias: float) -> str:
    """The reason that weighs most."""
    slopes, what = reading.slopes or 0.0, parts.fate(reading.log10[-1])
    if activation == "identity":
        return "linear"
    if activation == "sigmoid" and what == "vanishes":
        return "ceiling" if reading.bound < 1 else "sigmoid"
    if activation == "tanh" and not noise and not bias and slopes > 0.99:
        return "at_rest"
    if what == "vanishes" and reading.bound < 1:
        return "proved"
    if activation == "relu":
        return "half_off" if slopes < 0.97 else "all_on"
    if what == "vanishes":
        return "saturated" if reading.flat > 0.2 else "flattened"
    return "balance" if what == "lasts" else "outweighs"


def _over_gains(found: list[Reading]) -> str:
    from rnnlm_core.insight.driven import edges

    at = edges(found)
    last = found[-1].curve.rate or 0.0
    if not at:
        return t("room.no_edge", rate=parts.factor_text(last), gain=f"{found[-1].gain:g}")
    if last >= 1:
        return t("room.one_edge", edge=f"{at[0]:.1f}")
    return t("room.two_edges", edge=f"{at[0]:.1f}", back=f"{at[-1]:.1f}")
