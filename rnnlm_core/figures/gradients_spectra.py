"""Charts of Jacobian products: their singular values, how many directions are left, exponents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import esc, spread

Values = NDArray[np.float64]
HEIGHT = 360
LOWEST = -300.0  # powers of ten: what is less is drawn there
_GAP = 19  # pixels between the middles of two labels
_TOP, _BOTTOM = 14, 46
_MARGIN = {"l": 66, "r": 96, "t": _TOP, "b": _BOTTOM}
_TICKS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Spectrum:
    """Singular values of one product, largest first, as powers of ten; NaN ends the line."""

    name: str  # at its end
    powers: Values
    texts: Sequence[str]  # each value for a person
    chosen: bool = False
    untrained: bool = False


@dataclass(frozen=True)
class Axes:
    x: str
    y: str


def spectrum_figure(spectra: Sequence[Spectrum], cell: str, axes: Axes) -> go.Figure:
    """Sorted singular values on a log axis, a line a lag, named where it ends."""
    figure = go.Figure()
    hue, ends = LIGHT[cell], []
    size = max((len(spectrum.powers) for spectrum in spectra), default=1)
    for spectrum in spectra:
        drawn = np.maximum(spectrum.powers[~np.isnan(spectrum.powers)], LOWEST)
        rank = np.arange(1, len(drawn) + 1)
        figure.add_scatter(
            x=rank, y=10.0**drawn, mode="lines" if len(drawn) > 1 else "markers",
            name=esc(spectrum.name), customdata=[esc(text) for text in spectrum.texts],
            hovertemplate="%{customdata}", marker={"color": hue, "size": 9},
            line={"color": hue if spectrum.chosen else fade(hue, 0.45 if spectrum.untrained
                                                            else 0.65),
                  "width": 4 if spectrum.chosen else 2,
                  "dash": "dot" if spectrum.untrained else "solid"})
        if len(drawn):
            ends.append((spectrum, len(drawn), float(drawn[-1])))
    powers = [p for trace in figure.data for p in np.log10(np.asarray(trace.y, float))]
    low, high = min(powers, default=-1.0), max(powers, default=0.0)
    low, high = min(low, -0.5) - 0.08 * (high - low), max(high, 0.0) + 0.06 * (high - low + 0.5)
    figure.update_layout(
        height=HEIGHT, margin=_MARGIN, meta={"narrow": {"l": 56, "r": 84}}, shapes=[_one("y")],
        annotations=_ends(ends, hue, low, high),
        xaxis={"title": {"text": esc(axes.x)}, "range": [0.5, size + 0.5], **_ranks(size)},
        yaxis={"type": "log", "title": {"text": esc(axes.y)}, "range": [low, high],
               "exponentformat": "power", "tick0": 0, "dtick": _dtick(high - low)})
    return figure


def participation_figure(lags: Sequence[int], left: Values, untrained: Values | None,
                         chosen: tuple[int, float], size: int, cell: str, axes: Axes,
                         names: tuple[str, str, str]) -> go.Figure:
    """How many directions are left, by lag, on log axes; a dot at the chosen lag, all as a line.

    `names` are those of the network, of the untrained one, and of the line at all directions.

    Nothing is left (0) where a product is exactly zero: the line ends there.
    """
    figure, hue = go.Figure(), LIGHT[cell]
    for values, name, own in ((untrained, names[1], False), (left, names[0], True)):
        if values is not None:
            figure.add_scatter(
                x=list(lags), y=np.where(values > 0, values, np.nan), name=esc(name),
                mode="lines+markers", hovertemplate="%{y:.1f}",
                marker={"size": 6 if own else 4, "color": hue if own else fade(hue, 0.45)},
                line={"color": hue if own else fade(hue, 0.45), "width": 4 if own else 2,
                      "dash": "solid" if own else "dot"})
    if chosen[1] > 0:
        figure.add_scatter(x=[chosen[0]], y=[chosen[1]], mode="markers", hoverinfo="skip",
                           marker={"size": 14, "color": hue,
                                   "line": {"color": LIGHT["bg"], "width": 1.5}})
    top = math.log10(max(size, 2))
    ends = [(name, float(values[-1]), own, colour) for values, name, own, colour in (
        (left, names[0], True, hue), (untrained, names[1], False, hue),
        (np.array([float(size)]), names[2], False, LIGHT["dim"]))
        if values is not None and values[-1] > 0]
    plot = HEIGHT - _TOP - _BOTTOM
    low, high = -0.06 * top, 1.06 * top
    pixels = [(math.log10(end) - low) / (high - low) * plot for _, end, _, _ in ends]
    figure.update_layout(
        height=HEIGHT, margin=_MARGIN, meta={"narrow": {"l": 50, "r": 84}},
        shapes=[_level(size)],
        annotations=[_label(name, math.log10(end), colour, own, place - pixel, xref="paper", x=1)
                     for (name, end, own, colour), pixel, place in zip(
                         ends, pixels, spread(pixels, _GAP), strict=True)],
        xaxis={"type": "log", "title": {"text": esc(axes.x)}, "tickvals": [
            lag for lag in (1, 2, 5, 10, 20, 50, 100) if lag <= lags[-1]],
            "range": [-0.05, math.log10(max(lags[-1], 2)) + 0.03]},
        yaxis={"type": "log", "title": {"text": esc(axes.y)}, "range": [low, high],
               "tickvals": sorted({n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
                                   if n <= size})})
    return figure


def exponents_figure(rates: Values, untrained: Values | None, cell: str, axes: Axes,
                     names: tuple[str, str]) -> go.Figure:
    """All Lyapunov exponents, largest first; above 0 a direction grows. −∞ has no place."""
    figure, hue = go.Figure(), LIGHT[cell]
    for values, name, own in ((untrained, names[1], False), (rates, names[0], True)):
        if values is None:
            continue
        finite = values[np.isfinite(values)]
        figure.add_scatter(
            x=np.arange(1, len(finite) + 1), y=finite, name=esc(name),
            mode="lines+markers" if len(finite) <= 64 else "lines",
            customdata=[f"{value:+.3f} (× {math.exp(value):.3f})" for value in finite],
            hovertemplate="%{customdata}", marker={"size": 5},
            line={"color": hue if own else fade(hue, 0.45), "width": 4 if own else 2,
                  "dash": "solid" if own else "dot"})
    drawn = [0.0, *(float(y) for trace in figure.data for y in trace.y)]
    low, high = min(drawn), max(drawn)
    air = max(0.05, 0.06 * (high - low))
    figure.update_layout(
        height=HEIGHT, margin=_MARGIN, meta={"narrow": {"l": 50, "r": 84}}, shapes=[_level(0)],
        annotations=_exponent_ends(figure, hue, low - air, high + air),
        xaxis={"title": {"text": esc(axes.x)}, "range": [0.5, len(rates) + 0.5],
               **_ranks(len(rates))},
        yaxis={"title": {"text": esc(axes.y)}, "range": [low - air, high + air]})
    return figure


def _exponent_ends(figure: go.Figure, hue: str, low: float, high: float) -> list[dict[str, Any]]:
    """Names at the ends of the lines, the own one (the last trace) in bold."""
    ends = [(trace.name, len(trace.x), float(trace.y[-1]), trace is figure.data[-1])
            for trace in figure.data if len(trace.x)]
    pixels = [(y - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM) for _, _, y, _ in ends]
    return [_label(name, y, hue, own, place - pixel, xref="x", x=x, escaped=True)
            for (name, x, y, own), pixel, place in zip(
                ends, pixels, spread(pixels, _GAP), strict=True)]


def _ends(ends: Sequence[tuple[Spectrum, int, float]], hue: str, low: float, high: float
          ) -> list[dict[str, Any]]:
    """Names where the lines end: those that end at the same rank are pushed apart."""
    plot, labels = HEIGHT - _TOP - _BOTTOM, []
    pixels = [(power - low) / (high - low) * plot for _, _, power in ends]
    placed = spread(pixels, _GAP)
    for (spectrum, rank, power), pixel, place in zip(ends, pixels, placed, strict=True):
        labels.append(_label(spectrum.name, power, hue, spectrum.chosen, place - pixel,
                             xref="x", x=rank))
    return labels


def _label(text: str, y: float, hue: str, bold: bool, shift: float, xref: str, x: float,
           escaped: bool = False) -> dict[str, Any]:
    text = text if escaped else esc(text)
    return {"x": x, "xref": xref, "xanchor": "left", "xshift": 8, "y": y, "yref": "y",
            "yanchor": "middle", "yshift": shift, "showarrow": False, "align": "left",
            "text": f"<b>{text}</b>" if bold else text, "font": {"color": hue, "size": 15},
            "bgcolor": fade(LIGHT["bg"], 0.8)}


def _one(yref: str) -> dict[str, Any]:
    """1: what is neither larger nor smaller."""
    return {**_level(1), "yref": yref}


def _level(value: float) -> dict[str, Any]:
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": value, "y1": value,
            "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"}, "layer": "below"}


def _ranks(size: int) -> dict[str, int]:
    """Directions are counted: no half ones."""
    return {"dtick": 1} if size <= 8 else {"nticks": 6}


def _dtick(decades: float) -> int:
    return next((step for step in _TICKS if decades / step <= 8), _TICKS[-1])
