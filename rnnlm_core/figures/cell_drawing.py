"""What drawings of a cell are made of: vectors as coloured strips, arrows, signs, names.

Everything stands at pixel positions of a canvas (y downwards); the browser stretches it sideways to
the width there is. Vectors and matrices with more than `MOST` entries are shown in blocks, each by
its entry of the largest size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from rnnlm_core.figures.cell_numbers import SIZE, fitted
from rnnlm_core.figures.numbers import three, times_ten
from rnnlm_core.figures.palette import LIGHT, diverging, fade, sequential
from rnnlm_core.figures.states import Scale

Values = NDArray[np.floating[Any]]
Point = tuple[float, float]
MOST = 128  # entries of a strip, columns of a matrix
STRIP = 20  # pixels high
TEXT = 15  # pixels of letters
WRITTEN = 34.0  # pixels: wide enough for a short number
BUTTONS = ("zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d")


@dataclass(frozen=True)
class Vector:
    """A vector to draw: `symbol` is Plotly markup, `name` what it is called by a click."""

    name: str
    symbol: str
    values: Values
    scale: Scale
    names: Sequence[str] = ()  # of its entries; their number where there is none


def scale_of(values: Values, fixed: float | None = None, signed: bool = True) -> Scale:
    """The ends of a strip's colours: fixed ones, or the largest size there is."""
    if fixed is not None:
        return Scale(fixed, signed)
    top = float(np.abs(values).max(initial=0.0))
    return Scale(top if top > 0 else 1.0, signed)


def blocks(values: Values, axis: int = -1, most: int = MOST) -> tuple[Values, int]:
    """values with at most `most` entries along an axis: each block's entry of the largest size.
    Also how many entries make a block."""
    length = values.shape[axis]
    size = -(-length // most)
    if size == 1:
        return values, 1
    moved = np.moveaxis(values, axis, -1)
    short = -length % size
    filled = np.pad(moved, [(0, 0)] * (moved.ndim - 1) + [(0, short)])
    cut = filled.reshape(*moved.shape[:-1], -1, size)
    largest = np.abs(cut).argmax(-1)[..., None]
    return np.moveaxis(np.take_along_axis(cut, largest, -1)[..., 0], -1, axis), size


def block_name(index: int, size: int, length: int, names: Sequence[str] = ()) -> str:
    """`17`, or `64–67` of a block; entries count from 0. With names, the entry's own."""
    first = index * size
    if names and size == 1:
        return names[first]
    return str(first) if size == 1 else f"{first}–{min(length, first + size) - 1}"


@dataclass
class Canvas:
    """A drawing as it comes into being: fill it, then ask for its `figure`."""

    width: float
    height: float
    _named: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # traces
    _lines: dict[tuple[str, float], dict[str, list[Any]]] = field(default_factory=dict)
    _signs: list[Point] = field(default_factory=list)
    _shapes: list[dict[str, Any]] = field(default_factory=list)
    _notes: list[dict[str, Any]] = field(default_factory=list)

    def strip(self, vector: Vector, x: float, y: float, width: float, selected: int | None = None,
              height: float = STRIP, upright: bool = False) -> int:
        """A vector from (x, y), its middle, to the right; `upright`: a column from (x, y) down, of
        `height`. `selected` outlines an entry. Returns the power of ten that is factored out of the
        numbers written in it, to be written beside its name (`scaled`); 0 where there is none."""
        values, size = blocks(vector.values)
        count = len(values)
        names = [block_name(i, size, len(vector.values), vector.names) for i in range(count)]
        long = height if upright else width
        each = long / max(1, count)
        written = (width if upright else each) >= WRITTEN and (height / count if upright
                                                              else height) >= 16
        z, text = values[None].astype(np.float32), [names]
        if upright:
            z, text = z.T, [[name] for name in names]
        across = {"x0": x + (width if upright else each) / 2, "dx": width if upright else each}
        down = {"y0": y + (each / 2 if upright else 0), "dy": each if upright else height}
        self._add(vector.name, {
            "type": "heatmap", "z": z, **across, **down, **_colours(vector.scale),
            "customdata": text,
            "hovertemplate": f"{vector.symbol.split(' = ')[0]}[%{{customdata}}] = %{{z:.3}}"
            "<extra></extra>",
            **(_written(z, width if upright else each, vector.scale) if written else {})})
        top = y if upright else y - height / 2
        self.frame(x, top, x + width, top + height)
        if selected is not None and 0 <= selected < len(vector.values):
            at = selected // size * each
            if upright:
                self.frame(x - 3, y + at - 2, x + width + 3, y + at + each + 2, "ink", 1.5)
            else:
                self.frame(x + at, top - 3, x + at + max(each, 3), top + height + 3, "ink", 2)
        return power_of(vector.scale) if written else 0

    def matrix(self, name: str, symbol: str, values: Values, scale: Scale, x: float, y: float,
               width: float, height: float, first_row: int = 0, row_names: Sequence[str] = ()
               ) -> int:
        """Rows from y down; those shown begin at `first_row` of the whole matrix. Returns as
        `strip`."""
        shown, size = blocks(values, 1)
        rows, columns = shown.shape
        cell = (width / columns, height / rows)
        across = [block_name(j, size, values.shape[1]) for j in range(columns)]
        down = [row_names[first_row + i] if row_names else str(first_row + i)
                for i in range(rows)]
        written = cell[0] >= WRITTEN and cell[1] >= 16
        z = shown.astype(np.float32)
        self._add(name, {
            "type": "heatmap", "z": z, "x0": x + cell[0] / 2, "dx": cell[0],
            "y0": y + cell[1] / 2, "dy": cell[1], **_colours(scale),
            "text" if not written else "customdata":
                [[f"{r}, {c}" for c in across] for r in down],
            "hovertemplate": f"{symbol}[%{{{'customdata' if written else 'text'}}}] = %{{z:.3}}"
            "<extra></extra>", **(_written(z, cell[0], scale) if written else {})})
        self.frame(x, y, x + width, y + height)
        return power_of(scale) if written else 0

    def bars(self, name: str, rows: Sequence[tuple[float, str]], x: float, y: float, width: float,
             pitch: float, strong: int | None = None) -> None:
        """Horizontal bars: shares 0 … 1 of `width` with what stands behind each."""
        self._add(name, {
            "type": "bar", "orientation": "h", "base": [x] * len(rows),
            "x": [max(1.0, share * width) for share, _ in rows],
            "y": [y + i * pitch for i in range(len(rows))], "width": pitch * 0.6,
            "marker": {"color": [LIGHT["ink"] if i == strong else LIGHT["rule"]
                                 for i in range(len(rows))], "line": {"width": 0}},
            "hoverinfo": "skip"})
        for i, (share, text) in enumerate(rows):
            self.write(x + max(1.0, share * width) + 6, y + i * pitch, text, anchor="left")

    def line(self, points: Sequence[Point], colour: str = "dim", back: bool = False,
             width: float = 1.6) -> None:
        """Along the points, with an arrow's head at the last; `back`: at the first."""
        ends = (points[1], points[0]) if back else (points[-2], points[-1])
        (x0, y0), (x, y) = ends
        symbol = "triangle-right" if x > x0 else "triangle-left" if x < x0 else \
            "triangle-down" if y > y0 else "triangle-up"
        shift = 4 if x > x0 else -4 if x < x0 else 0
        drop = 4 if x == x0 and y > y0 else -4 if x == x0 else 0
        # one trace for all lines of a colour: each trace costs a step of the page milliseconds
        kept = self._lines.setdefault((colour, width), {
            "x": [], "y": [], "head_x": [], "head_y": [], "symbol": []})
        kept["x"] += [*(p[0] for p in points), None]
        kept["y"] += [*(p[1] for p in points), None]
        kept["head_x"].append(x - shift)
        kept["head_y"].append(y - drop)
        kept["symbol"].append(symbol)

    def sign(self, x: float, y: float, text: str) -> None:
        """⊙ or + in a circle, where lines meet."""
        self._signs.append((x, y))
        self.write(x, y, text, size=17)

    def write(self, x: float, y: float, text: str, anchor: str = "center", colour: str = "ink",
              size: int = TEXT, short: str | None = None, up: str = "middle") -> None:
        """Plotly markup at a place; `esc()` what is foreign."""
        note = {"x": x, "y": y, "text": text, "xanchor": anchor, "yanchor": up,
                "showarrow": False, "font": {"size": size, "color": LIGHT[colour]}}
        self._notes.append(note if short is None else note | {"name": short})

    def frame(self, x0: float, y0: float, x1: float, y1: float, colour: str = "rule",
              width: float = 1, fill: str | None = None) -> None:
        self._shapes.append({
            "type": "rect", "x0": x0, "y0": y0, "x1": x1, "y1": y1,
            "layer": "above" if fill is None else "below",
            "line": {"color": LIGHT[colour], "width": width},
            "fillcolor": fade(LIGHT["bg"], 0.0) if fill is None else fill})

    @property
    def clicked(self) -> list[str]:
        """The name of each trace of the figure, "" where it is none's."""
        return [""] * len(self._below()) + [name for name, _ in self._named]

    def figure(self) -> go.Figure:
        """Not validated, which would take longer than all the rest of a step; a test does it."""
        hidden = {"visible": False, "fixedrange": True}
        return go.Figure(
            data=[*self._below(), *(trace for _, trace in self._named)], _validate=False, layout={
                "height": self.height, "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
                "hovermode": "closest", "dragmode": False, "barmode": "overlay",
                "modebar": {"remove": BUTTONS},  # nothing to zoom, and they would hide names
                "shapes": self._shapes, "annotations": self._notes,
                "xaxis": {**hidden, "range": [-8, self.width + 8]},
                "yaxis": {**hidden, "range": [self.height, 0]}})

    def _below(self) -> list[dict[str, Any]]:
        """Lines, their heads, and the circles where they meet."""
        traces: list[dict[str, Any]] = []
        for (colour, width), kept in self._lines.items():
            traces += [
                {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "x": kept["x"],
                 "y": kept["y"], "line": {"color": LIGHT[colour], "width": width}},
                {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "x": kept["head_x"],
                 "y": kept["head_y"], "marker": {"symbol": kept["symbol"], "size": 9,
                                                 "color": LIGHT[colour]}}]
        if self._signs:
            traces.append({
                "type": "scatter", "mode": "markers", "hoverinfo": "skip",
                "x": [x for x, _ in self._signs], "y": [y for _, y in self._signs],
                "marker": {"size": 20, "color": LIGHT["bg"],
                           "line": {"width": 1.6, "color": LIGHT["dim"]}}})
        return traces

    def _add(self, name: str, trace: dict[str, Any]) -> None:
        self._named.append((name, trace))


def power_of(scale: Scale) -> int:
    """The power of ten that is factored out of numbers that short ones could not tell apart."""
    return 0 if 0.1 <= scale.top < 1e4 else math.floor(math.log10(float(f"{scale.top:.2e}")))


def scaled(symbol: str, power: int) -> str:
    """`∂L/∂x ×10⁻⁵`: the numbers written below stand for so much each."""
    return f"{symbol} {times_ten(power)}" if power else symbol


def scale_text(scale: Scale, power: int = 0) -> str:
    """What the ends of the colours are: `0 … 1`, `±3.21`; `power` is written elsewhere."""
    top = "1" if scale.top == 1 else three(scale.top / 10.0**power)
    return f"±{top}" if scale.signed else f"0 … {top}"


def _colours(scale: Scale) -> dict[str, Any]:
    return {"colorscale": diverging() if scale.signed else sequential(), "zmin": scale.low,
            "zmax": scale.top, "showscale": False}


def _written(z: Values, width: float, scale: Scale) -> dict[str, Any]:
    """Numbers in the cells, shorter ones where a cell is narrow; a common power of ten is left out.
    """
    power = power_of(scale)
    if power:
        z = z.astype(np.float64) / 10.0**power
    return {"text": [[fitted(float(value), width) for value in row] for row in z],
            "texttemplate": "%{text}", "textfont": {"size": SIZE, "color": LIGHT["ink"]}}
