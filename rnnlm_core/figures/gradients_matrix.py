"""Charts of a recurrent matrix: its eigenvalues in the plane, ρ and σ_max over training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import esc, spread

Points = NDArray[np.complex128]
HEIGHT = 380
_TOP, _BOTTOM = 14, 46


@dataclass(frozen=True)
class Circle:
    """Around 0: the unit circle, or the one of radius 1/γ."""

    radius: float
    name: str
    dash: str = "solid"


@dataclass(frozen=True)
class Course:
    """One number of the matrix over training, named at its end."""

    name: str
    values: Sequence[float]
    dash: str = "solid"


def plane_figure(points: Points, untrained: Points | None, circles: Sequence[Circle], cell: str,
                 axes: tuple[str, str], names: tuple[str, str]) -> go.Figure:
    """Eigenvalues as dots, those before training as grey rings, the circles grey; one scale."""
    figure, hue = go.Figure(), LIGHT[cell]
    kinds = [(points, names[0], {"size": 7, "color": fade(hue, 0.85)}, f'<span style="color:{hue}">'
              "●</span>")]
    if untrained is not None:
        kinds.append((untrained, names[1], {"size": 7, "symbol": "circle-open", "line": {
            "width": 1}, "color": fade(LIGHT["ngram"], 0.8)}, "○"))
    for values, name, marker, _ in kinds:
        figure.add_scatter(x=values.real, y=values.imag, mode="markers", name=esc(name),
                           text=[f"{abs(v):.3f}" for v in values], marker=marker,
                           hovertemplate="|λ| = %{text}")
    reach = 1.1 * max([circle.radius for circle in circles]
                      + [float(np.abs(values).max()) for values, *_ in kinds if len(values)])
    key = [f"{sign} {esc(name)}" for _, name, _, sign in kinds]
    key += [f"{'―' if circle.dash == 'solid' else '╌'} {esc(circle.name)}" for circle in circles]
    figure.update_layout(
        height=HEIGHT, hovermode="closest", margin={"l": 56, "r": 14, "t": _TOP, "b": _BOTTOM},
        shapes=[_circle(circle) for circle in circles],
        annotations=[{"x": 1, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "right",
                      "yanchor": "top", "align": "left", "text": "<br>".join(key),
                      "showarrow": False, "bgcolor": fade(LIGHT["bg"], 0.8),
                      "font": {"size": 14, "color": LIGHT["dim"]}}],
        xaxis={"title": {"text": esc(axes[0])}, "range": [-reach, reach], "constrain": "domain",
               "nticks": 6},
        yaxis={"title": {"text": esc(axes[1])}, "range": [-reach, reach], "scaleanchor": "x",
               "nticks": 6})
    return figure


def _circle(circle: Circle) -> dict[str, Any]:
    return {"type": "circle", "xref": "x", "yref": "y", "layer": "below",
            "x0": -circle.radius, "x1": circle.radius, "y0": -circle.radius, "y1": circle.radius,
            "line": {"color": LIGHT["ngram"], "width": 1.6, "dash": circle.dash}}


def course_figure(steps: Sequence[int], courses: Sequence[Course], limit: Circle, at: int | None,
                  cell: str, axes: tuple[str, str]) -> go.Figure:
    """ρ and σ_max at the kept moments; step 0 stands left of the first on the log axis.

    `limit` is 1/γ, the value below which σ_max proves vanishing; `at` the step that is looked at.
    """
    figure, hue = go.Figure(), LIGHT[cell]
    first = min([step for step in steps if step > 0], default=2)
    x = [step if step > 0 else first / 2 for step in steps]
    for course in courses:
        figure.add_scatter(x=x, y=list(course.values), name=esc(course.name),
                           mode="lines+markers", customdata=list(steps),
                           hovertemplate="%{y:.3f}", marker={"size": 6, "color": hue},
                           line={"color": hue, "width": 3, "dash": course.dash})
    values = [v for course in courses for v in course.values]
    top = max([limit.radius, *values]) * 1.12
    plot = HEIGHT - _TOP - _BOTTOM
    labels = [(course.name, course.values[-1], hue) for course in courses if course.values]
    labels.append((limit.name, limit.radius, LIGHT["dim"]))
    pixels = [value / top * plot for _, value, _ in labels]
    figure.update_layout(
        height=HEIGHT, margin={"l": 52, "r": 86, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 44, "r": 78}},
        shapes=[{"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": limit.radius,
                 "y1": limit.radius, "layer": "below",
                 "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": limit.dash}},
                *([] if at is None else [_moment(at if at > 0 else first / 2)])],
        annotations=[{"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8, "y": value,
                      "yref": "y", "yshift": place - pixel, "showarrow": False,
                      "text": esc(name), "font": {"color": colour, "size": 15}}
                     for (name, value, colour), pixel, place in zip(
                         labels, pixels, spread(pixels, 19), strict=True)],
        xaxis={"type": "log", "title": {"text": esc(axes[0])}, "range": [
            math.log10(min(x, default=1)) - 0.08, math.log10(max(x, default=2)) + 0.05],
            **_ticks(x, steps)},
        yaxis={"title": {"text": esc(axes[1])}, "range": [0, top]})
    return figure


def _moment(x: float) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": LIGHT["ink"], "width": 1.4}}


def _ticks(x: Sequence[float], steps: Sequence[int]) -> dict[str, Any]:
    """Kept steps, the last one and those before it that leave room for their names."""
    gap = 0.14 * math.log10(max(x) / min(x)) if x else 0.0
    chosen: list[int] = []
    for i in sorted(range(len(x)), key=lambda i: -x[i]):
        if not chosen or math.log10(x[chosen[-1]] / x[i]) > gap:
            chosen.append(i)
    return {"tickvals": [x[i] for i in chosen], "ticktext": [f"{steps[i]:,}" for i in chosen]}
