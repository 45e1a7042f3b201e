"""The causal CNN as a drawing: which tokens one guess depends on, block by block.

Source: the figure of dilated causal convolutions of van den Oord et al. 2016 (arXiv 1609.03499).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.data import glyph
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import MONO

MOST = 64  # positions that are drawn: the newest ones
_LOW, _HIGH = 36, 52  # pixels a row, with many rows and with few
_TOP, _BOTTOM = 8, 8
_GLYPHS_ON_A_PHONE = 16


@dataclass(frozen=True)
class CausalTree:
    """Blocks by their dilations, lowest first; the first tokens of the text, oldest first, and
    the one after them."""

    dilations: Sequence[int]
    receptive_field: int
    tokens: Sequence[str]
    target: str = ""


@dataclass(frozen=True)
class TreeWords:
    """Row names, long and short, lowest first: embedding, blocks, output; what is written beside
    them; and hovers of the same rows."""

    rows: Sequence[tuple[str, str]]
    beside: Sequence[str]
    hovers: Sequence[str]
    cut: str  # where the tree goes on to the left


def cnn_height(blocks: int) -> int:
    return _row(blocks) * (blocks + 3) + _TOP + _BOTTOM


def _row(blocks: int) -> int:
    return _HIGH if blocks <= 6 else _LOW


def cnn_figure(tree: CausalTree, words: TreeWords) -> go.Figure:
    """The tree of the newest guess in colour over the faint grid of all others."""
    shown, blocks = min(tree.receptive_field, MOST), len(tree.dilations)
    levels = nodes(tree.dilations, shown)
    figure = go.Figure()
    figure.add_scatter(
        x=[t for _ in range(blocks + 1) for t in range(shown)],
        y=[level for level in range(blocks + 1) for _ in range(shown)], mode="markers",
        hoverinfo="skip", marker={"size": 4, "color": LIGHT["rule"]})
    _edges(figure, tree, levels)
    points = [(t, level) for level, found in enumerate(levels) for t in found]
    points.append((shown - 1, blocks + 1))
    figure.add_scatter(
        x=[t for t, _ in points], y=[level for _, level in points], mode="markers",
        marker={"size": 9 if shown <= 32 else 7,
                "color": [LIGHT["cnn"] if level else LIGHT["ink"] for _, level in points]},
        customdata=[words.hovers[level] for _, level in points],
        hovertemplate="%{customdata}<extra></extra>")
    edge = 0.04 * shown + 0.4
    figure.update_layout(
        height=cnn_height(blocks), hovermode="closest",
        annotations=[*_names(words), *_tokens(tree, shown, blocks), *_cut(tree, words, shown)],
        margin={"l": 128, "r": 92, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 66, "r": 62}},
        xaxis={"visible": False, "range": [-edge, shown - 1 + edge], "fixedrange": True},
        yaxis={"visible": False, "range": [-1.2, blocks + 1.8], "fixedrange": True})
    return figure


def nodes(dilations: Sequence[int], shown: int) -> list[list[int]]:
    """Positions that the guess at the newest one depends on, level by level from the input up."""
    found = [{shown - 1}]
    for dilation in reversed(dilations):
        above = found[-1]
        found.append(above | {t - dilation for t in above if t - dilation >= 0})
    return [sorted(level) for level in reversed(found)]


def _edges(figure: go.Figure, tree: CausalTree, levels: list[list[int]]) -> None:
    """Both taps of every block in the tree; a tap that leaves the picture is drawn to its edge."""
    x: list[float | None] = []
    y: list[float | None] = []
    for level, dilation in enumerate(tree.dilations):
        for t in levels[level + 1]:
            for tap in (t, t - dilation):
                share = 1.0 if tap >= 0 else (t + 0.6) / dilation
                x += [t, t + (tap - t) * share, None]
                y += [level + 1, level + 1 - share, None]
    newest = len(tree.dilations)
    x += [levels[-1][0], levels[-1][0], None]
    y += [newest, newest + 1, None]
    figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip",
                       line={"color": fade(LIGHT["cnn"], 0.7), "width": 1.6})


def _note(text: str, short: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "name": short, "showarrow": False,
            "font": {"size": 14, "color": LIGHT["dim"]}} | more


def _names(words: TreeWords) -> list[dict[str, Any]]:
    left = [_note(long, short, x=0, y=level, xref="paper", xanchor="right", xshift=-6,
                  align="right") for level, (long, short) in enumerate(words.rows)]
    return left + [_note(text, text, x=1, y=level, xref="paper", xanchor="left", xshift=2)
                   for level, text in enumerate(words.beside) if text]


def _tokens(tree: CausalTree, shown: int, blocks: int) -> list[dict[str, Any]]:
    """Under the tree the tokens where there is room for them, above it the one to guess."""
    family = MONO.split(",")[0].strip("'")
    mono = f"<span style='font-family:{family}'>%s</span>"
    room = max((len(piece) for piece in tree.tokens), default=1) * shown <= MOST
    notes = [_note(mono % glyph(piece), mono % glyph(piece) if shown <= _GLYPHS_ON_A_PHONE else " ",
                   x=t, y=-0.62, font={"size": 14, "color": LIGHT["ink"]})
             for t, piece in enumerate(tree.tokens[:shown])] if room else []
    if tree.target and len(tree.target) < 16:
        wanted = f"p(<b>{mono % glyph(tree.target)}</b>)"
        notes.append(_note(wanted, wanted, x=shown - 1, y=blocks + 1, xanchor="right", xshift=-10,
                           font={"size": 16, "color": LIGHT["ink"]}))
    return notes


def _cut(tree: CausalTree, words: TreeWords, shown: int) -> list[dict[str, Any]]:
    if tree.receptive_field <= shown:
        return []
    return [_note(words.cut, words.cut, x=0, y=-1.0, xanchor="left")]
