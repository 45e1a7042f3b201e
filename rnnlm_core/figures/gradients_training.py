"""The chart of a gradient's reach over training: the horizon above, the factor a step below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT
from rnnlm_core.figures.template import end_label, esc, spread

HEIGHT = 400
_TOP, _BOTTOM, _GAP = 14, 46, 20
_UPPER, _LOWER = (0.44, 1.0), (0.0, 0.34)  # shares of the height


@dataclass(frozen=True)
class Track:
    """One curve's numbers by step. A horizon of None lies beyond the `lags` that were measured."""

    name: str
    cell: str
    steps: Sequence[int]
    horizons: Sequence[int | None]
    rates: Sequence[float | None]
    lags: int
    of_cell_state: bool = False  # ∂L/∂c of an LSTM, dotted


@dataclass(frozen=True)
class TrainingWords:
    step: str
    horizon: str
    rate: str
    beyond: str  # how a horizon beyond the measured lags is called, `more than 100`
    edge: str  # of the line at factor 1


def training_figure(tracks: Sequence[Track], words: TrainingWords, end: int) -> go.Figure:
    """Every track, on steps 0…`end`; names at the ends of the upper chart."""
    figure = go.Figure()
    for track in tracks:
        line = {"color": LIGHT[track.cell], "width": 2.5 if track.of_cell_state else 3.5,
                "dash": "dot" if track.of_cell_state else "solid"}
        few = "lines+markers" if len(track.steps) < 25 else "lines"
        far = [h is None for h in track.horizons]
        figure.add_scatter(
            x=list(track.steps), y=_horizons(track), mode=few, name=esc(track.name), line=line,
            customdata=[esc(words.beyond) if out else f"{h}" for out, h in zip(
                far, track.horizons, strict=True)], hovertemplate="%{customdata}",
            marker={"size": 7, "color": LIGHT[track.cell],
                    "symbol": ["triangle-up" if out else "circle" for out in far]})
        figure.add_scatter(
            x=list(track.steps), y=[math.nan if r is None else r for r in track.rates], mode=few,
            name=esc(track.name), line=line, yaxis="y2", hovertemplate="×\u00a0%{y:.3f}",
            marker={"size": 7, "color": LIGHT[track.cell]})
    top = max((max(_horizons(track), default=1) for track in tracks), default=1) * 1.12
    rates = [r for track in tracks for r in track.rates if r is not None]
    low, high = min(rates, default=0.9), max([*rates, 1.0])
    air = 0.08 * (high - low) + 0.005
    figure.update_layout(
        height=HEIGHT, margin={"l": 66, "r": 130, "t": _TOP, "b": _BOTTOM},
        meta={"narrow": {"l": 54, "r": 90}}, hoversubplots="axis",
        annotations=[*_names(tracks, top), _edge(words)],
        shapes=[{"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 1, "y1": 1, "yref": "y2",
                 "line": {"color": LIGHT["ngram"], "width": 1.3, "dash": "dash"},
                 "layer": "below"}],
        xaxis={"title": {"text": esc(words.step)}, "range": [0, 1.02 * max(end, 1)], "nticks": 6,
               "anchor": "y2"},
        yaxis={"title": {"text": esc(words.horizon)}, "range": [0, top], "domain": _UPPER,
               "nticks": 5},
        yaxis2={"title": {"text": esc(words.rate)}, "range": [low - air, high + air],
                "domain": _LOWER, "nticks": 4})
    return figure


def _horizons(track: Track) -> list[float]:
    return [float(track.lags if h is None else h) for h in track.horizons]


def _names(tracks: Sequence[Track], top: float) -> list[dict[str, Any]]:
    named = [track for track in tracks if track.steps]
    ends = [_horizons(track)[-1] for track in named]
    plot = (HEIGHT - _TOP - _BOTTOM) * (_UPPER[1] - _UPPER[0])
    pixels = [end / top * plot for end in ends]
    placed = spread(pixels, _GAP)
    return [end_label(end, esc(f"{track.name} {_end_text(track)}"), short=esc(track.name),
                      colour=LIGHT[track.cell], bold=True, shift=place - pixel)
            for track, end, pixel, place in zip(named, ends, pixels, placed, strict=True)]


def _end_text(track: Track) -> str:
    return f">{track.lags}" if track.horizons[-1] is None else f"{track.horizons[-1]}"


def _edge(words: TrainingWords) -> dict[str, Any]:
    return {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "y2", "yanchor": "top",
            "xshift": 4, "showarrow": False, "text": esc(words.edge),
            "font": {"size": 14, "color": LIGHT["dim"]}}
