"""The Jacobian of one step of each cell, from the gates of `nets.cells`.

Shapes and blocks as there: H hidden; U_k is block k of W_hh.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rnnlm_core.config import Activation
from rnnlm_core.nets.cells import CellWeights, GRUStep, LSTMStep, RNNStep, State, Step


def rnn_jacobian(step: RNNStep, weights: CellWeights, activation: Activation = "tanh") -> Tensor:
    """∂h'/∂h = D(φ'(a)) W_hh, (…, H, H); φ' = 1 − h² (tanh), h(1 − h) (σ), 1[a > 0] (ReLU)."""
    slope = {"tanh": lambda: 1 - step.h**2, "sigmoid": lambda: step.h * (1 - step.h),
             "relu": lambda: (step.a > 0).to(step.a.dtype)}[activation]()
    return _rows(slope, weights.W_hh)


def gru_jacobian(step: GRUStep, h: Tensor, weights: CellWeights) -> Tensor:
    """∂h'/∂h (…, H, H), with h (…, H) the state BEFORE the step.

    J = D(z) + D((h−n) z(1−z)) U_z + D((1−z)(1−n²)) [D(r) U_n + D(m r(1−r)) U_r].
    Source: r after the matrix product; Cho's form has U_n [D(r) + D(h r(1−r)) U_r] in the bracket.
    """
    r, z, n, m, _ = step
    U_r, U_z, U_n = weights.W_hh.chunk(3)
    candidate = _rows(r, U_n) + _rows(m * r * (1 - r), U_r)
    slope = (1 - z) * (1 - n**2)
    return torch.diag_embed(z) + _rows((h - n) * z * (1 - z), U_z) + slope.unsqueeze(-1) * candidate


def lstm_jacobian(step: LSTMStep, c: Tensor, weights: CellWeights) -> Tensor:
    """∂(h', c')/∂(h, c), jointly (…, 2H, 2H), with c (…, H) the cell BEFORE the step.

    With τ = tanh c', e = o(1−τ²), A = ∂c'/∂h = D(c f(1−f)) U_f + D(g i(1−i)) U_i + D(i(1−g²)) U_g:
    [[D(τ o(1−o)) U_o + D(e) A, D(e f)], [A, D(f)]]. The direct cell path alone is D(f).
    """
    i, f, g, o, c_new, _ = step
    U_i, U_f, U_g, U_o = weights.W_hh.chunk(4)
    tau = torch.tanh(c_new)
    e = o * (1 - tau**2)
    A = _rows(c * f * (1 - f), U_f) + _rows(g * i * (1 - i), U_i) + _rows(i * (1 - g**2), U_g)
    over_h = _rows(tau * o * (1 - o), U_o) + e.unsqueeze(-1) * A
    return torch.cat([torch.cat([over_h, torch.diag_embed(e * f)], -1),
                      torch.cat([A, torch.diag_embed(f)], -1)], -2)


def step_jacobian(step: Step, before: State, weights: CellWeights, activation: Activation = "tanh"
                  ) -> Tensor:
    """The Jacobian of whichever cell's step: (…, H, H), or (…, 2H, 2H) of (h, c) for the LSTM."""
    if isinstance(step, LSTMStep):
        return lstm_jacobian(step, before[1], weights)
    if isinstance(step, GRUStep):
        return gru_jacobian(step, before[0], weights)
    return rnn_jacobian(step, weights, activation)


def _rows(scale: Tensor, matrix: Tensor) -> Tensor:
    """D(scale) · matrix for scale (…, H), matrix (H, H)"""
    return scale.unsqueeze(-1) * matrix
