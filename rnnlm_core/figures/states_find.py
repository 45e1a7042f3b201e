"""Charts of a label: how often it is told right, and what a unit holds with and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import esc

Values = NDArray[np.floating[Any]]
BARS_HEIGHT, SIDES_HEIGHT = 196, 250
_BINS = 40
_FEWEST = 5  # places that make a mean
_SHADES = (0.8, 0.5, 0.28)  # of ink: the unit, all units, the character


@dataclass(frozen=True)
class SidesWords:
    value: str  # the axis of the unit's values
    inside: str
    outside: str


@dataclass(frozen=True)
class AgainstWords:
    value: str
    label: str  # the axis of the label's values
    mean: str


def accuracy_figure(bars: Sequence[tuple[str, float]], base: float, base_name: str) -> go.Figure:
    """Shares that are told right, one bar each, above its name; the base rate as a dotted line
    across them."""
    rows = list(range(len(bars)))
    figure = go.Figure(go.Bar(
        x=[share for _, share in bars], y=rows, orientation="h", width=0.42, hoverinfo="skip",
        marker={"color": [fade(LIGHT["ink"], shade) for shade in _SHADES[:len(bars)]]}))
    names = [{"x": 0, "y": row, "xanchor": "left", "yanchor": "bottom", "yshift": 11, "xshift": -4,
              "showarrow": False, "text": esc(name), "font": {"size": 14, "color": LIGHT["dim"]}}
             for row, (name, _) in enumerate(bars)]
    # in a column of their own: at the bars' ends they would stand on the dashed line
    names += [{"x": 1.28, "y": row, "xanchor": "right", "showarrow": False,
               "text": f"{share:.1%}".replace("%", "&#37;"),
               "font": {"size": 15, "color": LIGHT["ink"]}} for row, (_, share) in enumerate(bars)]
    # across each bar, not across the names between them
    lines = [{"type": "line", "x0": base, "x1": base, "y0": row - 0.27, "y1": row + 0.27,
              "line": {"color": LIGHT["ngram"], "width": 2, "dash": "dot"}} for row in rows]
    label = {"x": base, "xanchor": "right" if base > 0.5 else "left", "y": 0, "yref": "paper",
             "yanchor": "top", "yshift": -2, "showarrow": False,
             "text": f"{esc(base_name)} {base:.1%}".replace("%", "&#37;"),
             "font": {"size": 14, "color": LIGHT["ngram"]}}
    figure.update_layout(
        height=BARS_HEIGHT, dragmode=False, hovermode=False, shapes=lines,
        annotations=[*names, label], margin={"l": 6, "r": 8, "t": 8, "b": 26},
        xaxis={"visible": False, "range": [0, 1.3], "fixedrange": True},
        yaxis={"visible": False, "range": [len(bars) - 0.62, -0.72], "fixedrange": True})
    return figure


def sides_figure(inside: Values, outside: Values, words: SidesWords) -> go.Figure:
    """How often a unit has each value: with the label upwards, without it downwards."""
    both = np.concatenate([inside, outside])
    low, high = float(both.min()), float(both.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _BINS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    figure, tops = go.Figure(), []
    for values, sign, shade in ((inside, 1, 0.8), (outside, -1, 0.35)):
        shares = np.histogram(values, edges)[0] / max(1, len(values))
        tops.append(float(shares.max()))
        figure.add_bar(x=middles, y=sign * shares, width=(high - low) / _BINS,
                       customdata=shares, marker={"color": fade(LIGHT["ink"], shade)},
                       hovertemplate="%{x:.2f}: %{customdata:.1%}<extra></extra>")
    room = 0.22 * sum(tops)  # above and below, for the two names
    corner = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "showarrow": False,
              "xshift": 6, "font": {"size": 15, "color": LIGHT["ink"]}}
    figure.update_layout(
        height=SIDES_HEIGHT, barmode="overlay", bargap=0, hovermode="closest",
        margin={"l": 12, "r": 12, "t": 6, "b": 44},
        annotations=[corner | {"y": 1, "yanchor": "top", "text": esc(words.inside)},
                     corner | {"y": 0, "yanchor": "bottom", "text": esc(words.outside)}],
        xaxis={"title": {"text": esc(words.value)}},
        yaxis={"range": [-tops[1] - room, tops[0] + room], "showticklabels": False, "ticks": "",
               "showgrid": False, "zeroline": True, "zerolinecolor": LIGHT["rule"],
               "showline": False})
    return figure


def against_figure(label: Values, values: Values, words: AgainstWords) -> go.Figure:
    """A unit's values over those of a real-valued label, and their mean at each with a few."""
    figure = go.Figure()
    figure.add_scatter(x=label, y=values, mode="markers", hoverinfo="skip",
                       marker={"size": 5, "color": fade(LIGHT["dim"], 0.3)})
    places, counts = np.unique(label, return_counts=True)
    places = places[counts >= _FEWEST]
    means = [float(values[label == place].mean()) for place in places]
    figure.add_scatter(x=places, y=means, mode="lines+markers",
                       line={"color": LIGHT["ink"], "width": 2}, marker={"size": 5},
                       hovertemplate=f"%{{x:.0f}}: {esc(words.mean)} %{{y:.2f}}<extra></extra>")
    figure.update_layout(
        height=SIDES_HEIGHT, hovermode="closest", margin={"l": 56, "r": 12, "t": 6, "b": 44},
        xaxis={"title": {"text": esc(words.label)}}, yaxis={"title": {"text": esc(words.value)}})
    return figure
