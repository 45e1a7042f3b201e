"""The loss surface of one recurrent unit with its cliff, and two walks down it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.numbers import to_decimals
from rnnlm_core.figures.palette import LIGHT, fade, sequential
from rnnlm_core.figures.template import end_label, esc, spread
from rnnlm_core.figures.training import pushed_inside

Values = NDArray[np.float64]
HEIGHT, STEPS_HEIGHT = 460, 250
_FAR = 1e6  # an axis ends there; a walk that flew farther is drawn up to it


@dataclass(frozen=True)
class Path:
    """A walk: places (n, 2) and norms (n,), what each is called, which one may be walked along."""

    places: Values
    norms: Values
    name: str
    hovers: Sequence[str]  # what the browser says of each place while it walks along
    clipped: bool
    walked: bool = False
    gone: str = ""  # where it was thrown to, beside the edge of the map


@dataclass(frozen=True)
class CliffWords:
    w: str
    b: str
    loss: str
    step: str = ""
    norm: str = ""
    limit: str = ""


def cliff_figure(w: Values, b: Values, loss: Values, paths: Sequence[Path], words: CliffWords
                 ) -> go.Figure:
    """The surface (b, w) as a fill, the walks from one start; the browser moves along one of them.

    `layout.meta["walk"]`: the traces that are the path, the trail behind and the ring itself.
    """
    figure = go.Figure(go.Heatmap(
        x=w, y=b, z=loss, colorscale=sequential(), zmin=0, zmax=float(loss.max()),
        hovertemplate=f"{esc(words.w)} %{{x:.2f}}, {esc(words.b)} %{{y:.2f}}<br>"
                      f"{esc(words.loss)} %{{z:.4f}}<extra></extra>",
        colorbar={"title": {"text": esc(words.loss), "side": "right", "font": {"size": 14}},
                  "thickness": 12, "outlinewidth": 0, "nticks": 5}))
    for path in paths:
        colour = "ink" if path.clipped else "error"
        figure.add_scatter(
            x=_plain(path.places[:, 0]), y=_plain(path.places[:, 1]), mode="lines+markers",
            text=[esc(hover) for hover in path.hovers], name=esc(path.name),
            hovertemplate=f"{esc(path.name)}<br>%{{text}}<extra></extra>",
            line={"color": LIGHT[colour], "width": 1.6 if path.clipped else 2.2,
                  "dash": "solid" if path.clipped else "dot"},
            marker={"size": 4.5, "color": LIGHT[colour]})
        if path.gone:
            x, y = _exit(path.places, (w[0], w[-1]), (b[0], b[-1]))
            figure.add_annotation(
                x=x, y=y, text=f"<b>{esc(path.gone)}</b>", showarrow=False, bgcolor=LIGHT["bg"],
                font={"color": LIGHT[colour], "size": 15}, borderpad=3,
                xanchor="right" if x > w.mean() else "left", xshift=-8 if x > w.mean() else 8,
                yanchor="top" if y > b.mean() else "bottom", yshift=-4 if y > b.mean() else 4)
        if path.walked:
            along = len(figure.data) - 1
    start = paths[0].places[:1]
    figure.add_scatter(x=_plain(start[:, 0]), y=_plain(start[:, 1]), mode="markers",
                       hoverinfo="skip", marker={"size": 13, "color": LIGHT["bg"], "line": {
                           "width": 2.5, "color": LIGHT["ink"]}})
    figure.add_scatter(x=[], y=[], mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["ink"], "width": 4})
    figure.add_scatter(x=_plain(start[:, 0]), y=_plain(start[:, 1]), mode="markers",
                       hoverinfo="skip", marker={"size": 19, "color": fade(LIGHT["ink"], 0.0),
                                                 "line": {"width": 3, "color": LIGHT["ink"]}})
    count = len(figure.data)
    figure.update_layout(
        height=HEIGHT, hovermode="closest", margin={"l": 52, "r": 12, "t": 34, "b": 44},
        meta={"walk": {"path": along, "trail": count - 2, "ring": count - 1, "at": 0}},
        xaxis={"title": {"text": esc(words.w)}, "range": [float(w[0]), float(w[-1])]},
        yaxis={"title": {"text": esc(words.b)}, "range": [float(b[0]), float(b[-1])],
               "showgrid": False})
    return figure


def _exit(places: Values, w: tuple[float, float], b: tuple[float, float]
          ) -> tuple[float, float]:
    """Where a walk first crosses the edge of the map."""
    low, high = np.array([w[0], b[0]]), np.array([w[1], b[1]])
    first = int(((places < low) | (places > high)).any(1).argmax())
    before, move = places[first - 1], places[first] - places[first - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(move > 0, (high - before) / move, (low - before) / move)
    x, y = before + move * float(np.nanmin(np.where(move == 0, np.nan, shares)))
    return float(x), float(y)


def norms_figure(paths: Sequence[Path], limit: float, words: CliffWords) -> go.Figure:
    """The gradient's norm at each step of the walks, before clipping, with the limit."""
    figure = go.Figure()
    seen = [float(v) for path in paths for v in path.norms if v > 0]
    low, high = math.log10(max(1e-12, min([*seen, limit]))), math.log10(max([*seen, limit]))
    low, high = low - 0.06 * (high - low) - 0.1, high + 0.06 * (high - low) + 0.1
    for path in paths:
        figure.add_scatter(
            x=np.arange(len(path.norms)), y=np.maximum(path.norms, 1e-300), mode="lines",
            name=esc(path.name), hovertemplate="%{y:.3g}",
            line={"color": LIGHT["ink" if path.clipped else "error"], "width": 2.2,
                  "dash": "solid" if path.clipped else "dot"})
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=limit, y1=limit,
                     line={"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"})
    plot = STEPS_HEIGHT - 20 - 44
    named = [(math.log10(limit), words.limit, "dim", False)] + [
        (min(max(math.log10(max(float(path.norms[-1]), 1e-300)), low), high), path.name,
         "ink" if path.clipped else "error", True) for path in paths]
    pixels = [(end - low) / (high - low) * plot for end, *_ in named]
    placed = pushed_inside(spread(pixels, 19), plot)
    figure.update_layout(
        height=STEPS_HEIGHT, margin={"l": 62, "r": 132, "t": 20, "b": 44},
        meta={"narrow": {"l": 54, "r": 92}},
        annotations=[end_label(end, esc(name), colour=LIGHT[colour], bold=bold,
                               shift=place - pixel)
                     for (end, name, colour, bold), pixel, place
                     in zip(named, pixels, placed, strict=True)],
        xaxis={"title": {"text": esc(words.step)}, "range": [0, len(paths[0].norms) - 1]},
        yaxis={"type": "log", "title": {"text": esc(words.norm)}, "range": [low, high],
               "exponentformat": "power", "dtick": max(1, round((high - low) / 4))})
    return figure


def _plain(values: Values) -> list[float]:
    return to_decimals(np.clip(values, -_FAR, _FAR))
