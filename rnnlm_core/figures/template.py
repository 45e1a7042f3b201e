"""How every chart looks: the Plotly template, safe labels, and names at the ends of lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from rnnlm_core.figures.palette import LIGHT

FONT = "'Source Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
MONO = "'Source Code Pro', 'Noto Sans Mono CJK SC', monospace"
# An axis of shares: `40 %`, as in the sentences; Plotly's format alone would write `40%`.
SHARES: dict[str, Any] = {
    "tickformat": ".0%",
    "labelalias": {f"{n}%": f"{n}\N{NO-BREAK SPACE}%" for n in range(201)}}
# Control characters, direction marks and zero-width ones could reorder or hide the rest of a label.
HIDDEN = dict.fromkeys(
    [*range(32), *range(0x7F, 0xA0), 0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
     *range(0x2060, 0x2070), 0xFEFF], "◌") | {0x0A: "⏎", 0x09: "⇥"}
ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("$"): "&#36;",
            ord("%"): "&#37;"}


def esc(text: object) -> str:
    """Foreign text for a Plotly label or hover, letter by letter.

    Plotly would read `<b>`, `<a>`, `$…$` as markup and `%{…}` in a hover template as a placeholder.
    """
    whole = str(text).encode("utf-8", "replace").decode("utf-8")  # no half of a surrogate pair
    return whole.translate(HIDDEN).translate(ENTITIES)


def columns(text: str) -> int:
    """How many letters of a monospaced font are as wide: two for a full-width one, none for a mark
    on another."""
    return sum(0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Positions near `values`, in the same order, at least `gap` apart.

    The least-squares answer (pool adjacent violators on the values minus their slots), so that
    labels move as little as possible together.
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    pools: list[list[float]] = []  # [sum, count] of neighbours that share one shift
    for slot, index in enumerate(order):
        pools.append([values[index] - slot * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    shifts = [total / count for total, count in pools for _ in range(int(count))]
    placed = [0.0] * len(values)
    for slot, index in enumerate(order):
        placed[index] = shifts[slot] + slot * gap
    return placed


def end_label(y: float, text: str, *, colour: str, short: str | None = None, bold: bool = False,
              x: float = 1.0, shift: float = 0.0) -> dict[str, Any]:
    """The annotation that names a line at its right end, in place of a legend.

    `y` is in data units (log10 of them on a log axis), `x` in shares of the plot's width, `shift`
    moves up in pixels (see `spread`), `short` is shown in its place on a narrow screen. `text` is
    Plotly markup: `esc()` what is foreign.
    """
    label = {
        "x": x, "xref": "paper", "xanchor": "left", "xshift": 8, "y": y, "yref": "y",
        "yanchor": "middle", "yshift": shift, "showarrow": False, "align": "left",
        "text": f"<b>{text}</b>" if bold else text, "font": {"color": colour, "size": 15},
    }
    return label if short is None else label | {"name": f"<b>{short}</b>" if bold else short}


def template() -> go.layout.Template:
    """The look of every figure, in the light palette (the browser swaps it for the dark one)."""
    small = {"size": 14, "color": LIGHT["dim"]}
    axis = {
        "gridcolor": LIGHT["grid"], "linecolor": LIGHT["rule"], "tickcolor": LIGHT["rule"],
        "zeroline": False, "showline": True, "ticks": "outside", "ticklen": 4, "tickfont": small,
        "automargin": True, "title": {"font": small, "standoff": 6},
    }
    return go.layout.Template(layout={
        "font": {"family": FONT, "size": 15, "color": LIGHT["ink"]},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": [LIGHT[name] for name in ("rnn", "gru", "lstm", "cnn", "ngram")],
        "xaxis": {**axis, "showgrid": False}, "yaxis": axis,
        "showlegend": False, "hovermode": "x unified",
        "title": {"font": {"size": 17, "weight": 600}, "x": 0, "xref": "container", "y": 1,
                  "yref": "container", "yanchor": "top", "pad": {"t": 4, "l": 2}},
        "margin": {"l": 56, "r": 16, "t": 40, "b": 44},
        "hoverlabel": {"bgcolor": LIGHT["panel"], "bordercolor": LIGHT["rule"],
                       "font": {"size": 15, "color": LIGHT["ink"]}},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": LIGHT["dim"],
                    "activecolor": LIGHT["ink"]},
    })


TEMPLATE = template()
