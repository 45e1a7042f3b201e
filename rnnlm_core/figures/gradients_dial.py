"""Charts of the memory dial: the grid of start and lag, five scores by step, reach against fate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import end_label, esc

ROW, HEAD, FOOT = 66, 58, 8  # pixels
CURVE, SCATTER = 270, 360
_LOWEST = 1e-300  # where r₀ is 0
_SYMBOL = {"rnn": "circle", "gru": "square", "lstm": "diamond"}


@dataclass(frozen=True)
class Row:
    name: str
    short: str  # on a phone
    cell: str


@dataclass(frozen=True)
class Box:
    """One start at one lag. `share` of its seeds that are solved; None: nothing is known yet."""

    text: str
    short: str  # on a phone
    when: str  # steps; not on a phone
    note: str
    brief: str  # the note on a phone
    hover: str
    share: float | None
    moving: bool = False  # being trained


@dataclass(frozen=True)
class Dot:
    reach: float  # r₀
    height: float
    cell: str
    hover: str
    name: str = ""  # of an exception, written beside it


@dataclass(frozen=True)
class Axes:
    x: str
    y: str


def grid_height(rows: int) -> int:
    return HEAD + FOOT + ROW * rows


def grid_figure(rows: Sequence[Row], columns: Sequence[str], boxes: Sequence[Sequence[Box]],
                looked: tuple[int, int], title: str) -> go.Figure:
    """Rows are starts, columns lags; the fill is the share of seeds that are solved.

    `looked` is the row and column of the cell that is looked at, which has an outline.
    """
    figure = go.Figure(go.Heatmap(
        z=[[-1.0 if box.share is None else box.share for box in row] for row in boxes],
        zmin=0, zmax=1, colorscale=[(0.0, fade(LIGHT["posfill"], 0.0)), (1.0, LIGHT["posfill"])],
        showscale=False, xgap=4, ygap=4, hovertemplate="%{customdata}<extra></extra>",
        customdata=[[esc(box.hover) for box in row] for row in boxes]))
    shapes, labels = [], []
    for r, row in enumerate(boxes):
        labels.append({"x": 0, "xref": "paper", "xanchor": "right", "xshift": -8, "y": r,
                       "yref": "y", "showarrow": False, "align": "right",
                       "text": esc(rows[r].name), "name": esc(rows[r].short),
                       "font": {"size": 15, "color": LIGHT[rows[r].cell]}})
        for c, box in enumerate(row):
            shapes.append(_frame(r, c, (r, c) == looked, box.moving))
            labels.append({"x": c, "y": r, "xref": "x", "yref": "y", "showarrow": False,
                           "text": f"<b>{esc(box.text)}</b><br>{esc(box.when)}<br>{esc(box.note)}",
                           "name": f"<b>{esc(box.short)}</b><br>{esc(box.brief)}",
                           "captureevents": False, "font": {"size": 14, "color": LIGHT["ink"]}})
    figure.update_layout(
        height=grid_height(len(rows)), hovermode="closest", dragmode=False,
        margin={"l": 214, "r": 6, "t": HEAD, "b": FOOT},
        meta={"narrow": {"l": 92, "r": 2}}, shapes=shapes, annotations=labels,
        xaxis={"side": "top", "title": {"text": esc(title)}, "tickvals": list(range(len(columns))),
               "ticktext": [esc(name) for name in columns], "ticks": "", "showline": False,
               "range": [-0.5, len(columns) - 0.5], "fixedrange": True},
        yaxis={"showticklabels": False, "ticks": "", "showline": False, "showgrid": False,
               "range": [len(rows) - 0.5, -0.5], "fixedrange": True})
    return figure


def _frame(row: int, column: int, looked: bool, moving: bool) -> dict[str, Any]:
    line = {"color": LIGHT["ink" if looked else "dim" if moving else "rule"],
            "width": 2.5 if looked else 1.5 if moving else 1, "dash": "dot" if moving else "solid"}
    return {"type": "rect", "x0": column - 0.47, "x1": column + 0.47, "y0": row - 0.45,
            "y1": row + 0.45, "line": line, "layer": "above"}


def curve_figure(steps: Sequence[int], scores: Sequence[Sequence[float | None]], cell: str,
                 chance: tuple[float, str], solved: tuple[float, str], longest: int, axes: Axes
                 ) -> go.Figure:
    """The score of each seed (one line each) by step, with that of guessing and that of solved."""
    figure = go.Figure()
    for number, values in enumerate(scores, 1):
        figure.add_scatter(x=list(steps), y=list(values), mode="lines", name=str(number),
                           line={"color": fade(LIGHT[cell], 0.75), "width": 2},
                           hovertemplate="%{y:.2f}")
    lines, labels = [], []
    for (value, name), dash in ((chance, "dash"), (solved, "dot")):
        lines.append({"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": value, "y1": value,
                      "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": dash}})
        labels.append(end_label(value, esc(name), colour=LIGHT["dim"]))
    known = [v for values in scores for v in values if v is not None]
    low = max(-0.5, min([0.0, *known]))
    figure.update_layout(
        height=CURVE, margin={"l": 48, "r": 84, "t": 10, "b": 44}, shapes=lines,
        meta={"narrow": {"l": 44, "r": 78}}, annotations=labels,
        xaxis={"title": {"text": esc(axes.x)}, "range": [0, longest], "nticks": 5},
        yaxis={"title": {"text": esc(axes.y)}, "range": [low - 0.03, 1.04]})
    return figure


def reach_figure(dots: Sequence[Dot], edges: Sequence[tuple[float, str]], top: float,
                 ticks: tuple[Sequence[float], Sequence[str]], axes: Axes) -> go.Figure:
    """r₀ (log) against what became of it; exceptions are named, the edges are grey lines."""
    figure = go.Figure()
    for cell, symbol in _SYMBOL.items():
        own = [dot for dot in dots if dot.cell == cell]
        figure.add_scatter(
            x=[max(dot.reach, _LOWEST) for dot in own], y=[dot.height for dot in own],
            mode="markers", name=cell.upper(), hovertemplate="%{customdata}<extra></extra>",
            customdata=[esc(dot.hover) for dot in own],
            marker={"size": 13, "symbol": symbol, "color": fade(LIGHT[cell], 0.8),
                    "line": {"color": LIGHT["bg"], "width": 1}})
    notes = [{"x": _log(dot.reach), "y": dot.height, "text": esc(dot.name), "showarrow": False,
              "yshift": 16 if dot.height < top / 2 else -16, "xanchor": "right", "xshift": 6,
              "font": {"size": 14, "color": LIGHT[dot.cell]}} for dot in dots if dot.name]
    notes += [{"x": _log(edge), "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
               "text": name, "font": {"size": 14, "color": LIGHT["dim"]}} for edge, name in edges]
    lowest = min([_log(dot.reach) for dot in dots] + [_log(edge) - 2 for edge, _ in edges])
    highest = max([_log(dot.reach) for dot in dots] + [0.0])
    air = 0.04 * (highest - lowest)
    figure.update_layout(
        height=SCATTER, hovermode="closest", margin={"l": 64, "r": 16, "t": 26, "b": 48},
        annotations=notes,
        shapes=[{"type": "line", "x0": edge, "x1": edge, "y0": 0, "y1": 1, "yref": "paper",
                 "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"}}
                for edge, _ in edges],
        xaxis={"type": "log", "title": {"text": esc(axes.x)}, "exponentformat": "power",
               "range": [lowest - air, highest + air], "nticks": 8},
        yaxis={"title": {"text": esc(axes.y)}, "range": [-0.08 * top, 1.08 * top],
               "tickvals": list(ticks[0]), "ticktext": [esc(text) for text in ticks[1]]})
    return figure


def _log(value: float) -> float:
    return math.log10(max(value, _LOWEST))
