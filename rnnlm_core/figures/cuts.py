"""Charts of sampling: bars in small panels side by side, and beams of growing width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.palette import DASH, LIGHT, fade
from rnnlm_core.figures.template import FONT, MONO, SHARES, columns, esc

HEAD, FOOT = 50, 4  # pixels above and below the bars of a panel
BEAMS_HEIGHT = 300
_GAP = 0.06  # of a panel
_LETTER = {True: 10, False: 8}  # pixels of a letter: monospaced or not
_LONGEST = 26
_FREE, _FREE_NARROW = 1.6, 1.9  # of the longest bar: room for what is written at its end


@dataclass(frozen=True)
class Panel:
    """A column of bars, one a row, all of a panel in one unit.

    `hollow` bars stand for what is not there any more; `ink` ones for what the reader looks at.
    `across`: a dashed line over all bars at this value; `below`: one under this row.
    """

    title: str
    note: str
    values: Sequence[float]
    texts: Sequence[str]
    hollow: Sequence[bool] = ()
    ink: Sequence[bool] = ()
    across: float | None = None
    below: int | None = None
    top: float | None = None  # the axis is made for this value; None: for the largest one


def panels_height(panels: int, rows: int, beside: int, row: int) -> int:
    """Pixels of so many panels, `beside` of them in a line, with rows of `row` pixels."""
    return math.ceil(panels / beside) * (HEAD + rows * row + FOOT)


def panels_figure(panels: Sequence[Panel], names: Sequence[str], beside: int, row: int,
                  mono: bool = True) -> go.Figure:
    """Bars of the same rows in several panels; names at the left of each line of panels.

    Names, titles, notes and texts are foreign and escaped here.
    """
    shown = [name if len(name) <= _LONGEST else name[:_LONGEST - 1] + "…" for name in names]
    figure, height = go.Figure(), panels_height(len(panels), len(names), beside, row)
    each = HEAD + len(names) * row + FOOT
    for index, panel in enumerate(panels):
        line, column = divmod(index, beside)
        bottom, top = ((line + 1) * each - FOOT) / height, (line * each + HEAD) / height
        end = _longest(panel) * (_FREE if beside > 2 else _FREE_NARROW)
        _add_bars(figure, index, panel, len(names), row, end)
        _add_words(figure, index, panel)
        _add_lines(figure, index, panel, len(names))
        figure.update_layout({
            f"{_axis('xaxis', index)}": _across_axis(index, end, column, beside),
            f"{_axis('yaxis', index)}": {
                "domain": [max(0.0, 1 - bottom), 1 - top], "anchor": _axis("x", index),
                "range": [len(names) - 0.5, -0.5], "tickmode": "array",
                "tickvals": list(range(len(names))), "ticks": "", "showline": False,
                "ticktext": [f"{esc(name)} " if column == 0 else "" for name in shown],
                "showgrid": False, "fixedrange": True, "automargin": False,
                "tickfont": {"family": MONO if mono else FONT, "size": 15 if row < 24 else 16,
                             "color": LIGHT["ink"]}}})
    left = max([24, *(10 + _LETTER[mono] * columns(name) for name in shown)])
    figure.update_layout(height=height, dragmode=False, hovermode=False, barmode="overlay",
                         margin={"l": left, "r": 4, "t": 0, "b": 0})
    return figure


def _axis(name: str, index: int) -> str:
    return f"{name}{index + 1 if index else ''}"


def _across_axis(index: int, end: float, column: int, beside: int) -> dict[str, Any]:
    gap = _GAP / beside if column else 0.0
    return {"domain": [column / beside + gap, (column + 1) / beside], "visible": False,
            "anchor": _axis("y", index), "fixedrange": True,
            "range": [0, end]}


def _longest(panel: Panel) -> float:
    own = panel.top if panel.top is not None else max([*panel.values, panel.across or 0.0])
    return max(own, 1e-9)


def _add_bars(figure: go.Figure, index: int, panel: Panel, rows: int, row: int, end: float
              ) -> None:
    hollow = list(panel.hollow) or [False] * rows
    ink = list(panel.ink) or [False] * rows
    fills = [fade(LIGHT["rule"], 0.0) if gone else LIGHT["ink"] if chosen else LIGHT["rule"]
             for gone, chosen in zip(hollow, ink, strict=True)]
    # a bar of nothing would still have its outline
    lines = [fade(LIGHT["rule"], 0.0) if not value else LIGHT["ink"] if chosen else LIGHT["rule"]
             for value, chosen in zip(panel.values, ink, strict=True)]
    texts = [esc(text) for text in panel.texts]
    font = {"size": 13 if row < 24 else 15, "color": LIGHT["ink"]}
    axes = {"xaxis": _axis("x", index), "yaxis": _axis("y", index)}
    figure.add_bar(
        x=list(panel.values), y=list(range(rows)), orientation="h", width=0.7, hoverinfo="skip",
        **axes, cliponaxis=False, textposition="outside", constraintext="none", textfont=font,
        text=texts if panel.across is None else None, marker={
            "color": fills, "line": {"color": lines, "width": 1}})
    if panel.across is not None:  # at the bars' ends they would stand on the dashed line
        figure.add_scatter(
            x=[end] * rows, y=list(range(rows)), mode="text", text=texts,
            textposition="middle left", hoverinfo="skip", **axes, textfont=font)


def _add_words(figure: go.Figure, index: int, panel: Panel) -> None:
    above = {"xref": f"{_axis('x', index)} domain", "yref": f"{_axis('y', index)} domain", "x": 0,
             "y": 1, "xanchor": "left", "yanchor": "bottom", "showarrow": False, "align": "left"}
    figure.add_annotation(**above, yshift=21, text=f"<b>{esc(panel.title)}</b>",
                          font={"size": 15, "color": LIGHT["ink"]})
    figure.add_annotation(**above, yshift=2, text=esc(panel.note),
                          font={"size": 14, "color": LIGHT["dim"]})


def _add_lines(figure: go.Figure, index: int, panel: Panel, rows: int) -> None:
    dashed = {"type": "line", "line": {"color": LIGHT["ngram"], "width": 1.5, "dash": "dash"}}
    if panel.across is not None:
        figure.add_shape(**dashed, xref=_axis("x", index), yref=_axis("y", index),
                         x0=panel.across, x1=panel.across, y0=-0.5, y1=rows - 0.5)
    if panel.below is not None:
        figure.add_shape(**dashed, xref=f"{_axis('x', index)} domain", yref=_axis("y", index),
                         x0=0, x1=1, y0=panel.below + 0.5, y1=panel.below + 0.5)


def widths_figure(widths: Sequence[int], values: Sequence[float], texts: Sequence[str], cell: str,
                  human: tuple[float, str] | None, words: tuple[str, str], share: bool = False
                  ) -> go.Figure:
    """A measure by the width of the beam, and the human text's as a dashed line with its name.
    `words`: the two axes; `share`: the measure is one, 0 to 1."""
    places = list(range(len(widths)))
    figure = go.Figure(go.Scatter(
        x=places, y=list(values), mode="lines+markers+text", text=[esc(text) for text in texts],
        textposition="top center", hoverinfo="skip", cliponaxis=False,
        textfont={"size": 15, "color": LIGHT["ink"]},
        line={"color": LIGHT[cell], "width": 3, "dash": DASH[cell]},
        marker={"size": 8, "color": LIGHT[cell]}))
    top = max([*values, human[0] if human else 0.0, 1e-9])
    figure.update_layout(
        height=BEAMS_HEIGHT, dragmode=False, hovermode=False,
        margin={"l": 60, "r": 16, "t": 14, "b": 50},
        xaxis={"title": {"text": esc(words[0])}, "tickmode": "array", "tickvals": places,
               "ticktext": [str(width) for width in widths], "fixedrange": True,
               "range": [-0.25, len(widths) - 0.75]},
        yaxis={"title": {"text": esc(words[1])}, "range": [0, top * 1.18], "fixedrange": True,
               "nticks": 6, **(SHARES if share else {})})
    if human is not None:
        figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=human[0], y1=human[0],
                         line={"color": LIGHT["ngram"], "width": 1.5, "dash": "dash"})
        figure.add_annotation(x=1, xref="paper", xanchor="right", y=human[0], yanchor="bottom",
                              showarrow=False, text=esc(human[1]), yshift=1,
                              font={"size": 14, "color": LIGHT["dim"]})
    return figure
