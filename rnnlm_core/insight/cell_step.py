"""One time step of one layer, every number by name: what was read, each gate's sum, new state, p.

The steps are those of `nets.cells`, in float64 on the run's own weights, so that the derivatives
(`insight.cell_back`) can be held against autograd to the last digits.

Shapes: T tokens, D input, H hidden, V vocabulary; R rows of one block (H, or V for the output).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.nets.cells import (
    GATES,
    GRUStep,
    LSTMStep,
    State,
    Step,
    Trace,
    layer_weights,
    recurrent,
    state_of,
    unroll,
)
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.nets.recurrent import RecurrentModel

Floats = NDArray[np.float64]
Function = Literal["sigmoid", "tanh", "relu", "softmax"]
OUTPUT = "s"  # the block of the output layer


@dataclass(frozen=True)
class CellReading:
    """A text as the network read it from the zero state, every step kept. L layers, T ≥ 2 tokens.

    There are T − 1 places: after each token but the last, whose next one is not known.
    """

    model: RecurrentModel  # a copy in float64, without gradients
    ids: Tensor  # (T,)
    trace: Trace  # B = 1
    text: str  # what was read
    owners: NDArray[np.int64]  # of each character of the text, the token that ends it
    pieces: tuple[str, ...]  # T
    surprise: Floats  # (T,) bits, of each token before it was read; NaN for the first

    @property
    def places(self) -> int:
        return len(self.ids) - 1

    def input(self, layer: int) -> Tensor:
        """What a layer reads at each step, (1, T, D)."""
        x = self.trace.embedded
        for below in range(layer):
            x = self.model.above(below, self.trace.layers[below].h, x)
        return x

    def before(self, layer: int, place: int) -> State:
        """The state of a layer before a step, each (1, H)."""
        if place > 0:
            return state_of(self.trace.layers[layer].steps[place - 1])
        return tuple(part[layer] for part in self.model.zero_state(1))


def read_cells(model: LanguageModel, tokenizer: Tokenizer, text: str) -> CellReading:
    """Raises `BadInput` for a CNN (run.no_state) and for less than two known tokens
    (text.too_short), `RunError` where the weights hold no numbers (run.no_numbers)."""
    known = np.array(tokenizer.known(text), np.int64)
    exact = copy.deepcopy(recurrent(model)).double().requires_grad_(False).eval()
    if len(known) < 2:
        raise BadInput("text.too_short", value=len(known), limit=2)
    read, owners = tokenizer.owners(known)
    return _reading(exact, torch.from_numpy(known).to(exact.device), read, owners,
                    tuple(tokenizer.pieces[i] for i in known))


def read_by(model: LanguageModel, reading: CellReading) -> CellReading:
    """The same tokens, read by another network of this vocabulary. Raises as `read_cells`."""
    exact = copy.deepcopy(recurrent(model)).double().requires_grad_(False).eval()
    return _reading(exact, reading.ids.to(exact.device), reading.text, reading.owners,
                    reading.pieces)


def _reading(exact: RecurrentModel, ids: Tensor, text: str, owners: NDArray[np.int64],
             pieces: tuple[str, ...]) -> CellReading:
    trace = unroll(exact, ids[None])
    log_p = torch.log_softmax(trace.logits[0], -1)
    bits = -log_p[:-1].gather(1, ids[1:, None])[:, 0] / np.log(2)
    # in the network's own float32, where it may overflow before these do
    kept = [trace.logits, *(v for layer in trace.layers for v in (layer.h, layer.c)
                            if v is not None)]
    if not all(bool(torch.isfinite(values.float()).all()) for values in kept):
        raise RunError("run.no_numbers")
    return CellReading(exact, ids, trace, text, owners, pieces,
                       np.concatenate([[np.nan], as_numpy(bits)]))


class Factor(NamedTuple):
    """One matrix times one vector, and the bias beside it: gain ⊙ (W v + b)."""

    matrix: str  # its name: W_ih, W_hh, W_o
    vector: str  # x, h_before, h
    W: Floats  # (R, N)
    v: Floats  # (N,)
    bias: str  # b_ih, b_hh, b_o
    b: Floats  # (R,)
    gain: Floats | None = None  # (R,) of a GRU's candidate: r, which multiplies after the product

    @property
    def scale(self) -> Floats:
        return np.ones(len(self.b)) if self.gain is None else self.gain


class Block(NamedTuple):
    """The rows of the parameters that make one gate: a = the sum of its factors, then a function.
    """

    name: str  # i, f, g, o; r, z, n; h of an RNN; s of the output layer
    factors: tuple[Factor, ...]
    a: Floats  # (R,) before the function; the output's are its logits
    value: Floats  # (R,)
    function: Function


class Prediction(NamedTuple):
    """What came of the step: scores, probabilities, the token that came, and its loss."""

    seen: Floats  # (H,) what the output layer sees, of the top layer
    logits: Floats  # (V,)
    p: Floats  # (V,)
    target: int
    loss: float  # nats


@dataclass(frozen=True)
class CellStep:
    """One step. `values` has every vector of the drawing by its name:

    x, h_before, c_before; a.GATE and GATE for each block; products of gates (`f*c`, `i*g` and
    tanh_c of an LSTM, `r*m`, `z*h` and `n*z` of a GRU, which is (1 − z) ⊙ n); then c, h; s, p.
    """

    cell: str
    values: dict[str, Floats]
    blocks: dict[str, Block]  # the gates, then the output layer where it is one matrix
    prediction: Prediction

    def row(self, block: str, element: int) -> Row:
        return row_of(self.blocks[block], element)


def cell_step(reading: CellReading, layer: int, place: int) -> CellStep:
    """What layer `layer` (lowest 0) did when it read the token at `place` (0 … T − 2)."""
    step = reading.trace.layers[layer].steps[place]
    before = reading.before(layer, place)
    x = as_numpy(reading.input(layer)[0, place])
    blocks = _blocks(reading, layer, step, x, as_numpy(before[0][0]))
    prediction = _prediction(reading, place)
    values = {"x": x, "h_before": as_numpy(before[0][0])}
    if isinstance(step, LSTMStep):
        values["c_before"] = as_numpy(before[1][0])
    for name, block in blocks.items():
        values |= {f"a.{name}": block.a, name: block.value}
    values |= _products(step, before) | {"h": as_numpy(step.h[0])}
    output = _output(reading, prediction)
    return CellStep(reading.trace.layers[layer].cell,
                    values | {"s": prediction.logits, "p": prediction.p},
                    blocks | ({OUTPUT: output} if output is not None else {}), prediction)


def _blocks(reading: CellReading, layer: int, step: Step, x: Floats, h: Floats
            ) -> dict[str, Block]:
    cell = reading.trace.layers[layer].cell
    weights = [as_numpy(w) for w in layer_weights(reading.model, layer)]
    names, hidden, found = GATES[cell] or ("h",), len(h), {}
    for index, name in enumerate(names):
        rows = slice(index * hidden, (index + 1) * hidden)
        W_ih, W_hh, b_ih, b_hh = (w[rows] for w in weights)
        gain = as_numpy(step.r[0]) if isinstance(step, GRUStep) and name == "n" else None
        factors = (Factor("W_ih", "x", W_ih, x, "b_ih", b_ih),
                   Factor("W_hh", "h_before", W_hh, h, "b_hh", b_hh, gain))
        a = np.sum([f.scale * (f.W @ f.v + f.b) for f in factors], 0)
        function: Function = reading.model.config.activation if cell == "rnn" else \
            "tanh" if name in "gn" else "sigmoid"
        found[name] = Block(name, factors, a, as_numpy(getattr(step, name)[0]), function)
    return found


def _products(step: Step, before: State) -> dict[str, Floats]:
    if isinstance(step, LSTMStep):
        named = {"f*c": step.f * before[1], "i*g": step.i * step.g, "c": step.c,
                 "tanh_c": torch.tanh(step.c)}
    elif isinstance(step, GRUStep):
        named = {"r*m": step.r * step.m, "z*h": step.z * before[0], "n*z": (1 - step.z) * step.n}
    else:
        return {}
    return {name: as_numpy(value[0]) for name, value in named.items()}


def _prediction(reading: CellReading, place: int) -> Prediction:
    seen = reading.trace.top(place)
    logits = reading.model.output(seen)[0]
    log_p = torch.log_softmax(logits, -1)
    target = int(reading.ids[place + 1])
    return Prediction(as_numpy(seen[0]), as_numpy(logits), as_numpy(log_p.exp()), target,
                      -float(log_p[target]))


def output_weights(model: RecurrentModel) -> tuple[Tensor, Tensor] | None:
    """W_o (V, H) and b_o (V,); None where the output layer is no single matrix (adaptive)."""
    weight = getattr(model.output, "weight", None)
    return None if weight is None else (weight, model.output.bias)  # type: ignore[attr-defined]


def _output(reading: CellReading, found: Prediction) -> Block | None:
    weights = output_weights(reading.model)
    if weights is None:
        return None
    W, b = map(as_numpy, weights)
    return Block(OUTPUT, (Factor("W_o", "h", W, found.seen, "b_o", b),), found.logits, found.p,
                 "softmax")


# -- one element: row times column -----------------------------------------------------------
class Term(NamedTuple):
    """One product of a sum: weight · value (· gain); `column` −1 is a bias."""

    factor: int  # which of the block's
    column: int
    weight: float
    value: float  # 1 beside a bias
    product: float


class Row(NamedTuple):
    """All terms of one pre-activation, the largest first, and what they add up to."""

    terms: tuple[Term, ...]
    total: float


def row_of(block: Block, element: int) -> Row:
    """The row `element` of a block's matrices times their vectors."""
    terms = []
    for number, factor in enumerate(block.factors):
        gain = float(factor.scale[element])
        products = factor.W[element] * factor.v * gain
        terms += [Term(number, j, float(factor.W[element, j]), float(factor.v[j]),
                       float(products[j])) for j in range(len(products))]
        bias = float(factor.b[element])
        terms.append(Term(number, -1, bias, 1.0, bias * gain))
    return Row(tuple(sorted(terms, key=lambda term: -abs(term.product))), float(block.a[element]))


def rest_of(terms: Sequence[Term], shown: int) -> tuple[int, float]:
    """How many terms come after the shown ones, and their sum."""
    rest = terms[shown:]
    return len(rest), float(sum(term.product for term in rest))


def as_numpy(values: Tensor) -> Floats:
    found: Floats = values.detach().cpu().numpy()
    return found
