"""Untouched beside changed: two bars a row, and a ring for each control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.template import MONO, columns, esc

ROW = 54  # pixels: a bar, the rings, a bar
_LETTER = 10
_LONGEST = 24


@dataclass(frozen=True)
class Pair:
    """One row. Values are shares, 0 to 1, or any others of one unit."""

    name: str
    before: float
    after: float
    controls: tuple[float, ...] = ()


def pairs_height(rows: int) -> int:
    return ROW * rows + 8


def pairs_figure(pairs: Sequence[Pair], say: Callable[[float], str], controls: str = "",
                 top: float | None = 1.0, mono: bool = True) -> go.Figure:
    """Pale: untouched; full: changed; rings in the middle: the control units, each one.

    `say` writes a value; `controls` names the rings to the pointer. The axis ends at `top`, or at
    the largest value. Names are foreign text and are escaped here.
    """
    rows = list(range(len(pairs)))
    names = [esc(p.name if len(p.name) <= _LONGEST else p.name[:_LONGEST - 1] + "…") for p in pairs]
    end = top or max([*(max(p.before, p.after, *p.controls) for p in pairs), 1e-9])
    figure = go.Figure()
    for values, place, colour in (([p.before for p in pairs], -0.25, LIGHT["rule"]),
                                  ([p.after for p in pairs], 0.25, LIGHT["ink"])):
        figure.add_bar(
            x=values, y=[row + place for row in rows], width=0.28, orientation="h",
            marker={"color": colour}, hoverinfo="skip", text=[esc(say(v)) for v in values],
            textposition="outside", constraintext="none", cliponaxis=False,
            textfont={"size": 15, "color": LIGHT["dim" if place < 0 else "ink"]})
    rings = [(value, row) for row, p in enumerate(pairs) for value in p.controls]
    figure.add_scatter(
        x=[value for value, _ in rings], y=[row for _, row in rings], mode="markers",
        customdata=[esc(say(value)) for value, _ in rings], cliponaxis=False,
        hovertemplate=f"{esc(controls)} %{{customdata}}<extra></extra>",
        marker={"symbol": "circle", "size": 9, "color": LIGHT["bg"],
                "line": {"width": 1.8, "color": LIGHT["ngram"]}})
    letters = max((columns(name) for name in names), default=1)
    figure.update_layout(
        height=pairs_height(len(rows)), dragmode=False, hovermode="closest", barmode="overlay",
        margin={"l": max(34, 14 + (_LETTER if mono else 8) * letters), "r": 8, "t": 2, "b": 4},
        xaxis={"visible": False, "range": [-0.02 * end, 1.3 * end], "fixedrange": True},
        yaxis={"range": [len(rows) - 0.5, -0.5], "tickmode": "array", "tickvals": rows,
               "ticktext": names, "ticks": "", "showline": False, "showgrid": False,
               "fixedrange": True,
               "tickfont": {"size": 16 if mono else 15, "color": LIGHT["ink"],
                            **({"family": MONO} if mono else {})}})
    return figure
