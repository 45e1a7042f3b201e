"""Truncated back-propagation against the training loop itself, one graph with cuts, and hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.insight.truncation import (
    as_trained,
    bias,
    farthest_lags,
    mean_lag,
    parts_of,
    reaching,
    segments,
    truncation,
)
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import state_of, unroll
from rnnlm_core.trainer import Trainer
from tests.small_runs import plan_of
from tests.unit.test_credit import digest, small

IDS = np.random.default_rng(5).integers(1, 9, 900)
WINDOWS = st.tuples(st.integers(1, 40), st.integers(1, 12), st.integers(1, 20))


@settings(max_examples=60, deadline=None)
@given(WINDOWS)
def test_every_token_is_learned_from_once_and_no_farther_back_than_asked(sizes):
    length, shift, reach = sizes
    cut = segments(length, shift, reach)

    assert [t for s in cut for t in range(s.first, s.end)] == list(range(length))
    assert all(0 <= s.start <= s.first < s.end for s in cut)
    assert max(s.end - s.start for s in cut) <= reach


@pytest.mark.parametrize("K", [1, 2, 7, 16, 32])
def test_the_average_lag_of_a_chunk_is_half_of_it(K):
    lags = farthest_lags(4 * K, K, K)

    assert lags.tolist() == list(range(K)) * 4
    assert lags.mean() == (K - 1) / 2 == mean_lag(K, K)


def test_a_longer_reach_than_shift_gives_every_loss_at_least_the_difference():
    assert farthest_lags(12, 3, 5).tolist() == [0, 1, 2, 2, 3, 4, 2, 3, 4, 2, 3, 4]
    assert farthest_lags(10, 5, 2).tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 1, 0]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 20))
def test_the_share_that_reaches_a_lag_is_counted_over_windows(shift, reach):
    far = farthest_lags(10 * shift * reach, shift, reach)[5 * shift * reach:]

    share = reaching(25, shift, reach)

    assert share == pytest.approx([(far >= k).mean() for k in range(26)])
    assert mean_lag(shift, reach) == pytest.approx(far.mean())
    assert (share[reach:] == 0).all() and share[min(reach, 25) - 1] > 0


def cut_in_one_graph(model, text, boundaries):
    """Loss of every token, and every h_s, with the state detached at the boundaries."""
    state, losses, states = model.zero_state(1), [], []
    for begin, end in pairwise([*boundaries, len(text) - 1]):
        trace = unroll(model, text[None, begin:end], state)
        losses += [cross_entropy(trace.logits[0, t - begin:t - begin + 1], text[t + 1:t + 2])
                   for t in range(begin, end)]
        states += [step.h for step in trace.layers[0].steps]
        last = [state_of(layer.steps[-1]) for layer in trace.layers]
        state = tuple(torch.stack(parts).detach() for parts in zip(*last, strict=True))
    return losses, states


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["rnn", "gru", "lstm"]), st.integers(1, 2), st.integers(1, 7))
def test_beyond_its_reach_a_loss_has_a_gradient_of_exactly_zero(cell, layers, K):
    model, text = small(cell, layers), torch.from_numpy(IDS[:15])
    losses, states = cut_in_one_graph(model, text, range(0, 14, K))
    far = farthest_lags(14, K, K)

    for t, loss in enumerate(losses):
        found = torch.autograd.grad(loss, states, retain_graph=True, materialize_grads=True)
        reached = [s for s in range(14) if found[s].abs().max() != 0]
        assert reached == list(range(t - far[t], t + 1))


@pytest.mark.parametrize(("cell", "layers"), [
    ("rnn", 1), ("gru", 2), ("lstm", 1), ("lstm", 2)])
@pytest.mark.parametrize("K", [1, 5, 16])
def test_the_bias_is_that_of_one_graph_with_cuts(cell, layers, K):
    model, ids = small(cell, layers), IDS[:41]
    names = dict(model.named_parameters())
    gradients = []
    for boundaries in (range(0, 40, K), [0]):
        losses, _ = cut_in_one_graph(model, torch.from_numpy(ids), boundaries)
        found = torch.autograd.grad(sum(losses) / 40, list(names.values()))
        gradients.append({name: g.numpy() for name, g in zip(names, found, strict=True)})

    told = truncation(model, ids, [(K, K)], rows=1)

    assert told.loss == pytest.approx(float(sum(losses).detach()) / 40, rel=1e-12)
    for part, wanted in {"recurrent": "weight_hh", "everything": "", "layer0": "layers.0.weight_hh"
                         }.items():
        if part in told.biases:
            g, full = (np.concatenate([v.ravel() for n, v in each.items() if wanted in n])
                       for each in gradients)
            found = told.biases[part][0]
            assert found is not None
            cosine = g @ full / np.linalg.norm(g) / np.linalg.norm(full)
            assert found.cosine == pytest.approx(cosine, abs=1e-10)
            assert math.cos(math.radians(found.angle)) == pytest.approx(cosine, abs=1e-10)
            assert found.length == pytest.approx(np.linalg.norm(g) / np.linalg.norm(full))
            assert found.error == pytest.approx(
                np.linalg.norm(g - full) / np.linalg.norm(full), abs=1e-10)


@pytest.mark.parametrize(("shift", "reach"), [(6, 0), (6, 2), (6, 4), (3, 7), (4, 20)])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_it_cuts_as_the_training_loop_does(cell, shift, reach):
    """The sum of its windows' gradients, no step being made in between."""
    rows, length = 3, 24
    config = RunConfig(cell=cell, hidden=6, embedding=4, batch=rows, sequence_length=shift,
                       backprop_length=reach, input_dropout=0, layer_dropout=0, output_dropout=0,
                       max_steps=9)
    # as many windows as make one epoch, whatever its offset
    trainer = Trainer(config, plan_of(config), IDS[:rows * (length + shift + 1)].astype(np.int32),
                      9)
    carried = trainer.model.zero_state(rows)
    for _ in range(length // shift):
        window = trainer.streams.next()
        h, carried = trainer._read(window, carried)
        _, loss = trainer._losses(h.flatten(0, 1), window.targets.flatten())
        (loss * shift / length).backward()
    trained = [p.grad for p in trainer.model.parameters()]
    text = trainer.streams._rows[:, :length + 1].long().numpy()
    k1, k2 = as_trained(config, shift)

    # row by row, each from the empty state, as the loop's first windows are
    found = [_gradient(trainer.model, row, k1, k2) for row in text]

    for i, wanted in enumerate(trained):
        ours = sum(row[i] for row in found) / rows
        assert ours.numpy() == pytest.approx(wanted.numpy(), rel=1e-4, abs=1e-7)


def _gradient(model, row, shift, reach):
    total = [torch.zeros_like(p) for p in model.parameters()]
    text = torch.from_numpy(row)
    for start, first, end in segments(len(row) - 1, shift, reach):
        with torch.no_grad():
            state = model(text[None, :start])[1] if start else model.zero_state(1)
        h, _ = model.read(text[None, start:end], state)
        loss = cross_entropy(model.output(h[0, first - start:]), text[first + 1:end + 1],
                             reduction="sum") / (len(row) - 1)
        for sum_, g in zip(total, torch.autograd.grad(loss, list(model.parameters())),
                           strict=True):
            sum_ += g
    return total


@pytest.mark.parametrize(("shift", "reach"), [(8, 3), (3, 8), (2, 13), (5, 5)])
def test_overlapping_windows_and_short_reaches_give_the_same_as_read_one_by_one(shift, reach):
    model, ids = small("gru", 2), IDS[:41]
    cut, full = (torch.cat([g.flatten() for g in _gradient(model, ids, k1, k2)])
                 for k1, k2 in ((shift, reach), (40, 40)))

    found = truncation(model, ids, [(shift, reach)], rows=1).biases["everything"][0]

    assert found is not None
    assert found.error == pytest.approx(float((cut - full).norm() / full.norm()), rel=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_reach_over_the_whole_text_leaves_nothing_out(cell):
    told = truncation(small(cell, 2), IDS, [(64, 64), (8, 4096)], length=64)

    assert (told.tokens, told.rows) == (64, 4)
    for part in told.biases.values():
        for found in part:
            assert found is not None
            assert found.angle == pytest.approx(0, abs=1e-6)
            assert found.error == pytest.approx(0, abs=1e-8)


def test_emptying_the_state_is_reading_each_piece_by_itself():
    model, ids = small("lstm"), IDS[:41]
    text = torch.from_numpy(ids)
    with torch.no_grad():
        losses = torch.cat([cross_entropy(model(text[None, a:a + 8])[0][0],
                                          text[a + 1:a + 9], reduction="none")
                            for a in range(0, 40, 8)])

    told = truncation(model, ids, [(8, 8), (40, 40)], rows=1)

    assert told.emptied == pytest.approx([float(losses.mean()), told.loss], rel=1e-12)


def test_two_vectors_by_hand():
    found = bias([torch.tensor([0.5, 0.5])], [torch.tensor([3.0, 4.0])])

    assert found is not None
    assert found.angle == pytest.approx(8.130102354, rel=1e-5)
    assert found.length == pytest.approx(math.sqrt(0.5) / 5)
    assert bias([torch.ones(2)], [torch.zeros(2)]) is None
    nothing = bias([torch.zeros(2)], [torch.ones(2)])
    assert nothing is not None
    assert (nothing.angle, nothing.length, nothing.error) == (90, 0, 1)


def test_the_parts_that_are_told_apart():
    assert parts_of(RunConfig(layers=1)) == ["recurrent", "everything"]
    assert parts_of(RunConfig(layers=2)) == ["recurrent", "layer0", "layer1", "everything"]


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, (32, 32)), ({"backprop_length": 8}, (32, 8)), ({"backprop_length": 100}, (32, 100)),
    ({"windows": "random", "backprop_length": 32}, (32, 32))])
def test_how_a_run_was_cut(changes, expected):
    assert as_trained(RunConfig(**changes), 32) == expected


@pytest.mark.parametrize("changes", [
    {"hidden": 1}, {"layers": 3, "layer_norm": True, "residual": True}, {"softmax": "adaptive"},
    {"cell": "rnn", "activation": "sigmoid"}, {"embedding": 8, "tie_weights": True},
    {"embedding": 0}], ids=str)
def test_every_kind_of_network_and_its_weights_stay(changes):
    vocabulary = 3000 if "softmax" in changes else 9
    model = build(RunConfig(**{"embedding": 4, "hidden": 8, "cell": "gru"} | changes), vocabulary)
    before = digest(model.eval())

    told = truncation(model, IDS, [(4, 4), (2, 8)], length=32, rows=2)

    assert all(found is not None and np.isfinite(found.angle)
               for part in told.biases.values() for found in part)
    assert digest(model) == before
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_what_cannot_be_compared_is_said():
    with pytest.raises(BadInput, match="at least 33"):
        truncation(small(), IDS[:32], [(4, 4)])
    with pytest.raises(BadInput) as cnn:
        truncation(build(RunConfig(cell="cnn", hidden=8, embedding=4), 9), IDS, [(4, 4)])
    assert cnn.value.code == "run.no_state"
    diverged = small()
    with torch.no_grad():
        diverged.layers[0].weight_hh_l0.fill_(math.nan)
    with pytest.raises(UnrollError) as no_numbers:
        truncation(diverged, IDS, [(4, 4)])
    assert no_numbers.value.code == "run.no_numbers"
