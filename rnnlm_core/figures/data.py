"""Charts of a text: how often each character occurs, and what input and target are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.data.marks import short
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import MONO, columns, esc

_VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥", "\u00a0": "⍽"}
TOKEN_WIDTH = 46  # pixels of one short token and its id
_BOX = 38
_LETTER, _LONGEST = 11, 9  # pixels of a letter of a longer token; letters that are shown
_REST_GAP = 1  # columns left free before the bar of all others, for its longer label


def glyph(character: str) -> str:
    """A character for a label: white space as a sign, markup letter by letter."""
    return _VISIBLE.get(character) or esc(character)


@dataclass(frozen=True)
class Bar:
    """A character, what it is called, how often it occurs."""

    character: str
    name: str
    count: int
    share: float


@dataclass(frozen=True)
class FrequencyWords:
    """What is written on the chart, in the reader's language."""

    share: str
    rest: str  # under the last bar: all others together
    rest_name: str
    uniform: str
    times: str  # after a count
    rank: str
    zipf: str


def character_figure(bars: Sequence[Bar], rest: int, total: int, uniform: float, log: bool,
                     words: FrequencyWords, height: int = 250) -> go.Figure:
    """The commonest characters as bars, all others as one, the even share 1/V as the yardstick."""
    shares = [100 * bar.share for bar in bars]
    labels = [glyph(bar.character) for bar in bars]
    hover = [_hover(bar, words) for bar in bars]
    colours = [LIGHT["ngram"]] * len(bars)
    if rest:
        shares.append(100 * rest / total)
        labels.append(words.rest)
        hover.append(f"{words.rest_name}<br>{rest:,} {words.times} · {100 * rest / total:.3g} %")
        colours.append(fade(LIGHT["ngram"], 0.45))
    at = [*range(len(bars)), *([len(bars) + _REST_GAP] if rest else [])]
    figure = go.Figure(go.Bar(
        x=at, y=shares, customdata=hover, marker={"color": colours},
        hovertemplate="%{customdata}<extra></extra>"))
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=100 * uniform, y1=100 * uniform,
                     line={"color": LIGHT["dim"], "width": 1.3, "dash": "dash"})
    commonest = max(shares[:len(bars)])
    # many rare characters together would press all bars flat: their bar is cut off, and says so
    cut_off = bool(rest) and not log and shares[-1] > 1.3 * commonest
    top = 1.12 * commonest if cut_off else max(shares)
    # above the bars that it stands over, wherever its line is
    notes = [_uniform_label(max(100 * uniform, shares[int(0.6 * len(bars))]), log, words)]
    if cut_off:
        notes.append(_cut_label(at[-1] - 0.6, shares[-1]))
    figure.update_layout(
        height=height, margin={"l": 56, "r": 8, "t": 8, "b": 30}, bargap=0.25, hovermode="closest",
        meta={"narrow": {"l": 50, "r": 4}},
        annotations=[*_below(at, labels, bool(rest)), *notes],
        xaxis={"range": [-0.6, at[-1] + (1.2 if rest else 0.6)], "showticklabels": False,
               "ticks": ""},
        yaxis={"title": {"text": words.share}, "ticksuffix": " %", "nticks": 5,
               **_share_axis(min(shares), top, log)})
    return figure


@dataclass(frozen=True)
class Ranked:
    """A token by how often it occurs, the commonest at 1; its name is markup."""

    rank: int
    name: str
    count: int


def rank_figure(tokens: Sequence[Ranked], total: int, zipf: float, words: FrequencyWords,
                height: int = 250) -> go.Figure:
    """Share over rank, both logarithmic, beside Zipf's law, by which the first has share `zipf`."""
    shares = [100 * token.count / total for token in tokens]
    hover = [f"{token.name}<br>{token.count:,} {words.times} · {share:.3g} %"
             for token, share in zip(tokens, shares, strict=True)]
    last = tokens[-1].rank
    figure = go.Figure(go.Scatter(
        x=[1, last], y=[100 * zipf, 100 * zipf / last], mode="lines", hoverinfo="skip",
        line={"color": LIGHT["dim"], "width": 1.3, "dash": "dash"}))
    figure.add_scatter(
        x=[token.rank for token in tokens], y=shares, mode="lines+markers", customdata=hover,
        line={"color": LIGHT["ngram"], "width": 1.3}, marker={"color": LIGHT["ngram"], "size": 6},
        hovertemplate="%{customdata}<extra></extra>")
    figure.update_layout(
        height=height, margin={"l": 56, "r": 8, "t": 26, "b": 44}, hovermode="closest",
        annotations=[{"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper",
                      "yanchor": "bottom", "showarrow": False, "text": f"┄ {words.zipf}",
                      "font": {"size": 14, "color": LIGHT["dim"]}}],
        xaxis={"type": "log", "title": {"text": words.rank}, "dtick": "D2"},
        yaxis={"type": "log", "title": {"text": words.share}, "ticksuffix": " %", "dtick": 1})
    return figure


def _hover(bar: Bar, words: FrequencyWords) -> str:
    return (f"<b>{glyph(bar.character)}</b> {esc(bar.name)}<br>"
            f"{bar.count:,} {words.times} · {100 * bar.share:.3g} %")


def _below(at: Sequence[int], labels: Sequence[str], with_rest: bool) -> list[dict[str, Any]]:
    """Labels under the bars; every other one gives way on a phone, and the rest is a dot there."""
    short = [label if i % 2 == 0 else " " for i, label in enumerate(labels)]
    if with_rest:
        short[-1] = "…"
    return [{"x": at[i], "y": 0, "yref": "paper", "yanchor": "top", "yshift": -3, "text": label,
             "showarrow": False, "font": {"size": 15, "family": MONO, "color": LIGHT["ink"]},
             # the phone shows `name`; one that is empty would count as none
             "name": short[i]} for i, label in enumerate(labels)]


def _uniform_label(y: float, log: bool, words: FrequencyWords) -> dict[str, Any]:
    return {"x": 0.92, "xref": "paper", "xanchor": "right", "yanchor": "bottom",
            "showarrow": False,
            "y": math.log10(y) if log else y, "text": f"┄ {words.uniform}",
            "font": {"size": 14, "color": LIGHT["dim"]}}


def _cut_label(x: float, share: float) -> dict[str, Any]:
    return {"x": x, "y": 1, "yref": "paper", "xanchor": "right", "yanchor": "top",
            "showarrow": False, "text": f"↑ {share:.0f} %",
            "font": {"size": 14, "color": LIGHT["dim"]}}


def _share_axis(low: float, top: float, log: bool) -> dict[str, Any]:
    if not log:
        return {"range": [0, top * 1.06]}
    return {"type": "log", "dtick": 1, "range": [math.log10(low) - 0.3, math.log10(top) + 0.1]}


@dataclass(frozen=True)
class Token:
    """One token as the network gets it."""

    piece: str
    name: str
    id: int
    mark: bool = False  # of a document's start or end: no text

    @property
    def label(self) -> str:
        """Its text as far as there is room, white space as signs."""
        piece = short(self.piece)
        shown = piece if len(piece) <= _LONGEST else piece[:_LONGEST - 1] + "…"
        return "".join(glyph(character) for character in shown)


def token_width(tokens: Sequence[Token]) -> int:
    """Pixels of a column that holds the longest of them."""
    longest = max((columns(short(token.piece)[:_LONGEST]) for token in tokens), default=1)
    return max(TOKEN_WIDTH, _LETTER * longest + 12)


@dataclass(frozen=True)
class TokenWords:
    """Row names, long and short (for a phone), and what stands before an id."""

    input: tuple[str, str]
    target: tuple[str, str]
    id: str


def token_figure(tokens: Sequence[Token], words: TokenWords, height: int = 184) -> go.Figure:
    """Input above, target below: the same tokens, shifted by one."""
    wide = token_width(tokens) > TOKEN_WIDTH
    inputs, targets = tokens[:-1], tokens[1:]
    figure = go.Figure()
    for row, part in ((1.0, inputs), (0.0, targets)):
        hover = [f"<b>{token.label}</b> {esc(token.name)}<br>{words.id} {token.id}"
                 for token in part]
        at = list(range(len(part)))
        figure.add_scatter(
            x=at, y=[row] * len(at), mode="markers", customdata=hover,
            marker={"symbol": "square", "size": _BOX,
                    "color": fade(LIGHT["panel"], 0.0) if wide else [
                        LIGHT["rule" if token.mark else "panel"] for token in part],
                    "line": {"color": LIGHT["rule"], "width": 0 if wide else 1}},
            hovertemplate="%{customdata}<extra></extra>")
        for shift, texts, size, colour in (
                (0.11, [token.label for token in part], 18, LIGHT["ink"]),
                (-0.17, [str(token.id) for token in part], 14, LIGHT["dim"])):
            figure.add_scatter(x=at, y=[row + shift] * len(at), mode="text", text=texts,
                               hoverinfo="skip", textfont={"family": MONO, "size": size,
                                                           "color": colour})
    figure.update_layout(
        height=height, margin={"l": 0, "r": 0, "t": 22, "b": 22}, hovermode="closest",
        shapes=[_wide_box(i, row, token.mark) for row, part in ((1.0, inputs), (0.0, targets))
                for i, token in enumerate(part)] if wide else [],
        annotations=[*(_shift_arrow(i) for i in range(1, len(inputs))),
                     _row_name(1, *words.input), _row_name(0, *words.target)],
        xaxis={"visible": False, "range": [-0.5, 20]},
        yaxis={"visible": False, "range": [-0.42, 1.42]})
    return figure


def _wide_box(column: int, row: float, mark: bool) -> dict[str, Any]:
    """A box as wide as its column; that of a character is a square marker."""
    return {"type": "rect", "x0": column - 0.46, "x1": column + 0.46, "y0": row - 0.27,
            "y1": row + 0.27, "layer": "below", "fillcolor": LIGHT["rule" if mark else "panel"],
            "line": {"color": LIGHT["rule"], "width": 1}}


def _shift_arrow(index: int) -> dict[str, Any]:
    """From the input at `index` to the same token as the target one step before."""
    return {"x": index - 1 + 0.32, "y": 0.3, "ax": index - 0.32, "ay": 0.7, "xref": "x",
            "yref": "y", "axref": "x", "ayref": "y", "showarrow": True, "arrowhead": 2,
            "arrowsize": 0.8, "arrowwidth": 1.1, "arrowcolor": LIGHT["ngram"], "text": ""}


def _row_name(row: int, text: str, short: str) -> dict[str, Any]:
    return {"x": 0, "xref": "paper", "xanchor": "left", "y": row, "showarrow": False,
            "yshift": 30 if row else -30, "text": text, "name": short, "xshift": 4,
            "font": {"size": 14, "color": LIGHT["dim"]}}
