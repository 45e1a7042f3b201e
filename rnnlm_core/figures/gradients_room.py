"""Charts of the slider room: a gradient by lag beside its theory, rates by a setting, a cobweb."""

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
HEIGHT = 400
_GAP = 20  # pixels between the middles of two end labels
_TOP, _BOTTOM = 14, 46
LOWEST = 1e-320  # what is 0 on a log axis


@dataclass(frozen=True)
class Line:
    """A line over k = 0, 1, …: `main` is measured, the others are theory, dashed and grey."""

    name: str
    values: Values
    main: bool = False
    colour: str = "ngram"
    dash: str = "dash"


@dataclass(frozen=True)
class Axes:
    x: str
    y: str


def by_lag_figure(lines: Sequence[Line], axes: Axes, band: tuple[Values, Values] | None = None,
                  limits: tuple[float, float] = (-40.0, 12.0)) -> go.Figure:
    """Lines by lag on a log axis that shows 10 to the `limits` at most; names at their ends."""
    figure = go.Figure()
    if band is not None:
        lags = np.arange(len(band[0]))
        figure.add_scatter(x=np.concatenate([lags, lags[::-1]]), mode="lines", hoverinfo="skip",
                           y=np.concatenate([_shown(band[1]), _shown(band[0])[::-1]]),
                           fill="toself", line={"width": 0}, fillcolor=fade(LIGHT["rnn"], 0.13))
    for line in lines:
        figure.add_scatter(x=np.arange(len(line.values)), y=_shown(line.values), mode="lines",
                           name=esc(line.name), hovertemplate="%{y:.2e}", line=_style(line))
    logs = [np.log10(_shown(line.values)) for line in lines]
    low = max(limits[0], min((float(log.min()) for log in logs), default=-1.0))
    high = min(limits[1], max((float(log.max()) for log in logs), default=1.0))
    low, high = min(low, -1.0) - 0.04 * (high - low), max(high, 0.3) + 0.04 * (high - low)
    longest = max((len(line.values) for line in lines), default=2) - 1
    figure.update_layout(
        height=HEIGHT, margin={"l": 66, "r": 150, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 54, "r": 96}},
        annotations=_labels(lines, [min(max(float(log[-1]), low), high) for log in logs], low,
                            high),
        xaxis={"title": {"text": esc(axes.x)}, "range": [0, longest], "nticks": 6},
        yaxis={"type": "log", "title": {"text": esc(axes.y)}, "range": [low, high],
               "exponentformat": "power"})
    return figure


def rates_figure(x: Values, rates: Sequence[float | None], theory: Line, at: float, axes: Axes,
                 name: str) -> go.Figure:
    """The factor a step against a setting, with the setting that is chosen; 1 is the edge."""
    figure = go.Figure()
    measured = [math.nan if rate is None else rate for rate in rates]
    figure.add_scatter(x=x, y=theory.values, mode="lines", name=esc(theory.name),
                       line=_style(theory), hovertemplate="%{y:.3f}")
    figure.add_scatter(x=x, y=measured, mode="lines", name=esc(name), hovertemplate="%{y:.3f}",
                       line={"color": LIGHT["rnn"], "width": 4})
    nearest = int(np.abs(x - at).argmin())
    figure.add_scatter(x=[x[nearest]], y=[measured[nearest]], mode="markers", hoverinfo="skip",
                       marker={"size": 13, "color": LIGHT["rnn"],
                               "line": {"color": LIGHT["bg"], "width": 1.5}})
    figure.update_layout(
        height=300, margin={"l": 56, "r": 16, "t": _TOP, "b": _BOTTOM},
        shapes=[{"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 1, "y1": 1,
                 "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"}}],
        xaxis={"title": {"text": esc(axes.x)}},
        yaxis={"title": {"text": esc(axes.y)}, "rangemode": "tozero"})
    return figure


def cobweb_figure(curve: tuple[Values, Values], course: Values, axes: Axes) -> go.Figure:
    """The map h ↦ φ(wh), the diagonal, and the steps between them from h_0 on."""
    figure = go.Figure()
    x, y = curve
    figure.add_scatter(x=x, y=x, mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"})
    figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["rnn"], "width": 4})
    xs = np.repeat(course, 2)[:-1]
    ys = np.concatenate([[0.0], np.repeat(course[1:], 2)])
    figure.add_scatter(x=xs, y=ys, mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["ink"], "width": 1.2})
    figure.add_scatter(x=course[[0]], y=[0.0], mode="markers", hoverinfo="skip",
                       marker={"size": 10, "color": LIGHT["ink"]})
    figure.update_layout(
        height=HEIGHT, hovermode=False, margin={"l": 56, "r": 16, "t": _TOP, "b": _BOTTOM},
        xaxis={"title": {"text": esc(axes.x)}, "range": [float(x[0]), float(x[-1])]},
        yaxis={"title": {"text": esc(axes.y)}, "scaleanchor": "x",
               "range": [float(x[0]), float(x[-1])]})
    return figure


def _shown(values: Values) -> Values:
    return np.clip(values, LOWEST, 1e300)


def _style(line: Line) -> dict[str, Any]:
    if line.main:
        return {"color": LIGHT[line.colour], "width": 4}
    return {"color": LIGHT[line.colour], "width": 1.6, "dash": line.dash}


def _labels(lines: Sequence[Line], ends: Sequence[float], low: float, high: float
            ) -> list[dict[str, Any]]:
    plot = HEIGHT - _TOP - _BOTTOM
    pixels = [(end - low) / (high - low) * plot for end in ends]
    placed = spread(pixels, _GAP)
    slide = max(0.0, 8 - min(placed, default=8.0)) - max(0.0, max(placed, default=0.0) - plot)
    return [end_label(end, esc(line.name), colour=LIGHT[line.colour], bold=line.main,
                      shift=place - pixel + slide)
            for line, end, pixel, place in zip(lines, ends, pixels, placed, strict=True)]
