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

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import end_label, esc, spread

Values = NDArray[np.float64]
HEIGHT = 380
_GAP = 20  # pixels between the middles of two end labels
_TOP, _BOTTOM = 12, 46
_OUTSIDE = 3.0  # decades beyond the frame at which a line is cut off: Plotly need not know more


@dataclass(frozen=True)
class Line:
    """A line over k = 0, 1, …: `main` is measured, the others are theory, thin and grey.

    `name` stands at its end, with a second line `value`; 0 and −∞ leave the frame at the bottom.
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
    figure, (low, high) = go.Figure(), axes.range
    for line in lines:
        if line.band is not None:
            figure.add_scatter(
                x=[*range(len(line.log10)), *range(len(line.log10) - 1, -1, -1)], mode="lines",
                y=[*_powers(line.band[1], axes), *_powers(line.band[0], axes)[::-1]],
                hoverinfo="skip", fill="toself", line={"width": 0},
                fillcolor=fade(LIGHT[line.colour], 0.13))
    for line in lines:
        figure.add_scatter(
            x=list(range(len(line.log10))), y=_powers(line.log10, axes), mode="lines",
            name=esc(line.name), line=_style(line), text=[power_text(v) for v in line.log10],
            hovertemplate="%{text}")
        if line.main and linked > 1:
            figure.add_scatter(
                x=[k for k in range(len(line.log10)) for _ in range(linked)][linked - 1:],
                y=[y for y in _powers(line.log10, axes) for _ in range(linked)][linked - 1:],
                mode="markers", marker={"size": 1, "color": fade(LIGHT["ink"], 0)},
                hoverinfo="skip")
        if line.main:
            figure.update_layout(meta={"linked": len(figure.data) - 1})
    figure.update_layout(
        height=HEIGHT, margin={"l": 62, "r": 128, "t": _TOP, "b": _BOTTOM},
        annotations=_labels(lines, low, high),
        shapes=[_across(1.0)] if edge else [],
        xaxis={"title": {"text": esc(axes.x)}, "range": [0, longest], "nticks": 6},
        yaxis={"type": "log", "title": {"text": esc(axes.y)}, "range": [low, high],
               "exponentformat": "power", "nticks": 8})
    meta = figure.layout.meta or {}
    figure.update_layout(meta={**meta, "narrow": {"l": 52, "r": 92}})
    return figure


@dataclass(frozen=True)
class Theory:
    """A grey line of `by_setting_figure`, named above its right end."""

    name: str
    values: Values
    dash: str = "dot"


def by_setting_figure(x: Values, values: Sequence[float | None], theory: Sequence[Theory],
                      at: float, axes: Axes, colour: str, words: tuple[str, str] | None = None,
                      log: bool = False) -> go.Figure:
    """A number against a setting, with a ring at the setting that is chosen.

    `words`: what it means to lie above and below 1, the edge. On a log axis `values` are log10.
    """
    figure, (low, high) = go.Figure(), axes.range
    measured = [math.nan if value is None else value for value in values]
    if words:
        figure.add_hrect(y0=1, y1=high, line_width=0, fillcolor=fade(LIGHT["ngram"], 0.09),
                         layer="below")
    for line in theory:
        figure.add_scatter(x=x.tolist(), y=line.values.tolist(), mode="lines", name=esc(line.name),
                           line={"color": LIGHT["ngram"], "width": 1.6, "dash": line.dash},
                           hovertemplate="%{y:.3f}")
    shown = [max(low - _OUTSIDE, v) for v in measured] if log else measured
    figure.add_scatter(x=x.tolist(), y=[10.0**v for v in shown] if log else shown, mode="lines",
                       line={"color": LIGHT[colour], "width": 4}, name="",
                       text=[power_text(v) if log else f"{v:.3f}" for v in measured],
                       hovertemplate="%{text}")
    nearest = int(np.abs(x - at).argmin())
    height = shown[nearest]
    figure.add_scatter(x=[float(x[nearest])], y=[10.0**height if log else height], mode="markers",
                       hoverinfo="skip",
                       marker={"size": 15, "color": LIGHT["bg"],
                               "line": {"color": LIGHT[colour], "width": 4}})
    figure.update_layout(
        height=HEIGHT, margin={"l": 58, "r": 14, "t": _TOP, "b": _BOTTOM},
        shapes=[*figure.layout.shapes, _across(1.0), _down(at)],
        annotations=[*_edge_words(words), *_on_lines(x, theory, high)],
        xaxis={"title": {"text": esc(axes.x)}, "range": [float(x[0]), float(x[-1])], "nticks": 8},
        yaxis={"title": {"text": esc(axes.y)}, "range": [low, high],
               **({"type": "log", "exponentformat": "power", "nticks": 8} if log else {})})
    return figure


def hidden_figure(axes: Axes, longest: tuple[float, float], log: bool) -> go.Figure:
    """The empty frame of a chart whose answer is to be guessed: what comes lies in its place."""
    figure = go.Figure()
    figure.add_scatter(x=[longest[0]], y=[1.0], mode="markers", hoverinfo="skip",
                       marker={"size": 1, "color": fade(LIGHT["ink"], 0)})
    figure.update_layout(
        height=HEIGHT, hovermode=False, shapes=[_across(1.0)],
        margin={"l": 62, "r": 14, "t": _TOP, "b": _BOTTOM},
        annotations=[{"text": "?", "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper",
                      "showarrow": False, "font": {"size": 96, "color": LIGHT["rule"]}}],
        xaxis={"title": {"text": esc(axes.x)}, "range": list(longest), "nticks": 6},
        yaxis={"title": {"text": esc(axes.y)}, "range": list(axes.range),
               **({"type": "log", "exponentformat": "power", "nticks": 8} if log else {})})
    return figure


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
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{raised}"


# -- parts ----------------------------------------------------------------------------------------
def _powers(log10: Values, axes: Axes) -> list[float]:
    kept = np.clip(np.nan_to_num(log10, neginf=-1e9), axes.range[0] - _OUTSIDE,
                   axes.range[1] + _OUTSIDE)
    return [float(f"{value:.4g}") for value in 10.0**kept]  # four digits: a short message


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
    """Names of grey lines near where they leave the frame, or at their right end."""
    notes = []
    for line in theory:
        inside = np.flatnonzero(line.values <= 0.93 * high)
        last = int(inside[-1]) if len(inside) else 0
        notes.append({"text": line.name, "x": float(x[last]), "y": float(line.values[last]),
                      "xanchor": "right", "yanchor": "bottom", "xshift": -6, "showarrow": False,
                      "font": {"size": 14, "color": LIGHT["ngram"]}})
    return notes


def _labels(lines: Sequence[Line], low: float, high: float) -> list[dict[str, Any]]:
    plot = HEIGHT - _TOP - _BOTTOM
    ends = [min(max(float(np.nan_to_num(line.log10[-1], neginf=-1e9)), low), high)
            for line in lines]
    pixels = [(end - low) / (high - low) * plot for end in ends]
    heights = [2 if line.value else 1 for line in lines]
    placed = spread(pixels, _GAP * (1.5 if max(heights, default=1) > 1 else 1))
    slide = max(0.0, 8 * max(heights, default=1) - min(placed, default=16.0)) - max(
        0.0, max(placed, default=0.0) + 8 - plot)
    return [end_label(end, esc(line.name) + (f"<br>{line.value}" if line.value else ""),
                      short=line.value or esc(line.name), colour=LIGHT[line.colour],
                      bold=line.main, shift=place - pixel + slide)
            for line, end, pixel, place in zip(lines, ends, pixels, placed, strict=True)]
