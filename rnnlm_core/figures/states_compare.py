"""Charts of two networks side by side: how alike their layers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, sequential
from rnnlm_core.figures.template import esc

_ROW = 56  # pixels of a layer


def likeness_height(rows: int) -> int:
    return 70 + _ROW * rows


def likeness_figure(values: NDArray[np.floating[Any]], rows: Sequence[str],
                    columns: Sequence[str]) -> go.Figure:
    """Likeness (L, M) of each layer of one network with each of another, 0 to 1, written in."""
    figure = go.Figure(go.Heatmap(
        z=values, x=list(range(len(columns))), y=list(range(len(rows))), colorscale=sequential(),
        zmin=0, zmax=1, showscale=False, xgap=2, ygap=2, texttemplate="%{z:.2f}", hoverinfo="skip",
        textfont={"size": 16, "color": LIGHT["ink"]}))
    figure.update_layout(
        height=likeness_height(len(rows)), margin={"l": 120, "r": 8, "t": 8, "b": 56},
        dragmode=False,
        xaxis={"tickvals": list(range(len(columns))), "ticktext": [esc(c) for c in columns],
               "fixedrange": True, "ticks": "", "showline": False},
        yaxis={"tickvals": list(range(len(rows))), "ticktext": [esc(r) for r in rows],
               "fixedrange": True, "ticks": "", "showline": False, "showgrid": False,
               "autorange": "reversed"})
    return figure
