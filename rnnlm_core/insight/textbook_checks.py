"""Each line of the derivation of the backward rule, held against autograd or finite differences."""

from __future__ import annotations

import torch
from torch import Tensor

from rnnlm_core.config import Cell
from rnnlm_core.insight.bptt import bptt
from rnnlm_core.insight.textbook import RIGHT, deltas, error, gradients
from rnnlm_core.insight.textbook_network import Network, read, wave
from rnnlm_core.insight.textbook_truth import by_differences, nearness
from rnnlm_core.nets.cells import CELLS, CellWeights, rnn_step, unroll_layer
from rnnlm_core.nets.parameters import GATES

_HIDDEN, _INPUT, _LENGTH = 5, 3, 7
LINES = ("parts", "error", "output", "carry", "slope", "whole")


def checked(network: Network, tokens: Tensor) -> dict[str, float]:
    """By line: the largest difference between its two sides over all steps and entries; of the
    whole rule, the relative error of all arrays against finite differences."""
    reading = read(network, tokens)
    h = [step.h.detach().requires_grad_() for step in reading.steps]  # each one a leaf
    free = reading.h.detach().requires_grad_()
    s = free @ network.W_o.T
    delta, e = deltas(RIGHT, reading)[0], error(RIGHT, reading)
    over_s, over_h = torch.autograd.grad(_loss(s, reading.y), [s, free])
    later = torch.cat([delta[:, 1:], torch.zeros_like(delta[:, :1])], 1)
    last, previous = reading.steps[-1], h[-2]
    over_before = torch.func.jacrev(
        lambda before: rnn_step(reading.x[0, -1], before, network.weights).a)(previous[0])
    over_a = torch.func.jacrev(torch.tanh)(last.a[0])
    total = e @ network.W_o + later @ network.weights.W_hh
    return {
        "parts": _apart(total, _totals(network, tokens)), "error": _apart(e, over_s),
        "output": _apart(e @ network.W_o, over_h),
        "carry": _apart(network.weights.W_hh, over_before),
        "slope": _apart(torch.diag(1 - last.h[0] ** 2), over_a),
        "whole": nearness(gradients(RIGHT, reading), by_differences(network, tokens)).error}


def cells_checked() -> dict[Cell, float]:
    """Hand BPTT of each cell against autograd on a text of seven steps (H = 5, D = 3): the largest
    difference over all parameters, relative to the largest entry."""
    return {cell: _cell_checked(cell) for cell in CELLS}


def _cell_checked(cell: Cell) -> float:
    rows = GATES[cell] * _HIDDEN
    weights = CellWeights(wave(rows, _INPUT, phase=0.1), wave(rows, _HIDDEN, phase=0.2),
                          wave(rows, phase=0.3), wave(rows, phase=0.4))
    x = wave(1, _LENGTH, _INPUT, phase=1.5, scale=1.0)
    direct = wave(1, _LENGTH, _HIDDEN, phase=0.5)  # ∂L_t/∂h_t of the loss Σ direct · h
    start = tuple(torch.zeros(1, _HIDDEN, dtype=x.dtype) for _ in range(1 + (cell == "lstm")))
    watched = CellWeights(*(w.clone().requires_grad_() for w in weights))
    loss = torch.stack([step.h for step in unroll_layer(cell, x, start, watched)], 1) * direct
    truth = torch.autograd.grad(loss.sum(), watched)
    ours = bptt(x, unroll_layer(cell, x, start, weights), start, weights, direct).weights
    return max(_apart(a, b) / float(b.abs().max()) for a, b in zip(ours, truth, strict=True))


def _totals(network: Network, tokens: Tensor) -> Tensor:
    """∂L/∂h_t by autograd, (B, T, H)."""
    watched = network.weights.W_hh.detach().clone().requires_grad_()  # so that there is a graph
    reading = read(network._replace(weights=network.weights._replace(W_hh=watched)), tokens)
    # h_1 is read before W_hh was of any use, but the zero state times W_hh is part of the graph
    return torch.stack(torch.autograd.grad(reading.losses.sum(), [s.h for s in reading.steps]), 1)


def _loss(s: Tensor, y: Tensor) -> Tensor:
    return -(y * s.log_softmax(-1)).sum()


def _apart(ours: Tensor, truth: Tensor) -> float:
    return float((ours - truth).abs().max())
