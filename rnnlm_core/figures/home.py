"""Thumbnails of the first page: real numbers, no axes, nothing to operate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import DASH, LIGHT, diverging, fade
from rnnlm_core.figures.template import end_label, esc, spread
from rnnlm_core.figures.training import Series

HEIGHT = 140
_LABEL_GAP = 19  # pixels between the middles of two end labels
_MARGIN = 8


def loss_thumbnail(losses: Series, yardsticks: Sequence[float], cell: str, name: str
                   ) -> go.Figure:
    """The validation loss as it fell, the yardsticks as grey lines; `name` at its end."""
    figure = go.Figure()
    for value in yardsticks:
        figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=value, y1=value, layer="below",
                         line={"color": fade(LIGHT["ngram"], 0.7), "width": 1.3, "dash": "dash"})
    figure.add_scatter(x=losses.x, y=losses.y, mode="lines", hoverinfo="skip",
                       line={"color": LIGHT[cell], "width": 3, "dash": DASH["lstm"]})
    labels = []
    if len(losses.y):
        labels.append(end_label(math.log10(losses.y[-1]), esc(name), colour=LIGHT[cell]))
    figure.update_layout(**_bare(right=60), annotations=labels)
    figure.update_layout(yaxis_type="log")
    return figure


def heat_thumbnail(values: NDArray[np.floating[Any]]) -> go.Figure:
    """A few units (R, T) over the characters of a text, from −1 to 1."""
    figure = go.Figure(go.Heatmap(z=values.astype(np.float32), colorscale=diverging(), zmin=-1,
                                  zmid=0, zmax=1, ygap=1, showscale=False, hoverinfo="skip"))
    figure.update_layout(**_bare(right=0))
    figure.update_layout(yaxis_range=[len(values) - 0.5, -0.5], margin={"l": 0, "t": 2, "b": 2})
    return figure


def fading_thumbnail(curves: Mapping[str, NDArray[np.floating[Any]]], names: Mapping[str, str]
                     ) -> go.Figure:
    """Powers of ten by lag, a line a cell with its name at its end."""
    figure = go.Figure()
    for cell, curve in curves.items():
        figure.add_scatter(x=np.arange(len(curve)), y=curve, mode="lines", hoverinfo="skip",
                           line={"color": LIGHT[cell], "width": 2.5, "dash": DASH[cell]})
    ends = [float(curve[-1]) for curve in curves.values()]
    span = max(max(ends, default=0.0), 0.0) - min(ends, default=-1.0) or 1.0
    pixels = [(end - min(ends)) / span * (HEIGHT - 2 * _MARGIN) for end in ends]
    labels = [end_label(end, esc(names[cell]), colour=LIGHT[cell], shift=place - pixel)
              for cell, end, pixel, place
              in zip(curves, ends, pixels, spread(pixels, _LABEL_GAP), strict=True)]
    figure.update_layout(**_bare(right=60), annotations=labels)
    return figure


def _bare(right: int) -> dict[str, Any]:
    axis = {"visible": False, "fixedrange": True}
    return {"height": HEIGHT, "dragmode": False, "hovermode": False, "xaxis": axis, "yaxis": axis,
            "margin": {"l": 2, "r": right, "t": _MARGIN, "b": _MARGIN}}
