"""Charts of truncated back-propagation: its bias by reach, what it cuts off, and the saw-tooth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade, sequential
from rnnlm_core.figures.template import end_label, esc

Values = NDArray[np.float64]
BIAS_HEIGHT, SMALL_HEIGHT = 480, 320
_DECADES = 4  # of the saw-tooth's colour
_BOTTOM = 50


@dataclass(frozen=True)
class Axes:
    x: str
    y: str


@dataclass(frozen=True)
class Measured:
    """One line by reach (as far as the gradient goes back), and the reader's choice on it."""

    name: str
    values: Values
    chosen: float | None
    last: str  # its last value, for a person
    dashed: bool = False


def bias_figure(reaches: Sequence[int], lines: Sequence[Measured], chosen: int, cell: str,
                axes: Axes, mark: str) -> go.Figure:
    """Cosine and error of the truncated gradient against the full one, by reach on a log axis.

    The reader's choice is a large dot on (or, where the shift is another, beside) each line.
    """
    figure = go.Figure()
    x = np.log2(np.array(reaches, np.float64))
    for line in lines:
        colour = LIGHT["dim"] if line.dashed else LIGHT[cell]
        figure.add_scatter(x=x, y=line.values, mode="lines+markers", name=esc(line.name),
                           line={"color": colour, "width": 2 if line.dashed else 3.5,
                                 "dash": "dash" if line.dashed else "solid"},
                           marker={"size": 6, "color": colour}, hovertemplate="%{y:.3f}")
    at = float(np.log2(chosen))
    for line in lines:
        if line.chosen is not None:
            figure.add_scatter(x=[at], y=[line.chosen], mode="markers", hoverinfo="skip",
                               marker={"size": 14,
                                       "color": LIGHT["dim"] if line.dashed else LIGHT[cell],
                                       "line": {"color": LIGHT["bg"], "width": 2}})
    top = max([1.0, *(float(v) for line in lines for v in line.values)])
    figure.update_layout(
        height=BIAS_HEIGHT, margin={"l": 56, "r": 120, "t": 26, "b": _BOTTOM},
        meta={"narrow": {"l": 46, "r": 104}},
        shapes=[_upright(at, "ink", "dot")],
        annotations=[_above(at, mark, "center"), *(
            end_label(float(line.values[-1]), f"{esc(line.name)} {esc(line.last)}",
                      colour=LIGHT["dim"] if line.dashed else LIGHT[cell], bold=not line.dashed)
            for line in lines)],
        xaxis={"title": {"text": esc(axes.x)}, "tickmode": "array", "tickvals": x.tolist(),
               "ticktext": [str(n) for n in reaches], "range": [-0.25, float(x[-1]) + 0.15]},
        yaxis={"title": {"text": esc(axes.y)}, "range": [0, 1.04 * top], "nticks": 6})
    return figure


def cut_figure(whole: Values, share: Values, reach: int, cell: str, axes: Axes,
               names: tuple[str, str, str]) -> go.Figure:
    """The gradient by lag as it is (a line), and as training gets it (filled): each lag's times the
    share of the losses that still reach it. `names`: the line, the filling, what lies beyond."""
    full, kept, beyond = names
    lags = np.arange(len(whole))
    got = whole * share
    inside = got > 0
    # as far as float64 says anything: beyond, the text beside it speaks
    floor = float(np.log10(max(whole.min(), whole[0] * 1e-12))) - 0.3
    top = float(np.log10(whole.max())) + 0.2
    figure = go.Figure()
    figure.add_scatter(x=np.concatenate([lags[inside], lags[inside][::-1]]),
                       y=np.concatenate([got[inside], np.full(inside.sum(), 10.0**floor)]),
                       fill="toself", mode="lines", line={"width": 0}, hoverinfo="skip",
                       fillcolor=fade(LIGHT[cell], 0.28))
    figure.add_scatter(x=lags, y=whole, mode="lines", name=esc(full),
                       line={"color": LIGHT[cell], "width": 3}, hovertemplate="%{y:.1e}")
    figure.add_scatter(x=lags[inside], y=got[inside], mode="lines", name=esc(kept),
                       line={"color": LIGHT[cell], "width": 1.5, "dash": "dot"},
                       hovertemplate="%{y:.1e}")
    inner = reach < len(whole)
    figure.update_layout(
        height=SMALL_HEIGHT, margin={"l": 66, "r": 12, "t": 26, "b": _BOTTOM},
        shapes=[_upright(reach - 0.5, "ink", "solid")] if inner else [],
        annotations=[_above(reach - 0.5, beyond, "left" if 2 * reach < len(whole) else "right")]
        if inner else [],
        xaxis={"title": {"text": esc(axes.x)}, "range": [0, len(whole) - 1], "nticks": 8},
        yaxis={"type": "log", "title": {"text": esc(axes.y)}, "range": [floor, top],
               "exponentformat": "power", "nticks": 6})
    return figure


def chunk_figure(farthest: NDArray[np.int64], whole: Values, windows: Sequence[int],
                 average: float, axes: Axes, mean: str) -> go.Figure:
    """How far back each loss still reaches, a saw-tooth over the text; below it the gradient that
    arrives at each lag, above it exactly nothing. `windows`: where each step of training begins;
    `average`: of the saw-tooth, a dashed line called `mean`."""
    places, deepest = np.arange(len(farthest)), int(farthest.max())
    lags = np.arange(deepest + 1)
    relative = np.full(deepest + 1, whole[-1])  # farther than was measured: as the last
    relative[:len(whole)] = whole[:deepest + 1]
    with np.errstate(divide="ignore"):
        z = np.clip(np.log10(relative / whole[0]), -_DECADES, 0)[:, None].repeat(len(places), 1)
    z[lags[:, None] > farthest[None]] = np.nan
    # a lag fills the step below it, so that the colour ends at the line
    figure = go.Figure(go.Heatmap(z=z.astype(np.float32), y=lags - 0.5, zmin=-_DECADES - 1, zmax=0,
                                  colorscale=sequential(), showscale=False, hoverinfo="skip"))
    figure.add_scatter(x=places, y=farthest, mode="lines", name="", hovertemplate="%{y}",
                       line={"color": LIGHT["ink"], "width": 2, "shape": "hvh"})
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=average, y1=average,
                     line={"color": LIGHT["dim"], "width": 1.5, "dash": "dash"})
    figure.update_layout(
        height=SMALL_HEIGHT, margin={"l": 50, "r": 12, "t": 26, "b": _BOTTOM},
        shapes=[*figure.layout.shapes, *(_upright(at - 0.5, "rule", "solid") for at in windows)],
        annotations=[{"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper",
                      "yanchor": "bottom", "yshift": 2, "showarrow": False,
                      "text": f"- - {esc(mean)}", "font": {"size": 14, "color": LIGHT["dim"]}}],
        xaxis={"title": {"text": esc(axes.x)}, "range": [-0.5, len(places) - 0.5], "nticks": 9},
        yaxis={"title": {"text": esc(axes.y)}, "range": [0, max(1.5, 1.08 * deepest)],
               "nticks": 6})
    return figure




def _upright(x: float, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "layer": "below",
            "line": {"color": LIGHT[colour], "width": 1.5, "dash": dash}}


def _above(x: float, text: str, anchor: str) -> dict[str, Any]:
    return {"x": x, "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": anchor,
            "showarrow": False, "text": esc(text), "font": {"size": 14, "color": LIGHT["ink"]}}
