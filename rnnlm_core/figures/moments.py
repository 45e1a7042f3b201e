"""What the time machine adds to the loss chart: the moment looked at, and a parent's curve."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import esc
from rnnlm_core.figures.training import Series


def mark_moment(figure: go.Figure, step: int, name: str) -> None:
    """An upright line at the step that the page looks at, named at its foot."""
    figure.add_shape(type="line", x0=step, x1=step, y0=0, y1=1, yref="paper",
                     line={"color": LIGHT["ink"], "width": 1.6})
    last = float(figure.layout.xaxis.range[1])
    late = step > 0.6 * last
    figure.add_annotation(
        x=step, xref="x", y=0, yref="paper", text=esc(name), showarrow=False, yanchor="bottom",
        xanchor="right" if late else "left", xshift=-5 if late else 5, bgcolor=LIGHT["bg"],
        font={"size": 14, "color": LIGHT["ink"]})


def add_ghost(figure: go.Figure, ghost: Series, cell: str, name: str) -> None:
    """The validation curve of the run this one was forked from, thin, from the fork on.

    The axes grow so that all of it is seen, for it is what the fork is compared with.
    """
    if not len(ghost.x):
        return
    figure.add_scatter(x=ghost.x, y=ghost.y, mode="lines", name=name,
                       line={"color": fade(LIGHT[cell], 0.6), "width": 1.3, "dash": "dot"},
                       hovertemplate="%{y:.3f}")
    end = max(float(figure.layout.xaxis.range[1]), float(ghost.x[-1]) * 1.02)
    figure.layout.xaxis.range = [0, end]
    good = [float(v) for v in ghost.y if v > 0]
    if not good:
        return
    low, high = figure.layout.yaxis.range
    figure.layout.yaxis.range = [min(low, math.log10(min(good) / 1.12)),
                                 max(high, math.log10(max(good) * 1.06))]
    figure.add_annotation(
        x=float(ghost.x[-1]), xref="x", y=math.log10(good[-1]), yref="y", text=esc(name),
        showarrow=False, xanchor="right", yanchor="bottom", yshift=3,
        font={"size": 14, "color": LIGHT["dim"]})
