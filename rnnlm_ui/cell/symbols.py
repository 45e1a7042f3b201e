"""What the quantities of a step are called: on the drawings, in lists, in formulas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.cell_drawing import MOST, Values, Vector, scale_of
from rnnlm_core.figures.states import Scale, glyph
from rnnlm_ui.cell.bench import Bench
from rnnlm_ui.i18n import t

_SIGMA = {"sigmoid": "σ", "tanh": "tanh", "relu": "ReLU", "softmax": "softmax"}
_FORWARD = {
    "x": "x<sub>t</sub>", "h_before": "h<sub>t−1</sub>", "c_before": "c<sub>t−1</sub>",
    "f*c": "f ⊙ c<sub>t−1</sub>", "i*g": "i ⊙ g", "c": "c<sub>t</sub>",
    "tanh_c": "tanh c<sub>t</sub>", "h": "h<sub>t</sub>", "r*m": "r ⊙ m",
    "z*h": "z ⊙ h<sub>t−1</sub>", "n*z": "(1 − z) ⊙ n", "s": "s = W<sub>o</sub>h + b<sub>o</sub>"}
_OF = {"f*c": "(f ⊙ c)", "i*g": "(i ⊙ g)", "tanh_c": "tanh c", "r*m": "(r ⊙ m)",
       "z*h": "(z ⊙ h)", "n*z": "((1 − z) ⊙ n)"}


def function_sign(function: str) -> str:
    return _SIGMA[function]


def forward_symbol(name: str, config: RunConfig) -> str:
    """Plotly markup: `f = σ(a_f)`, `c_t`."""
    if name.startswith("a."):
        gate = name[2:]
        return "a<sub>t</sub>" if gate == "h" else f"a<sub>{gate}</sub>"
    if name == "h" and config.cell == "rnn":
        return f"h<sub>t</sub> = {_SIGMA[config.activation]}(a<sub>t</sub>)"
    if name == "s" and config.softmax == "adaptive":
        return "log p"
    if name in _FORWARD:
        return _FORWARD[name]
    return f"{name} = {'tanh' if name in 'gn' else 'σ'}(a<sub>{name}</sub>)"


def back_symbol(name: str) -> str:
    """`∂L/∂c_t`; δ in front of a gate's function, e at the output."""
    if name.startswith("a."):
        gate = name[2:]
        return "δ<sub>t</sub>" if gate == "h" else f"δ<sub>{gate}</sub>"
    if name == "s":
        return "e = p − y"
    if name == "c_total":
        return t("cell_back.total", of=f"∂L/∂{_FORWARD['c_before']}")
    return f"∂L/∂{_OF.get(name) or _FORWARD.get(name, name)}"


def vectors(values: Mapping[str, Values], bench: Bench, back: bool) -> dict[str, Vector]:
    """Every strip of the drawing. Forwards gates run from 0 to 1 and what comes of tanh from −1 to
    1; everything else by its own largest size."""
    config = bench.scene.config
    pieces = tokens(bench) if len(bench.vocabulary) <= MOST else ()
    found = {}
    for name, entries in values.items():
        symbol = back_symbol(name) if back else forward_symbol(name, config)
        if back and bench.narrow and name == "c_before":  # no room for a line below it
            symbol = t("cell_back.held_short", of=symbol)
        found[name] = Vector(name, symbol, entries,
                             scale_of(entries) if back else forward_scale(name, entries, config),
                             pieces if name == "s" else ())
    return found


def forward_scale(name: str, entries: Values, config: RunConfig) -> Scale:
    if name in ("f", "i", "o", "r", "z", "p"):
        return scale_of(entries, 1.0, signed=False)
    if name in ("h", "h_before"):
        if config.cell == "rnn" and config.activation == "relu":
            return scale_of(entries)
        return scale_of(entries, 1.0, signed=not (
            config.cell == "rnn" and config.activation == "sigmoid"))
    return scale_of(entries, 1.0) if name in ("g", "n", "tanh_c") else scale_of(entries)


def tokens(bench: Bench, shown: slice = slice(None)) -> list[str]:
    """The vocabulary as labels of a drawing; those that are not shown stay empty."""
    names = [""] * len(bench.vocabulary)
    names[shown] = map(glyph, bench.vocabulary[shown])
    return names


def gate_name(gate: str, config: RunConfig) -> str:
    """In a list: `f · forget gate`."""
    name = f"{config.cell}_{gate}" if gate != "s" else "output"
    return t(f"cell_step.gate.{name}")


def matrix_symbol(matrix: str, gate: str) -> str:
    """W_f and U_f; W and U of an RNN; W_o."""
    if matrix == "W_o":
        return "W<sub>o</sub>"
    letter = "W" if matrix == "W_ih" else "U"
    return letter if gate == "h" else f"{letter}<sub>{gate}</sub>"


def vector_symbol(vector: str) -> str:
    return "h<sub>t</sub>" if vector == "h" else _FORWARD[vector]


def norm(values: Values) -> float:
    return float(np.linalg.norm(values))
