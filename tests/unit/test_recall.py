"""First-symbol recall: the task, the batched networks against the explained cells, and learning."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from rnnlm_core.nets.cells import CellWeights, unroll_layer
from rnnlm_core.tasks.batched import BatchedNetworks
from rnnlm_core.tasks.drawing import QUERY, draw
from rnnlm_core.tasks.starts import STARTS
from rnnlm_core.tasks.training import clip_each, initial_reach, networks, train
from rnnlm_core.tasks.trials import Trial

H = 32


def weights_of(model: BatchedNetworks, seed: int) -> CellWeights:
    return CellWeights(*(getattr(model, n)[seed] for n in ("W_ih", "W_hh", "b_ih", "b_hh")))


def last(settings: Trial):
    *_, progress = train(settings)
    return progress


# -- the task -----------------------------------------------------------------------------------
def test_only_the_first_symbol_tells() -> None:
    settings = Trial("rnn_default", lag=7, batch=500)
    symbols, targets = draw(settings, [torch.Generator().manual_seed(s) for s in (1, 2)])

    assert symbols.shape == (2, 500, 8)
    assert torch.equal(symbols[:, :, :1], targets)
    assert set(targets.unique().tolist()) == {0, 1, 2, 3}
    assert set(symbols[:, :, 1:-1].unique().tolist()) == {4, 5, 6, 7}
    assert (symbols[:, :, -1] == QUERY).all()
    assert not torch.equal(symbols[0], symbols[1])


def test_the_shortest_lag_has_no_distractors() -> None:
    settings = Trial("rnn_default", lag=1)
    symbols, targets = draw(settings, [torch.Generator().manual_seed(1)])
    assert symbols.shape == (1, 32, 2)
    assert torch.equal(symbols[0, :, :1], targets[0])


# -- the networks ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", STARTS)
def test_batched_networks_equal_the_explained_cells(name: str) -> None:
    settings = Trial(name, lag=9, seeds=(3, 4), batch=5)
    model = networks(settings).double()
    symbols, _ = draw(settings, [torch.Generator().manual_seed(s) for s in (1, 2)])

    found = torch.stack(model.states(symbols), 2)  # (S, B, T, H)

    start = settings.begin
    zero = torch.zeros(5, H, dtype=torch.float64)
    state = (zero, zero) if start.cell == "lstm" else (zero,)
    for seed in (0, 1):
        x = one_hot(symbols[seed], settings.what.inputs).double()
        steps = unroll_layer(start.cell, x, state, weights_of(model, seed), start.activation)
        assert torch.allclose(found[seed], torch.stack([s.h for s in steps], 1), atol=1e-13, rtol=0)
        read = model.read(found[:, :, -1])[seed]
        expected = steps[-1].h @ model.W_o[seed].T + model.b_o[seed]
        assert torch.allclose(read, expected, atol=1e-13, rtol=0)


def test_a_seed_begins_the_same_whoever_is_beside_it() -> None:
    alone = networks(Trial("lstm_chrono", seeds=(4,)))
    beside = networks(Trial("lstm_chrono", seeds=(1, 4)))
    for one, two in zip(alone.parameters(), beside.parameters(), strict=True):
        assert torch.equal(one[0], two[1])
    assert not torch.equal(beside.W_hh[0], beside.W_hh[1])
    assert not torch.equal(beside.b_ih[0], beside.b_ih[1])


def test_the_starts() -> None:
    made = {name: networks(Trial(name, lag=30, seeds=(1, 2))) for name in STARTS}
    for name in ("rnn_default", "rnn_sigmoid", "gru_default", "lstm_default"):
        for parameter in map(torch.Tensor.detach, made[name].parameters()):
            assert parameter.abs().max() <= 1 / math.sqrt(H)
            assert float(parameter.var()) == pytest.approx(1 / (3 * H), rel=0.6)
    W = made["rnn_orthogonal"].W_hh
    assert torch.allclose(W @ W.transpose(1, 2), torch.eye(H).expand(2, H, H), atol=1e-5)
    assert torch.equal(made["rnn_identity"].W_hh, torch.eye(H).expand(2, H, H))
    for name in ("rnn_orthogonal", "rnn_identity"):
        assert (made[name].b_ih == 0).all() and (made[name].b_hh == 0).all()
        assert float(made[name].W_ih.detach().std()) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize(("name", "value"), [
    ("lstm_forget_0", 0.0), ("lstm_forget_1", 1.0), ("lstm_forget_5", 5.0), ("gru_update_5", 5.0)])
def test_the_keeping_gate_has_its_bias_once_and_the_others_none(name: str, value: float) -> None:
    start = STARTS[name]
    model = networks(Trial(name, seeds=(1,)))
    plain = networks(Trial(f"{start.cell}_default", seeds=(1,)))
    expected = torch.zeros(model.b_ih.shape[1])
    expected[H:2 * H] = value
    assert torch.equal(model.b_ih[0] + model.b_hh[0], expected)
    assert (model.b_hh == 0).all()
    assert torch.equal(model.W_ih, plain.W_ih) and torch.equal(model.W_hh, plain.W_hh)


@pytest.mark.parametrize("lag", [2, 3, 30])
def test_chrono_spreads_the_half_lives_over_the_lag(lag: int) -> None:
    model = networks(Trial("lstm_chrono", lag=lag, seeds=(1, 2, 3)))
    forget, let_in = model.b_ih[:, H:2 * H], model.b_ih[:, :H]
    assert (forget >= 0).all() and (forget <= math.log(max(lag - 1, 1)) + 1e-6).all()
    assert torch.equal(let_in, -forget)
    assert (model.b_ih[:, 2 * H:] == 0).all() and (model.b_hh == 0).all()
    if lag == 30:  # e^b is uniform on (1, 29): mean 15, standard deviation of 96 draws' mean 0.83
        assert float(forget.detach().exp().mean()) == pytest.approx(15.0, abs=3.5)


# -- gradients ------------------------------------------------------------------------------------
def test_each_network_is_clipped_by_its_own_norm() -> None:
    a, b = torch.nn.Parameter(torch.zeros(2, 2)), torch.nn.Parameter(torch.zeros(2, 1, 1))
    a.grad = torch.tensor([[3.0, 0.0], [0.3, 0.0]])
    b.grad = torch.tensor([[[4.0]], [[0.4]]])
    clip_each([a, b], 1.0)
    assert torch.allclose(a.grad, torch.tensor([[0.6, 0.0], [0.3, 0.0]]))  # norms 5 and 0.5
    assert torch.allclose(b.grad, torch.tensor([[[0.8]], [[0.4]]]))


def test_the_reach_is_the_ratio_of_the_gradients_by_hand() -> None:
    """A tanh network's ∂L/∂h_1 by the chain of Jacobians W_hhᵀ D(1 − h²), without autograd."""
    settings = Trial("rnn_orthogonal", lag=6, seeds=(7,), batch=3)
    model = networks(settings).double()
    symbols, targets = draw(settings, [torch.Generator().manual_seed(1_000_003 + 7)])
    with torch.no_grad():
        states = model.states(symbols)
        p = torch.softmax(model.read(states[-1])[0], -1)
        end = (p - one_hot(targets[0, :, 0], 4)) / 3 @ model.W_o[0]
        gradient = end
        for h in reversed(states[1:]):
            gradient = (gradient * (1 - h[0]**2)) @ model.W_hh[0]

    assert initial_reach(settings) == pytest.approx([float(gradient.norm() / end.norm())], rel=1e-9)


def test_the_reach_is_no_zero_where_float32_has_none() -> None:
    reach, = initial_reach(Trial("rnn_sigmoid", lag=100, seeds=(1,)))
    assert 1e-300 < reach < 1e-45


# -- learning -------------------------------------------------------------------------------------
def test_seeds_learn_as_if_alone_and_the_same_again() -> None:
    together = Trial("gru_update_5", lag=4, seeds=(1, 2, 3), max_steps=6)
    alone = last(replace(together, seeds=(2,)))
    beside = last(together)
    assert beside.losses[1] == pytest.approx(alone.losses[0], abs=1e-5)
    assert last(together).losses == beside.losses


def test_progress_comes_step_by_step_and_can_be_left() -> None:
    settings = Trial("rnn_default", lag=5, seeds=(1, 2))
    first = list(itertools.islice(train(settings), 3))
    assert [p.step for p in first] == [1, 2, 3]
    assert first[0].losses == pytest.approx([settings.constant_loss] * 2, abs=0.15)
    assert all(0 <= p.scores[0] <= 1 - 0.9**p.step + 1e-6 for p in first)  # starts from 0
    assert first[-1].solved == 0


def test_the_loss_is_that_of_the_first_batch_under_the_first_weights() -> None:
    settings = Trial("lstm_forget_1", lag=5, seeds=(1,), max_steps=1)
    symbols, targets = draw(settings, [torch.Generator().manual_seed(1_000_004)])
    model = networks(settings)
    expected = cross_entropy(model.read(model.states(symbols)[-1])[0], targets[0, :, 0])
    assert last(settings).losses == pytest.approx([expected.item()], abs=1e-6)


def test_an_orthogonal_start_recalls_ten_symbols_within_three_times_the_steps() -> None:
    progress = last(Trial("rnn_orthogonal", lag=10, max_steps=3 * 51))
    assert progress.solved >= 4  # found before: 5 of 5 in 48–51 steps
    assert progress.step == max(s for s in progress.solved_at if s is not None)


def test_a_sigmoid_network_does_not_recall_thirty_symbols() -> None:
    progress = last(Trial("rnn_sigmoid", lag=30, max_steps=120))
    assert progress.solved == 0
    assert max(progress.scores) < 0.5


def test_pytorchs_start_recalls_ten_symbols_within_three_times_the_steps() -> None:
    settings = Trial("rnn_default", lag=10, max_steps=3 * 957)
    # found before: 5 of 5 in 75–957 steps
    assert any(progress.solved >= 4 for progress in train(settings))
