"""What comes next after the places of a pattern, beside what comes next everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.states import glyph
from rnnlm_core.figures.template import MONO, columns, esc

_ROW = 40
_LETTER = 10


@dataclass(frozen=True)
class FollowWords:
    after: str  # the two bars of a row
    everywhere: str


def follow_height(rows: int) -> int:
    return _ROW * rows + 34


def follow_figure(rows: Sequence[tuple[str, float, float]], words: FollowWords) -> go.Figure:
    """A token, its share after the matches and its share everywhere, a row each; likeliest first.
    """
    figure = go.Figure()
    at = list(range(len(rows)))
    for name, shares, alpha, width, offset, ink in (
            (words.after, [row[1] for row in rows], 0.75, 0.42, -0.42, "ink"),
            (words.everywhere, [row[2] for row in rows], 0.25, 0.3, 0.04, "dim")):
        figure.add_bar(
            x=shares, y=at, orientation="h", name=esc(name), width=width, hoverinfo="skip",
            offset=offset, marker={"color": fade(LIGHT["ink"], alpha)},
            text=[_percent(share) for share in shares], textposition="outside",
            constraintext="none", cliponaxis=False,
            textfont={"size": 15 if ink == "ink" else 14, "color": LIGHT[ink]})
    letters = max((columns(glyph(row[0])) for row in rows), default=1)
    figure.update_layout(
        height=follow_height(len(rows)), dragmode=False, barmode="overlay",
        margin={"l": max(34, 14 + _LETTER * letters), "r": 8, "t": 30, "b": 4},
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemclick": False,
                "itemdoubleclick": False, "font": {"size": 14, "color": LIGHT["dim"]}},
        xaxis={"visible": False, "range": [0, 1.18], "fixedrange": True},
        yaxis={"range": [len(rows) - 0.5, -0.5], "tickmode": "array", "tickvals": at,
               "ticktext": [glyph(row[0]) for row in rows], "ticks": "", "showline": False,
               "showgrid": False, "fixedrange": True,
               "tickfont": {"family": MONO, "size": 16, "color": LIGHT["ink"]}})
    return figure


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 or share == 0 else esc("<1%")
