"""Charts of the textbook tool: cosines as bars, a gradient against the true one, named lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import end_label, esc, spread

HEIGHT = 340
_TOP, _BOTTOM, _GAP = 14, 48, 20  # the gap is of two end labels, in pixels


@dataclass(frozen=True)
class Named:
    """A line over `x`, with its name at its end. inf and NaN: no number any more."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = "rnn"
    width: float = 4
    dash: str = "solid"
    short: str | None = None


@dataclass(frozen=True)
class Axes:
    x: str
    y: str
    x_log: bool = False
    y_log: bool = False
    most: float | None = None  # the y axis ends here at the latest, whatever goes beyond
    top: float | None = None  # or exactly here
    x_range: tuple[float, float] | None = None


def cosines_figure(names: Sequence[str], cosines: Sequence[float], axis: str) -> go.Figure:
    """A bar for each stage, from above; the last one is the right rule. 1 is the dashed line."""
    colours = [fade(LIGHT["rnn"], 0.45)] * (len(names) - 1) + [LIGHT["rnn"]]
    figure = go.Figure(go.Bar(
        x=list(cosines), y=[esc(name) for name in names], orientation="h",
        marker={"color": colours}, text=[f"{value:+.2f}".replace("-", "−") for value in cosines],
        textposition="outside", cliponaxis=False, hovertemplate="%{x:.4f}<extra></extra>"))
    figure.update_layout(
        height=_bars_height(names), hovermode="closest", bargap=0.34,
        margin={"l": 120, "r": 46, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 100, "r": 42}},
        shapes=[_vertical(0, LIGHT["rule"], "solid"), _vertical(1, LIGHT["ngram"], "dash")],
        xaxis={"title": {"text": esc(axis)}, "range": [min(-0.55, *cosines) - 0.12, 1.06],
               "tickvals": [-1, -0.5, 0, 0.5, 1], "showgrid": True},
        yaxis={"autorange": "reversed", "ticks": "", "tickfont": {"color": LIGHT["ink"]}})
    return figure


def _bars_height(names: Sequence[str]) -> int:
    return _TOP + _BOTTOM + 36 * len(names)


def against_figure(truth: Sequence[float], found: Sequence[float], axes: Axes) -> go.Figure:
    """Every entry of a gradient against the true one; right ones lie on the dashed diagonal."""
    reach = 1.08 * max((abs(v) for v in (*truth, *found) if math.isfinite(v)), default=1.0)
    wide = 1.08 * max((abs(v) for v in truth), default=1.0)
    figure = go.Figure()
    figure.add_scatter(x=[-wide, wide], y=[-wide, wide], mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"})
    figure.add_scatter(x=list(truth), y=list(found), mode="markers",
                       marker={"size": 8, "color": fade(LIGHT["rnn"], 0.7)},
                       hovertemplate="%{x:.4f} → %{y:.4f}<extra></extra>")
    figure.update_layout(
        height=HEIGHT, hovermode="closest", margin={"l": 60, "r": 16, "t": _TOP, "b": _BOTTOM},
        xaxis={"title": {"text": esc(axes.x)}, "range": [-wide, wide], "nticks": 7},
        yaxis={"title": {"text": esc(axes.y)}, "range": [-reach, reach], "nticks": 7})
    return figure


def lines_figure(lines: Sequence[Named], axes: Axes, at: float | None = None) -> go.Figure:
    """Lines with their names at their ends; `at` marks an x with a dot on each of them.

    Where a line comes to no number any more, it leaves the chart upwards.
    """
    figure = go.Figure()
    low, high = _limits(lines, axes)
    for line in lines:
        colour = LIGHT[line.colour]
        figure.add_scatter(
            x=list(line.x), y=_leaving(line.y, 10 * abs(high)), mode="lines", name=esc(line.name),
            line={"color": colour, "width": line.width, "dash": line.dash},
            hovertemplate="%{y:.3g}")
        if at is not None:
            nearest = min(range(len(line.x)), key=lambda i: abs(line.x[i] - at))
            figure.add_scatter(
                x=[line.x[nearest]], y=[line.y[nearest]], mode="markers",
                hoverinfo="skip", showlegend=False, marker={
                    "size": 12, "color": colour, "line": {"color": LIGHT["bg"], "width": 1.5}})
    figure.update_layout(
        height=HEIGHT, margin={"l": 62, "r": 150, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 54, "r": 84}}, annotations=_labels(lines, axes, low, high),
        xaxis={"title": {"text": esc(axes.x)}, "nticks": 6, "range": axes.x_range,
               **({"type": "log", "exponentformat": "power", "dtick": 1} if axes.x_log else {})},
        yaxis={"title": {"text": esc(axes.y)}, "range": [low, high],
               **({"type": "log", "exponentformat": "power", "dtick": 1} if axes.y_log else {})})
    return figure


def _leaving(values: Sequence[float], beyond: float) -> list[float | None]:
    """The first value that is no number is `beyond` all, later ones are gaps."""
    shown: list[float | None] = [v if math.isfinite(v) else None for v in values]
    if None in shown:
        shown[shown.index(None)] = beyond
    return shown


def _limits(lines: Sequence[Named], axes: Axes) -> tuple[float, float]:
    """Of the y axis, in its own units: log10 on a log axis; a linear one begins at 0."""
    values = [v for line in lines for v in line.y if math.isfinite(v)]
    if axes.y_log:
        logs = [math.log10(v) for v in values if v > 0]
        return min(logs) - 0.15, max(logs) + 0.15
    if axes.top is not None:
        return 0.0, axes.top
    top = max(values, default=1.0)
    return 0.0, 1.06 * (top if axes.most is None else min(top, axes.most))


def _labels(lines: Sequence[Named], axes: Axes, low: float, high: float) -> list[dict[str, Any]]:
    plot, ends = HEIGHT - _TOP - _BOTTOM, []
    for line in lines:
        last = next((v for v in reversed(line.y) if math.isfinite(v)), math.inf)
        end = math.log10(last) if axes.y_log and last > 0 else last
        ends.append(min(max(end, low), high))
    pixels = [(end - low) / (high - low) * plot for end in ends]
    placed = spread(pixels, _GAP)
    slide = max(0.0, 8 - min(placed)) - max(0.0, max(placed) - plot)
    return [end_label(end, esc(line.name), colour=LIGHT[line.colour], bold=line.width >= 4,
                      shift=place - pixel + slide,
                      short=None if line.short is None else esc(line.short))
            for line, end, pixel, place in zip(lines, ends, pixels, placed, strict=True)]


def _vertical(x: float, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": colour, "width": 1.3, "dash": dash}}
