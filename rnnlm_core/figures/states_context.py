"""Charts of how far back a model looks: loss by how much it is fed, and after a wrong token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import esc

Values = NDArray[np.floating[Any]]
HEIGHT = 400
_TICKS = (1, 2, 4, 8, 16, 32, 64, 128)
_TOP, _BOTTOM = 14, 50


@dataclass(frozen=True)
class Curve:
    """A loss by distance, with its band; `fill`: whether it is this network fed in order."""

    x: Values
    y: Values
    error: Values  # half the width of the band
    name: str
    dashed: bool = False


@dataclass(frozen=True)
class NGrams:
    """An n-gram of order k as a point at the k − 1 tokens that it sees."""

    x: Sequence[int] = ()
    y: Sequence[float] = field(default_factory=tuple)
    name: str = ""


def fed_figure(curves: Sequence[Curve], whole: float, ngrams: NGrams, cell: str, used: int | None,
               words: tuple[str, str, str], height: int = HEIGHT) -> go.Figure:
    """Loss by n, log2 n across; `whole` is the loss with everything before. `words`: the two axes,
    and the name of that level. `used` is marked where it is known."""
    x, y, level = words
    figure = go.Figure()
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=whole, y1=whole, layer="below",
                     line={"color": LIGHT["dim"], "width": 1.3, "dash": "dot"})
    for curve in curves:
        figure.add_scatter(
            x=np.concatenate([curve.x, curve.x[::-1]]),
            y=np.concatenate([curve.y + curve.error, (curve.y - curve.error)[::-1]]),
            fill="toself", mode="lines", line={"width": 0}, hoverinfo="skip",
            fillcolor=fade(LIGHT[cell], 0.13))
    for curve in curves:
        figure.add_scatter(x=curve.x, y=curve.y, mode="lines+markers", name=esc(curve.name),
                           line={"color": LIGHT[cell], "width": 2 if curve.dashed else 3.5,
                                 "dash": "dash" if curve.dashed else "solid"},
                           marker={"size": 6, "color": LIGHT[cell]}, hovertemplate="%{y:.2f}")
    if len(ngrams.x):
        figure.add_scatter(x=list(ngrams.x), y=list(ngrams.y), mode="lines+markers",
                           name=esc(ngrams.name), hovertemplate="%{y:.2f}",
                           line={"color": LIGHT["ngram"], "width": 1.6, "dash": "dash"},
                           marker={"size": 6, "symbol": "square", "color": LIGHT["ngram"]})
    if used is not None:
        first = curves[0]
        figure.add_scatter(x=[used], y=[float(first.y[list(first.x).index(used)])],
                           mode="markers", hoverinfo="skip",
                           marker={"size": 14, "color": LIGHT[cell],
                                   "line": {"color": LIGHT["bg"], "width": 2}})
    values = [*(v for c in curves for v in c.y + c.error), *ngrams.y, whole]
    low, high = min(values), max(values)
    low, high = max(0.0, low - 0.12 * (high - low + 0.1)), high + 0.04 * (high - low + 0.1)
    figure.update_layout(
        height=height, margin={"l": 60, "r": 16, "t": _TOP, "b": _BOTTOM},
        annotations=[_key(curves, ngrams, cell), _name(whole, level)],
        xaxis={"type": "log", "title": {"text": esc(x)}, "range": [-0.06, float(np.log10(230))],
               "tickmode": "array", "tickvals": list(_TICKS),
               "ticktext": [str(n) for n in _TICKS], "tickangle": 0},
        yaxis={"title": {"text": esc(y)}, "range": [low, high], "nticks": 7})
    return figure


def recovery_figure(curve: Curve, over: int | None, cell: str, words: tuple[str, str, str],
                    height: int = HEIGHT) -> go.Figure:
    """Extra loss k tokens after a wrong one. `words`: the two axes and the name of zero."""
    x, y, zero = words
    figure = go.Figure()
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=0, y1=0, layer="below",
                     line={"color": LIGHT["dim"], "width": 1.3, "dash": "dot"})
    figure.add_scatter(x=np.concatenate([curve.x, curve.x[::-1]]),
                       y=np.concatenate([curve.y + curve.error, (curve.y - curve.error)[::-1]]),
                       fill="toself", mode="lines", line={"width": 0}, hoverinfo="skip",
                       fillcolor=fade(LIGHT[cell], 0.16))
    figure.add_scatter(x=curve.x, y=curve.y, mode="lines+markers", name=esc(curve.name),
                       line={"color": LIGHT[cell], "width": 3},
                       marker={"size": 5, "color": LIGHT[cell]}, hovertemplate="%{y:+.2f}")
    if over is not None:
        figure.add_scatter(x=[over], y=[float(curve.y[list(curve.x).index(over)])],
                           mode="markers", hoverinfo="skip",
                           marker={"size": 14, "color": LIGHT[cell],
                                   "line": {"color": LIGHT["bg"], "width": 2}})
    high, low = float((curve.y + curve.error).max()), float((curve.y - curve.error).min())
    air = 0.06 * (high - min(low, 0.0) + 0.05)
    figure.update_layout(
        height=height, margin={"l": 60, "r": 16, "t": _TOP, "b": _BOTTOM},
        annotations=[{"x": 1, "xref": "paper", "xanchor": "right", "y": 0, "yanchor": "bottom",
                      "showarrow": False, "text": esc(zero), "yshift": 2,
                      "font": {"size": 14, "color": LIGHT["dim"]}}],
        xaxis={"title": {"text": esc(x)}, "range": [0, float(curve.x[-1]) + 0.5], "nticks": 11},
        yaxis={"title": {"text": esc(y)}, "range": [min(low, 0.0) - air, high + air], "nticks": 7})
    return figure


def _key(curves: Sequence[Curve], ngrams: NGrams, cell: str) -> dict[str, Any]:
    """The curves by name, in the corner above their ends: there they come together."""
    named = [(LIGHT[cell], "- -" if curve.dashed else "<b>—</b>", curve.name) for curve in curves]
    if len(ngrams.x):
        named.append((LIGHT["ngram"], "- ■", ngrams.name))
    return {"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper", "yanchor": "top",
            "showarrow": False, "align": "left", "font": {"size": 15, "color": LIGHT["ink"]},
            "text": "<br>".join(f"<span style='color:{colour}'>{line}</span> {esc(name)}"
                                for colour, line, name in named)}


def _name(whole: float, level: str) -> dict[str, Any]:
    """The level, at its right end."""
    return {"x": 1, "xref": "paper", "xanchor": "right", "y": whole, "yanchor": "top",
            "showarrow": False, "text": f"{esc(level)} {whole:.2f}", "yshift": -3,
            "font": {"size": 14, "color": LIGHT["dim"]}}
