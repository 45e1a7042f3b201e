"""Charts of a training run: the loss among its yardsticks, the gradient's norm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.palette import DASH, LIGHT, fade
from rnnlm_core.figures.template import end_label, esc, spread

Numbers = Sequence[float]
_LABEL_GAP = 19  # pixels between the middles of two end labels
_TOP = 34  # the tool bar has its place above the first label
_TICKS = (1, 1.5, 2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True)
class Series:
    x: Numbers = ()
    y: Numbers = ()


@dataclass(frozen=True)
class Line:
    """A yardstick: its value in the chart's unit, long and short name, whether it was passed.

    A `floor` is what no model passes: a whole line, and never ticked off.
    """

    value: float
    name: str
    short: str
    passed: bool
    next: bool = False  # the next one to beat
    floor: bool = False


@dataclass(frozen=True)
class Crossing:
    """Where the validation curve first went under a yardstick, in the chart's units."""

    step: float
    value: float
    text: str


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step; `label` is written beside its line, `text` on hover."""

    step: float
    text: str
    label: str = ""


@dataclass(frozen=True)
class LossWords:
    """What is written on the chart, in the reader's language."""

    unit: str
    step: str
    training: str
    validation: str


@dataclass(frozen=True)
class LossCurves:
    """Losses in the chart's unit: single steps, their smoothed course, and validation."""

    raw: Series = field(default_factory=Series)
    smooth: Series = field(default_factory=Series)
    validation: Series = field(default_factory=Series)


def loss_figure(curves: LossCurves, lines: Sequence[Line], cell: str, words: LossWords,
                height: int = 400, crossings: Sequence[Crossing] = (),
                marks: Sequence[Mark] = ()) -> go.Figure:
    """Training and validation loss over the steps, yardsticks as the grid, names at line ends.

    Rings where validation passed a yardstick, thin upright lines where something happened.
    """
    colour = LIGHT[cell]
    figure = go.Figure()
    last = max([1.0, *(s.x[-1] for s in (curves.raw, curves.validation) if len(s.x))])
    for line in lines:
        figure.add_shape(**level(line))
    figure.add_scatter(x=curves.raw.x, y=curves.raw.y, mode="markers", hoverinfo="skip",
                       marker={"size": 4, "color": fade(colour, 0.22)})
    figure.add_scatter(x=curves.smooth.x, y=curves.smooth.y, mode="lines", name=words.training,
                       line={"color": fade(colour, 0.55), "width": 2},
                       hovertemplate="%{y:.3f}")
    figure.add_scatter(x=curves.validation.x, y=curves.validation.y, mode="lines+markers",
                       name=words.validation, line={"color": colour, "width": 3.5},
                       marker={"size": 5, "color": colour}, hovertemplate="%{y:.3f}")
    low, high = _range(curves, lines)
    figure.update_layout(
        height=height, margin={"l": 56, "r": 128, "t": _TOP, "b": 44},
        meta={"narrow": {"l": 44, "r": 78}},
        annotations=_end_labels(curves, lines, colour, words, low, high, height - 44 - _TOP),
        xaxis={"title": {"text": words.step}, "range": [0, last * 1.02], "rangemode": "tozero",
               "dtick": 1 if last < 6 else None},
        yaxis={"type": "log", "title": {"text": words.unit}, "showgrid": False,
               "range": [math.log10(low), math.log10(high)],
               **log_ticks(low, high)})
    _add_crossings(figure, crossings)
    _add_marks(figure, marks, high)
    return figure


def level(line: Line) -> dict[str, Any]:
    """A yardstick across the chart: grey dashes, paler once passed; a floor is drawn through."""
    colour = fade(LIGHT["ngram"], 0.55) if line.passed else LIGHT["ngram"]
    style = {"color": LIGHT["dim"], "width": 1.8, "dash": "solid"} if line.floor else {
        "color": colour, "width": 1.3, "dash": "dash"}
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": line.value, "y1": line.value,
            "line": style, "layer": "below"}


def _add_crossings(figure: go.Figure, crossings: Sequence[Crossing]) -> None:
    if crossings:
        figure.add_scatter(
            x=[c.step for c in crossings], y=[c.value for c in crossings], mode="markers", name="",
            marker={"size": 9, "symbol": "circle", "color": LIGHT["bg"],
                    "line": {"color": LIGHT["ink"], "width": 1.6}},
            text=[esc(c.text) for c in crossings], hovertemplate="%{text}<extra></extra>")


def _add_marks(figure: go.Figure, marks: Sequence[Mark], high: float) -> None:
    """The lines take no hover, so a small triangle on top of each does."""
    if not marks:
        return
    for mark in marks:
        figure.add_shape(type="line", x0=mark.step, x1=mark.step, y0=0, y1=1, yref="paper",
                         line={"color": LIGHT["dim"], "width": 1, "dash": "dot"}, layer="below")
        if mark.label:
            figure.add_annotation(
                x=mark.step, xref="x", y=1, yref="paper", text=esc(mark.label), showarrow=False,
                xanchor="left", yanchor="top", xshift=3, yshift=-8, textangle=90,
                font={"size": 13, "color": LIGHT["dim"]})
    figure.add_scatter(
        x=[m.step for m in marks], y=[high * 0.99] * len(marks), mode="markers", name="",
        marker={"size": 8, "symbol": "triangle-down", "color": LIGHT["dim"]}, cliponaxis=False,
        text=[esc(m.text) for m in marks], hovertemplate="%{text}<extra></extra>")


def _range(curves: LossCurves, lines: Sequence[Line]) -> tuple[float, float]:
    """Both curves and every yardstick, with air below."""
    values = [v for s in (curves.smooth, curves.validation) for v in s.y if v > 0]
    values += [line.value for line in lines]
    if not values:
        return 0.5, 8.0
    return min(values) / 1.12, max(values) * 1.06


def log_ticks(low: float, high: float, most: int = 9) -> dict[str, Any]:
    """Round values between low and high; at most about `most`."""
    values: list[float] = []
    power = math.floor(math.log10(low))
    while 10 ** power <= high:
        values += [t * 10 ** power for t in _TICKS if low <= t * 10 ** power <= high]
        power += 1
    for kept in ("125", "1"):
        if len(values) > most:
            values = [v for v in values if f"{v:e}"[0] in kept and f"{v:e}"[2] == "0"]
    return {"tickmode": "array", "tickvals": values, "ticktext": [f"{v:g}" for v in values]}


def _end_labels(curves: LossCurves, lines: Sequence[Line], colour: str, words: LossWords,
                low: float, high: float, plot_height: int) -> list[dict[str, Any]]:
    """Names at the right end, pushed apart where they would print over each other."""
    entries: list[tuple[float, str, str, str, bool]] = []  # value, text, short, colour, bold
    for line in lines:
        shade = LIGHT["ink"] if line.floor or (line.next and not line.passed) else LIGHT["dim"]
        mark = "✓ " if line.passed else ""
        entries.append((line.value, f"{mark}{esc(line.name)} {line.value:.2f}",
                        f"{mark}{esc(line.short)}", shade, line.next))
    for series, text, bold in ((curves.validation, words.validation, True),
                               (curves.smooth, words.training, False)):
        if len(series.y) and series.y[-1] > 0:
            entries.append((series.y[-1], esc(text), esc(text), colour, bold))
    span = math.log10(high / low)
    pixels = [math.log10(value / low) / span * plot_height for value, *_ in entries]
    placed = pushed_inside(spread(pixels, _LABEL_GAP), plot_height)
    return [end_label(math.log10(value), text, colour=shade, short=short, bold=bold,
                      shift=place - pixel)
            for (value, text, short, shade, bold), pixel, place
            in zip(entries, pixels, placed, strict=True)]


def pushed_inside(places: list[float], height: float) -> list[float]:
    """The same order and gaps, moved so that no label is cut at the top or the bottom."""
    placed, limit = list(places), height
    for index in sorted(range(len(placed)), key=lambda i: -placed[i]):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - _LABEL_GAP
    limit = 0.0
    for index in sorted(range(len(placed)), key=lambda i: placed[i]):
        placed[index] = max(placed[index], limit)
        limit = placed[index] + _LABEL_GAP
    return placed


@dataclass(frozen=True)
class NormWords:
    norm: str
    step: str
    before: str
    after: str
    limit: str


def gradient_norm_figure(before: Series, after: Series, clip: float, cell: str, words: NormWords,
                         height: int = 190) -> go.Figure:
    """Norm of the whole gradient before clipping (grey) and after it (colour), and the limit."""
    figure = go.Figure()
    mode = "markers" if len(before.x) == 1 else "lines"  # one step alone makes no line
    figure.add_scatter(x=before.x, y=before.y, mode=mode, name=words.before,
                       marker={"size": 11, "symbol": "circle-open"},
                       line={"color": LIGHT["ngram"], "width": 1}, hovertemplate="%{y:.3g}")
    figure.add_scatter(x=after.x, y=after.y, mode=mode, name=words.after, marker={"size": 7},
                       line={"color": LIGHT[cell], "width": 1.6, "dash": DASH["lstm"]},
                       hovertemplate="%{y:.3g}")
    seen = [float(v) for s in (before, after) for v in s.y if v > 0] + ([clip] if clip > 0 else [])
    low, high = (min(seen) / 1.2, max(seen) * 1.3) if seen else (0.1, 10.0)
    labels = []
    if clip > 0:
        figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=clip, y1=clip,
                         line={"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"})
        labels.append({**end_label(math.log10(clip), esc(words.limit), colour=LIGHT["dim"]),
                       "bgcolor": LIGHT["bg"],  # the curve may run right along the limit
                       "x": 1.0, "xanchor": "right", "xshift": 0, "yshift": 10})
    figure.update_layout(
        height=height, margin={"l": 52, "r": 12, "t": 10, "b": 40}, annotations=labels,
        xaxis={"title": {"text": words.step}, "rangemode": "tozero", "nticks": 5,
               **one_step(before.x)},
        yaxis={"type": "log", "title": {"text": words.norm},
               "range": [math.log10(low), math.log10(high)], **log_ticks(low, high, most=4)})
    return figure


def one_step(steps: Numbers) -> dict[str, Any]:
    """Ticks of an axis with a single step, in its middle; of any other, Plotly's own."""
    if len(steps) != 1:
        return {}
    step = float(steps[0])
    return {"range": [step - 1, step + 1], "tickvals": [step], "ticktext": [f"{step:,.0f}"]}
