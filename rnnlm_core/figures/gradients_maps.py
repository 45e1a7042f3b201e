"""Pictures of two small systems: one unit as a cobweb, the unit circle under powers of a matrix.

Both are square at every width, and can be walked along in the browser (`live_plot`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.gradients_room import HEIGHT
from rnnlm_core.figures.numbers import to_digits
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import esc

Values = NDArray[np.float64]


def cobweb_figure(curve: tuple[Values, Values], stairs: Values, names: Sequence[str],
                  axes: tuple[str, str]) -> go.Figure:
    """The map h ↦ φ(wh), the diagonal, and the stairs (N, 2) between them from (h_0, 0) on.

    The walk goes along the stairs; `names` are its places.
    """
    x, y = curve
    data = [_line(x, x, LIGHT["ngram"], 1.3, "dash"), _line(x, y, LIGHT["rnn"], 4),
            _line(stairs[:, 0], stairs[:, 1], fade(LIGHT["ink"], 0.8), 1.8)
            | {"text": [esc(name) for name in names]},
            {"type": "scatter", "x": to_digits(stairs[:1, 0]), "y": [0.0], "mode": "markers",
             "hoverinfo": "skip", "marker": {"size": 9, "color": LIGHT["ink"]}}]
    walk = _walk(data, stairs, along=2)
    return _square(data, walk, axes, float(x[0]), float(x[-1]))


def circle_figure(images: Values, tips: Values, names: Sequence[str],
                  axes: tuple[str, str]) -> go.Figure:
    """The unit circle under Wᵏ for k = 0…K (K+1, points, 2), and a vector's tips Wᵏ v (K+1, 2).

    The walk goes from k to k + 1, and the image of the circle goes along.
    """
    first = images[0]
    data = [_line(first[:, 0], first[:, 1], LIGHT["ngram"], 1.6, "dot"),
            _line(first[:, 0], first[:, 1], LIGHT["rnn"], 3)
            | {"fill": "toself", "fillcolor": fade(LIGHT["rnn"], 0.16)},
            {"type": "scatter", "x": to_digits(tips[:, 0]), "y": to_digits(tips[:, 1]),
             "mode": "markers", "hoverinfo": "skip", "text": [esc(name) for name in names],
             "marker": {"size": 4, "color": fade(LIGHT["ink"], 0.35)}}]
    walk = _walk(data, tips, along=2)
    walk["shapes"] = [{"trace": 1, "x": [to_digits(image[:, 0]) for image in images],
                       "y": [to_digits(image[:, 1]) for image in images]}]
    reach = 1.08 * max(1.0, float(np.abs(images).max()))
    return _square(data, walk, axes, -reach, reach)


def _line(x: Values, y: Values, colour: str, width: float, dash: str = "solid") -> dict[str, Any]:
    return {"type": "scatter", "x": to_digits(x), "y": to_digits(y), "mode": "lines",
            "hoverinfo": "skip", "line": {"color": colour, "width": width, "dash": dash}}


def _walk(data: list[dict[str, Any]], path: Values, along: int) -> dict[str, Any]:
    """The trail and the ring that the browser moves along the trace `along`."""
    data += [
        {"type": "scatter", "x": [], "y": [], "mode": "lines", "hoverinfo": "skip",
         "line": {"color": LIGHT["ink"], "width": 3}},
        {"type": "scatter", "x": to_digits(path[:1, 0]), "y": to_digits(path[:1, 1]),
         "mode": "markers", "hoverinfo": "skip",
         "marker": {"size": 15, "color": fade(LIGHT["ink"], 0.0),
                    "line": {"width": 2.5, "color": LIGHT["ink"]}}}]
    return {"path": along, "trail": len(data) - 2, "ring": len(data) - 1, "at": 0}


def _square(data: list[dict[str, Any]], walk: dict[str, Any], axes: tuple[str, str], low: float,
            high: float) -> go.Figure:
    """Both axes the same, and the plot a square in the middle of whatever width there is."""
    same = {"range": [low, high], "constrain": "domain", "nticks": 5, "showgrid": False}
    return go.Figure({"data": data, "layout": {
        "height": HEIGHT, "hovermode": False, "margin": {"l": 56, "r": 16, "t": 12, "b": 46},
        "meta": {"linked": walk["path"], "walk": walk},
        "xaxis": {"title": {"text": esc(axes[0])}, **same},
        "yaxis": {"title": {"text": esc(axes[1])}, "scaleanchor": "x", "scaleratio": 1, **same}}})
