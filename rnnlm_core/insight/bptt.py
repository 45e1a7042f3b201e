"""Backpropagation through time by hand: the adjoint of one step of each cell as its equations.

What autograd does for a whole network is written out here, so that a reader can hold the formulas
against it. ḡ_t = ∂L/∂h_t is the total gradient, by the loss of step t and by every later step; δ_t
is the gradient before the activation functions. The steps are those of `nets.cells`.

Shapes: B batch, T time, D input, H hidden; G = 1 (RNN), 3 (GRU), 4 (LSTM), row blocks as there.
Source: Werbos 1990, Backpropagation through time; the adjoints of the gates by the chain rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from rnnlm_core.config import Activation
from rnnlm_core.nets.cells import CellWeights, GRUStep, LSTMStep, RNNStep, State, Step, state_of
from rnnlm_core.nets.jacobians import slope


class StepAdjoint(NamedTuple):
    """Gradients of one step; a GRU's are not the same on the two sides of its candidate."""

    input_side: Tensor  # (B, GH): with respect to W_ih x + b_ih
    hidden_side: Tensor  # (B, GH): with respect to W_hh h + b_hh
    before: State  # with respect to the state before the step: (h,), or (h, c)


class Gradients(NamedTuple):
    """Of the loss, with respect to everything that a layer reads."""

    weights: CellWeights  # as the parameters, summed over time and batch
    x: Tensor  # (B, T, D)
    h: Tensor  # (B, T, H): ḡ_t, total
    start: State  # the state before the first step


def rnn_adjoint(step: RNNStep, over_h: Tensor, weights: CellWeights,
                activation: Activation = "tanh") -> StepAdjoint:
    """δ = φ'(a) ⊙ ḡ; ∂L/∂h = W_hhᵀ δ."""
    delta = slope(step.a, step.h, activation) * over_h
    return StepAdjoint(delta, delta, (delta @ weights.W_hh,))


def gru_adjoint(step: GRUStep, over_h: Tensor, h: Tensor, weights: CellWeights) -> StepAdjoint:
    """With h the state before the step: δ_n = ḡ(1−z)(1−n²), δ_r = δ_n m r(1−r),
    δ_z = ḡ(h−n)z(1−z); ∂L/∂h = z ḡ + U_rᵀδ_r + U_zᵀδ_z + U_nᵀ(r δ_n).

    On the hidden side the candidate's gradient is r ⊙ δ_n, as r multiplies after the product.
    """
    r, z, n, m, _ = step
    delta_n = over_h * (1 - z) * (1 - n**2)
    delta_r = delta_n * m * r * (1 - r)
    delta_z = over_h * (h - n) * z * (1 - z)
    hidden_side = torch.cat([delta_r, delta_z, r * delta_n], -1)
    return StepAdjoint(torch.cat([delta_r, delta_z, delta_n], -1), hidden_side,
                       (z * over_h + hidden_side @ weights.W_hh,))


def lstm_adjoint(step: LSTMStep, over_h: Tensor, over_c: Tensor, c: Tensor, weights: CellWeights
                 ) -> StepAdjoint:
    """With c the cell before the step: c̄ += ḡ o(1−τ²), τ = tanh c'; δ_o = ḡ τ o(1−o),
    δ_i = c̄ g i(1−i), δ_g = c̄ i(1−g²), δ_f = c̄ c f(1−f);
    ∂L/∂h = W_hhᵀ [δ_i; δ_f; δ_g; δ_o], ∂L/∂c = c̄ f."""
    i, f, g, o, c_new, _ = step
    tau = torch.tanh(c_new)
    over_c = over_c + over_h * o * (1 - tau**2)
    delta = torch.cat([over_c * g * i * (1 - i), over_c * c * f * (1 - f),
                       over_c * i * (1 - g**2), over_h * tau * o * (1 - o)], -1)
    return StepAdjoint(delta, delta, (delta @ weights.W_hh, over_c * f))


def step_adjoint(step: Step, over: State, before: State, weights: CellWeights,
                 activation: Activation = "tanh") -> StepAdjoint:
    """Of whichever cell, from ∂L/∂ the state after the step and the state before it."""
    if isinstance(step, LSTMStep):
        return lstm_adjoint(step, over[0], over[1], before[1], weights)
    if isinstance(step, GRUStep):
        return gru_adjoint(step, over[0], before[0], weights)
    return rnn_adjoint(step, over[0], weights, activation)


def adjoints(steps: Sequence[Step], start: State, weights: CellWeights, direct: Tensor,
             activation: Activation = "tanh") -> list[tuple[State, StepAdjoint]]:
    """What comes back into each step and what goes on from it, in the order of the steps.

    First ∂L/∂ the state after the step, as `direct` (B, T, H) and the next step bring it together
    (of c: before ḡ goes through the output gate, which the adjoint of the step adds).
    """
    states = [start, *(state_of(step) for step in steps[:-1])]
    over: State = tuple(torch.zeros_like(part) for part in start)
    found: list[tuple[State, StepAdjoint]] = []
    for t in reversed(range(len(steps))):
        over = (over[0] + direct[:, t], *over[1:])
        adjoint = step_adjoint(steps[t], over, states[t], weights, activation)
        found.append((over, adjoint))
        over = adjoint.before
    return found[::-1]


def bptt(x: Tensor, steps: Sequence[Step], start: State, weights: CellWeights, direct: Tensor,
         activation: Activation = "tanh") -> Gradients:
    """All gradients of one layer, t = T … 1.

    x (B, T, D) was read from `start` in `steps` (`nets.cells.unroll_layer`); `direct` (B, T, H) is
    ∂L_t/∂h_t, what the loss of step t itself says about h_t: W_oᵀ(p_t − y_t) in a language model.
    """
    went = adjoints(steps, start, weights, direct, activation)
    states = [start, *(state_of(step) for step in steps)]
    input_side = torch.stack([a.input_side for _, a in went], 1)  # (B, T, GH)
    hidden_side = torch.stack([a.hidden_side for _, a in went], 1)
    h_before = torch.stack([state[0] for state in states[:-1]], 1)  # (B, T, H)
    return Gradients(from_deltas(input_side, hidden_side, x, h_before), input_side @ weights.W_ih,
                     torch.stack([over[0] for over, _ in went], 1), went[0][1].before)


def from_deltas(input_side: Tensor, hidden_side: Tensor, x: Tensor, h_before: Tensor
                ) -> CellWeights:
    """∂L/∂W_ih = Σ_t δ_t x_tᵀ, ∂L/∂W_hh = Σ_t δ_t h_{t−1}ᵀ, ∂L/∂b = Σ_t δ_t."""
    return CellWeights(torch.einsum("btg,btd->gd", input_side, x),
                       torch.einsum("btg,bth->gh", hidden_side, h_before),
                       input_side.sum((0, 1)), hidden_side.sum((0, 1)))
