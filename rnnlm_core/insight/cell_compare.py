"""The three cells beside each other at one step, and how far their functions are saturated.

The run's own cell has its own weights; of the other two there is no training to show, so they are
freshly initialised networks of the same size that read the same text.

Shapes: T tokens, D input, H hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from rnnlm_core.config import Activation, Cell
from rnnlm_core.insight.activations import LARGEST_SLOPE, derivative
from rnnlm_core.insight.cell_step import CellReading, CellStep, Floats, read_by
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import GATES, layer_weights

GATE_BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}  # G
SATURATED = 0.1  # of the largest slope
_KEEPER = {"gru": "z", "lstm": "f"}  # the gate that the state is multiplied by
_BINS = 60


def read_fresh(reading: CellReading, cell: Cell, vocabulary: int) -> CellReading:
    """The same text, read by a new network that differs from the run's in its cell alone: same
    sizes, initialisation and seed."""
    return read_by(build(replace(reading.model.config, cell=cell), vocabulary), reading)


def cell_parameters(cell: str, inputs: int, hidden: int) -> int:
    """Of one layer in PyTorch's layout, both biases: G · H · (D + H + 2)."""
    return GATE_BLOCKS[cell] * hidden * (inputs + hidden + 2)


def kept(step: CellStep) -> float:
    """The share of the old state that goes on along the straight line: the mean of z or f; 0 of an
    RNN, which has no such line."""
    return float(step.values[_KEEPER[step.cell]].mean()) if step.cell in _KEEPER else 0.0


# -- two conventions of the GRU ----------------------------------------------------------------
def gru_conventions(step: CellStep) -> dict[str, Floats]:
    """The new state (H,) that the same weights give in each convention, from the same r and z.

    pytorch: n = tanh(W x + b + r ⊙ (U h + b')), h' = (1 − z) ⊙ n + z ⊙ h.
    cho: n = tanh(W x + b + U(r ⊙ h) + b'), h' as above. Source: Cho et al. 2014 (arXiv 1406.1078),
    equations 7 and 8, which have no biases.
    chung: n as Cho's, h' = (1 − z) ⊙ h + z ⊙ n. Source: Chung et al. 2014 (arXiv 1412.3555).
    """
    values, (inputs, hidden) = step.values, step.blocks["n"].factors
    h, r, z = (values[name] for name in ("h_before", "r", "z"))
    n = np.tanh(inputs.W @ inputs.v + inputs.b + hidden.W @ (r * h) + hidden.b)
    return {"pytorch": values["h"], "cho": (1 - z) * n + z * h, "chung": (1 - z) * h + z * n}


# -- saturation --------------------------------------------------------------------------------
def saturated(function: Activation, a: Floats) -> float:
    """The share of entries where the slope is below a tenth of its largest."""
    return float((derivative(a, function) < SATURATED * LARGEST_SLOPE[function]).mean())


def limits_of(function: Activation) -> tuple[float, float]:
    """Between them the slope is a tenth of its largest at least (ReLU: above the first)."""
    if function == "relu":
        return 0.0, float("inf")
    # σ' = s(1 − s) = .025 and tanh' = 1 − v² = .1, solved for a
    end = float(np.log((1 + np.sqrt(0.9)) / (1 - np.sqrt(0.9))))
    return (-end, end) if function == "sigmoid" else (-end / 2, end / 2)


@dataclass(frozen=True)
class Pressed:
    """What one gate's function is given: at this step, and over the whole text."""

    function: Activation
    a: Floats  # (H,) at this step
    here: float  # share saturated at this step
    text: float  # and of all steps of the text
    counts: Floats  # of all steps, in bins of equal width over ±reach
    reach: float  # x axis


def pressed(reading: CellReading, layer: int, place: int, gate: str) -> Pressed:
    """`gate`: a block of the cell."""
    config = reading.model.config
    function: Activation = config.activation if config.cell == "rnn" else \
        "tanh" if gate in "gn" else "sigmoid"
    every = pre_activations(reading, layer, gate)
    reach = max(6.0, 1.05 * float(np.abs(every).max()))
    counts, _ = np.histogram(every, _BINS, (-reach, reach))
    return Pressed(function, every[place], saturated(function, every[place]),
                   saturated(function, every), counts.astype(np.float64), reach)


def pre_activations(reading: CellReading, layer: int, gate: str) -> Floats:
    """a of one gate at every step of the text, (T, H)."""
    trace = reading.trace.layers[layer]
    index = (GATES[trace.cell] or ("h",)).index(gate)
    hidden = trace.h.shape[-1]
    W_ih, W_hh, b_ih, b_hh = (w[index * hidden:(index + 1) * hidden]
                              for w in layer_weights(reading.model, layer))
    first = reading.before(layer, 0)[0][None]
    h = torch.cat([first, trace.h[:, :-1]], 1)[0]  # (T, H) before each step
    recurrent = h @ W_hh.T + b_hh
    if trace.cell == "gru" and gate == "n":
        recurrent = trace.gates["r"][0] * recurrent
    found: Floats = (reading.input(layer)[0] @ W_ih.T + b_ih + recurrent).cpu().numpy()
    return found
