"""One sum, term by term: each bar goes on where the one before it ended, the largest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rnnlm_core.figures.cell_drawing import BUTTONS
from rnnlm_core.figures.numbers import three
from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.template import esc

ROW = 31  # pixels
_LETTER, _BESIDE = 8.6, 6  # pixels: of a bold digit; between a bar and its number


@dataclass(frozen=True)
class Bar:
    """One term; `name` is Plotly markup."""

    name: str
    value: float


def terms_height(count: int) -> int:
    return ROW * (count + 1) + 12


def terms_figure(bars: Sequence[Bar], total: Bar) -> go.Figure:
    """Amber adds, violet takes away, the last row is what it comes to."""
    ends = [0.0]
    for bar in bars:
        ends.append(ends[-1] + bar.value)
    low, high = min(*ends, total.value, 0.0), max(*ends, total.value, 0.0)
    span = (high - low) or 1.0
    rows = [*bars, total]
    longest = max(len(three(bar.value)) for bar in rows)
    values = [bar.value for bar in rows]
    bases = [*ends[:-1], 0.0]
    colours = [LIGHT["posfill" if bar.value > 0 else "negfill"] for bar in bars] + [LIGHT["ink"]]
    figure = go.Figure({
        "data": [{
            "type": "bar", "orientation": "h", "base": bases, "x": values,
            "y": list(range(len(rows))), "width": 0.62, "hoverinfo": "skip",
            "marker": {"color": colours, "line": {"width": 0}}}],
        "layout": {
            "height": terms_height(len(bars)), "dragmode": False, "hovermode": "closest",
            "modebar": {"remove": BUTTONS},
            # in pixels: a share of the width would cut the numbers on a phone
            "margin": {"l": 10, "r": _BESIDE + math.ceil(_LETTER * longest) + 4, "t": 4, "b": 4},
            "meta": {"narrow": {"l": 10}},
            "xaxis": {"range": [low - 0.02 * span, high], "fixedrange": True, "visible": False},
            "yaxis": {"range": [len(rows) - 0.5, -0.5], "fixedrange": True, "tickmode": "array",
                      "tickvals": list(range(len(rows))), "ticks": "", "showline": False,
                      "showgrid": False, "tickfont": {"size": 15, "color": LIGHT["ink"]},
                      "ticktext": [f"<b>{bar.name}</b>" if bar is total else bar.name
                                   for bar in rows]}}})
    figure.add_shape(type="line", x0=0, x1=0, y0=-0.5, y1=len(rows) - 0.5, layer="below",
                     line={"color": LIGHT["rule"], "width": 1})
    for i, (bar, base) in enumerate(zip(rows, bases, strict=True)):
        text = esc(three(bar.value))
        figure.add_annotation(
            x=max(base, base + bar.value), y=i, xanchor="left", xshift=_BESIDE, showarrow=False,
            text=f"<b>{text}</b>" if bar is total else text,
            font={"size": 15, "color": LIGHT["ink"]})
    return figure
