"""Charts of several runs: their validation curves over each other, and a sweep's settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.palette import DASH, LIGHT, fade
from rnnlm_core.figures.template import end_label, esc, spread
from rnnlm_core.figures.training import Line, Numbers, level, log_ticks, pushed_inside

HEIGHT = 440
_TOP, _BOTTOM, _GAP = 34, 44, 19  # pixels
_LETTER = 7.4  # pixels, about, of a label's 15 px letter; a full-width one takes two
_DASHES = ("solid", "dot", "dash", "longdashdot", "longdash", "dashdot")
_PALER = 0.74  # of a further line of one cell: still 3 : 1 on the page
_INK = "ink"  # the colour of a chosen line


@dataclass(frozen=True)
class Curve:
    """The line of one setting; `low` and `high` where its seeds are repeated."""

    x: Numbers
    y: Numbers
    name: str  # only what differs
    short: str
    cell: str
    low: Numbers = ()
    high: Numbers = ()


def overlay_figure(curves: Sequence[Curve], lines: Sequence[Line], x_title: str, y_title: str,
                   height: int = HEIGHT) -> go.Figure:
    """Validation losses over an axis, the best first. A hue a cell; a dash a line within it."""
    figure = go.Figure()
    for line in lines:
        figure.add_shape(**level(line))
    for curve in curves:
        _add_band(figure, curve)
    for place, curve in enumerate(curves):
        _add_curve(figure, curve, curves[:place])
    values = [float(v) for c in curves for part in (c.y, c.low) for v in part if v > 0]
    values += [line.value for line in lines]
    low, high = (min(values) / 1.08, max(values) * 1.06) if values else (0.5, 8.0)
    last = max([float(c.x[-1]) for c in curves if len(c.x)], default=1.0)
    labels, right = _labels(curves, lines, low, high, height - _TOP - _BOTTOM)
    figure.update_layout(
        height=height, margin={"l": 56, "r": right, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 44, "r": 88}}, annotations=labels,
        xaxis={"title": {"text": x_title}, "range": [0, last * 1.02], "tickformat": "~s"
               if last >= 10_000 else None},
        yaxis={"type": "log", "title": {"text": y_title}, "showgrid": False,
               "range": [math.log10(low), math.log10(high)], **log_ticks(low, high)})
    return figure


def _add_band(figure: go.Figure, curve: Curve) -> None:
    if len(curve.low):
        figure.add_scatter(
            x=[*curve.x, *reversed(curve.x)], y=[*curve.high, *reversed(curve.low)],
            mode="lines", line={"width": 0}, fill="toself", hoverinfo="skip",
            fillcolor=fade(LIGHT[curve.cell], 0.16))


def _add_curve(figure: go.Figure, curve: Curve, before: Sequence[Curve]) -> None:
    """The first of a cell has the cell's own dash; later ones the next, and are paler."""
    nth = sum(other.cell == curve.cell for other in before)
    own = DASH[curve.cell]
    dash = [own, *(d for d in _DASHES if d != own)][nth % len(_DASHES)]
    colour = LIGHT[curve.cell] if nth == 0 else fade(LIGHT[curve.cell], _PALER)
    width = 3.5 if not before else 2.2
    figure.add_scatter(
        x=list(curve.x), y=list(curve.y), mode="lines", name=esc(curve.name),
        line={"color": colour, "width": width, "dash": dash}, hovertemplate="%{y:.3f}")
    figure.add_scatter(
        x=list(curve.x[-1:]), y=list(curve.y[-1:]), mode="markers", hoverinfo="skip",
        marker={"size": 7, "color": LIGHT[curve.cell]}, cliponaxis=False)


def _labels(curves: Sequence[Curve], lines: Sequence[Line], low: float, high: float,
            plot_height: int) -> tuple[list[dict[str, Any]], int]:
    """Names at the right end, pushed apart; and the room they take."""
    entries = [(line.value, ("✓ " if line.passed else "") + esc(line.name) + f" {line.value:.2f}",
                ("✓ " if line.passed else "") + esc(line.short),
                LIGHT["ink" if line.next or line.floor else "dim"], line.next) for line in lines]
    entries += [(float(c.y[-1]), esc(c.name), esc(c.short), LIGHT[c.cell], place == 0)
                for place, c in enumerate(curves) if len(c.y) and c.y[-1] > 0]
    span = math.log10(high / low)
    pixels = [math.log10(value / low) / span * plot_height for value, *_ in entries]
    placed = pushed_inside(spread(pixels, _GAP), plot_height)
    labels = [end_label(math.log10(value), text, colour=shade, short=short, bold=bold,
                        shift=place - pixel)
              for (value, text, short, shade, bold), pixel, place
              in zip(entries, pixels, placed, strict=True)]
    names = [c.name for c in curves] + [f"✓ {line.name} 0.00" for line in lines]
    widest = max((sum(2 if ord(letter) > 0x2E7F else 1 for letter in name) for name in names),
                 default=10)
    return labels, round(min(330.0, 22 + _LETTER * widest))


# -- a sweep --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Spoke:
    """An axis of the sweep: a setting with its values in order, as they are written."""

    name: str
    values: Sequence[str]


@dataclass(frozen=True)
class Trial:
    """A run of the sweep: its place on each axis, and its loss where it has one yet."""

    id: str
    places: Sequence[int]
    loss: float
    cell: str
    text: str  # on hover
    chosen: bool = False


def sweep_figure(spokes: Sequence[Spoke], trials: Sequence[Trial], loss_name: str,
                 height: int = 320) -> go.Figure:
    """Parallel coordinates: a line a run, through its settings to its loss, the lowest at the
    bottom. Trace i is trial i. Inselberg 1985, with the values of each axis evenly spaced."""
    figure = go.Figure()
    losses = [trial.loss for trial in trials]
    low, high = min(losses), max(losses)
    for trial, heights in zip(trials, _heights(spokes, trials), strict=True):
        best, end = trial.loss == low, 0.5 if high == low else (trial.loss - low) / (high - low)
        colour = LIGHT[_INK] if trial.chosen else fade(LIGHT[trial.cell], 1.0 if best else 0.62)
        figure.add_scatter(
            x=list(range(len(spokes) + 1)), y=[*heights, end], mode="lines+markers", name="",
            line={"color": colour, "width": 3 if best or trial.chosen else 1.8},
            marker={"size": 10, "color": LIGHT[trial.cell],
                    "line": {"color": colour, "width": 2}},
            text=[esc(trial.text)] * (len(spokes) + 1), hovertemplate="%{text}<extra></extra>",
            cliponaxis=False)
    notes = [note for at, spoke in enumerate(spokes)
             for place, value in enumerate(spoke.values)
             for note in [_tick(at, _level(place, len(spoke.values)), value)]]
    for loss, at in {low: 0.5 if high == low else 0.0, high: 0.5 if high == low else 1.0}.items():
        notes.append(_tick(len(spokes), at, f"{loss:.3f}"))
    for at in range(len(spokes) + 1):
        figure.add_shape(type="line", x0=at, x1=at, y0=-0.04, y1=1.04, layer="below",
                         line={"color": LIGHT["rule"], "width": 1.5})
    figure.update_layout(
        height=height, margin={"l": 84, "r": 84, "t": 16, "b": 44}, hovermode="closest",
        annotations=notes, dragmode=False,
        xaxis={"tickmode": "array", "tickvals": list(range(len(spokes) + 1)), "showline": False,
               "ticktext": [esc(s.name) for s in spokes] + [esc(loss_name)], "ticks": "",
               "range": [-0.15, len(spokes) + 0.15], "fixedrange": True},
        yaxis={"visible": False, "range": [-0.1, 1.1], "fixedrange": True})
    return figure


def _level(place: int, count: int) -> float:
    return 0.5 if count == 1 else place / (count - 1)


def _heights(spokes: Sequence[Spoke], trials: Sequence[Trial]) -> list[list[float]]:
    """Lines through the same value lie a little apart, ordered by loss, so that each is seen."""
    order = sorted(range(len(trials)), key=lambda i: trials[i].loss)
    heights = [[0.0] * len(spokes) for _ in trials]
    for at, spoke in enumerate(spokes):
        for place in range(len(spoke.values)):
            here = [i for i in order if trials[i].places[at] == place]
            apart = min(0.03, 0.3 / max(1, len(spoke.values)) / max(1, len(here)))
            for nth, index in enumerate(here):
                heights[index][at] = _level(place, len(spoke.values)) \
                    + apart * (nth - (len(here) - 1) / 2)
    return heights


def _tick(x: float, y: float, text: str) -> dict[str, Any]:
    return {"x": x, "y": y, "text": esc(text), "showarrow": False, "xanchor": "right",
            "xshift": -10, "font": {"size": 14, "color": LIGHT["dim"]}, "bgcolor": LIGHT["bg"]}
