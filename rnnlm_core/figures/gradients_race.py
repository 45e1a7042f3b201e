"""Charts of a race: lag profiles, horizons over training, and what is right by lag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import DASH, LIGHT, fade
from rnnlm_core.figures.template import SHARES, end_label, esc, spread
from rnnlm_core.figures.training import pushed_inside

Values = NDArray[np.float64]
HEIGHT = 300
_TOP, _BOTTOM, _GAP = 14, 46, 19  # pixels
_LEFT, _RIGHT, _NARROW = 62, 92, 76  # room for the names at the line ends
_NARROW_OF_STEPS = 104  # "best possible" without its value
_RIGHT_OF_STEPS = 140  # "best possible 0.91" is among them
_MOST_TICKS = 8
_LOW = 0.15  # of what guessing gives: below its line there is no room for its name
_LOWEST = -16.0  # powers of ten that the profile shows at most; what lies below tells no more
_HORIZON = 0.01
FIRST_STEP = 8.0  # where step 0 stands on a logarithmic axis: half of the first kept one


@dataclass(frozen=True)
class Profile:
    """Gradient norms by lag over that of lag 0; `texts` for a person."""

    name: str
    cell: str
    mean: Values
    texts: Sequence[str]
    horizon: int | None
    of_cell_state: bool = False  # ∂L/∂c of an LSTM, dotted
    untrained: bool = False  # faint, behind the others


@dataclass(frozen=True)
class Horizons:
    """A line of horizons over steps; those `beyond` the measured lags are drawn at the top."""

    name: str
    cell: str
    steps: Sequence[int]
    lags: Sequence[int]
    beyond: Sequence[bool]
    texts: Sequence[str]  # of each point, on hover
    of_cell_state: bool = False


@dataclass(frozen=True)
class Answers:
    """Shares that are right, 0 to 1."""

    name: str
    cell: str
    at: Values
    right: Values


def profiles_figure(curves: Sequence[Profile], words: tuple[str, str, str],
                    height: int = HEIGHT) -> go.Figure:
    """`words`: the axes, and the name of the 1 % line."""
    x_title, y_title, horizon = words
    figure = go.Figure()
    ordered = sorted(curves, key=lambda curve: not curve.untrained)
    for curve in ordered:
        figure.add_scatter(
            x=np.arange(len(curve.mean)), y=np.maximum(curve.mean, 1e-305), mode="lines",
            name=esc(curve.name), line=_style(curve.cell, curve.of_cell_state, curve.untrained),
            customdata=[esc(text) for text in curve.texts],
            hovertemplate="%{customdata}", hoverinfo="skip" if curve.untrained else None)
    trained = [curve for curve in ordered if not curve.untrained]
    for curve in trained:
        if curve.horizon is not None:
            figure.add_scatter(x=[curve.horizon], y=[curve.mean[curve.horizon]], mode="markers",
                               hoverinfo="skip", marker=_dot(curve.cell))
    logs = [float(np.log10(np.maximum(c.mean, 1e-305)).min()) for c in trained or ordered]
    bottom = max(_LOWEST, min([-3.0, *(low - 0.4 for low in logs)]))
    highest = max([0.0, *(float(np.log10(np.maximum(c.mean, 1e-305)).max()) for c in trained)])
    top = highest + 0.03 * (highest - bottom)
    ends = [(max(bottom, math.log10(max(float(c.mean[-1]), 1e-305))), c.name, c.cell)
            for c in (trained or ordered)]
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=_HORIZON, y1=_HORIZON,
                     layer="below", line={"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"})
    figure.update_layout(
        height=height, margin=_margin(), meta=_narrow(),
        annotations=[*_names(ends, bottom, top, height),
                     {"x": 1, "xref": "paper", "xanchor": "right", "y": math.log10(_HORIZON),
                      "yref": "y", "yanchor": "bottom", "showarrow": False, "text": esc(horizon),
                      "font": {"size": 14, "color": LIGHT["dim"]}}],
        xaxis={"title": {"text": esc(x_title)}, "nticks": 6,
               "range": [0, max((len(c.mean) for c in curves), default=2) - 1]},
        yaxis={"type": "log", "title": {"text": esc(y_title)}, "range": [bottom, top],
               "exponentformat": "power", "tick0": 0,
               "dtick": max(1, math.ceil((top - bottom) / 6))})
    return figure


def horizons_figure(lines: Sequence[Horizons], lags: int, step: int | None,
                    words: tuple[str, str], height: int = HEIGHT) -> go.Figure:
    """Over the steps, on the axis of `along_steps`; `step` is marked. `words`: the axes."""
    x_title, y_title = words
    figure = go.Figure()
    for line in lines:
        figure.add_scatter(
            x=[max(FIRST_STEP, s) for s in line.steps], y=list(line.lags), mode="lines+markers",
            line=_style(line.cell, line.of_cell_state), name=esc(line.name),
            marker={"size": [9 if out else 5 for out in line.beyond], "color": LIGHT[line.cell],
                    "symbol": ["triangle-up" if out else "circle" for out in line.beyond]},
            text=[esc(text) for text in line.texts], hovertemplate="%{text}", cliponaxis=False)
    highest = max((lag for line in lines for lag in line.lags), default=0)
    over = any(out for line in lines for out in line.beyond)
    top = lags * 1.04 if over else max(10.0, 1.15 * highest)
    names = _names([(float(line.lags[-1]), line.name, line.cell) for line in lines if line.lags],
                   0.0, top, height)
    figure.update_layout(
        height=height, margin=_margin(), meta=_narrow(), annotations=names, hovermode="closest",
        xaxis={"title": {"text": esc(x_title)}},
        yaxis={"title": {"text": esc(y_title)}, "range": [0, top], "nticks": 6})
    return along_steps(figure, max([0, *(s for line in lines for s in line.steps)]), step)


def along_steps(figure: go.Figure, last: float, step: int | None) -> go.Figure:
    """Steps up to `last` on a logarithmic axis that begins with 0: most is learnt early. An upright
    line at the `step` that the reader has chosen."""
    last = max(last, 4 * FIRST_STEP)
    figure.update_layout(margin={"l": _LEFT, "r": _RIGHT_OF_STEPS},
                         meta={"narrow": {"l": 50, "r": _NARROW_OF_STEPS}})
    ticks = [FIRST_STEP, *(n * 10 ** power for power in range(1, 8) for n in (1, 2, 5)
                           if 2 * FIRST_STEP < n * 10 ** power <= last)]
    if len(ticks) > _MOST_TICKS:
        ticks = [tick for tick in ticks if str(tick)[0] in "81"]
    figure.update_xaxes(
        type="log", tickmode="array", tickvals=ticks, tickangle=0, tickformat=None,
        ticktext=["0", *(f"{tick:,}" for tick in ticks[1:])],
        range=[math.log10(FIRST_STEP) - 0.02, math.log10(last) + 0.02])
    if step is not None:
        at = max(FIRST_STEP, step)
        figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="paper",
                         line={"color": LIGHT["ink"], "width": 1.3})
    return figure


def answers_figure(lines: Sequence[Answers], chance: float, distance: int | None,
                   words: tuple[str, str, str], height: int = HEIGHT) -> go.Figure:
    """By distance or by tokens fed, log across. `words`: the axes, and the name of `chance`.

    `distance` is marked: with fewer tokens than that nobody can know.
    """
    x_title, y_title, guessing = words
    figure = go.Figure()
    for line in lines:
        figure.add_scatter(x=line.at, y=line.right, mode="lines+markers", name=esc(line.name),
                           line=_style(line.cell), marker={"size": 6, "color": LIGHT[line.cell]},
                           hovertemplate="%{y:.0%}", cliponaxis=False)
    at = sorted({float(x) for line in lines for x in line.at}) or [1.0, 50.0]
    shapes = [{"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": chance, "y1": chance,
               "layer": "below", "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"}}]
    if distance is not None:
        shapes.append({"type": "line", "x0": distance, "x1": distance, "y0": 0, "y1": 1,
                       "yref": "paper", "layer": "below",
                       "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dot"}})
    just_too_few = None if distance is None else distance - 1  # no room beside the distance
    ticks = _thin(sorted({round(x) for x in at} - {just_too_few}))
    figure.update_layout(
        height=height, margin=_margin(), meta=_narrow(), shapes=shapes,
        annotations=[*_names([(float(line.right[-1]), line.name, line.cell) for line in lines
                              if len(line.right)], 0.0, 1.05, height),
                     {"x": 1, "xref": "paper", "xanchor": "right", "y": chance,
                      "yanchor": "top" if chance > _LOW else "bottom", "showarrow": False,
                      "text": esc(guessing),
                      "font": {"size": 14, "color": LIGHT["dim"]}}],
        xaxis={"type": "log", "title": {"text": esc(x_title)}, "tickmode": "array",
               "tickvals": ticks, "ticktext": [str(n) for n in ticks], "tickangle": 0,
               "range": [math.log10(at[0]) - 0.03, math.log10(at[-1]) + 0.03]},
        yaxis={"title": {"text": esc(y_title)}, "range": [0, 1.05], **SHARES,
               "nticks": 6})
    return figure


# -- what they share -------------------------------------------------------------------------------
def _style(cell: str, of_cell_state: bool = False, untrained: bool = False) -> dict[str, Any]:
    dash = "dot" if of_cell_state else DASH[cell]
    if untrained:
        return {"color": fade(LIGHT[cell], 0.4), "width": 1.4, "dash": dash}
    return {"color": LIGHT[cell], "width": 2.2 if of_cell_state else 2.8, "dash": dash}


def _dot(cell: str) -> dict[str, Any]:
    return {"size": 11, "color": LIGHT[cell], "line": {"color": LIGHT["bg"], "width": 1.5}}


def _names(ends: Sequence[tuple[float, str, str]], low: float, high: float, height: int
           ) -> list[dict[str, Any]]:
    """(value in axis units, name, cell) at the right ends, pushed apart."""
    plot = height - _TOP - _BOTTOM
    pixels = [(value - low) / (high - low) * plot for value, _, _ in ends]
    placed = pushed_inside(spread(pixels, _GAP), plot)
    return [end_label(value, esc(name), short=esc(name), colour=LIGHT[cell], shift=place - pixel)
            for (value, name, cell), pixel, place in zip(ends, pixels, placed, strict=True)]


def _thin(ticks: Sequence[int]) -> list[int]:
    """Those that have room on a logarithmic axis, from the left."""
    kept = list(ticks[:1])
    for tick in ticks[1:]:
        if tick >= 1.4 * kept[-1]:
            kept.append(tick)
    return kept


def _margin() -> dict[str, int]:
    return {"l": _LEFT, "r": _RIGHT, "t": _TOP, "b": _BOTTOM}


def _narrow() -> dict[str, Any]:
    return {"narrow": {"l": 50, "r": _NARROW}}
