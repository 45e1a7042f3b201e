"""The cell as a drawing: what was read, each gate's sum and value, the new state, the prediction.

One visual language for the RNN, the GRU and the LSTM, forwards and backwards: the columns are
always read → sum → value → product → new state → prediction, and a strip always stands where the
quantity of this name stands. Backwards, it holds ∂L/∂ that quantity and the arrows turn round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rnnlm_core.figures.cell_drawing import STRIP, Canvas, Point, Vector, scale_text, scaled
from rnnlm_core.figures.palette import LIGHT, fade

WIDTH, NARROW = 1270.0, 358.0
_READ, _SUM, _VALUE, _PRODUCT, _STATE, _OUT = 0.0, 212.0, 440.0, 672.0, 884.0, 1096.0
_SHORT, _LONG = 150.0, 170.0  # of a strip
_BUS, _MEET, _JOIN = 181.0, 641.0, 853.0  # where lines meet in front of sums, products, states
_TOP, _BAR = 44.0, 24.0


@dataclass(frozen=True)
class Plan:
    """Where everything of one kind of cell stands."""

    places: Mapping[str, tuple[float, float, float]]  # x, middle y, width of each vector
    lines: Sequence[Sequence[Point]]  # in the direction of the forward pass
    state_lines: Sequence[Sequence[Point]]  # of h and c, from step to step: in the cell's colour
    signs: Sequence[tuple[float, float, str]]
    height: float
    bars: tuple[float, float] = (_OUT, 150.0)
    out: Mapping[str, Point] = field(default_factory=dict)  # where "next step" is written


@dataclass(frozen=True)
class CellWords:
    """`columns`: was read, sum, value, product, new state, prediction; `onward`: the next step."""

    columns: Sequence[str]
    onward: str
    loss: str
    held: str  # below ∂L/∂c of the step before: the direct path alone


def _row(index: float) -> float:
    return 112.0 + 80.0 * index


def _lstm() -> Plan:
    gates = {"f": 0, "i": 1, "g": 2, "o": 3}
    sums = {f"a.{g}": (_SUM, _row(r), _LONG) for g, r in gates.items()}
    values = {g: (_VALUE, _row(r), _LONG) for g, r in gates.items()}
    middle, c_right, h_right = _row(0.5), _STATE + _SHORT + 14, _STATE + _SHORT + 44
    lines: list[Sequence[Point]] = [
        [(_SHORT, _row(1)), (_BUS, _row(1)), (_BUS, _row(0)), (_SUM, _row(0))],
        *([(_BUS, _row(1)), (_BUS, _row(r)), (_SUM, _row(r))] for r in (1, 2, 3)),
        *([(_SUM + _LONG, _row(r)), (_VALUE, _row(r))] for r in gates.values()),
        [(_VALUE + _LONG, _row(0)), (_PRODUCT, _row(0))],
        [(_VALUE + _LONG, _row(1)), (_PRODUCT, _row(1))],
        [(_VALUE + _LONG, _row(2)), (_MEET, _row(2)), (_MEET, _row(1) + 10)],
        [(_PRODUCT + _SHORT, _row(0)), (_JOIN, _row(0)), (_JOIN, middle - 10)],
        [(_PRODUCT + _SHORT, _row(1)), (_JOIN, _row(1)), (_JOIN, middle + 10)],
        [(_JOIN + 10, middle), (_STATE, middle)],
        [(_STATE + 92, middle + 10), (_STATE + 92, _row(1.75) - 10)],
        [(_STATE, _row(1.75)), (_JOIN, _row(1.75)), (_JOIN, _row(3) - 10)],
        [(_VALUE + _LONG, _row(3)), (_STATE, _row(3))],
        [(h_right, _row(3)), (h_right, _row(0)), (_OUT, _row(0))]]
    return Plan(
        {"c_before": (_READ, _TOP + 16, _SHORT), "c_total": (_READ, _TOP + 86, _SHORT),
         "x": (_READ, _row(1), _SHORT), "h_before": (_READ, _row(2), _SHORT), **sums, **values,
         "f*c": (_PRODUCT, _row(0), _SHORT), "i*g": (_PRODUCT, _row(1), _SHORT),
         "c": (_STATE, middle, _SHORT), "tanh_c": (_STATE, _row(1.75), _SHORT),
         "h": (_STATE, _row(3), _SHORT), "s": (_OUT, _row(0), WIDTH - _OUT)},
        lines,
        [[(_SHORT, _row(2)), (_BUS, _row(2))],
         [(_SHORT, _TOP + 16), (_MEET, _TOP + 16), (_MEET, _row(0) - 10)],
         [(_STATE + _SHORT, middle), (c_right, middle), (c_right, _TOP + 16),
          (_OUT + 16, _TOP + 16)],
         [(_STATE + _SHORT, _row(3)), (_OUT + 16, _row(3))]],
        [(_MEET, _row(0), "⊙"), (_MEET, _row(1), "⊙"), (_JOIN, middle, "+"),
         (_JOIN, _row(3), "⊙")],
        _row(3) + 34, (_OUT, _row(0) + 40),
        {"c": (_OUT + 24, _TOP + 16), "h": (_OUT + 24, _row(3))})


def _gru() -> Plan:
    right = _STATE + _SHORT + 14
    return Plan(
        {"h_before": (_READ, _TOP + 16, _SHORT), "x": (_READ, _row(1), _SHORT),
         "a.z": (_SUM, _row(0), _LONG), "z": (_VALUE, _row(0), _LONG),
         "a.r": (_SUM, _row(1), _LONG), "r": (_VALUE, _row(1), _LONG),
         "z*h": (_PRODUCT, _row(0), _SHORT), "r*m": (_PRODUCT, _row(1), _SHORT),
         "a.n": (_PRODUCT, _row(2.1), _SHORT), "n": (_STATE, _row(2.1), _SHORT),
         "n*z": (_STATE, _row(1), _SHORT), "h": (_STATE, _row(0), _SHORT),
         "s": (_OUT, _row(0), WIDTH - _OUT)},
        [[(_SHORT, _row(1)), (_BUS, _row(1)), (_BUS, _row(0)), (_SUM, _row(0))],
         [(_BUS, _row(1)), (_SUM, _row(1))],
         [(_BUS, _row(1)), (_BUS, _row(2.1)), (_PRODUCT, _row(2.1))],
         [(_SUM + _LONG, _row(0)), (_VALUE, _row(0))],
         [(_SUM + _LONG, _row(1)), (_VALUE, _row(1))],
         [(_VALUE + _LONG, _row(0)), (_PRODUCT, _row(0))],
         [(_VALUE + _LONG, _row(1)), (_PRODUCT, _row(1))],
         [(_PRODUCT + 92, _row(1) + 10), (_PRODUCT + 92, _row(2.1) - 10)],
         [(_PRODUCT + _SHORT, _row(2.1)), (_STATE, _row(2.1))],
         [(_STATE + 112, _row(2.1) - 10), (_STATE + 112, _row(1) + 10)],
         [(_STATE, _row(1)), (_JOIN, _row(1)), (_JOIN, _row(0) + 10)],
         [(_PRODUCT + _SHORT, _row(0)), (_STATE, _row(0))],
         [(_STATE + _SHORT, _row(0)), (_OUT, _row(0))]],
        [[(_SHORT, _TOP + 16), (_MEET, _TOP + 16), (_MEET, _row(0) - 10)],
         [(_BUS, _TOP + 16), (_BUS, _row(0))],
         [(right, _row(0)), (right, _TOP + 16), (_OUT + 16, _TOP + 16)]],
        [(_MEET, _row(0), "⊙"), (_MEET, _row(1), "⊙"), (_JOIN, _row(0), "+")],
        _row(2.1) + 40, (_OUT, _row(0) + 40), {"h": (_OUT + 24, _TOP + 16)})


def _rnn() -> Plan:
    middle, right = _row(0.35), _STATE + _SHORT + 14
    return Plan(
        {"h_before": (_READ, _TOP + 16, _SHORT), "x": (_READ, _row(1), _SHORT),
         "a.h": (_SUM, middle, _LONG), "h": (_STATE, middle, _SHORT),
         "s": (_OUT, middle, WIDTH - _OUT)},
        [[(_SHORT, _row(1)), (_BUS, _row(1)), (_BUS, middle), (_SUM, middle)],
         [(_SUM + _LONG, middle), (_STATE, middle)],
         [(_STATE + _SHORT, middle), (_OUT, middle)]],
        [[(_SHORT, _TOP + 16), (_BUS, _TOP + 16), (_BUS, middle)],
         [(right, middle), (right, _TOP + 16), (_OUT + 16, _TOP + 16)]],
        [], middle + 60 + 6 * _BAR, (_OUT, middle + 40), {"h": (_OUT + 24, _TOP + 16)})


# the gates in the order of their rows
BLOCKS = {"lstm": ("f", "i", "g", "o"), "gru": ("z", "r", "n"), "rnn": ("h",)}
PLANS = {"lstm": _lstm(), "gru": _gru(), "rnn": _rnn()}
# on a phone: two beside each other, in the order of the equations
_NARROW_ORDER = {
    "lstm": ("x", "h_before", "c_before", "c_total", "a.f", "f", "a.i", "i", "a.g", "g", "a.o", "o",
             "f*c", "i*g", "c", "tanh_c", "h", "s"),
    "gru": ("x", "h_before", "a.r", "r", "a.z", "z", "r*m", "", "a.n", "n", "z*h", "n*z", "h",
            "s"),
    "rnn": ("x", "h_before", "a.h", "h", "s", "")}


def narrow_plan(cell: str) -> Plan:
    order, width = _NARROW_ORDER[cell], 168.0
    places = {name: ((NARROW - width) * (i % 2), 34.0 + 52 * (i // 2), width)
              for i, name in enumerate(order) if name}
    bottom = 34.0 + 52 * (len(order) // 2)
    return Plan(places, [], [], [], bottom + 6 * _BAR + 16, (0.0, bottom))


@dataclass(frozen=True)
class Outcome:
    """The likeliest next tokens as (share, markup), and which of them came."""

    rows: Sequence[tuple[float, str]]
    came: int | None


def cell_canvas(cell: str, vectors: Mapping[str, Vector], outcome: Outcome, words: CellWords,
                chosen: str | None = None, element: int | None = None, back: bool = False,
                narrow: bool = False) -> Canvas:
    """The drawing. `vectors` by the names of `insight.cell_step`; `chosen` is the gate whose row is
    lit, `element` the unit that is outlined wherever it stands. `back` turns the arrows round."""
    plan = narrow_plan(cell) if narrow else PLANS[cell]
    canvas = Canvas(NARROW if narrow else WIDTH, plan.height)
    if chosen is not None:
        _light(canvas, plan, chosen)
    for points in plan.lines:
        canvas.line(points, "dim", back)
    for points in plan.state_lines:
        canvas.line(points, cell, back, 2.4)
    for x, y, text in plan.signs:
        canvas.sign(x, y, text)
    for name, (x, y, width) in plan.places.items():
        if name not in vectors:  # the total of c is one of the way back alone
            continue
        vector = vectors[name]
        units = element if name not in ("x", "s") else None
        power = canvas.strip(vector, x, y, width, units)
        canvas.write(x, y - STRIP / 2 - 3, scaled(vector.symbol, power), "left", up="bottom")
        canvas.write(x + width, y - STRIP / 2 - 3, scale_text(vector.scale, power), "right",
                     "dim", 14, up="bottom")
    x, y = plan.bars
    width = (canvas.width - x) * (0.5 if not narrow else 0.7)
    canvas.bars("p", outcome.rows, x, y + 12, width, _BAR, outcome.came)
    canvas.write(x, y + 12 + _BAR * len(outcome.rows) + 2, words.loss, "left")
    if not narrow:
        for at, text in zip((_READ, _SUM, _VALUE, _PRODUCT, _STATE, _OUT), words.columns,
                            strict=True):
            if any(x == at for x, _, _ in plan.places.values()):
                canvas.write(at, 9, text, "left", "dim", 14)
        if back and "c_before" in plan.places:
            x, y, _ = plan.places["c_before"]
            canvas.write(x, y + STRIP / 2 + 2, words.held, "left", "dim", 14, up="top")
        for name, (x, y) in plan.out.items():
            canvas.write(x, y, words.onward.format(name=name), "left", cell, 14)
    return canvas


def _light(canvas: Canvas, plan: Plan, chosen: str) -> None:
    """A band behind the sum and the value of the chosen gate."""
    for name in (f"a.{chosen}", chosen):
        if name in plan.places:
            x, y, width = plan.places[name]
            canvas.frame(x - 7, y - 32, x + width + 7, y + 16, "ink", 1.6,
                         fade(LIGHT["panel"], 1.0))
