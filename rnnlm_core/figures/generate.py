"""The chart of what could have been written at one place."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import MONO, columns, esc

ROW = 36  # pixels of a candidate
MARKS = {"\n": "⏎", " ": "␣", "\t": "⇥"}
_LONGEST, _LETTER = 12, 11  # letters of a label, pixels of each


def visible(piece: str) -> str:
    """A token with white space as signs, escaped; the beginning of a long one."""
    shown = piece if len(piece) <= _LONGEST else piece[:_LONGEST - 1] + "…"
    return "".join(MARKS.get(character) or esc(character) for character in shown)


def candidates_height(rows: int) -> int:
    return ROW * rows + 8


def with_written(alternatives: Sequence[tuple[str, float]], written: str, probability: float
                 ) -> list[tuple[str, float]]:
    """The alternatives, and the written character below them where it is not among them."""
    listed = list(alternatives)
    if all(piece != written for piece, _ in listed):
        listed.append((written, probability))
    return listed


def candidates_figure(candidates: Sequence[tuple[str, float]], written: str, kept: int,
                      written_word: str, cut_word: str) -> go.Figure:
    """Candidates with their probabilities, likeliest first; the written one in ink.

    Those from rank `kept` on had been cut and could not be drawn: outlined only.
    """
    rows = list(range(len(candidates)))
    fills, lines, texts = [], [], []
    for rank, (piece, share) in enumerate(candidates):
        is_written, is_cut = piece == written, rank >= kept and piece != written
        fills.append(LIGHT["ink"] if is_written else
                     fade(LIGHT["rule"], 0.0) if is_cut else LIGHT["rule"])
        lines.append(LIGHT["ink"] if is_written else LIGHT["rule"])
        word = written_word if is_written else cut_word if is_cut else ""
        texts.append(f"{percent(share)} {esc(word)}".strip().replace("<", "&lt;"))
    longest = max((share for _, share in candidates), default=1.0)
    letters = max((columns(piece[:_LONGEST]) for piece, _ in candidates), default=1)
    figure = go.Figure(go.Bar(
        x=[share for _, share in candidates], y=rows, orientation="h", width=0.72,
        hoverinfo="skip", text=texts, textposition="outside", cliponaxis=False,
        marker={"color": fills, "line": {"color": lines, "width": 1}},
        textfont={"size": 15, "color": LIGHT["ink"]}))
    figure.update_layout(
        height=candidates_height(len(rows)), dragmode=False,
        margin={"l": max(30, 12 + _LETTER * letters), "r": 4, "t": 2, "b": 2},
        xaxis={"visible": False, "range": [0, max(longest, 0.02) * 1.55], "fixedrange": True},
        yaxis={"range": [len(rows) - 0.5, -0.5], "tickmode": "array", "tickvals": rows,
               "ticktext": [f"{visible(piece)} " for piece, _ in candidates], "ticks": "",
               "showline": False, "showgrid": False, "fixedrange": True,
               "tickfont": {"family": MONO, "size": 17, "color": LIGHT["ink"]}})
    return figure


def percent(share: float) -> str:
    """`90 %`, `0.4 %`, `<0.1 %`."""
    if share < 0.001:
        return "<0.1 %"
    if share < 0.0095:
        return f"{share * 100:.1f} %"
    return f"{share:.0%}".replace("%", " %")
