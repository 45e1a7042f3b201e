"""The Jacobian of one step of each cell, from the gates of `nets.cells`.

Shapes and blocks as there: H hidden; U_k is block k of W_hh.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rnnlm_core.config import Activation
from rnnlm_core.nets.cells import CellWeights, GRUStep, LSTMStep, RNNStep, State, Step


def slope(a: Tensor, h: Tensor, activation: Activation = "tanh") -> Tensor:
    """φ'(a) where h = φ(a): 1 − h² (tanh), h(1 − h) (logistic function), 1[a > 0] (ReLU)."""
    if activation == "tanh":
        return 1 - h**2
    return h * (1 - h) if activation == "sigmoid" else (a > 0).to(a.dtype)


def rnn_jacobian(step: RNNStep, weights: CellWeights, activation: Activation = "tanh") -> Tensor:
    """∂h'/∂h = D(φ'(a)) W_hh, (…, H, H)"""
    return _rows(slope(step.a, step.h, activation), weights.W_hh)


def gru_jacobian(step: GRUStep, h: Tensor, weights: CellWeights) -> Tensor:
    """∂h'/∂h (…, H, H), with h (…, H) the state BEFORE the step.

    J = D(z) + D((h−n) z(1−z)) U_z + D((1−z)(1−n²)) [D(r) U_n + D(m r(1−r)) U_r].
    Source: r after the matrix product; Cho's form has U_n [D(r) + D(h r(1−r)) U_r] in the bracket.
    """
    r, z, n, m, _ = step
    U_r, U_z, U_n = weights.W_hh.chunk(3)
    into_n = (1 - z) * (1 - n**2)
    J = _rows(into_n * r, U_n)
    J.addcmul_((into_n * m * r * (1 - r)).unsqueeze(-1), U_r)
    J.addcmul_(((h - n) * z * (1 - z)).unsqueeze(-1), U_z)
    J.diagonal(dim1=-2, dim2=-1).add_(z)
    return J


def lstm_jacobian(step: LSTMStep, c: Tensor, weights: CellWeights) -> Tensor:
    """∂(h', c')/∂(h, c), jointly (…, 2H, 2H), with c (…, H) the cell BEFORE the step.

    With τ = tanh c', e = o(1−τ²), A = ∂c'/∂h = D(c f(1−f)) U_f + D(g i(1−i)) U_i + D(i(1−g²)) U_g:
    [[D(τ o(1−o)) U_o + D(e) A, D(e f)], [A, D(f)]]. The direct cell path alone is D(f).
    """
    A, B, e, f = _lstm_parts(step, c, weights)
    over_h = torch.addcmul(B, e.unsqueeze(-1), A)
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


def jacobian_times(step: Step, before: State, weights: CellWeights, columns: Tensor,
                   activation: Activation = "tanh") -> Tensor:
    """J · columns for columns (…, n, m), n = H, or 2H for the LSTM: how small changes go on.

    The LSTM's J is never formed: its half for c is diagonal, so this takes half the products.
    """
    if not isinstance(step, LSTMStep):
        return step_jacobian(step, before, weights, activation) @ columns
    A, B, e, f = _lstm_parts(step, before[1], weights)
    of_h, of_c = columns.chunk(2, -2)
    onto_c = torch.addcmul(A @ of_h, f.unsqueeze(-1), of_c)
    return torch.cat([torch.addcmul(B @ of_h, e.unsqueeze(-1), onto_c), onto_c], -2)


def times_jacobian(rows: Tensor, step: Step, before: State, weights: CellWeights,
                   activation: Activation = "tanh") -> Tensor:
    """rows · J for rows (…, m, n): how a gradient goes back by one step. The LSTM's as above."""
    if not isinstance(step, LSTMStep):
        return rows @ step_jacobian(step, before, weights, activation)
    A, B, e, f = _lstm_parts(step, before[1], weights)
    of_h, of_c = rows.chunk(2, -1)
    onto_c = torch.addcmul(of_c, of_h, e.unsqueeze(-2))
    over_h = (of_h @ B).add_(onto_c @ A)
    return torch.cat([over_h, onto_c.mul_(f.unsqueeze(-2))], -1)


def _lstm_parts(step: LSTMStep, c: Tensor, weights: CellWeights
                ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A = ∂c'/∂h (…, H, H), B = D(τ o(1−o)) U_o (…, H, H), e and f (…, H): see `lstm_jacobian`."""
    i, f, g, o, c_new, _ = step
    U_i, U_f, U_g, U_o = weights.W_hh.chunk(4)
    tau = torch.tanh(c_new)
    A = _rows(c * f * (1 - f), U_f)
    A.addcmul_((g * i * (1 - i)).unsqueeze(-1), U_i)
    A.addcmul_((i * (1 - g**2)).unsqueeze(-1), U_g)
    return A, _rows(tau * o * (1 - o), U_o), o * (1 - tau**2), f


def _rows(scale: Tensor, matrix: Tensor) -> Tensor:
    """D(scale) · matrix for scale (…, H), matrix (H, H)"""
    return scale.unsqueeze(-1) * matrix
