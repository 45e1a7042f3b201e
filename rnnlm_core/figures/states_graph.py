"""Clusters of states as a graph: nodes, and arrows to where the next token leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.states import Scale, colour_key, colours, key_name
from rnnlm_core.figures.template import MONO, esc

Values = NDArray[np.floating[Any]]
HEIGHT = 500
_MOST_NAMED = 16  # nodes that have room for a name below
_WIDTHS = (0.1, 0.2, 0.35, 0.6)  # probabilities from which a line is 1, 2, 3 or 4.5 pixels wide
_PIXELS = (1.0, 2.0, 3.0, 4.5)
_POINTS = 13  # of a bent line; the arrow stands in its middle
_BEND = 0.12  # of a line's length


@dataclass(frozen=True)
class GraphWords:
    fill: str  # what the fill is; empty: no fill
    low: str  # its two ends
    high: str


def graph_figure(places: Values, transitions: Values, shares: Values, names: Sequence[str],
                 hovers: Sequence[str], fills: Values | None, scale: Scale, words: GraphWords
                 ) -> go.Figure:
    """k nodes at places (k, 2), as large as their shares (k,) of all tokens, filled by `fills`.

    Arrows from 10 % on, as wide as they are likely; the ring of a node is as wide as it is likely
    to stay. `names` stand below a node where there is room, `hovers` say the rest of it; both are
    foreign text, `hovers` with <br> between escaped lines.
    """
    figure = go.Figure()
    for least, most, pixels in zip(_WIDTHS, (*_WIDTHS[1:], 1.01), _PIXELS, strict=True):
        _arrows(figure, places, transitions, least, most, pixels)
    stay = np.diag(transitions)
    marker: dict[str, Any] = {
        "size": 24 + 30 * np.sqrt(shares / max(float(shares.max()), 1e-9)), "opacity": 1,
        "color": LIGHT["panel"],
        "line": {"width": 1.5 + 5 * stay, "color": LIGHT["dim"]}}
    if fills is not None:
        # an opaque page below the fill, or the lines would show through it
        figure.add_scatter(x=places[:, 0], y=places[:, 1], mode="markers", hoverinfo="skip",
                           marker={"size": marker["size"], "color": LIGHT["bg"], "opacity": 1})
        marker |= {"color": fills, "colorscale": colours(scale), "cmin": scale.low,
                   "cmax": scale.top, "colorbar": colour_key(scale, words.low, words.high)}
        figure.add_annotation(**key_name(words.fill))
    figure.add_scatter(
        x=places[:, 0], y=places[:, 1], mode="markers+text", marker=marker,
        text=[f"<b>{i + 1}</b>" for i in range(len(places))], customdata=list(hovers),
        textfont={"size": 15, "color": LIGHT["ink"]},
        hovertemplate="%{customdata}<extra></extra>")
    if len(places) <= _MOST_NAMED:
        for (x, y), name, size in zip(places.tolist(), names, marker["size"], strict=True):
            figure.add_annotation(x=x, y=y, yshift=-size / 2 - 3, yanchor="top", showarrow=False,
                                  text=esc(name), bgcolor=fade(LIGHT["bg"], 0.75), borderpad=0,
                                  font={"family": MONO, "size": 14, "color": LIGHT["ink"]})
    blank = {"visible": False, "fixedrange": False}
    figure.update_layout(
        height=HEIGHT, hovermode="closest", margin={"l": 4, "r": 4, "t": 46, "b": 4},
        xaxis={**blank, "range": [-0.09, 1.09]}, yaxis={**blank, "range": [-0.14, 1.1]})
    return figure


def _arrows(figure: go.Figure, places: Values, transitions: Values, least: float, most: float,
            pixels: float) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    sizes: list[float] = []
    texts: list[str] = []
    middle = _POINTS // 2
    for i, j in zip(*np.nonzero((transitions >= least) & (transitions < most)), strict=True):
        if i == j:
            continue
        line = _bent(places[i], places[j])
        x += [*line[:, 0].tolist(), None]
        y += [*line[:, 1].tolist(), None]
        sizes += [9 + 1.5 * pixels if n == middle else 0.0 for n in range(_POINTS + 1)]
        texts += [f"{i + 1} → {j + 1}: {transitions[i, j]:.0%}" if n == middle else ""
                  for n in range(_POINTS + 1)]
    if x:
        grey = fade(LIGHT["dim"], 0.55)
        figure.add_scatter(x=x, y=y, mode="lines+markers", text=texts, hoverinfo="text",
                           line={"color": grey, "width": pixels, "backoff": 0},
                           marker={"symbol": "arrow", "angleref": "previous", "size": sizes,
                                   "color": LIGHT["dim"], "opacity": 1, "line": {"width": 0}})


def _bent(start: Values, end: Values) -> Values:
    """A line that bends to its right (n, 2), so that there and back are two lines."""
    across = np.array([end[1] - start[1], start[0] - end[0]])
    control = (start + end) / 2 + _BEND * across
    t = np.linspace(0, 1, _POINTS)[:, None]
    line: Values = (1 - t)**2 * start + 2 * t * (1 - t) * control + t**2 * end
    return line
