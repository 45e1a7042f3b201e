"""Lines that go on character by character, named at their ends, over yardsticks in grey."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.template import SHARES, end_label, esc, spread
from rnnlm_core.figures.training import pushed_inside

_TOP, _BOTTOM, _RIGHT, _LETTER, _GAP = 12, 46, 16, 8, 19
_LEAST_SHARE = 0.04  # so that a scale of shares has whole per cents


@dataclass(frozen=True)
class Course:
    """A value after each character; `error` is half of the bar at its end, 0 for none."""

    y: NDArray[np.float64]
    name: str  # at its end, without the value
    colour: str = "ink"  # of the palette
    dash: str = "solid"
    width: float = 3.0
    error: float = 0.0
    said: float | None = None  # beside its name; None: its last value


@dataclass(frozen=True)
class Level:
    """A yardstick across the chart."""

    y: float
    name: str


def course_figure(courses: Sequence[Course], levels: Sequence[Level], words: tuple[str, str],
                  say: Callable[[float], str], top: float | None = None, height: int = 300,
                  first: int = 1, shares: bool = False) -> go.Figure:
    """`words`: the two axes; `say` writes a value; x counts from `first`; y begins at 0 and ends at
    `top`, or above the highest value; `shares` are written in per cent.
    Names are foreign text and are escaped here."""
    figure = go.Figure()
    for level in levels:
        figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=level.y, y1=level.y,
                         layer="below", line={"color": LIGHT["ngram"], "width": 1.3,
                                              "dash": "dash"})
    for one in courses:
        x = np.arange(first, first + len(one.y))
        figure.add_scatter(
            x=x, y=one.y, name=esc(one.name), mode="lines" if len(x) > 1 else "markers",
            line={"color": LIGHT[one.colour], "width": one.width, "dash": one.dash},
            marker={"size": 9, "color": LIGHT[one.colour]}, customdata=[say(v) for v in one.y],
            hovertemplate="%{customdata}")
        if one.error > 0:
            figure.add_scatter(
                x=x[-1:], y=one.y[-1:], mode="markers", hoverinfo="skip", cliponaxis=False,
                marker={"size": 9, "color": LIGHT[one.colour]},
                error_y={"type": "data", "array": [one.error], "color": LIGHT[one.colour],
                         "thickness": 1.8, "width": 6})
    named = [(float(c.y[-1]),
              f"{esc(c.name)} {esc(say(float(c.y[-1]) if c.said is None else c.said))}",
              c.colour, True)
             for c in courses if len(c.y)]
    named += [(v.y, f"{esc(v.name)} {esc(say(v.y))}", "dim", False) for v in levels]
    ends = [float(c.y[-1]) + c.error for c in courses if len(c.y)]
    end = top or 1.08 * max([_LEAST_SHARE if shares else 0.0, *(v.y for v in levels), *ends,
                             *(float(np.max(c.y)) for c in courses if len(c.y)), 1e-6])
    inner = height - _TOP - _BOTTOM
    pixels = [min(max(value, 0.0), end) / end * inner for value, *_ in named]
    placed = pushed_inside(spread(pixels, _GAP), inner)
    longest_course = max((len(c.y) for c in courses), default=1)
    longest = max((len(text) for _, text, *_ in named), default=0)
    figure.update_layout(
        height=height, dragmode=False,
        margin={"l": 60, "r": _RIGHT + _LETTER * longest, "t": _TOP, "b": _BOTTOM},
        annotations=[end_label(min(max(value, 0.0), end), text, colour=LIGHT[colour], bold=bold,
                               shift=place - pixel)
                     for (value, text, colour, bold), pixel, place
                     in zip(named, pixels, placed, strict=True)],
        xaxis={"title": {"text": esc(words[0])}, "fixedrange": True,
               "dtick": 1 if longest_course <= 8 else None,
               "range": [first - 0.5, first + longest_course - 0.5]},
        yaxis={"title": {"text": esc(words[1])}, "range": [0, end], "fixedrange": True,
               "nticks": 6, **(SHARES if shares else {})})
    return figure
