"""The branches of a written text as a tree: one line each, from where it parts to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rnnlm_core.figures.generate import MARKS
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.template import MONO, end_label, esc

ROW = 30  # pixels of a branch
_LONGEST = 10  # characters that name where a branch parts


@dataclass(frozen=True)
class BranchLine:
    """One branch, in the order drawn: a branch stands below its parent."""

    parent: int | None  # its row
    start: int  # characters that are its parent's
    end: int  # its length in characters, those included
    first: str  # what it has in place of its parent's text; of a root how it begins
    label: str  # at its end
    short: str  # the same on a phone


def branches_height(rows: int) -> int:
    return ROW * rows + 56


def branches_figure(lines: Sequence[BranchLine], shown: int, axis: str) -> go.Figure:
    """The row `shown` is in ink. Every trace is one branch, so that a click on it names it."""
    figure = go.Figure()
    longest = max((line.end for line in lines), default=1) or 1
    for row, line in enumerate(lines):
        chosen = row == shown
        colour = LIGHT["ink"] if chosen else LIGHT["ngram"]
        inside = [line.start + (line.end - line.start) * share / 8 for share in range(9)]
        # a branch leaves its parent's line, and has points enough on its own to be clicked anywhere
        x, y = ([line.start, *inside], [line.parent, *[row] * 9]) if line.parent is not None else (
            inside, [row] * 9)
        figure.add_scatter(
            x=x, y=y, mode="lines+markers", hoverinfo="skip", showlegend=False,
            line={"color": colour, "width": 3.5 if chosen else 2}, cliponaxis=False,
            marker={"size": [*[0.1] * (len(x) - 1), 9 if chosen else 7], "color": colour})
        figure.add_annotation(
            x=line.start, y=row, xanchor="left", yanchor="bottom", xshift=3, yshift=1,
            showarrow=False, text=esc(visible_start(line.first)),
            font={"family": MONO, "size": 14, "color": colour})
        figure.add_annotation(**end_label(
            row, esc(line.label), short=esc(line.short), bold=chosen,
            colour=LIGHT["ink"] if chosen else LIGHT["dim"]))
    figure.update_layout(
        height=branches_height(len(lines)), dragmode=False, hovermode="closest",
        margin={"l": 8, "r": 210, "t": 8, "b": 48}, meta={"narrow": {"l": 8, "r": 110}},
        xaxis={"range": [-longest * 0.01, longest * 1.01], "fixedrange": True,
               "title": {"text": esc(axis), "standoff": 10}},
        yaxis={"range": [len(lines) - 0.6, -0.8], "visible": False, "fixedrange": True})
    return figure


def visible_start(text: str) -> str:
    """A few characters with white space as signs."""
    return "".join(MARKS.get(c, c) for c in text[:_LONGEST])
