"""One word in different sentences: a point for each place where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.states import glyph
from rnnlm_core.figures.template import MONO, columns, esc

HEIGHT = 420
_FEWEST = 2  # places that give a word before it a fill of its own
_LETTER = 9.3  # pixels of a letter of a name
_LAST = 2  # drawn first, below the others, but named last
# shape beside hue, so that a colour-blind reader tells them apart, too
_LOOKS = (("lstm", "circle"), ("rnn", "square"), ("gru", "triangle-up"), ("cnn", "diamond"))


@dataclass(frozen=True)
class PlaceWords:
    first: str  # the axes
    second: str
    before: str  # in front of the names
    other: str  # what the rest is called


def places_figure(points: NDArray[np.floating[Any]], before: Sequence[str],
                  hovers: Sequence[str], words: PlaceWords) -> go.Figure:
    """Places (N, 2), filled by the word `before` each: the four commonest, the rest in grey.

    `before` and `hovers` are foreign text and are escaped here.
    """
    figure = go.Figure()
    counts = Counter(word for word in before if word)
    named = [word for word, count in counts.most_common(len(_LOOKS)) if count >= _FEWEST]
    rest = [i for i, word in enumerate(before) if word not in named]
    _add(figure, points, rest, hovers, f"{esc(words.other)} ({len(rest)})",
         {"size": 8, "color": fade(LIGHT["dim"], 0.45)}, rank=_LAST)
    for word, (hue, symbol) in zip(named, _LOOKS, strict=False):
        rows = [i for i, other in enumerate(before) if other == word]
        _add(figure, points, rows, hovers, f"{glyph(word)} ({len(rows)})",
             {"size": 10, "symbol": symbol, "color": fade(LIGHT[hue], 0.8),
              "line": {"width": 1, "color": LIGHT["bg"]}})
    figure.update_layout(
        height=HEIGHT, hovermode="closest", margin={"l": 56, "r": 12, "t": 64, "b": 44},
        showlegend=True,
        legend={"title": {"text": esc(words.before), "side": "top",
                          "font": {"size": 15, "color": LIGHT["dim"]}},
                "orientation": "h", "x": 0, "y": 1, "yanchor": "bottom",
                "itemclick": False, "itemdoubleclick": False,
                # measured here: the browser may do so before the font is there, and cut a name
                "entrywidth": _LETTER * max(columns(trace.name) for trace in figure.data),
                "font": {"family": MONO, "size": 15, "color": LIGHT["ink"]}},
        xaxis={"title": {"text": esc(words.first)}, "showgrid": True},
        yaxis={"title": {"text": esc(words.second)}})
    return figure


def _add(figure: go.Figure, points: NDArray[np.floating[Any]], rows: list[int],
         hovers: Sequence[str], name: str, marker: dict[str, Any], rank: int = 1) -> None:
    if rows:
        figure.add_scatter(x=points[rows, 0], y=points[rows, 1], mode="markers", name=name,
                           marker=marker, legendrank=rank,
                           text=[esc(hovers[i]) for i in rows],
                           hovertemplate="%{text}<extra></extra>")
