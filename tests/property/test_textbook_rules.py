"""The right backward rule agrees with finite differences on small networks, no other one does."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.insight.textbook import RIGHT, SWEEPS, TUTORIAL, Rule, deltas, gradients
from rnnlm_core.insight.textbook_exercises import EXERCISES
from rnnlm_core.insight.textbook_network import Network, random_network, read
from rnnlm_core.insight.textbook_truth import by_autograd, by_differences, nearness

WRONG = {exercise.name: exercise.rule for exercise in EXERCISES
         if exercise.rule not in (None, RIGHT)} | {"tutorial": TUTORIAL}
SEEDS = st.integers(0, 2**31)


def drawn(size: int, length: int, batch: int, seed: int) -> tuple[Network, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    tokens = torch.randint(size, (batch, length + 1), generator=draw)
    return random_network(size, seed, scale=0.9), tokens


@settings(max_examples=12, deadline=None)
@given(size=st.integers(1, 4), length=st.integers(1, 5), batch=st.integers(1, 2), seed=SEEDS)
def test_the_right_rule_passes(size: int, length: int, batch: int, seed: int) -> None:
    network, tokens = drawn(size, length, batch, seed)
    truth = by_differences(network, tokens)

    found = gradients(RIGHT, read(network, tokens))

    for name, array in truth.items():  # one symbol alone is certain: a loss of 0, no gradient
        assert (found[name] - array).norm() <= 1e-9 * max(1.0, float(array.norm()))


@pytest.mark.parametrize("rule", WRONG.values(), ids=WRONG)
@settings(max_examples=12, deadline=None)
@given(size=st.integers(3, 5), length=st.integers(4, 6), seed=SEEDS)
def test_no_wrong_rule_passes(rule: Rule, size: int, length: int, seed: int) -> None:
    network, tokens = drawn(size, length, 2, seed)

    found = gradients(rule, read(network, tokens))

    assert nearness(found, by_autograd(network, tokens)).error > 1e-6


@settings(max_examples=20, deadline=None)
@given(size=st.integers(2, 6), length=st.integers(1, 8), seed=SEEDS)
def test_the_tutorials_deltas_solve_its_equation_and_are_never_negative(
        size: int, length: int, seed: int) -> None:
    network, tokens = drawn(size, length, 1, seed)
    reading = read(network, tokens)

    delta, sweeps = deltas(TUTORIAL, reading)

    cell, d = network.weights, delta[0]
    nothing = torch.zeros(1, size, dtype=torch.float64)
    later, earlier = torch.cat([d[1:], nothing]), torch.cat([nothing, d[:-1]])
    inner = later @ cell.W_hh.T + earlier @ cell.W_ih.T + cell.b_ih + cell.b_hh - reading.y[0]
    assert sweeps == SWEEPS or torch.allclose(d, 1 / torch.cosh(inner) ** 2, atol=1e-11)
    assert d.min() >= 0
