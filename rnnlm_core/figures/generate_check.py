"""Charts of how good a written text is: surprise beside entropy, yardsticks, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import SHARES, esc

Values = NDArray[np.floating[Any]]
STRIP_HEIGHT, YARDSTICK_HEIGHT, CURVE_HEIGHT = 310, 112, 430
_SPLIT = 0.34  # share of the strip's height that candidates have
_JITTER = (0.0, 0.35, -0.35, 0.18, -0.18)  # so that equal dots are all seen


@dataclass(frozen=True)
class StripWords:
    place: str
    bits: str
    surprise: str
    entropy: str
    candidates: str


def strip_figure(surprise: Values, entropy: Values, candidates: Values, labels: Sequence[str],
                 words: StripWords) -> go.Figure:
    """Bits of N characters, NaN where none was guessed: surprise upwards, entropy downwards, so
    that the two areas are seen to be alike or not; below them how many candidates there were.
    `labels`: what to call each character."""
    places = np.arange(1, len(surprise) + 1)
    names = [esc(label) for label in labels]
    figure = go.Figure()
    figure.add_bar(
        x=places, y=surprise, text=names, textposition="none", width=0.9,
        marker={"color": LIGHT["hot"], "line": {"width": 0}},
        hovertemplate="%{text} · " + esc(words.surprise) + " %{y:.1f}<extra></extra>")
    figure.add_bar(
        x=places, y=-entropy, customdata=entropy, width=0.9,
        marker={"color": LIGHT["dim"], "line": {"width": 0}},
        hovertemplate=esc(words.entropy) + " %{customdata:.1f}<extra></extra>")
    figure.add_scatter(
        x=places, y=candidates, mode="lines", yaxis="y2",
        line={"color": LIGHT["dim"], "width": 1.4, "shape": "hvh"},
        hovertemplate=esc(words.candidates) + " %{y:.0f}<extra></extra>")
    high, low = (max(1.0, float(np.nanmax(np.append(v, 1.0)))) for v in (surprise, entropy))
    most = max(10.0, float(np.nanmax(np.append(candidates, 2.0))))
    step = 1 if high + low < 6 else 2 if high + low < 14 else 4
    ticks = list(range(-step * int(low // step), int(high) + 1, step))
    figure.update_layout(
        height=STRIP_HEIGHT, bargap=0, barmode="overlay",
        margin={"l": 44, "r": 8, "t": 26, "b": 44},
        annotations=[_heading(words.candidates, _SPLIT - 0.12, LIGHT["dim"]), {
            **_heading("", 1.0, LIGHT["ink"]), "text":
            f"<span style='color:{LIGHT['hot']}'>■</span> {esc(words.surprise)} ↑   "
            f"<span style='color:{LIGHT['dim']}'>■</span> {esc(words.entropy)} ↓   "
            f"{esc(words.bits)}"}],
        xaxis={"title": {"text": esc(words.place)}, "anchor": "y2",
               "range": [0.5, len(surprise) + 0.5]},
        yaxis={"range": [-1.04 * low, 1.04 * high], "domain": [_SPLIT, 1.0], "tickmode": "array",
               "tickvals": ticks, "ticktext": [str(abs(tick)) for tick in ticks],
               "zeroline": True, "zerolinecolor": LIGHT["rule"], "zerolinewidth": 1},
        yaxis2={"type": "log", "range": [-0.06, float(np.log10(most)) * 1.08],
                "domain": [0.0, _SPLIT - 0.12], "tickmode": "array",
                "tickvals": [n for n in (1, 10, 100, 1_000, 10_000) if n <= most]})
    return figure


def _heading(text: str, y: float, colour: str) -> dict[str, Any]:
    return {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "yref": "paper",
            "yanchor": "bottom", "showarrow": False, "text": esc(text), "align": "left",
            "font": {"size": 14, "color": colour}}


def yardstick_figure(value: float, others: Sequence[float], cell: str, axis: str,
                     words: tuple[str, str], share: bool = False, least: int = 0) -> go.Figure:
    """One number among those of other texts of the same length: a large dot in the run's colour,
    grey ones. `words`: what the large one and the grey ones are. `share`: 0 to 1.
    `least`: what is shorter was not found and given as 0; it is written as `< least`."""
    figure = go.Figure()
    figure.add_scatter(
        x=list(others), customdata=[_found(x, share, least) for x in others],
        y=[_JITTER[i % len(_JITTER)] for i in range(len(others))], mode="markers",
        hovertemplate=esc(words[1]) + " %{customdata}<extra></extra>",
        marker={"size": 10, "color": fade(LIGHT["dim"], 0.45)})
    figure.add_scatter(
        x=[value], y=[0], mode="markers", customdata=[_found(value, share, least)],
        hovertemplate=esc(words[0]) + " %{customdata}<extra></extra>",
        marker={"size": 17, "color": LIGHT[cell], "line": {"color": LIGHT["bg"], "width": 2}})
    top = max([value, *others, 0.05 if share else 10.0])
    figure.update_layout(
        height=YARDSTICK_HEIGHT, hovermode="closest", dragmode=False,
        margin={"l": 12, "r": 16, "t": 26, "b": 44},
        annotations=[{**_heading("", 1.0, LIGHT["ink"]), "text":
                      f"<span style='color:{LIGHT[cell]}'>●</span> {esc(words[0])}   "
                      f"<span style='color:{LIGHT['dim']}'>●</span> {esc(words[1])}"}],
        xaxis={"title": {"text": esc(axis)}, "range": [-0.02 * top, 1.06 * top], "nticks": 8,
               "fixedrange": True, **(SHARES if share else {}),
               **({"labelalias": {"0": _found(0, share, least)}} if least else {})},
        yaxis={"visible": False, "range": [-0.8, 0.8], "fixedrange": True})
    return figure


def _found(value: float, share: bool, least: int) -> str:
    return f"{value:.0%}".replace("%", " %") if share else \
        f"< {least}" if value < least else f"{value:.0f}"


@dataclass(frozen=True)
class CurveWords:
    given: str
    came: str
    honest: str
    places: str


def calibration_figure(given: Values, came: Values, low: Values, high: Values,
                       count: NDArray[np.int64], edges: Sequence[float], cell: str,
                       words: CurveWords, logarithmic: bool) -> go.Figure:
    """Bins of probability: the mean that was given, the share that came with its interval, and
    below how many there were; the diagonal is where every probability is true."""
    there = np.flatnonzero(count > 0)
    if logarithmic:  # what nothing came of has no place there
        there = there[(came[there] > 0) & (given[there] >= 1e-4)]
    first = 1e-4 if logarithmic else 0.0
    figure = go.Figure()
    figure.add_scatter(x=[first, 1], y=[first, 1], mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["dim"], "width": 1.4, "dash": "dot"})
    floor = np.maximum(low[there], first)
    figure.add_scatter(
        x=given[there], y=came[there], mode="lines+markers",
        customdata=np.stack([count[there], low[there], high[there]], 1) if len(there) else None,
        error_y={"type": "data", "symmetric": False, "array": high[there] - came[there],
                 "arrayminus": came[there] - floor, "thickness": 2, "width": 5,
                 "color": LIGHT[cell]},
        line={"color": LIGHT[cell], "width": 2}, marker={"size": 9, "color": LIGHT[cell]},
        hovertemplate=f"{esc(words.given)} %{{x:.1%}}<br>{esc(words.came)} %{{y:.1%}} "
                      "(%{customdata[1]:.1%} – %{customdata[2]:.1%})<br>"
                      f"{esc(words.places)} %{{customdata[0]:,}}<extra></extra>")
    starts = np.maximum(np.array(edges[:-1]), first)
    ends = np.array(edges[1:])
    shown = ends > first
    centre = (starts + ends) / 2
    figure.add_bar(x=centre[shown], y=count[shown], width=(ends - starts)[shown], yaxis="y2",
                   hoverinfo="skip", marker={"color": LIGHT["rule"],
                                             "line": {"color": LIGHT["bg"], "width": 1}})
    axis: dict[str, Any] = {"type": "log", "range": [-4.05, 0.03], "tickvals": [
        1e-4, 1e-3, 1e-2, 0.1, 1], "ticktext": ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"]} \
        if logarithmic else {"range": [-0.02, 1.02], "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1],
                             "ticktext": ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]}
    figure.update_layout(
        height=CURVE_HEIGHT, hovermode="closest", bargap=0,
        margin={"l": 64, "r": 16, "t": 10, "b": 48},
        annotations=[
            {"x": 1.0, "xref": "paper", "xanchor": "right", "yref": "paper", "y": 0.29,
             "yanchor": "bottom", "showarrow": False, "text": f"<b>····</b> {esc(words.honest)}",
             "font": {"size": 14, "color": LIGHT["dim"]}},
            _heading(words.places, 0.17, LIGHT["dim"])],
        xaxis={"title": {"text": esc(words.given)}, "anchor": "y2", **axis},
        yaxis={"title": {"text": esc(words.came)}, "domain": [0.27, 1.0], **axis},
        yaxis2={"domain": [0.0, 0.16], "type": "log", "nticks": 3, "showgrid": False,
                "exponentformat": "SI", "range": [0, float(np.log10(max(count.max(), 2))) * 1.05]})
    return figure
