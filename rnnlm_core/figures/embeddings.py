"""The map of the tokens: who lies near whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import MONO, columns, esc

HEIGHT = 420
_WIDTH, _LETTER, _LINE = 640, 9.6, 19  # pixels: of the map as it mostly is, and of its text
_PADDING = 1.12  # of the largest distance from the middle, so that no label is cut


def _clear(points: NDArray[np.floating[Any]], labels: Sequence[str], extent: float, height: int,
           order: Sequence[int]) -> set[int]:
    """Whose labels can be read: in this order, each that covers none of those before it."""
    scale = np.array([_WIDTH, height]) / (2 * _PADDING * extent)
    boxes: dict[int, tuple[float, float, float]] = {}  # middle, half a width
    for i in order:
        (x, y), half = points[i] * scale, _LETTER * columns(labels[i]) / 2
        if all(abs(x - u) >= half + w or abs(y - v) >= _LINE for u, v, w in boxes.values()):
            boxes.setdefault(i, (x, y, half))
    return set(boxes)


def map_figure(points: NDArray[np.floating[Any]], labels: Sequence[str], extent: float,
               axis_name: str, selected: int | None = None, near: Sequence[int] = (),
               height: int = HEIGHT) -> go.Figure:
    """Tokens at their points (N, 2), each written as its label (foreign text, escaped here).

    Trace 0 holds all of them, in order; one whose label would cover that of a token before it is a
    dot, named under the pointer. `selected` is outlined, `near` are joined to it; both are
    rows of `points`. `extent` is the half width of both axes, the same at every moment.
    """
    figure = go.Figure()
    near = list(near) if selected is not None else []
    bold = {selected, *near}
    first = [i for i in (selected, *near) if i is not None]
    clear = _clear(points, labels, extent, height, [*first, *range(len(labels))])
    figure.add_scatter(
        x=points[:, 0], y=points[:, 1], mode="markers+text", customdata=[esc(v) for v in labels],
        text=[esc(v) if i in clear else "" for i, v in enumerate(labels)],
        textposition="middle center", hovertemplate="%{customdata}<extra></extra>",
        textfont={"family": MONO, "size": 16,
                  "color": [LIGHT["ink"] if not near or i in bold else fade(LIGHT["ink"], 0.55)
                            for i in range(len(labels))]},
        marker={"size": [22 if i in clear else 6 for i in range(len(labels))],
                "color": [fade(LIGHT["ink"], 0.0) if i in clear else fade(LIGHT["ink"], 0.45)
                          for i in range(len(labels))], "line": {"width": 0}})
    if selected is not None:
        lines: list[Any] = [(points[selected], points[i], (None, None)) for i in near]
        flat = [place for line in lines for place in line]
        figure.add_scatter(x=[p[0] for p in flat], y=[p[1] for p in flat], mode="lines",
                           hoverinfo="skip", line={"color": fade(LIGHT["dim"], 0.6), "width": 1})
        figure.add_scatter(x=points[[selected], 0], y=points[[selected], 1], mode="markers",
                           hoverinfo="skip",
                           marker={"size": 26, "color": fade(LIGHT["ink"], 0.0),
                                   "line": {"width": 2, "color": LIGHT["ink"]}})
    limits = [-_PADDING * extent, _PADDING * extent]
    axis = {"range": limits, "zeroline": False, "showgrid": True, "showticklabels": False,
            "ticks": "", "title": {"text": esc(axis_name)}}
    figure.update_layout(
        height=height, hovermode="closest", margin={"l": 34, "r": 12, "t": 8, "b": 34},
        xaxis=axis, yaxis=axis)
    return figure
