"""The network as a drawing: from a token's id up to probabilities, over three steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from rnnlm_core.figures.data import glyph
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.template import MONO

STEPS = 3
_HALF_WIDTH, _HALF_HEIGHT = 0.31, 0.27  # of a box, in columns and rows
_ROW = 64  # pixels
_TOP, _BOTTOM = 4, 8
_MATH = {"size": 16}
_BYPASS = 0.355  # how far left of the middle a residual path runs
# what the output layer computes, long and short
_OUTPUT = {"full": ("W<sub>o</sub>h<sub>{n}</sub> + b<sub>o</sub>", "W<sub>o</sub>"),
           "tied": ("E h<sub>{n}</sub> + b<sub>o</sub>", "E h"),
           "adaptive": ("head, tails of h<sub>{n}</sub>", "tails")}


@dataclass(frozen=True)
class Network:
    """What is drawn. `tokens` are the first characters of the text with their ids, one more than
    there are steps: the last one is only a target."""

    cell: str
    layers: int
    vocabulary: int
    embedding: int  # 0: one-hot input
    hidden: int
    dropouts: tuple[bool, bool, bool]  # on the input, between layers, on the output
    tokens: Sequence[tuple[str, int]]
    layer_norm: bool = False
    residual: bool = False
    output: Literal["full", "tied", "adaptive"] = "full"


@dataclass(frozen=True)
class NetworkWords:
    """Row names, long and short (for a phone), and hovers, lowest row first."""

    token: tuple[str, str]
    embedding: tuple[str, str]
    layers: Sequence[tuple[str, str]]
    output: tuple[str, str]
    softmax: tuple[str, str]
    next: tuple[str, str]
    cell: str  # in the box
    hovers: Sequence[str]  # of embedding, layers, output, softmax


def figure_height(layers: int) -> int:
    return _ROW * (layers + 5) + _TOP + _BOTTOM - _ROW // 2


def network_figure(network: Network, words: NetworkWords) -> go.Figure:
    """Time goes to the right, depth goes up; the state's arrows carry the cell's colour."""
    rows = network.layers + 4  # token, embedding, layers, output, softmax; then the target
    figure = go.Figure()
    notes = _row_names(network, words)
    shapes: list[dict[str, Any]] = []
    for step in range(STEPS):
        x = step + 0.5
        notes += _column(network, step, x, words.cell)
        for row in range(1, rows):
            recurrent = 2 <= row < 2 + network.layers
            shapes.append(_box(x, row, LIGHT[network.cell] if recurrent else LIGHT["dim"],
                               recurrent))
    _upward_arrows(figure, network, rows)
    if network.residual:
        _residual_paths(figure, network)
    _state_arrows(figure, network)
    notes += _state_names(network)
    # what can be pointed at: the boxes, with their arrays as the hover
    figure.add_scatter(
        x=[step + 0.5 for _ in range(1, rows) for step in range(STEPS)],
        y=[row for row in range(1, rows) for _ in range(STEPS)], mode="markers",
        marker={"size": 34, "color": fade(LIGHT["bg"], 0.0)},
        customdata=[hover for hover in words.hovers for _ in range(STEPS)],
        hovertemplate="%{customdata}<extra></extra>")
    figure.update_layout(
        height=figure_height(network.layers), hovermode="closest", shapes=shapes, annotations=notes,
        margin={"l": 128, "r": 20, "t": _TOP, "b": _BOTTOM}, meta={"narrow": {"l": 66, "r": 6}},
        xaxis={"visible": False, "range": [-0.02, STEPS + 0.02], "fixedrange": True},
        yaxis={"visible": False, "range": [-0.2, rows + 0.3], "fixedrange": True})
    return figure


def _box(x: float, y: float, colour: str, filled: bool) -> dict[str, Any]:
    return {"type": "rect", "x0": x - _HALF_WIDTH, "x1": x + _HALF_WIDTH, "y0": y - _HALF_HEIGHT,
            "y1": y + _HALF_HEIGHT, "layer": "below", "line": {"color": colour, "width": 1.6},
            "fillcolor": fade(colour, 0.12) if filled else LIGHT["panel"]}


def _note(x: float, y: float, text: str, short: str, **more: Any) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "name": short, "showarrow": False,
            "font": _MATH | {"color": LIGHT["ink"]}} | more


def _column(network: Network, step: int, x: float, cell: str) -> list[dict[str, Any]]:
    """What stands in and between the boxes of one time step."""
    (character, id), (target, _) = network.tokens[step], network.tokens[step + 1]
    n, n1, top = step + 1, step + 2, network.layers + 1
    mono = f"<span style='font-family:{MONO.split(',')[0].strip(chr(39))}'>"
    row = f"E[{id}]" if network.embedding else f"e<sub>{id}</sub>"
    inside = f"{cell} → LN" if network.layer_norm else cell
    output, output_short = _OUTPUT[network.output]
    seen, wanted = (f"<b>{mono}{glyph(c)}</span></b>" for c in (character, target))
    notes = [
        _note(x, 0, f"w<sub>{n}</sub> = {seen} → {id}", f"{seen} → {id}"),
        _note(x, 1, row, row),
        *(_note(x, 2 + layer, inside, cell, font={"size": 16, "color": LIGHT[network.cell]})
          for layer in range(network.layers)),
        _note(x, top + 1, output.format(n=n), output_short),
        _note(x, top + 2, "softmax", "softmax", font={"size": 14, "color": LIGHT["ink"]}),
        _note(x, top + 3, f"p<sub>{n}</sub>(w<sub>{n1}</sub> = {wanted})", f"p({wanted})")]
    sizes = [(1.5, f"x<sub>{n}</sub>", network.embedding or network.vocabulary),
             *((2.5 + layer, f"h<sub>{n}</sub>", network.hidden)
               for layer in range(network.layers)),
             (top + 1.5, f"s<sub>{n}</sub>", network.vocabulary)]
    return notes + [
        _note(x, y, f"{symbol} ∈ ℝ<sup>{size}</sup>", str(size), xanchor="left", xshift=7,
              yshift=-4, font={"size": 14, "color": LIGHT["dim"]}) for y, symbol, size in sizes]


def _row_names(network: Network, words: NetworkWords) -> list[dict[str, Any]]:
    names = [words.token, words.embedding, *words.layers, words.output, words.softmax, words.next]
    return [_note(0, row, long, short, xref="paper", xanchor="right", xshift=-6, align="right",
                  font={"size": 14, "color": LIGHT["dim"]})
            for row, (long, short) in enumerate(names)]


def _upward_arrows(figure: go.Figure, network: Network, rows: int) -> None:
    """Dashed where dropout acts: into the first layer, between layers and into the output."""
    into, between, out = network.dropouts
    dropped = {*([1] if into else ()), *(range(2, network.layers + 1) if between else ()),
               *([network.layers + 1] if out else ())}
    for dash in ("solid", "dot"):
        x: list[float | None] = []
        y: list[float | None] = []
        for row in range(rows):
            if (row in dropped) == (dash == "dot"):
                for step in range(STEPS):
                    x += [step + 0.5, step + 0.5, None]
                    y += [row + (_HALF_HEIGHT if row else 0.2), row + 1 - _HALF_HEIGHT, None]
        if x:
            figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip",
                               line={"color": LIGHT["ink"], "width": 1.5, "dash": dash})
    figure.add_scatter(
        x=[step + 0.5 for _ in range(rows) for step in range(STEPS)],
        y=[row + 1 - _HALF_HEIGHT - 0.04 for row in range(rows) for _ in range(STEPS)],
        mode="markers", hoverinfo="skip",
        marker={"symbol": "triangle-up", "size": 9, "color": LIGHT["ink"]})


def _residual_paths(figure: go.Figure, network: Network) -> None:
    """Around each layer but the first: its input goes by on the left and is added above."""
    x: list[float | None] = []
    y: list[float | None] = []
    sums: list[tuple[float, float]] = []
    for layer in range(1, network.layers):
        below, above = 2 + layer - _HALF_HEIGHT - 0.16, 2 + layer + _HALF_HEIGHT + 0.12
        for step in range(STEPS):
            middle = step + 0.5
            x += [middle, middle - _BYPASS, middle - _BYPASS, middle, None]
            y += [below, below, above, above, None]
            sums.append((middle, above))
    figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip",
                       line={"color": LIGHT["dim"], "width": 1.5})
    figure.add_scatter(x=[at for at, _ in sums], y=[at for _, at in sums], mode="markers+text",
                       text="+", hoverinfo="skip", textfont={"size": 14, "color": LIGHT["ink"]},
                       marker={"size": 15, "color": LIGHT["bg"],
                               "line": {"color": LIGHT["ink"], "width": 1.2}})


def _lanes(network: Network) -> list[tuple[str, float]]:
    """The states that go on in time, and how far above the middle of the box."""
    return [("c", 0.13), ("h", -0.13)] if network.cell == "lstm" else [("h", 0.0)]


def _state_arrows(figure: go.Figure, network: Network) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    heads: list[tuple[float, float]] = []
    for layer in range(network.layers):
        for _, shift in _lanes(network):
            at = 2 + layer + shift
            for step in range(STEPS + 1):
                start = step - 0.5 + _HALF_WIDTH if step else 0.0
                end = step + 0.5 - _HALF_WIDTH if step < STEPS else float(STEPS)
                x += [start, end, None]
                y += [at, at, None]
                heads.append((end, at))
    colour = LIGHT[network.cell]
    figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip",
                       line={"color": colour, "width": 2.2})
    figure.add_scatter(x=[end - 0.022 for end, _ in heads], y=[at for _, at in heads],
                       mode="markers", hoverinfo="skip",
                       marker={"symbol": "triangle-right", "size": 10, "color": colour})


def _state_names(network: Network) -> list[dict[str, Any]]:
    """h and c on their arrows."""
    notes = []
    for layer in range(network.layers):
        for name, shift in _lanes(network):
            for step in range(STEPS + 1):
                below = name == "h" and shift < 0
                middle = 0.095 if step == 0 else STEPS - 0.095 if step == STEPS else float(step)
                text = f"{name}<sub>{step}</sub>"
                notes.append(_note(
                    middle, 2 + layer + shift, text, text, yshift=-10 if below else 11,
                    font={"size": 14, "color": LIGHT[network.cell]}))
    return notes
