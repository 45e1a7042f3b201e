"""Charts of gates: the triangle of saturation, how values spread, and how long units hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import SHARES, esc

Values = NDArray[np.floating[Any]]
HEIGHT = 320
DOTS = 1  # the trace of this network's units, by whose index a click is read
SPANS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)  # tokens; the last bin has no end
_MARGIN = {"l": 58, "r": 14, "t": 12, "b": 50}
_LOWEST = 0.1  # tokens: less than that is drawn there
_HIGHEST = 150.0  # more, the infinite too


@dataclass(frozen=True)
class DotWords:
    x: str
    y: str
    trained: str  # what the filled dots are called
    untrained: str  # and the open ones; empty where there are none
    diagonal: str = ""  # what it means that both are equal


def triangle_figure(low: Values, high: Values, hovers: Sequence[str], cell: str, words: DotWords,
                    untrained: tuple[Values, Values] | None = None, selected: int | None = None,
                    height: int = HEIGHT) -> go.Figure:
    """One dot a unit: share of the time that it is low (H,) against high (H,).

    The two cannot add up to more than 1: the empty half has the key. `hovers` are escaped here.
    """
    figure = go.Figure()
    figure.add_shape(type="path", path="M 0 0 L 1 0 L 0 1 Z", layer="below",
                     fillcolor=LIGHT["panel"], line={"color": LIGHT["rule"], "width": 1})
    _dots(figure, untrained, low, high, hovers, cell, selected)
    figure.update_layout(
        height=height, hovermode="closest", margin=_MARGIN,
        annotations=_key(cell, words, untrained is not None),
        xaxis={"title": {"text": esc(words.x)}, "range": [-0.03, 1.03], **SHARES,
               "showgrid": False, "dtick": 0.25},
        yaxis={"title": {"text": esc(words.y)}, "range": [-0.03, 1.03], **SHARES,
               "showgrid": False, "dtick": 0.25})
    return figure


def memory_figure(x: Values, y: Values, hovers: Sequence[str], cell: str, words: DotWords,
                  untrained: tuple[Values, Values] | None = None, selected: int | None = None,
                  shares: bool = False, height: int = HEIGHT) -> go.Figure:
    """One dot a unit: how long it holds (y, tokens) against x, on logarithmic axes.

    x is a half-life too, with a line where both are the same; or a share of the time (`shares`).
    """
    figure = go.Figure()
    if not shares:
        figure.add_shape(type="line", x0=_LOWEST, y0=_LOWEST, x1=_HIGHEST, y1=_HIGHEST,
                         layer="below",
                         line={"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"})
    control = untrained and (_drawn(untrained[0], shares), _drawn(untrained[1]))
    _dots(figure, control, _drawn(x, shares), _drawn(y), hovers, cell, selected)
    axis = {"type": "log", "range": [math.log10(_LOWEST) - 0.06, math.log10(_HIGHEST) + 0.06],
            "tickmode": "array", "tickvals": [0.1, 0.3, 1, 3, 10, 30, 100],
            "ticktext": [esc("<0.1"), "0.3", "1", "3", "10", "30", "100"]}
    across = {"range": [-0.03, 1.03], **SHARES, "dtick": 0.25} if shares else axis
    notes = _key(cell, words, untrained is not None, bottom=not shares)
    if not shares:
        notes.append({"x": -0.45, "y": -0.45, "text": esc(words.diagonal), "showarrow": False,
                      "xanchor": "left", "yanchor": "top", "xshift": 6,
                      "font": {"size": 14, "color": LIGHT["dim"]}})
    figure.update_layout(
        height=height, hovermode="closest", margin=_MARGIN, annotations=notes,
        xaxis={**across, "title": {"text": esc(words.x)}, "showgrid": False},
        yaxis={**axis, "title": {"text": esc(words.y)}})
    return figure


def spread_figure(edges: Values, shares: Values, cell: str, names: tuple[str, str], x: str, y: str,
                  untrained: Values | None = None, height: int = HEIGHT) -> go.Figure:
    """How the values of a gate spread: shares (BINS,) by edges (BINS + 1,), an area for this
    network, a dashed line for the untrained one (`names`: theirs)."""
    figure = go.Figure()
    middles = (edges[:-1] + edges[1:]) / 2
    figure.add_bar(x=middles, y=shares, width=edges[1] - edges[0], name=esc(names[0]),
                   marker={"color": fade(LIGHT[cell], 0.6), "line": {"width": 0}},
                   hovertemplate="%{y:.1%}")
    if untrained is not None:
        figure.add_scatter(x=middles, y=untrained, mode="lines", name=esc(names[1]),
                           line={"color": LIGHT["ngram"], "width": 1.6, "dash": "dash",
                                 "shape": "hvh"}, hovertemplate="%{y:.1%}")
    top = float(max(shares.max(), untrained.max() if untrained is not None else 0.0))
    figure.update_layout(
        height=height, margin=_MARGIN, bargap=0,
        annotations=_bar_key(cell, names, untrained is not None),
        xaxis={"title": {"text": esc(x)}, "range": [float(edges[0]), float(edges[-1])],
               "hoverformat": ".2f", "nticks": 6},
        yaxis={"title": {"text": esc(y)}, "range": [0, top * 1.22], **SHARES,
               "nticks": 5})
    return figure


def half_life_figure(trained: Values, untrained: Values | None, cell: str, names: tuple[str, str],
                     x: str, y: str, height: int = HEIGHT) -> go.Figure:
    """How many units hold for how long, in doubling spans: this network beside the untrained."""
    figure = go.Figure()
    bars = [(names[0], trained, fade(LIGHT[cell], 0.75))]
    if untrained is not None:
        bars.append((names[1], untrained, fade(LIGHT["ngram"], 0.45)))
    counts = [_counts(values) for _, values, _ in bars]
    for (name, _, colour), count in zip(bars, counts, strict=True):
        figure.add_bar(x=np.arange(len(SPANS)) + 0.5, y=count, name=esc(name),
                       text=[_span(i) for i in range(len(SPANS))], textposition="none",
                       hovertemplate="%{text}: %{y}",
                       marker={"color": colour, "line": {"width": 0}})
    top = max(1, *(max(count) for count in counts))
    figure.update_layout(
        height=height, margin=_MARGIN, barmode="group", bargap=0.25,
        annotations=_bar_key(cell, names, untrained is not None),
        hovermode="closest",
        xaxis={"title": {"text": esc(x)}, "range": [0, len(SPANS)], "tickmode": "array",
               "tickvals": list(range(len(SPANS))), "tickangle": 0,
               "ticktext": [_number(edge) for edge in SPANS]},
        yaxis={"title": {"text": esc(y)}, "range": [0, top * 1.22], "nticks": 5})
    return figure


def _dots(figure: go.Figure, untrained: tuple[Values, Values] | None, x: Values, y: Values,
          hovers: Sequence[str], cell: str, selected: int | None) -> None:
    none = np.zeros(0)
    of_start = untrained or (none, none)
    figure.add_scatter(x=of_start[0], y=of_start[1], mode="markers", hoverinfo="skip",
                       marker={"size": 7, "symbol": "circle-open",
                               "color": fade(LIGHT["ngram"], 0.7)})
    figure.add_scatter(x=x, y=y, mode="markers", text=[esc(h) for h in hovers],
                       hovertemplate="%{text}<extra></extra>",
                       marker={"size": 9, "color": fade(LIGHT[cell], 0.65),
                               "line": {"width": 1, "color": LIGHT["bg"]}})
    if selected is not None:
        figure.add_scatter(x=[x[selected]], y=[y[selected]], mode="markers", hoverinfo="skip",
                           marker={"size": 16, "color": fade(LIGHT["ink"], 0.0),
                                   "line": {"width": 2.5, "color": LIGHT["ink"]}})


def _key(cell: str, words: DotWords, untrained: bool, bottom: bool = False) -> list[dict[str, Any]]:
    """Which dots are whose, in a corner that is empty."""
    lines = [f"<span style='color:{LIGHT[cell]}'>●</span> {esc(words.trained)}"]
    if untrained:
        lines.append(f"<span style='color:{LIGHT['ngram']}'>○</span> {esc(words.untrained)}")
    return [_corner("<br>".join(lines), bottom)]


def _bar_key(cell: str, names: tuple[str, str], untrained: bool) -> list[dict[str, Any]]:
    lines = [f"<span style='color:{LIGHT[cell]}'>■</span> {esc(names[0])}"]
    if untrained:
        lines.append(f"<span style='color:{LIGHT['ngram']}'>■</span> {esc(names[1])}")
    return [_corner("&nbsp;&nbsp; ".join(lines), bottom=False)]


def _corner(text: str, bottom: bool) -> dict[str, Any]:
    return {"x": 0.99, "xref": "paper", "xanchor": "right", "y": 0.02 if bottom else 0.99,
            "yref": "paper", "yanchor": "bottom" if bottom else "top", "showarrow": False,
            "align": "left", "text": text, "font": {"size": 14, "color": LIGHT["dim"]}}


def _drawn(values: Values, share: bool = False) -> Values:
    """Where they can be drawn on a logarithmic axis."""
    return values if share else np.clip(values, _LOWEST, _HIGHEST)


def _span(index: int) -> str:
    low = _number(SPANS[index])
    return f"{low}–{_number(SPANS[index + 1])}" if index + 1 < len(SPANS) else esc(f"> {low}")


def _number(edge: float) -> str:
    return "½" if edge == 0.5 else f"{edge:g}"


def _counts(values: Values) -> list[int]:
    """How many lie in each span; what was not measured in none."""
    known = values[~np.isnan(values)]
    return [int(n) for n in np.histogram(known, [*SPANS, np.inf])[0]]
