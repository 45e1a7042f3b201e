"""What a batch is, drawn on the text: rows that are read at once, step after step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.data.marks import short
from rnnlm_core.figures.data import glyph
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.template import MONO

LETTERS = 33  # of a window that are shown: its beginning and its end, where it is longer
WINDOW_WIDTH = 320  # pixels
_ROW, _HEAD, _MARGIN = 34, 34, 64  # pixels


@dataclass(frozen=True)
class StreamWords:
    """What is written on the chart, in the reader's language."""

    steps: Sequence[str]  # above each column
    rows: Sequence[str]  # in front of each row
    more: str  # below the last row, where there are others


def streams_height(rows: int, more: bool) -> int:
    return _HEAD + _ROW * (rows + more) + 8


def shortened(pieces: Sequence[str]) -> str:
    """A window's text, white space as signs; of a long one the beginning and the end."""
    text = "".join(map(short, pieces))
    if len(text) > LETTERS:
        half = LETTERS // 2
        return "".join(map(glyph, text[:half])) + "…" + "".join(map(glyph, text[-half:]))
    return "".join(map(glyph, text))


def streams_figure(windows: Sequence[Sequence[Sequence[str]]], carried: Sequence[bool], cell: str,
                   words: StreamWords) -> go.Figure:
    """`windows[s][b]`: the pieces that row b reads at step s; `carried[s]`: the state before step s
    is the one after the step before, drawn as an arrow in the colour of the cell."""
    rows = len(windows[0])
    figure = go.Figure(go.Scatter(
        x=[s for s in range(len(windows)) for _ in range(rows)],
        y=[-b for _ in windows for b in range(rows)], mode="text",
        text=[shortened(row) for window in windows for row in window], hoverinfo="skip",
        textfont={"family": MONO, "size": 14, "color": LIGHT["ink"]}))
    notes = [_note(s, 0.85, text, "center") for s, text in enumerate(words.steps)]
    notes += [{**_note(0, -b, text, "left"), "x": 0, "xref": "paper", "xshift": -_MARGIN + 4}
              for b, text in enumerate(words.rows)]
    if words.more:
        notes.append({**_note(0, -rows, words.more, "left"), "x": 0, "xref": "paper"})
    figure.update_layout(
        height=streams_height(rows, bool(words.more)), showlegend=False,
        margin={"l": _MARGIN, "r": 4, "t": 4, "b": 4},
        shapes=[_box(s, b) for s in range(len(windows)) for b in range(rows)],
        annotations=[*notes, *(_arrow(s, b, LIGHT[cell]) for s, goes_on in enumerate(carried)
                               if goes_on for b in range(rows))],
        xaxis={"visible": False, "range": [-0.5, len(windows) - 0.5]},
        yaxis={"visible": False, "range": [-rows - bool(words.more) + 0.5, 1.3]})
    return figure


def _box(step: int, row: int) -> dict[str, Any]:
    return {"type": "rect", "x0": step - 0.46, "x1": step + 0.46, "y0": -row - 0.4,
            "y1": -row + 0.4, "layer": "below", "fillcolor": LIGHT["panel"],
            "line": {"color": LIGHT["rule"], "width": 1}}


def _arrow(step: int, row: int, colour: str) -> dict[str, Any]:
    """The state goes from the window before into this one."""
    return {"x": step - 0.455, "y": -row, "ax": step - 0.545, "ay": -row, "xref": "x", "yref": "y",
            "axref": "x", "ayref": "y", "showarrow": True, "arrowhead": 2, "arrowsize": 1,
            "arrowwidth": 1.6, "arrowcolor": colour, "text": ""}


def _note(x: float, y: float, text: str, anchor: str) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "showarrow": False, "xanchor": anchor,
            "font": {"size": 14, "color": LIGHT["dim"]}}
