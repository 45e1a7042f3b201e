"""Charts of clipping: norms by part of the network, arrows in the plane, what a limit turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade, sequential
from rnnlm_core.figures.template import end_label, esc, spread
from rnnlm_core.figures.training import Series, log_ticks, one_step, pushed_inside

Values = NDArray[np.float64]
ARROWS_HEIGHT, TURN_HEIGHT, PAIR_HEIGHT = 520, 300, 330
_TOP, _BOTTOM, _GAP = 34, 46, 20
_SMALLEST = 1e-12  # what is 0 on a log axis


# -- by part of the network ------------------------------------------------------------------------
@dataclass(frozen=True)
class PartWords:
    step: str
    norm: str  # of the colours
    before: str
    after: str


def parts_figure(names: Sequence[str], steps: Values, before: Values, after: Values | None,
                 words: PartWords) -> go.Figure:
    """A row a part, a column a step: the norm before clipping as a fill; after it on hover.

    before, after (steps, parts). The fill counts powers of ten up to the largest that is shown.
    """
    shown = np.log10(np.maximum(before.T, _SMALLEST))
    shown[~np.isfinite(before.T)] = math.nan
    low, high = _decades(shown)
    hover = [f"%{{y}}<br>{esc(words.step)} %{{x}}<br>{esc(words.before)} %{{customdata[0]:.3g}}"]
    numbers = [before.T]
    if after is not None:
        hover.append(f"{esc(words.after)} %{{customdata[1]:.3g}}")
        numbers.append(after.T)
    figure = go.Figure(go.Heatmap(
        x=steps, y=[esc(name) for name in names], z=shown, zmin=low, zmax=high,
        customdata=np.stack(numbers, -1), hovertemplate="<br>".join(hover) + "<extra></extra>",
        colorscale=sequential(), colorbar={
            "title": {"text": esc(words.norm), "side": "right", "font": {"size": 14}},
            "thickness": 12, "outlinewidth": 0, "tickvals": [low, high],
            "ticktext": [f"10<sup>{round(v)}</sup>" for v in (low, high)]}))
    figure.update_layout(
        height=90 + 26 * max(3, len(names)), hovermode="closest",
        margin={"l": 56, "r": 12, "t": 10, "b": _BOTTOM},
        xaxis={"title": {"text": esc(words.step)}, "nticks": 6, **one_step(steps.tolist())},
        yaxis={"type": "category", "showgrid": False, "ticks": ""})
    return figure


def _decades(logs: Values) -> tuple[float, float]:
    """Between a few powers of ten below the largest and the largest."""
    seen = logs[np.isfinite(logs)]
    high = float(np.ceil(seen.max())) if len(seen) else 0.0
    low = float(np.floor(np.quantile(seen, 0.02))) if len(seen) else -3.0
    return max(low, high - 6) if low < high else high - 1, high


# -- two dimensions --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Arrow:
    """From the origin to a place; grey where it is what there was before."""

    x: float
    y: float
    name: str
    colour: str = "ink"
    before: bool = False
    right: bool = False  # of its tip stands its name


def arrows_figure(arrows: Sequence[Arrow], norm: float, value: float) -> go.Figure:
    """A gradient and what is left of it, the circle of the norm and the square of the value."""
    figure = go.Figure()
    turn = np.linspace(0, 2 * np.pi, 181)
    square = np.array([-1, 1, 1, -1, -1]), np.array([-1, -1, 1, 1, -1])
    for (x, y), colour in (((norm * np.cos(turn), norm * np.sin(turn)), "ink"),
                           ((value * square[0], value * square[1]), "hot")):
        figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip", fill="toself",
                           fillcolor=fade(LIGHT[colour], 0.05),
                           line={"color": fade(LIGHT[colour], 0.55), "width": 1.3, "dash": "dot"})
    around = 1.3 * max(norm, value)
    reach = [[min(-around, *(1.2 * v for v in side)), max(around, *(1.2 * v for v in side))]
             for side in ([a.x for a in arrows], [a.y for a in arrows])]
    for arrow in arrows:
        figure.add_annotation(
            x=arrow.x, y=arrow.y, ax=0, ay=0, xref="x", yref="y", axref="x", ayref="y", text="",
            showarrow=True, arrowhead=2, arrowsize=0.9, arrowwidth=2 if arrow.before else 3,
            arrowcolor=LIGHT[arrow.colour])
        figure.add_annotation(
            x=arrow.x, y=arrow.y, text=f"<b>{esc(arrow.name)}</b>", showarrow=False,
            font={"color": LIGHT[arrow.colour], "size": 15},
            xanchor="left" if arrow.right else "right", xshift=10 if arrow.right else -10)
        figure.add_scatter(x=[arrow.x], y=[arrow.y], mode="markers", name=esc(arrow.name),
                           marker={"size": 12, "color": fade(LIGHT[arrow.colour], 0.0)},
                           hovertemplate=f"{esc(arrow.name)}<br>(%{{x:.3f}}, %{{y:.3f}})"
                                         "<extra></extra>")
    figure.update_layout(
        height=ARROWS_HEIGHT, hovermode="closest",
        margin={"l": 44, "r": 12, "t": _TOP, "b": _BOTTOM},
        xaxis={"title": {"text": "g₁"}, "range": reach[0], "showgrid": True,
               "zeroline": True, "zerolinecolor": LIGHT["rule"]},
        yaxis={"title": {"text": "g₂"}, "range": reach[1], "scaleanchor": "x",
               "zeroline": True, "zerolinecolor": LIGHT["rule"]})
    return figure


# -- all dimensions --------------------------------------------------------------------------------
@dataclass(frozen=True)
class TurnWords:
    kept: str
    degrees: str
    by_value: str
    by_norm: str


def turn_figure(kept: Values, degrees: Values, at: tuple[float, float], words: TurnWords
                ) -> go.Figure:
    """How far clipping by value turns a gradient that keeps this share of its length; by norm: 0.
    """
    figure = go.Figure()
    figure.add_scatter(x=100 * kept, y=np.zeros(len(kept)), mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["ink"], "width": 3})
    figure.add_scatter(x=100 * kept, y=degrees, mode="lines", name=esc(words.by_value),
                       line={"color": LIGHT["hot"], "width": 4}, hovertemplate="%{y:.1f}°")
    figure.add_scatter(x=[100 * at[0]], y=[at[1]], mode="markers", hoverinfo="skip",
                       marker={"size": 13, "color": LIGHT["hot"],
                               "line": {"color": LIGHT["bg"], "width": 1.5}})
    top = max(10.0, 1.1 * float(degrees.max()))
    labels = [_label(0.0, words.by_norm, "ink"), _label(float(degrees[-1]), words.by_value, "hot")]
    figure.update_layout(
        height=TURN_HEIGHT, annotations=labels, meta={"narrow": {"l": 44, "r": 74}},
        margin={"l": 56, "r": 116, "t": _TOP, "b": _BOTTOM},
        xaxis={"title": {"text": esc(words.kept)}, "range": [101, 0], "ticksuffix": " %"},
        yaxis={"title": {"text": esc(words.degrees)}, "range": [-0.05 * top, top],
               "ticksuffix": "°"})
    return figure


def _label(y: float, text: str, colour: str) -> dict[str, Any]:
    return end_label(y, esc(text), colour=LIGHT[colour], bold=True)


# -- two real runs ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Course:
    """One of two runs: its values over the steps, and whether it ended in no number."""

    values: Series
    name: str
    clipped: bool
    broke_at: int | None = None


def pair_figure(courses: Sequence[Course], cell: str, x_title: str, y_title: str, broke: str,
                limit: float | None = None) -> go.Figure:
    """Both on logarithmic axes: what breaks does so in the first steps, and by powers of ten."""
    figure = go.Figure()
    seen = [float(v) for c in courses for v in c.values.y if v > 0 and math.isfinite(v)]
    low, high = (min(seen) / 1.3, max(seen) * 2) if seen else (0.1, 10.0)
    last = max([2.0, *(float(c.values.x[-1]) for c in courses if len(c.values.x))])
    for course in courses:
        colour = LIGHT[cell] if course.clipped else LIGHT["error"]
        figure.add_scatter(
            x=list(course.values.x), y=list(course.values.y), mode="lines", name=esc(course.name),
            line={"color": colour, "width": 2.4,
                  "dash": "solid" if course.clipped else "dot"}, hovertemplate="%{y:.3g}")
        if course.broke_at is not None and len(course.values.y):
            figure.add_scatter(
                x=[course.values.x[-1]], y=[course.values.y[-1]], mode="markers", cliponaxis=False,
                marker={"size": 13, "symbol": "x", "color": LIGHT["error"]},
                hovertemplate=esc(broke) + "<extra></extra>")
    if limit:
        figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=limit, y1=limit,
                         line={"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"})
    figure.update_layout(
        height=PAIR_HEIGHT, margin={"l": 62, "r": 128, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 52, "r": 86}},
        annotations=_pair_labels(courses, cell, math.log10(low), math.log10(high)),
        xaxis={"type": "log", "title": {"text": esc(x_title)}, "range": [0, math.log10(last) + .02],
               "tickvals": [v for v in (1, 3, 10, 30, 100, 300, 1000, 3000) if v <= last],
               "tickformat": "d"},
        yaxis={"type": "log", "title": {"text": esc(y_title)},
               "range": [math.log10(low), math.log10(high)],
               **(log_ticks(low, high, most=6) if high / low < 1e4 else
                  {"exponentformat": "power", "dtick": max(1, round(math.log10(high / low) / 5))})})
    return figure


def _pair_labels(courses: Sequence[Course], cell: str, low: float, high: float
                 ) -> list[dict[str, Any]]:
    """Each at the height of its line's end."""
    plot = PAIR_HEIGHT - _TOP - _BOTTOM
    with_end = [c for c in courses if len(c.values.y) and c.values.y[-1] > 0]
    ends = [math.log10(float(c.values.y[-1])) for c in with_end]
    pixels = [(end - low) / (high - low) * plot for end in ends]
    placed = pushed_inside(spread(pixels, _GAP), plot)
    return [end_label(end, esc(c.name), colour=LIGHT[cell if c.clipped else "error"], bold=True,
                      shift=place - pixel)
            for c, end, pixel, place in zip(with_end, ends, pixels, placed, strict=True)]
