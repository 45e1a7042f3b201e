"""Charts of who taught whom: each state's gradient stacked by the losses it comes from, and all
losses against all states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.data.marks import short
from rnnlm_core.figures.palette import LIGHT, fade, sequential
from rnnlm_core.figures.states import glyph
from rnnlm_core.figures.template import MONO, SHARES, columns, esc

Values = NDArray[np.float64]
# the first of the next guesses that each group of a bar begins with; the last has no end
GROUPS = (1, 2, 3, 6, 11, 21)
DECADES = 6  # of the map's colour: what is a millionth of the strongest is the page's background
_ALPHA = (0.16, 0.3, 0.45, 0.62, 0.8, 1.0)  # the farther away, the fuller
_SEEN = 0.004  # of the highest bar: what is lower has no outline, which would be all of it
_LETTERS = 32  # so many states still have room for a letter each in half a page
_CROWDED = 36  # more stand smaller
_ON_A_PHONE = 20  # more have no room there
BARS_HEIGHT, MAP_HEIGHT = 420, 460


@dataclass(frozen=True)
class BarWords:
    x: str
    y: str
    groups: Sequence[str]  # what each group of guesses is called
    key: str  # what the groups are


@dataclass(frozen=True)
class MapWords:
    x: str
    y: str
    low: str  # what the palest and the fullest colour mean
    high: str
    hover: str  # with {guess}, {state}, {value}


def grouped(by_loss: Values) -> list[Values]:
    """(T losses, T states) → for each group, what its guesses have of each state (T,)."""
    length = len(by_loss)
    ahead = np.arange(length)[:, None] - np.arange(length)[None] + 1  # state s, guess s + n
    ends = (*GROUPS[1:], length + 1)
    return [np.where((first <= ahead) & (ahead < end), by_loss, 0.0).sum(0)
            for first, end in zip(GROUPS, ends, strict=True)]


def bars_figure(by_loss: Values, pieces: Sequence[str], total: Values | None, words: BarWords,
                share: bool = False) -> go.Figure:
    """A bar a state, stacked by how many guesses later the loss was; what pulls against the others
    hangs below zero. `total` (T,) is the length of the whole gradient, a mark on each bar."""
    groups = grouped(by_loss)
    length, seen = by_loss.shape[1], _SEEN * np.abs(by_loss).sum(0).max(initial=0.0)
    places = np.arange(length)
    names = [f"{i + 1} {glyph(short(p))}" for i, p in enumerate(pieces[:length])]
    figure = go.Figure()
    for values, alpha, name in zip(groups, _ALPHA, words.groups, strict=True):
        if np.any(values):
            figure.add_bar(x=places, y=values, name=esc(name), customdata=names,
                           marker={"color": fade(LIGHT["hot"], alpha),
                                   "line": {"width": np.where(np.abs(values) > seen, 0.6, 0),
                                            "color": LIGHT["hot"]}},
                           hovertemplate="%{y:.1%}" if share else "%{y:.2e}")
    if total is not None:
        figure.add_scatter(x=places, y=total, mode="markers", hoverinfo="skip",
                           marker={"symbol": "line-ew-open", "size": 9, "color": LIGHT["ink"],
                                   "line": {"width": 2}})
    figure.update_layout(
        height=BARS_HEIGHT, barmode="relative", bargap=0.12,
        margin={"l": 62, "r": 8, "t": 34, "b": 58}, meta={"narrow": {"l": 56, "t": 74}},
        annotations=[_key(words), *_letters(pieces[:length], length > _CROWDED)],
        xaxis={"title": {"text": esc(words.x), "standoff": 26}, "range": [-0.6, length - 0.4],
               "tickmode": "array", "tickvals": list(range(length)), "ticktext": names,
               "showticklabels": False, "ticks": ""},
        yaxis={"title": {"text": esc(words.y)}, "nticks": 6, "zeroline": True,
               "zerolinecolor": LIGHT["dim"], "zerolinewidth": 1,
               **(SHARES if share else {"exponentformat": "power"})})
    return figure


def map_figure(sizes: Values, pieces: Sequence[str], selected: int | None, words: MapWords
               ) -> go.Figure:
    """Losses (rows, the first on top) against states (columns), on a logarithmic colour; nothing
    above the diagonal. `selected` is a loss, whose row is outlined."""
    length = len(sizes)
    top = float(sizes.max(initial=0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.clip(np.log10(sizes / top), -DECADES, 0.0)
    z[np.triu_indices(length, 1)] = np.nan
    shown = [glyph(short(piece)) for piece in pieces]
    hover = [[words.hover.format(guess=f"{shown[t + 1]} ({t + 2})", state=f"{shown[s]} ({s + 1})",
                                 value=f"{sizes[t, s]:.1e}") if s <= t else ""
              for s in range(length)] for t in range(length)]
    figure = go.Figure(go.Heatmap(
        z=z.astype(np.float32), text=hover, zmin=-DECADES, zmax=0, colorscale=_strong(),
        hoverongaps=False, hovertemplate="%{text}<extra></extra>",
        showscale=True, colorbar={
            "orientation": "h", "thickness": 10, "len": 0.5, "x": 1, "xanchor": "right", "y": 1,
            "yanchor": "top", "ypad": 8, "xpad": 34, "ticks": "", "ticklabeloverflow": "allow",
            "outlinewidth": 1, "outlinecolor": LIGHT["rule"], "tickmode": "array",
            "tickvals": [-DECADES, 0], "ticktext": [esc(words.low), esc(words.high)],
            "tickfont": {"size": 13, "color": LIGHT["dim"]}}))
    shapes: list[dict[str, Any]] = []
    if selected is not None and 0 <= selected < length:
        shapes.append({"type": "rect", "x0": -0.5, "x1": selected + 0.5, "y0": selected - 0.5,
                       "y1": selected + 0.5, "line": {"color": LIGHT["ink"], "width": 1.5}})
    figure.update_layout(
        height=MAP_HEIGHT, hovermode="closest", shapes=shapes,
        margin={"l": 58, "r": 8, "t": 8, "b": 52},
        meta={"narrow_axes": {"xaxis": _numbers(length)}} if length > _ON_A_PHONE else {},
        xaxis={"title": {"text": esc(words.x)}, "range": [-0.5, length - 0.5],
               **_ticks(pieces[:length])},
        yaxis={"title": {"text": esc(words.y)}, "range": [length - 0.5, -0.5], "showgrid": False,
               **_ticks(pieces[1:length + 1])})
    return figure


def _strong() -> list[tuple[float, str]]:
    """As `sequential`, but up to the full colour: no text stands on it."""
    return [(0.0, sequential()[0][1]), (1.0, LIGHT["hot"])]


def _ticks(pieces: Sequence[str]) -> dict[str, Any]:
    """Each token where it has room, else numbers."""
    pieces = list(map(short, pieces))
    if len(pieces) > _LETTERS or any(columns(piece) > 2 for piece in pieces):
        return _numbers(len(pieces))
    return {"tickmode": "array", "tickvals": list(range(len(pieces))),
            "ticktext": list(map(glyph, pieces)), "tickangle": 0, "ticks": "",
            "tickfont": {"family": MONO, "size": 12}}


def _numbers(length: int) -> dict[str, Any]:
    """Every eighth place, counted from 1."""
    places = [i for i in range(length) if i == 0 or (i + 1) % 8 == 0]
    return {"tickmode": "array", "tickvals": places, "ticktext": [str(i + 1) for i in places]}


def _key(words: BarWords) -> dict[str, Any]:
    """The groups in their colours, above the bars; on a phone in two lines."""
    named = [f"<span style='color:{fade(LIGHT['hot'], alpha)}'>■</span> {esc(name)}"
             for alpha, name in zip(_ALPHA, words.groups, strict=True)]
    key = f"{esc(words.key)} "
    return {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "paper",
            "yanchor": "bottom", "yshift": 4, "showarrow": False, "align": "left",
            "font": {"size": 14, "color": LIGHT["ink"]},
            "text": key + "\N{EN SPACE}".join(named),
            "name": "<br>".join([key, "\N{EN SPACE}".join(named[:3]),
                                 "\N{EN SPACE}".join(named[3:])])}


def _letters(pieces: Sequence[str], crowded: bool) -> list[dict[str, Any]]:
    """The token of each state below its bar; longer ones stand upright."""
    upright = any(columns(short(piece)) > 2 for piece in pieces)
    return [{"x": i, "y": 0, "yref": "paper", "yanchor": "top", "yshift": -2, "showarrow": False,
             "text": glyph(short(piece))[:4] if upright else glyph(short(piece)),
             "textangle": -90 if upright else 0,
             "font": {"family": MONO, "size": 12 if crowded else 14, "color": LIGHT["ink"]},
             **({"name": " "} if len(pieces) > _ON_A_PHONE else {})}
            for i, piece in enumerate(pieces)]
