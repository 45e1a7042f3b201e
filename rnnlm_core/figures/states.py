"""Charts of what units hold: a heatmap over tokens, the alternatives at one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.data.marks import short
from rnnlm_core.figures.palette import (
    LIGHT,
    diverging,
    fade,
    sequential,
    share_fill,
    share_gradient,
    value_fill,
    value_gradient,
)
from rnnlm_core.figures.template import MONO, columns, esc

Values = NDArray[np.floating[Any]]
ROW = 16  # pixels of a unit
NARROW_CELL, WIDE_CELL = 12, 20  # pixels of a character column
_TOP, _BOTTOM = 34, 4
_EXPECTED_ROW, _EXPECTED_GAP = 20, 8
_LETTER = 10  # pixels of a letter of a longer token
_LONGEST = 10  # letters of it that are shown
_MARKS = {"\n": "⏎", " ": "·", "\t": "⇥"}
_LABEL_EVERY = 3
_KEY, _KEY_PAD = 150, 16  # pixels of a colour bar and of the space beside it


@dataclass(frozen=True)
class Scale:
    """What the two ends of the fill mean. Signed: violet, page at 0, amber; else page to rose."""

    top: float
    signed: bool

    @property
    def low(self) -> float:
        return -self.top if self.signed else 0.0

    def fills(self, values: NDArray[np.floating]) -> list[str]:
        """The fill of each value in a text."""
        shares = values / (self.top or 1.0)
        return value_fill(shares) if self.signed else share_fill(shares)

    @property
    def gradient(self) -> str:
        """The CSS gradient that is the key of `fills`."""
        return value_gradient() if self.signed else share_gradient()


@dataclass(frozen=True)
class HeatWords:
    unit: str
    value: str
    expected: str = ""  # in front of the rows of what was expected


def visible(piece: str) -> str:
    """A token with what would not be seen as marks: ⏎, ·, ⇥."""
    return "".join(_MARKS.get(character, character) for character in piece)


def glyph(piece: str) -> str:
    """A token as a label of Plotly; the beginning of a long one."""
    shown = piece if len(piece) <= _LONGEST else piece[:_LONGEST - 1] + "…"
    return "".join(_MARKS.get(character) or esc(character) for character in shown)


def cell_width(pieces: Sequence[str]) -> int:
    """Pixels of a column: the longest token and full-width letters need more, and all get it."""
    pieces = list(map(short, pieces))
    wide = any(unicodedata.east_asian_width(c) in "WF" for piece in pieces for c in piece)
    longest = max((columns(piece[:_LONGEST]) for piece in pieces if len(piece) > 1), default=0)
    return max(WIDE_CELL if wide else NARROW_CELL, _LETTER * longest + 4)


def heat_height(rows: int, expected: int = 0) -> int:
    """Pixels of a heatmap of this many units, with this many rows of what was expected above."""
    return _TOP + _BOTTOM + ROW * rows + (_EXPECTED_ROW * expected + _EXPECTED_GAP) * bool(expected)


def heatmap_figure(values: Values, units: Sequence[int], pieces: Sequence[str], scale: Scale,
                   words: HeatWords, selected: int | None = None,
                   expected: Sequence[Sequence[tuple[str, float]]] = (), most: int = 0
                   ) -> go.Figure:
    """Units (R, T) over T tokens: the first row is the chosen one, outlined.

    `selected` is the token that is looked at; its column is outlined. With `expected` (T), the
    `most` likeliest tokens at each place stand above the units, filled by their probability.
    """
    count, length = values.shape
    height, rows = heat_height(count, most), ROW * count
    share = rows / (height - _TOP - _BOTTOM)
    names = [str(unit) for unit in units]
    figure = go.Figure(go.Heatmap(
        z=values.astype(np.float32), y=names, colorscale=colours(scale), zmin=scale.low,
        zmax=scale.top, **({"zmid": 0} if scale.signed else {}), ygap=1, showscale=False,
        hovertemplate=f"{esc(words.unit)} %{{y}} · %{{x}}<br>{esc(words.value)} %{{z:.2f}}"
                      "<extra></extra>"))
    shapes = [_outline(-0.5, length - 0.5, -0.5, 0.5, 2)]
    if selected is not None:
        shapes.append(_outline(selected - 0.5, selected + 0.5, -0.5, count - 0.5, 1))
    labelled = range(0, count, _LABEL_EVERY)
    figure.update_layout(
        height=height, hovermode="closest", shapes=shapes,
        margin={"l": 52, "r": 8, "t": _TOP, "b": _BOTTOM},
        xaxis={"side": "top", "tickmode": "array", "tickvals": list(range(length)),
               "ticktext": [glyph(short(piece)) for piece in pieces], "tickangle": 0, "ticks": "",
               "showline": False,
               "tickfont": {"family": MONO, "size": 15, "color": LIGHT["ink"]},
               "range": [-0.5, length - 0.5]},
        yaxis={"type": "category", "domain": [0, share], "range": [count - 0.5, -0.5],
               "ticks": "", "showline": False, "showgrid": False, "tickmode": "array",
               "tickvals": [names[i] for i in labelled],
               "ticktext": [f"<b>▸{names[0]}</b>" if i == 0 else names[i] for i in labelled]})
    if most:
        _add_expected(figure, expected, most, words, 1 - most * _EXPECTED_ROW
                      / (height - _TOP - _BOTTOM))
    return figure


def _add_expected(figure: go.Figure, expected: Sequence[Sequence[tuple[str, float]]], most: int,
                  words: HeatWords, bottom: float) -> None:
    """Rows of what was expected at each place, likeliest first, on a second y axis from `bottom`
    (a share of the height) up."""
    shares = [[place[k][1] if k < len(place) else 0.0 for place in expected] for k in range(most)]
    pieces = [[glyph(place[k][0]) if k < len(place) else "" for place in expected]
              for k in range(most)]
    figure.add_trace(go.Heatmap(
        z=np.array(shares, np.float32), text=pieces, texttemplate="%{text}", yaxis="y2",
        textfont={"family": MONO, "size": 14, "color": LIGHT["ink"]}, colorscale=sequential(),
        zmin=0, zmax=1, showscale=False, hovertemplate="%{text} %{z:.0%}<extra></extra>"))
    figure.update_layout(xaxis_anchor="y2", yaxis2={
        "domain": [bottom, 1], "anchor": "x", "range": [most - 0.5, -0.5], "ticks": "",
        "showline": False, "showgrid": False, "fixedrange": True, "tickmode": "array",
        "tickvals": [0], "ticktext": [esc(words.expected)]})


def alternatives_figure(alternatives: Sequence[tuple[str, float]], came: str) -> go.Figure:
    """What was expected at a place, likeliest first; the token that came is in bold."""
    labels = [f"<b>{glyph(c)}</b>" if c == came else glyph(c) for c, _ in alternatives]
    shares = [p for _, p in alternatives]
    letters = max((columns(piece[:_LONGEST]) for piece, _ in alternatives), default=1)
    rows = list(range(len(shares)))
    figure = go.Figure(go.Bar(
        x=shares, y=rows, orientation="h", width=0.62, hoverinfo="skip",
        marker={"color": [fade(LIGHT["ink"], 0.75 if c == came else 0.3)
                          for c, _ in alternatives]},
        text=[f"{p:.0%}" if p >= 0.01 else esc("<1%") for p in shares],
        textposition="outside", constraintext="none", cliponaxis=False,
        textfont={"size": 15, "color": LIGHT["ink"]}))
    figure.update_layout(
        height=26 * len(shares) + 8, dragmode=False,
        margin={"l": max(34, 14 + _LETTER * letters), "r": 8, "t": 2, "b": 4},
        xaxis={"visible": False, "range": [0, 1.18], "fixedrange": True},
        yaxis={"range": [len(shares) - 0.5, -0.5], "tickmode": "array", "tickvals": rows,
               "ticktext": labels, "ticks": "", "showline": False, "showgrid": False,
               "fixedrange": True,
               "tickfont": {"family": MONO, "size": 16, "color": LIGHT["ink"]}})
    return figure


def colours(scale: Scale) -> list[tuple[float, str]]:
    return diverging() if scale.signed else sequential()


def colour_key(scale: Scale, low: str, high: str) -> dict[str, Any]:
    """A colour bar above the chart that names the two ends of the fill (see `key_name`)."""
    return {"orientation": "h", "thickness": 10, "thicknessmode": "pixels", "len": _KEY,
            "lenmode": "pixels", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom",
            "ypad": 4, "xpad": _KEY_PAD, "outlinewidth": 1, "outlinecolor": LIGHT["rule"],
            "ticks": "", "ticklabelposition": "outside top", "tickmode": "array",
            "tickvals": [scale.low, scale.top], "ticktext": [esc(low), esc(high)],
            "tickfont": {"size": 14, "color": LIGHT["dim"]}}


def key_name(name: str) -> dict[str, Any]:
    """The annotation that says what the fill is, right of its colour bar."""
    return {"text": esc(name), "x": 0, "xref": "paper", "xanchor": "left", "xshift": _KEY + 16,
            "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 16, "showarrow": False,
            "font": {"size": 14, "color": LIGHT["dim"]}}


def _outline(x0: float, x1: float, y0: float, y1: float, width: float) -> dict[str, Any]:
    return {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1,
            "line": {"color": LIGHT["ink"], "width": width}}
