"""The chart of how far back learning reaches: gradient norms against the lag, on a log axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import DASH, LIGHT, fade
from rnnlm_core.figures.template import end_label, esc, spread

Values = NDArray[np.float64]
Kind = Literal["trained", "untrained", "bound", "estimate", "path"]  # the last three are theory
HORIZON = 0.01
_THEORY = {"bound": "dot", "estimate": "dash", "path": "dashdot"}
_LABEL_GAP = 20  # pixels between the middles of two end labels
_TOP, _BOTTOM = 14, 46
_STEPS = (1, 2, 5, 10, 20, 50, 100)  # decades between two ticks
_MOST_TICKS = 8
_ROOM = 0.4  # of the measured decades, at most, for theory above and below them


@dataclass(frozen=True)
class Reach:
    """One curve: who (`cell` gives hue and dash), its norms by lag, where it falls below 1 %."""

    name: str
    cell: str
    mean: Values
    low: Values
    high: Values
    texts: Sequence[str]  # the mean for a person, by lag: says `<1e-300` at the floor
    horizon: int | None
    floored: bool  # the mean at the last lag is below what float64 can say
    kind: Kind = "untrained"
    of_cell_state: bool = False  # ∂L/∂c of an LSTM, dotted


@dataclass(frozen=True)
class ReachWords:
    lag: str
    norm: str
    horizon: str
    floor: str  # `<1e-300`


def reach_figure(curves: Sequence[Reach], relative: bool, words: ReachWords,
                 height: int = 430) -> go.Figure:
    """Every curve with its band, a marker at its horizon and its name at its end.

    `relative`: each curve is divided by its value at lag 0, so that 1 % is one line for all. Theory
    is grey, and a bound that leaves the picture does not stretch it.
    """
    figure = go.Figure()
    scaled = [_scaled(curve, relative) for curve in curves]
    for curve, (mean, low, high) in zip(curves, scaled, strict=True):
        if curve.of_cell_state or curve.kind in _THEORY:
            continue  # its band would lie upon that of h
        lags = np.arange(len(mean))
        figure.add_scatter(x=np.concatenate([lags, lags[::-1]]),
                           y=np.concatenate([high, low[::-1]]), fill="toself", mode="lines",
                           line={"width": 0}, hoverinfo="skip",
                           fillcolor=fade(LIGHT[curve.cell],
                                          0.13 if curve.kind == "trained" else 0.09))
    for curve, (mean, _, _) in zip(curves, scaled, strict=True):
        figure.add_scatter(x=np.arange(len(mean)), y=mean, mode="lines", name=esc(curve.name),
                           line=_line(curve), customdata=[esc(text) for text in curve.texts],
                           hovertemplate="%{y:.1e}" if relative else "%{customdata}")
    for curve, (mean, _, _) in zip(curves, scaled, strict=True):
        if curve.horizon is not None and curve.kind not in _THEORY:
            figure.add_scatter(x=[curve.horizon], y=[mean[curve.horizon]], mode="markers",
                               hoverinfo="skip",
                               marker={"size": 13 if curve.kind == "trained" else 10,
                                       "color": LIGHT[curve.cell],
                                       "line": {"color": LIGHT["bg"], "width": 1.5}})
    bottom, top = _range(
        [part for curve, parts in zip(curves, scaled, strict=True) for part in parts
         if curve.kind not in _THEORY],
        [parts[0] for curve, parts in zip(curves, scaled, strict=True) if curve.kind in _THEORY],
        relative)
    longest = max((len(mean) for mean, _, _ in scaled), default=2) - 1
    plot = height - _TOP - _BOTTOM
    figure.update_layout(
        height=height, margin={"l": 66, "r": 150, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 54, "r": 98}},
        annotations=_labels(curves, [mean for mean, _, _ in scaled], bottom, top, plot, words)
        + (_horizon_label(words) if relative else []),
        shapes=_horizon_line() if relative else [],
        xaxis={"title": {"text": esc(words.lag)}, "range": [0, longest], "nticks": 6},
        yaxis={"type": "log", "title": {"text": esc(words.norm)}, "range": [bottom, top],
               "exponentformat": "power", "tick0": 0, "dtick": _dtick(top - bottom)})
    return figure


def power_text(value: float) -> str:
    """A number for a label: two digits near 1, else its power of ten."""
    if not value > 0:
        return "0"
    if 0.01 <= value < 1000:
        return f"{value:.2g}"
    exponent = round(math.log10(value))
    return f"10<sup>{str(exponent).replace('-', '−')}</sup>"


def _scaled(curve: Reach, relative: bool) -> tuple[Values, Values, Values]:
    by = float(curve.mean[0]) if relative and curve.mean[0] > 0 else 1.0
    # divided, a mean at the floor may leave float64 at a huge lag 0: plotted just above it
    return tuple(np.maximum(part / by, 1e-305)  # type: ignore[return-value]
                 for part in (curve.mean, curve.low, curve.high))


def _line(curve: Reach) -> dict[str, Any]:
    if curve.kind in _THEORY:
        return {"color": LIGHT["ngram"], "width": 2, "dash": _THEORY[curve.kind]}
    hue = LIGHT[curve.cell]
    if curve.kind == "trained":
        return {"color": hue, "width": 2.5 if curve.of_cell_state else 4,
                "dash": "dot" if curve.of_cell_state else "solid"}
    dash = "dot" if curve.of_cell_state else DASH[curve.cell]
    return {"color": fade(hue, 0.8), "width": 1.5 if curve.of_cell_state else 2, "dash": dash}


def _range(drawn: Sequence[Values], theory: Sequence[Values], relative: bool
           ) -> tuple[float, float]:
    """In powers of ten; the horizon line is always inside, theory only as far as what was measured
    stays easy to read."""
    logs = [float(v) for part in drawn for v in (np.log10(part.min()), np.log10(part.max()))]
    low, high = (min(logs), max(logs)) if logs else (-3.0, 0.0)
    if relative:
        low, high = min(low, math.log10(HORIZON) - 0.5), max(high, 0.0)
    ends = [float(np.log10(values[-1])) for values in theory]
    span = high - low
    low, high = (max(min([low, *ends]), low - _ROOM * span),
                 min(max([high, *ends]), high + _ROOM * span))
    air = max(0.15, 0.03 * (high - low))
    return low - air, high + air


def _dtick(decades: float) -> int:
    return next((step for step in _STEPS if decades / step <= _MOST_TICKS), _STEPS[-1])


def _labels(curves: Sequence[Reach], means: Sequence[Values], bottom: float, top: float,
            plot: float, words: ReachWords) -> list[dict[str, Any]]:
    """At the right end of each line, or where it leaves the picture above."""
    inside = [pair for pair in zip(curves, means, strict=True) if math.log10(pair[1][-1]) <= top]
    leaving = [_leaving_label(curve, int(np.argmax(np.log10(mean) > top)), top)
               for curve, mean in zip(curves, means, strict=True) if math.log10(mean[-1]) > top]
    return _end_labels(inside, bottom, top, plot, words) + leaving


def _leaving_label(curve: Reach, lag: int, top: float) -> dict[str, Any]:
    late = lag > 0.6 * len(curve.mean)
    return {"x": lag, "xref": "x", "y": top, "yref": "y", "showarrow": False,
            "xanchor": "right" if late else "left", "xshift": -14 if late else 6,
            "yanchor": "top", "text": esc(curve.name),
            "font": {"size": 15, "color": LIGHT["ngram"]}}


def _end_labels(named: Sequence[tuple[Reach, Values]], bottom: float, top: float, plot: float,
                words: ReachWords) -> list[dict[str, Any]]:
    ends = [max(math.log10(mean[-1]), bottom) for _, mean in named]
    pixels = [(end - bottom) / (top - bottom) * plot for end in ends]
    placed = spread(pixels, _LABEL_GAP)
    # pushed apart near an edge, the column as a whole slides back into the plot
    slide = max(0.0, 8 - min(placed, default=8.0)) - max(0.0, max(placed, default=0.0) - plot)
    labels = []
    for (curve, mean), end, pixel, place in zip(named, ends, pixels, placed, strict=True):
        value = esc(words.floor) if curve.floored else power_text(float(mean[-1]))
        labels.append(end_label(end, f"{esc(curve.name)} {value}", short=esc(curve.name),
                                colour=LIGHT["ngram" if curve.kind in _THEORY else curve.cell],
                                bold=curve.kind == "trained", shift=place - pixel + slide))
    return labels


def _horizon_line() -> list[dict[str, Any]]:
    return [{"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": HORIZON, "y1": HORIZON,
             "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"}, "layer": "below"}]


def _horizon_label(words: ReachWords) -> list[dict[str, Any]]:
    return [{"x": 1, "xref": "paper", "xanchor": "right", "y": math.log10(HORIZON), "yref": "y",
             "yanchor": "bottom", "showarrow": False, "text": esc(words.horizon),
             "font": {"size": 14, "color": LIGHT["dim"]}}]
