"""Activation functions, their slopes, and where a network's own sums lie on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.cell_drawing import BUTTONS
from rnnlm_core.figures.palette import LIGHT, fade

Floats = NDArray[np.float64]
_WIDE, _NARROW, _GAP = 300, 660, 0.05
_HISTOGRAM = 0.24  # of a panel's height


@dataclass(frozen=True)
class Curve:
    """One function: `title` is Plotly markup; `limits` are the sums between which the slope is not
    small, `dots` the sums and values of the units (none where the gate has another function),
    `counts` how often a sum of the whole text falls into each bin of ±`reach`."""

    title: str
    x: Floats
    value: Floats
    slope: Floats
    limits: tuple[float, float]
    reach: float
    dots: tuple[Floats, Floats] | None = None
    counts: Floats | None = None


def activations_height(narrow: bool) -> int:
    return _NARROW if narrow else _WIDE


def activations_figure(curves: Sequence[Curve], cell: str, unit: str, narrow: bool) -> go.Figure:
    """A panel each: the function, dashed its slope, grey where that is below a tenth of its
    largest. `unit`: what a dot is called, with {n}."""
    figure = go.Figure(layout={
        "height": activations_height(narrow), "dragmode": False, "showlegend": False,
        "hovermode": "closest", "modebar": {"remove": BUTTONS}, "bargap": 0,
        "margin": {"l": 36, "r": 10, "t": 30, "b": 28},
        "meta": {"narrow": {"l": 34, "r": 6}}})
    each = (1 - _GAP * (len(curves) - 1) * (2 if narrow else 1)) / len(curves)
    for i, curve in enumerate(curves):
        start = i * (each + _GAP * (2 if narrow else 1))
        span = [start, min(1.0, start + each)]
        if narrow:  # the first on top
            span = [1 - span[1], 1 - span[0]]
        _panel(figure, curve, i, span, cell, unit, narrow)
    return figure


def _panel(figure: go.Figure, curve: Curve, i: int, span: list[float], cell: str, unit: str,
           narrow: bool) -> None:
    end = "" if i == 0 else str(i + 1)
    low, high = float(min(curve.value.min(), 0)), float(max(curve.value.max(), 1))
    room = 0.08 * (high - low)
    low, high = low - room, high + room
    fixed: dict[str, Any] = {"fixedrange": True, "zeroline": False, "showgrid": False}
    figure.layout[f"xaxis{end}"] = {
        **fixed, "range": [-curve.reach, curve.reach], "anchor": f"y{end}",
        "domain": [0, 1] if narrow else span}
    figure.layout[f"yaxis{end}"] = {
        **fixed, "range": [low, high], "anchor": f"x{end}", "nticks": 4,
        "domain": span if narrow else [0, 1]}
    axes = {"xaxis": f"x{end}", "yaxis": f"y{end}"}
    for x0, x1 in ((-curve.reach, curve.limits[0]), (curve.limits[1], curve.reach)):
        if x1 > x0:
            figure.add_shape(type="rect", x0=x0, x1=x1, y0=low, y1=high, xref=f"x{end}",
                             yref=f"y{end}", layer="below", fillcolor=LIGHT["panel"],
                             line={"width": 0})
    if curve.counts is not None and curve.counts.max() > 0:
        width = 2 * curve.reach / len(curve.counts)
        figure.add_bar(x=-curve.reach + width * (np.arange(len(curve.counts)) + 0.5),
                       y=curve.counts / curve.counts.max() * _HISTOGRAM * (high - low), base=low,
                       width=width, marker={"color": LIGHT["rule"], "line": {"width": 0}},
                       hoverinfo="skip", **axes)
    figure.add_scatter(x=curve.x, y=curve.slope, mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["dim"], "width": 1.6, "dash": "dash"}, **axes)
    figure.add_scatter(x=curve.x, y=curve.value, mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["ink"], "width": 1.8}, **axes)
    if curve.dots is not None:
        a, value = curve.dots
        figure.add_scatter(
            x=a, y=value, mode="markers", customdata=np.arange(1, len(a) + 1),
            hovertemplate=unit.format(n="%{customdata}") + ": %{x:.3} → %{y:.3}<extra></extra>",
            marker={"size": 8, "color": fade(LIGHT[cell], 0.55), "line": {
                "width": 1, "color": LIGHT[cell]}}, **axes)
    figure.add_annotation(x=0, y=1, xref=f"x{end} domain", yref=f"y{end} domain", yshift=4,
                          xanchor="left", yanchor="bottom", showarrow=False, text=curve.title,
                          font={"size": 15, "color": LIGHT["ink"]})
