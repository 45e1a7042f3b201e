"""GRU and LSTM without training, one chosen bias: the path through the gate alone, and the whole.

Along the cell of an LSTM a gradient is multiplied by f a step, through a GRU's state by z; a gate's
bias b makes that about σ(b). But c_t depends on c_{t−1} through h too, and the whole is larger.

Sources: Gers et al. 2000 and Jozefowicz et al. 2015 (forget bias). In PyTorch's GRU z = 1 keeps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rnnlm_core.insight.driven import HIDDEN, INPUTS, SEQUENCES, Floats, orthogonal, parts
from rnnlm_core.insight.gradients import LagCurve, lag_curve, log_norms, state_gradients
from rnnlm_core.nets.cells import CellWeights, GRUStep, LSTMStep, Step, state_of, unroll_layer

Gated = Literal["gru", "lstm"]
Weights = Literal["pytorch", "orthogonal"]
_BLOCKS = {"gru": 3, "lstm": 4}
_KEEPER = 1  # the block of z in a GRU, of f in an LSTM
BIASES: Floats = np.round(np.arange(-1, 5.01, 0.5), 1)


@dataclass(frozen=True)
class GatedReading:
    """Gradients of v·c_T (LSTM) or v·h_T (GRU) with respect to the same state k steps earlier."""

    whole: LagCurve
    direct: LagCurve  # of v ⊙ ∏ f or v ⊙ ∏ z: what comes along the gate alone
    kept: float  # mean of the gate over units and steps
    gate: float  # σ(bias)


def gated_network(cell: Gated, bias: float, strength: float = 1.0, gain: float = 1.0,
                  weights: Weights = "pytorch", seed: int = 0) -> GatedReading:
    """64 units read the same 16 inputs as the network `random` of `driven`, all other biases 0.

    `weights` are PyTorch's, U(±1/√H) (`gain` multiplies W_hh), or those of that network: each block
    of W_hh is gain · an orthogonal matrix, W_ih ~ N(0, 1/16).
    """
    made = parts("random", seed)
    x = strength * torch.from_numpy(np.ascontiguousarray(made.x.swapaxes(0, 1)))  # (B, T, D)
    layer = _layer(cell, bias, gain, weights, seed)
    zero = torch.zeros(SEQUENCES, HIDDEN, dtype=torch.float64)
    start = (zero,) * (2 if cell == "lstm" else 1)
    with torch.no_grad():
        last = unroll_layer(cell, x[:, :made.warm_up], start, layer)[-1]
    start = tuple(state.clone().requires_grad_() for state in state_of(last))
    steps = unroll_layer(cell, x[:, made.warm_up:], start, layer)
    states = [start[-1], *(state_of(step)[-1] for step in steps)]
    v = torch.from_numpy(made.v)
    whole = log_norms(state_gradients((v * states[-1]).sum(), states[::-1])).numpy()
    gates = torch.stack([_gate(step) for step in steps[::-1]]).detach()  # newest first
    alone = torch.cat([torch.zeros(1, *zero.shape, dtype=torch.float64), gates.log().cumsum(0)])
    direct = torch.logsumexp(2 * (alone + v.abs().log()), -1).numpy() / 2
    return GatedReading(lag_curve(whole), lag_curve(direct), float(gates.mean()),
                        1 / (1 + math.exp(-bias)))


def _layer(cell: Gated, bias: float, gain: float, weights: Weights, seed: int) -> CellWeights:
    blocks = _BLOCKS[cell]
    if weights == "pytorch":
        generator, limit = torch.Generator().manual_seed(seed), HIDDEN**-0.5

        def uniform(*size: int) -> Tensor:
            drawn = torch.rand(size, generator=generator, dtype=torch.float64)
            return drawn.mul_(2).sub_(1).mul_(limit)

        W_ih, W_hh = uniform(blocks * HIDDEN, INPUTS), uniform(blocks * HIDDEN, HIDDEN)
    else:
        draw = np.random.default_rng(seed + 2)
        W_ih = torch.from_numpy(draw.normal(size=(blocks * HIDDEN, INPUTS)) * INPUTS**-0.5)
        W_hh = torch.from_numpy(np.concatenate(
            [orthogonal(HIDDEN, seed + 3 + block) for block in range(blocks)]))
    b_ih = torch.zeros(blocks * HIDDEN, dtype=torch.float64)
    b_ih[_KEEPER * HIDDEN:(_KEEPER + 1) * HIDDEN] = bias
    return CellWeights(W_ih, gain * W_hh, b_ih, torch.zeros_like(b_ih))


def _gate(step: Step) -> Tensor:
    """What the old state is multiplied by."""
    if isinstance(step, LSTMStep):
        return step.f
    assert isinstance(step, GRUStep)
    return step.z


def half_life(factor: float) -> float:
    """Steps in which half is left at this factor a step; ∞ where nothing is lost."""
    return math.inf if factor >= 1 else math.log(0.5) / math.log(factor) if factor > 0 else 0.0
