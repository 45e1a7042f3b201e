"""Charts of how the state moves: its path over a text, and the loop that greedy writing falls into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.numbers import to_decimals
from rnnlm_core.figures.palette import DASH, LIGHT, fade
from rnnlm_core.figures.states import Scale, colour_key, colours, glyph, key_name
from rnnlm_core.figures.template import MONO, esc

Values = NDArray[np.floating[Any]]
HEIGHT = 420
MOST_LETTERS = 40  # of a loop that are written beside its points


@dataclass(frozen=True)
class PathWords:
    first: str  # the axes
    second: str
    value: str  # what the fill is
    low: str = ""  # its two ends, as the key names them
    high: str = ""


def path_figure(path: Values, values: Values, scale: Scale, hovers: Sequence[str],
                words: PathWords, selected: int, background: Values | None = None) -> go.Figure:
    """The state after each token as a point (T, 2), filled with a value (T,).

    `background` (N, 2) are the states of a longer text. The chart can be walked along from
    `selected` (see `walk`). `hovers` name the points; they are foreign text and are escaped here.
    """
    figure = go.Figure()
    _behind(figure, background)
    figure.add_scatter(x=to_decimals(path[:, 0]), y=to_decimals(path[:, 1]), mode="lines",
                       hoverinfo="skip", line={"color": fade(LIGHT["dim"], 0.3), "width": 1})
    figure.add_scatter(
        x=to_decimals(path[:, 0]), y=to_decimals(path[:, 1]), mode="markers",
        text=[esc(hover) for hover in hovers], customdata=values,
        hovertemplate=f"%{{text}}<br>{esc(words.value)} %{{customdata:.2f}}<extra></extra>",
        marker={"size": 10, "color": values, "colorscale": colours(scale), "cmin": scale.low,
                "cmax": scale.top, "line": {"width": 1, "color": LIGHT["dim"]},
                "colorbar": colour_key(scale, words.low, words.high)})
    figure.add_annotation(**key_name(words.value))
    _walked(figure, path, selected)
    _axes(figure, words, 46, path, background)
    return figure


def loop_figure(path: Values, pieces: Sequence[str], enters: int, period: int | None, cell: str,
                words: PathWords, background: Values | None = None) -> go.Figure:
    """Greedy writing as a path (N, 2): grey until it `enters` its loop, then once around.

    Without a period all of it is grey. The chart can be walked along from the beginning.
    """
    figure = go.Figure()
    _behind(figure, background)
    shown = path if period is None else path[:enters + period + 1]
    figure.add_scatter(x=to_decimals(shown[:, 0]), y=to_decimals(shown[:, 1]), mode="lines+markers",
                       text=[glyph(piece) for piece in pieces[:len(shown)]],
                       hovertemplate="%{text}<extra></extra>",
                       line={"color": fade(LIGHT["dim"], 0.35), "width": 1},
                       marker={"size": 5, "color": fade(LIGHT["dim"], 0.5)})
    if period is not None:
        around = path[enters:enters + period]
        closed = np.concatenate([around, around[:1]])
        letters = [glyph(piece) for piece in pieces[enters:enters + period]]
        figure.add_scatter(
            x=to_decimals(closed[:, 0]), y=to_decimals(closed[:, 1]),
            mode="lines+markers+text" if period <= MOST_LETTERS else "lines+markers",
            text=[*letters, ""], textposition="top center", hoverinfo="skip",
            textfont={"family": MONO, "size": 15, "color": LIGHT["ink"]},
            line={"color": LIGHT[cell], "width": 2.5, "dash": DASH[cell]},
            marker={"size": 8, "color": LIGHT[cell]})
    _walked(figure, shown, 0, along=len(figure.data) - (1 if period is None else 2))
    _axes(figure, words, 8, shown, background)
    return figure


def _behind(figure: go.Figure, background: Values | None) -> None:
    if background is not None:
        figure.add_scatter(x=background[:, 0], y=background[:, 1], mode="markers",
                           hoverinfo="skip",
                           marker={"size": 4, "color": fade(LIGHT["dim"], 0.16)})


def _walked(figure: go.Figure, path: Values, at: int, along: int | None = None) -> None:
    """What the browser moves along the points of the trace `along`, by default the last one.

    `layout.meta["walk"]`: the traces that are the path, the trail behind and the ring itself.
    """
    along = len(figure.data) - 1 if along is None else along
    figure.add_scatter(x=[], y=[], mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["ink"], "width": 2})
    figure.add_scatter(x=to_decimals(path[[at], 0]), y=to_decimals(path[[at], 1]), mode="markers",
                       hoverinfo="skip",
                       marker={"size": 17, "color": fade(LIGHT["ink"], 0.0),
                               "line": {"width": 2.5, "color": LIGHT["ink"]}})
    count = len(figure.data)
    walk = {"path": along, "trail": count - 2, "ring": count - 1, "at": at}
    figure.update_layout(meta={"linked": along, "walk": walk})


def _axes(figure: go.Figure, words: PathWords, top: int, path: Values,
          background: Values | None) -> None:
    figure.update_layout(
        height=HEIGHT, hovermode="closest", margin={"l": 56, "r": 12, "t": top, "b": 44},
        xaxis={"title": {"text": esc(words.first)}, "showgrid": True,
               "range": _range(path, background, 0)},
        yaxis={"title": {"text": esc(words.second)}, "range": _range(path, background, 1)})


def _range(path: Values, background: Values | None, axis: int) -> list[float]:
    """All of the path, and of what lies behind it all but the furthest hundredth."""
    ends = [path[:, axis].min(), path[:, axis].max()]
    if background is not None:
        ends += np.quantile(background[:, axis], [0.01, 0.99]).tolist()
    margin = 0.06 * max(float(max(ends) - min(ends)), 1e-3)
    return [float(min(ends)) - margin, float(max(ends)) + margin]
