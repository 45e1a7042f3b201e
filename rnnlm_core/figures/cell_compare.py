"""RNN, GRU and LSTM beside each other: the same boxes at the same places, what is new framed.

A smaller brother of `figures.cell`, with the same strips, lines and signs. The state runs along the
top, a straight line wherever gates let it through; an RNN has to send it through its one box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnnlm_core.figures.cell import Plan
from rnnlm_core.figures.cell_drawing import STRIP, Canvas, Point, Vector, scale_text
from rnnlm_core.figures.palette import LIGHT, fade

WIDTH, HEIGHT = 396.0, 372.0
_LEFT, _GATE, _RIGHT = 0.0, 132.0, 306.0  # columns: what was read, gates, new state
_SIDE, _MIDDLE = 90.0, 126.0  # of a strip
_X_BUS, _H_BUS, _KEEP, _ADD = 100.0, 116.0, 238.0, 282.0  # where lines run upright
_STATE, _ROW, _WRITE, _CANDIDATE, _READ = 36.0, 108.0, 180.0, 252.0, 344.0  # rows
_RESET = 288.0  # between the candidate and the gate below it
_DOT = 10.0  # half a sign, half a strip

PATH = {"rnn": "h", "gru": "h", "lstm": "c"}  # what runs along the top
NEW = {"rnn": (), "gru": ("z", "r"), "lstm": ("f", "i", "o")}  # gates: framed


def _line_of(*points: Point) -> Sequence[Point]:
    return points


_END = _GATE + _MIDDLE
_OUT = _line_of((_ADD + _DOT, _STATE), (_RIGHT, _STATE))
_THROUGH = [_line_of((_SIDE, _STATE), (_KEEP - _DOT, _STATE)),
            _line_of((_KEEP + _DOT, _STATE), (_ADD - _DOT, _STATE)), _OUT]
_BUSES = [_line_of((_X_BUS, _CANDIDATE), (_X_BUS, _ROW), (_GATE, _ROW)),
          _line_of((_X_BUS, _CANDIDATE), (_X_BUS, _READ), (_GATE, _READ)),
          _line_of((_SIDE, _CANDIDATE), (_GATE, _CANDIDATE))]
_WRITES = [_line_of((_KEEP, _ROW - _DOT), (_KEEP, _STATE + _DOT)),
           _line_of((_END, _WRITE), (_ADD - _DOT, _WRITE)),
           _line_of((_END, _CANDIDATE), (_ADD, _CANDIDATE), (_ADD, _WRITE + _DOT)),
           _line_of((_ADD, _WRITE - _DOT), (_ADD, _STATE + _DOT))]
_SIGNS = [(_KEEP, _STATE, "⊙"), (_ADD, _WRITE, "⊙"), (_ADD, _STATE, "+")]
_X = ("x", (_LEFT, _CANDIDATE, _SIDE))
_NEW_H = {"h": (_RIGHT, _STATE, _SIDE)}

COMPARED = {
    "rnn": Plan(
        {"h_before": (_LEFT, _STATE, _SIDE), _X[0]: _X[1],
         "candidate": (_GATE, _CANDIDATE, _MIDDLE), **_NEW_H},
        [_BUSES[2]],
        [_line_of((_SIDE, _STATE), (_H_BUS, _STATE), (_H_BUS, _CANDIDATE), (_GATE, _CANDIDATE)),
         _line_of((_END, _CANDIDATE), (_ADD, _CANDIDATE), (_ADD, _STATE), (_RIGHT, _STATE))],
        [], _CANDIDATE + 24),
    "gru": Plan(
        {"h_before": (_LEFT, _STATE, _SIDE), _X[0]: _X[1], "z": (_GATE, _ROW, _MIDDLE),
         "1-z": (_GATE, _WRITE, _MIDDLE), "n": (_GATE, _CANDIDATE, _MIDDLE),
         "r": (_GATE, _READ, _MIDDLE), **_NEW_H},
        [*_BUSES, *_WRITES,
         _line_of((_H_BUS, _STATE), (_H_BUS, _ROW), (_GATE, _ROW)),
         _line_of((_H_BUS, _STATE), (_H_BUS, _READ), (_GATE, _READ)),
         _line_of((_H_BUS, _RESET), (_KEEP - _DOT, _RESET)),
         _line_of((_KEEP, _READ - _DOT), (_KEEP, _RESET + _DOT)),
         _line_of((_KEEP, _RESET - _DOT), (_KEEP, _CANDIDATE + _DOT))],
        _THROUGH, [*_SIGNS, (_KEEP, _RESET, "⊙")], HEIGHT),
    "lstm": Plan(
        {"c_before": (_LEFT, _STATE, _SIDE), "h_before": (_LEFT, _WRITE, _SIDE), _X[0]: _X[1],
         "f": (_GATE, _ROW, _MIDDLE), "i": (_GATE, _WRITE, _MIDDLE),
         "g": (_GATE, _CANDIDATE, _MIDDLE), "o": (_GATE, _READ, _MIDDLE),
         "c": (_RIGHT, _STATE, _SIDE), "h": (_RIGHT, _READ, _SIDE)},
        [*_BUSES, *_WRITES,
         _line_of((_SIDE, _WRITE), (_GATE, _WRITE)),
         _line_of((_X_BUS, _WRITE + 5), (_GATE, _WRITE + 5)),
         _line_of((_H_BUS, _WRITE), (_H_BUS, _ROW), (_GATE, _ROW)),
         _line_of((_H_BUS, _WRITE), (_H_BUS, _CANDIDATE), (_GATE, _CANDIDATE)),
         _line_of((_H_BUS, _WRITE), (_H_BUS, _READ), (_GATE, _READ)),
         _line_of((_END, _READ), (_ADD - _DOT, _READ)),
         _line_of((_RIGHT + 45, _STATE + _DOT), (_RIGHT + 45, _RESET), (_ADD, _RESET),
                  (_ADD, _READ - _DOT)),
         _line_of((_ADD + _DOT, _READ), (_RIGHT, _READ))],
        _THROUGH, [*_SIGNS, (_ADD, _READ, "⊙")], HEIGHT)}


def compared_canvas(cell: str, vectors: Mapping[str, Vector], chosen: str | None = None,
                    narrow: bool = False) -> Canvas:
    """One cell. `vectors` by the names of its plan in `COMPARED`; the symbols carry what each does.
    `chosen` is outlined: the gate whose function is drawn below. All are as high as the highest
    where they stand beside each other; on a phone (`narrow`) they stand below each other."""
    plan = COMPARED[cell]
    canvas = Canvas(WIDTH, plan.height if narrow else HEIGHT)
    for name in NEW[cell]:
        x, y, width = plan.places[name]
        canvas.frame(x - 6, y - 37, x + width + 6, y + 16, cell, 1.6, fade(LIGHT["panel"], 1.0))
    for points in plan.lines:
        canvas.line(points)
    for points in plan.state_lines:
        canvas.line(points, cell, width=3.0)
    for x, y, text in plan.signs:
        canvas.sign(x, y, text)
    for name, (x, y, width) in plan.places.items():
        vector = vectors[name]
        canvas.strip(vector, x, y, width)
        canvas.write(x, y - STRIP / 2 - 3, vector.symbol, "left", up="bottom")
        if width == _SIDE:
            canvas.write(x + width, y - STRIP / 2 - 3, scale_text(vector.scale), "right", "dim",
                         13, up="bottom")
        if name == chosen:
            canvas.frame(x - 3, y - STRIP / 2 - 3, x + width + 3, y + STRIP / 2 + 3, "ink", 2)
    if cell == "lstm":
        canvas.write(_RIGHT + 51, _RESET - 4, "tanh", "left", "dim", 14, up="bottom")
    return canvas
