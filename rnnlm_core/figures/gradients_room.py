"""Charts of the slider room: a gradient by lag beside its theory, and a number by one setting.

Their axes are fixed while a slider moves, so that the line moves and not the scale; what leaves the
frame goes on outside of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.numbers import raised, to_digits
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import end_label, esc, spread

Values = NDArray[np.float64]
HEIGHT = 360
_GAP = 20  # pixels between the middles of two end labels
_TOP, _BOTTOM = 12, 46
# Plotly writes powers of ten a quarter larger than the other ticks
_LOG = {"type": "log", "exponentformat": "power", "nticks": 8, "tickfont": {"size": 12}}
_OUTSIDE = 3.0  # decades beyond the frame at which a line is cut off: Plotly need not know more


@dataclass(frozen=True)
class Line:
    """A line over k = 0, 1, …: `main` is measured, the others are theory, thin and grey.

    `name` and `value` stand at its end; 0 and −∞ leave the frame at the bottom.
    """

    name: str
    log10: Values  # of what is drawn
    main: bool = False
    colour: str = "ngram"
    dash: str = "dash"
    value: str = ""
    band: tuple[Values, Values] | None = None  # log10 as well


@dataclass(frozen=True)
class Axes:
    """Titles, and the range that stays: on a log axis in powers of ten."""

    x: str
    y: str
    range: tuple[float, float]


def by_lag_figure(lines: Sequence[Line], axes: Axes, longest: int, edge: bool = False,
                  linked: int = 1) -> go.Figure:
    """Lines by lag on a log axis; `edge` marks where nothing is lost or gained.

    Of a view that is linked (`live_plot`), the main line stands for `linked` points a lag.
    """
    # one dict, validated once: a chart that is built piece by piece takes three times as long
    data, meta = [_band(line, axes) for line in lines if line.band is not None], {}
    for line in lines:
        y = _powers(line.log10, axes)
        data.append({"type": "scatter", "x": list(range(len(y))), "y": y, "mode": "lines",
                     "name": esc(line.name), "line": _style(line), "hovertemplate": "%{text}",
                     "text": [power_text(value) for value in line.log10]})
        if line.main and linked > 1:
            lags = [k for k in range(len(y)) for _ in range(linked)][linked - 1:]
            data.append({"type": "scatter", "x": lags, "y": [y[k] for k in lags],
                         "mode": "markers", "hoverinfo": "skip",
                         "marker": {"size": 1, "color": fade(LIGHT["ink"], 0)}})
        if line.main:
            meta = {"linked": len(data) - 1}
    low, high = axes.range
    return go.Figure({"data": data, "layout": {
        "height": HEIGHT, "margin": {"l": 62, "r": 128, "t": _TOP, "b": _BOTTOM},
        "meta": {**meta, "narrow": {"l": 52, "r": 92}}, "annotations": _labels(lines, low, high),
        "shapes": [_across(1.0)] if edge else [],
        "xaxis": {"title": {"text": esc(axes.x)}, "range": [0, longest], "nticks": 6},
        "yaxis": {"title": {"text": esc(axes.y)}, "range": [low, high], **_LOG}}})


@dataclass(frozen=True)
class Theory:
    """A grey line of `by_setting_figure`, named where it leaves the frame."""

    name: str
    values: Values
    dash: str = "dot"
    at: float = 1.0  # share of the setting's range where its name stands, below it if not at 1


def by_setting_figure(x: Values, values: Sequence[float | None], theory: Sequence[Theory],
                      at: float, axes: Axes, colour: str, words: tuple[str, str] | None = None,
                      log: bool = False) -> go.Figure:
    """A number against a setting, with a ring at the setting that is chosen.

    `words`: what it means to lie above and below 1, the edge. On a log axis `values` are log10.
    """
    low, high = axes.range
    measured = [math.nan if value is None else value for value in values]
    shown = [10.0 ** max(low - _OUTSIDE, v) for v in measured] if log else measured
    nearest = int(np.abs(x - at).argmin())
    data: list[dict[str, Any]] = [
        {"type": "scatter", "x": x.tolist(), "y": line.values.tolist(), "mode": "lines",
         "name": esc(line.name), "hovertemplate": "%{y:.3f}",
         "line": {"color": LIGHT["ngram"], "width": 1.6, "dash": line.dash}} for line in theory]
    data += [
        {"type": "scatter", "x": x.tolist(), "y": shown, "mode": "lines", "name": "",
         "line": {"color": LIGHT[colour], "width": 4}, "hovertemplate": "%{text}",
         "text": [power_text(v) if log else f"{v:.3f}" for v in measured]},
        {"type": "scatter", "x": [float(x[nearest])], "y": [shown[nearest]], "mode": "markers",
         "hoverinfo": "skip", "cliponaxis": not low <= measured[nearest] <= high,
         "marker": {"size": 15, "color": LIGHT["bg"],
                    "line": {"color": LIGHT[colour], "width": 4}}}]
    above = {"type": "rect", "x0": 0, "x1": 1, "xref": "paper", "y0": 1, "y1": high,
             "line": {"width": 0}, "fillcolor": fade(LIGHT["ngram"], 0.09), "layer": "below"}
    return go.Figure({"data": data, "layout": {
        "height": HEIGHT, "margin": {"l": 58, "r": 14, "t": _TOP, "b": _BOTTOM},
        "shapes": [*([above] if words else []), _across(1.0), _down(at)],
        "annotations": [*_edge_words(words), *_on_lines(x, theory, high)],
        "xaxis": {"title": {"text": esc(axes.x)}, "range": [float(x[0]), float(x[-1])],
                  "nticks": 8},
        "yaxis": {"title": {"text": esc(axes.y)}, "range": [low, high],
                  **(_LOG if log else {})}}})


def hidden_figure(axes: Axes, longest: tuple[float, float], log: bool) -> go.Figure:
    """The empty frame of a chart whose answer is to be guessed: what comes lies in its place."""
    return go.Figure({
        "data": [{"type": "scatter", "x": [longest[0]], "y": [1.0], "mode": "markers",
                  "hoverinfo": "skip", "marker": {"size": 1, "color": fade(LIGHT["ink"], 0)}}],
        "layout": {
            "height": HEIGHT, "hovermode": False, "shapes": [_across(1.0)],
            "margin": {"l": 62, "r": 14, "t": _TOP, "b": _BOTTOM},
            "annotations": [{"text": "?", "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper",
                             "showarrow": False, "font": {"size": 96, "color": LIGHT["rule"]}}],
            "xaxis": {"title": {"text": esc(axes.x)}, "range": list(longest), "nticks": 6},
            "yaxis": {"title": {"text": esc(axes.y)}, "range": list(axes.range),
                      **(_LOG if log else {})}}})


def power_text(log10: float) -> str:
    """10 to this as a person reads it: `0.84`, `117`, `2.5·10⁻¹⁸`; `0` for −∞."""
    if math.isnan(log10) or log10 == -math.inf:
        return "0"
    if log10 < -300:
        return "<10⁻³⁰⁰"
    if log10 > 300:
        return ">10³⁰⁰"
    if -2 <= log10 < 4:
        value = 10.0**log10
        return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    exponent = math.floor(log10)
    mantissa = f"{10.0**(log10 - exponent):.1f}"
    if mantissa == "10.0":
        exponent, mantissa = exponent + 1, "1.0"
    return f"{mantissa}·10{raised(exponent)}"


# -- parts ----------------------------------------------------------------------------------------
def _powers(log10: Values, axes: Axes) -> list[float]:
    kept = np.clip(np.nan_to_num(log10, neginf=-1e9), axes.range[0] - _OUTSIDE,
                   axes.range[1] + _OUTSIDE)
    return to_digits(10.0**kept)  # a short message


def _band(line: Line, axes: Axes) -> dict[str, Any]:
    assert line.band is not None
    low, high = (_powers(part, axes) for part in line.band)
    lags = list(range(len(low)))
    return {"type": "scatter", "x": lags + lags[::-1], "y": high + low[::-1], "mode": "lines",
            "hoverinfo": "skip", "fill": "toself", "line": {"width": 0},
            "fillcolor": fade(LIGHT[line.colour], 0.13)}


def _style(line: Line) -> dict[str, Any]:
    if line.main:
        return {"color": LIGHT[line.colour], "width": 4, "dash": line.dash}
    return {"color": LIGHT[line.colour], "width": 1.6, "dash": line.dash}


def _across(y: float) -> dict[str, Any]:
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": y, "y1": y,
            "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"}}


def _down(x: float) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "layer": "below",
            "line": {"color": LIGHT["rule"], "width": 1.5}}


def _edge_words(words: tuple[str, str] | None) -> list[dict[str, Any]]:
    if words is None:
        return []
    return [{"text": text, "x": 0, "xref": "paper", "xanchor": "left", "xshift": 8, "y": 1,
             "yref": "y", "yanchor": anchor, "showarrow": False,
             "font": {"size": 14, "color": LIGHT["dim"]}}
            for text, anchor in ((words[0], "bottom"), (words[1], "top"))]


def _on_lines(x: Values, theory: Sequence[Theory], high: float) -> list[dict[str, Any]]:
    """Names of grey lines: left of where they leave the frame, or below at a share of the way."""
    notes = []
    for line in theory:
        inside = np.flatnonzero(line.values <= 0.93 * high)
        last = int(line.at * inside[-1]) if len(inside) else 0
        above = line.at == 1
        notes.append({"text": esc(line.name), "x": float(x[last]), "y": float(line.values[last]),
                      "xanchor": "right" if above else "left", "xshift": -6 if above else 6,
                      "yanchor": "bottom" if above else "top", "showarrow": False,
                      "font": {"size": 14, "color": LIGHT["ngram"]}})
    return notes


def _labels(lines: Sequence[Line], low: float, high: float) -> list[dict[str, Any]]:
    plot = HEIGHT - _TOP - _BOTTOM
    ends = [min(max(float(np.nan_to_num(line.log10[-1], neginf=-1e9)), low), high)
            for line in lines]
    pixels = [(end - low) / (high - low) * plot for end in ends]
    placed = spread(pixels, _GAP)
    slide = max(0.0, 8 - min(placed, default=8.0)) - max(0.0, max(placed, default=0.0) - plot)
    left = ["" if low <= line.log10[-1] <= high else "↑ " if line.log10[-1] > high else "↓ "
            for line in lines]  # the frame: what is named ends outside of it
    return [end_label(end, out + " ".join(filter(None, (esc(line.name), line.value))),
                      short=out + (esc(line.name) or line.value), colour=LIGHT[line.colour],
                      bold=line.main, shift=place - pixel + slide)
            for line, end, pixel, place, out in zip(lines, ends, pixels, placed, left, strict=True)]
