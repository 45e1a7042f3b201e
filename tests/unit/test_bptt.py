"""Backpropagation through time by hand against SCIENCE.md 2d B and autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from rnnlm_core.insight.bptt import bptt
from rnnlm_core.nets.cells import CellWeights, unroll_layer
from tests.unit.test_cells import wave, waves

H, D, B, T = 5, 3, 2, 7
TARGETS = torch.tensor([0, 1, 2, 3, 0, 1, 2])
X = wave(T, D, phase=1.5, scale=1.0)[None]
W_O, B_O = wave(4, H, phase=0.5), wave(4, phase=0.6)
# ‖∂L/∂h_t‖, t = 1 … 7; the first three stand in section 2d B
NORMS = [3.52249639, 4.13393142, 2.32632009, 4.19521194, 2.53215905, 2.25048866, 0.66428337]


def logits(h: Tensor) -> Tensor:
    return h @ W_O.T + B_O


def test_bptt_gives_the_figures_of_section_2d_b() -> None:
    start = torch.zeros(1, H, dtype=torch.float64)
    steps = unroll_layer("rnn", X, (start,), waves("rnn"))
    s = logits(torch.stack([step.h for step in steps], 1))
    error = s.softmax(-1) - one_hot(TARGETS, 4)

    found = bptt(X, steps, (start,), waves("rnn"), error @ W_O)

    assert cross_entropy(s[0], TARGETS, reduction="sum").item() == pytest.approx(
        11.7810694917, rel=1e-10)
    assert found.weights.W_hh.norm().item() == pytest.approx(5.0510193731, rel=1e-10)
    assert found.h[0].norm(dim=1).tolist() == pytest.approx(NORMS, rel=1e-8)


def drawn(cell: str) -> tuple[Tensor, tuple[Tensor, ...], CellWeights, Tensor]:
    """x (B, T, D), a start, weights and targets (B, T), the first three with gradients."""
    draw = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw, dtype=torch.float64).requires_grad_()

    rows = {"rnn": 1, "gru": 3, "lstm": 4}[cell] * H
    start = tuple(normal(B, H) for _ in range(2 if cell == "lstm" else 1))
    weights = CellWeights(normal(rows, D), normal(rows, H), normal(rows), normal(rows))
    return normal(B, T, D), start, weights, torch.randint(4, (B, T), generator=draw)


@pytest.mark.parametrize(("cell", "activation"), [
    ("rnn", "tanh"), ("rnn", "sigmoid"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")])
def test_bptt_by_hand_equals_autograd_for_every_array_and_state(cell, activation) -> None:
    x, start, weights, targets = drawn(cell)
    steps = unroll_layer(cell, x, start, weights, activation)
    h = [step.h for step in steps]
    s = logits(torch.stack(h, 1))
    loss = cross_entropy(s.flatten(0, 1), targets.flatten(), reduction="sum")
    truth = torch.autograd.grad(loss, [*weights, x, *start, *h])
    with torch.no_grad():
        error = s.softmax(-1) - one_hot(targets, 4)

        found = bptt(x, steps, start, weights, error @ W_O, activation)

    ours = [*found.weights, found.x, *found.start, *found.h.unbind(1)]
    assert len(ours) == len(truth)
    for mine, theirs in zip(ours, truth, strict=True):
        assert mine.shape == theirs.shape
        assert (mine - theirs).abs().max() < 1e-10 * max(1.0, float(theirs.abs().max()))


def test_a_state_that_no_loss_speaks_of_gets_nothing_but_what_comes_from_later() -> None:
    """Only the last step has a loss, and the recurrent weights are 0: all earlier ones get 0."""
    start = torch.zeros(1, H, dtype=torch.float64)
    weights = waves("rnn")._replace(W_hh=torch.zeros(H, H, dtype=torch.float64))
    steps = unroll_layer("rnn", X, (start,), weights)
    direct = torch.zeros(1, T, H, dtype=torch.float64)
    direct[:, -1] = 1.0

    found = bptt(X, steps, (start,), weights, direct)

    assert found.h[0, -1].tolist() == [1.0] * H
    assert found.h[0, :-1].abs().max() == 0
    assert found.start[0].abs().max() == 0
