"""One gate's matrices as coloured ones, with the vectors they meet: rows are the gate's units.

Forwards: the vector above each matrix meets its columns, and what comes of each row stands to the
right: W x, U h, biases, their sum, the value. Backwards: the matrices are what this step adds to
the gradient (δ times the vector above), δ to the right, and below each what goes back through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnlm_core.figures.cell import NARROW, WIDTH
from rnnlm_core.figures.cell_drawing import Canvas, Values, Vector, scale_of, scale_text, scaled
from rnnlm_core.figures.states import Scale

ROWS = 128  # of a page
_TOP, _ABOVE, _BELOW = 74.0, 22.0, 40.0
_COLUMN, _GAP = 62.0, 44.0  # pixels of a column of values; between matrices


@dataclass(frozen=True)
class Sheet:
    """A matrix of R rows and N columns, the vector (N,) above it, and one below where there is."""

    name: str
    symbol: str
    values: Values
    above: Vector
    below: Vector | None = None


@dataclass(frozen=True)
class Column:
    """Values (R,) of every row, and the sign in front of them: `=`, `+`, `σ`."""

    vector: Vector
    sign: str


def pages(rows: int) -> int:
    return -(-rows // ROWS)


def product_canvas(sheets: Sequence[Sheet], columns: Sequence[Column], page: int = 0,
                   element: int | None = None, row_names: Sequence[str] = (),
                   narrow: bool = False) -> Canvas:
    """Rows ROWS · page … of all matrices and columns. `element` is the outlined row."""
    total = len(columns[0].vector.values)
    first = page * ROWS
    shown = slice(first, min(total, first + ROWS))
    count = shown.stop - first
    below = any(sheet.below is not None for sheet in sheets)
    pixels = min(44.0, (232.0 if below else 336.0) / count) * count
    canvas = Canvas(NARROW if narrow else WIDTH,
                    _TOP + pixels + (_ABOVE + _BELOW if below else 12))
    step = (26.0 if narrow else _COLUMN) + (8 if narrow else 22)
    gap = 12.0 if narrow else _GAP
    room = canvas.width - step * len(columns) - gap * (len(sheets) - 1) - (10 if narrow else 30)
    widths = _shares([sheet.values.shape[1] for sheet in sheets], room, 40.0 if narrow else 220.0)
    x = 0.0
    for number, (sheet, width) in enumerate(zip(sheets, widths, strict=True)):
        if number:
            canvas.write(x - gap / 2, _TOP + pixels / 2, "+", size=20, colour="dim")
        scale = _matrix_scale(sheet.values)
        power = canvas.strip(sheet.above, x, 36, width)
        _named(canvas, sheet.above, x, width, 24, narrow, power)
        power = canvas.matrix(sheet.name, sheet.symbol, sheet.values[shown], scale, x, _TOP, width,
                              pixels, first, row_names)
        if not narrow:
            canvas.write(x + width, _TOP - 2, f"{scaled(sheet.symbol, power)}  "
                         f"{scale_text(scale, power)}", "right", "dim", 14, up="bottom")
        if sheet.below is not None:
            power = canvas.strip(sheet.below, x, _TOP + pixels + _BELOW, width)
            _named(canvas, sheet.below, x, width, _TOP + pixels + _BELOW - 12, narrow, power)
        _outline(canvas, element, first, count, x, width, pixels)
        x += width + gap
    x += -gap + (8 if narrow else 22)
    for column in columns:
        _column(canvas, column, x, step, shown, pixels, element, first, row_names, narrow)
        x += step
    return canvas


def _column(canvas: Canvas, column: Column, x: float, step: float, shown: slice, pixels: float,
            element: int | None, first: int, row_names: Sequence[str], narrow: bool) -> None:
    vector = column.vector
    wide = step - (8 if narrow else 22)
    names = row_names[shown] if row_names else [str(i) for i in range(shown.start, shown.stop)]
    part = Vector(vector.name, vector.symbol, vector.values[shown], vector.scale, names)
    at = element - first if element is not None else None
    power = canvas.strip(part, x, _TOP, wide, at, pixels, upright=True)
    canvas.write(x + wide / 2, _TOP - 4, scaled(vector.symbol, power),
                 size=14 if narrow else 15, up="bottom")
    if not narrow:
        canvas.write(x - 11, _TOP + pixels / 2, column.sign, colour="dim", size=17)


def _named(canvas: Canvas, vector: Vector, x: float, width: float, y: float, narrow: bool,
           power: int) -> None:
    canvas.write(x, y, scaled(vector.symbol, power), "left", up="bottom")
    if not narrow:
        canvas.write(x + width, y, scale_text(vector.scale, power), "right", "dim", 14, up="bottom")


def _outline(canvas: Canvas, element: int | None, first: int, count: int, x: float, width: float,
             pixels: float) -> None:
    """The chosen row of a matrix."""
    if element is not None and first <= element < first + count:
        each = pixels / count
        top = _TOP + (element - first) * each
        canvas.frame(x - 3, top - 2, x + width + 3, top + each + 2, "ink", 1.5)


def _matrix_scale(values: Values) -> Scale:
    """The strongest colour stands for the size that one entry in a hundred reaches: a few large
    ones would else turn all others pale."""
    top = float(np.quantile(np.abs(values), 0.99))
    return Scale(top, signed=True) if top > 0 else scale_of(values)


def _shares(sizes: Sequence[int], room: float, least: float) -> list[float]:
    """Widths in proportion to the sizes, none narrower than `least`."""
    whole = sum(sizes)
    wide = [max(least, room * size / whole) for size in sizes]
    over = sum(wide) - room
    if over > 0:
        largest = max(range(len(wide)), key=wide.__getitem__)
        wide[largest] = max(least, wide[largest] - over)
    return wide


