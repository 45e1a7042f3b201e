"""The chart of a learning-rate range test: loss against the rate, and the rates read off it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import esc
from rnnlm_core.figures.training import Numbers, Series, log_ticks


@dataclass(frozen=True)
class Suggestion:
    """A rate and what is written beside its line, long and short; the main one is in ink."""

    rate: float
    text: str
    short: str
    main: bool


@dataclass(frozen=True)
class RangeWords:
    unit: str
    rate: str


def range_figure(raw: Series, smooth: Series, suggestions: Sequence[Suggestion], cell: str,
                 words: RangeWords, height: int) -> go.Figure:
    """Losses of single steps as points, their local mean as the line, over log₁₀ of the rate."""
    figure = go.Figure()
    figure.add_scatter(x=raw.x, y=raw.y, mode="markers", hoverinfo="skip",
                       marker={"size": 4, "color": fade(LIGHT[cell], 0.3)})
    figure.add_scatter(x=smooth.x, y=smooth.y, mode="lines", name="",
                       line={"color": LIGHT[cell], "width": 3.5},
                       hovertemplate="%{y:.3f}")
    low, high = _limits(smooth.y)
    notes = []
    for index, one in enumerate(suggestions):
        colour = LIGHT["ink"] if one.main else LIGHT["dim"]
        figure.add_shape(type="line", x0=one.rate, x1=one.rate, y0=0, y1=1, yref="paper",
                         line={"color": colour, "width": 1.6 if one.main else 1.3,
                               "dash": "solid" if one.main else "dash"}, layer="below")
        notes.append({"x": math.log10(one.rate), "y": 1, "yref": "paper", "yanchor": "bottom",
                      "yshift": 4 + 20 * (index % 3), "text": esc(one.text),
                      "name": esc(one.short), "showarrow": False,
                      "font": {"size": 14, "color": colour}})
    figure.update_layout(
        height=height, annotations=notes, margin={"l": 56, "r": 20, "t": 76, "b": 48},
        meta={"narrow": {"l": 44, "r": 8}},
        xaxis={"type": "log", "title": {"text": words.rate}, "dtick": 1, "tickformat": ".0e"},
        yaxis={"type": "log", "title": {"text": words.unit}, "showgrid": False,
               "range": [math.log10(low), math.log10(high)], **log_ticks(low, high)})
    return figure


def _limits(values: Numbers) -> tuple[float, float]:
    """The smoothed loss, and a little more above it; single steps may leave the picture."""
    seen = [float(v) for v in values if v > 0]
    return (min(seen) / 1.1, max(seen) * 1.12) if seen else (0.5, 8.0)
