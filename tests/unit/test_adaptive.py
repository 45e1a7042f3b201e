"""The adaptive softmax: a distribution, whose loss is its own log-probability, and its order."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.adaptive import AdaptiveOutput
from rnnlm_core.nets.adaptive_shape import adaptive_parameter_rows, cutoffs

SIZES = [(64, 200), (64, 3), (8, 2), (8, 40), (70, 1000)]  # (H, V)


def output_of(hidden: int, vocabulary: int, seed: int = 0) -> AdaptiveOutput:
    torch.manual_seed(seed)
    output = AdaptiveOutput(hidden, vocabulary).double()
    output.order_by(torch.randint(1, 50, (vocabulary,)))
    return output


def some(hidden: int, vocabulary: int, count: int = 60) -> tuple[Tensor, Tensor]:
    return torch.randn(count, hidden, dtype=torch.float64), torch.arange(count) % vocabulary


# -- what it means ------------------------------------------------------------------------------
@pytest.mark.parametrize(("hidden", "vocabulary"), SIZES)
def test_the_probabilities_sum_to_one(hidden: int, vocabulary: int) -> None:
    h, _ = some(hidden, vocabulary)
    log_p = output_of(hidden, vocabulary)(h.view(6, 10, hidden))

    assert log_p.shape == (6, 10, vocabulary)
    assert (log_p.exp().sum(-1) - 1).abs().max() < 1e-12


@pytest.mark.parametrize(("hidden", "vocabulary"), SIZES)
def test_the_loss_is_the_log_probability_of_the_target(hidden: int, vocabulary: int) -> None:
    output, (h, targets) = output_of(hidden, vocabulary), some(hidden, vocabulary)
    expected = -output(h)[torch.arange(60), targets]

    assert torch.allclose(output.losses(h, targets), expected, rtol=0, atol=1e-12)
    assert torch.allclose(output.losses(h, targets, "mean"), expected.mean(), rtol=0, atol=1e-12)


def test_by_the_definition() -> None:
    """Head times tail, written out, for a token of each part."""
    output, (h, _) = output_of(64, 200), some(64, 200, 1)
    head = (h @ output.softmax.head.weight.T + output.softmax.head.bias).softmax(1)[0]
    tails = [(h @ narrow.weight.T @ out.weight.T).softmax(1)[0]
             for narrow, out in output.softmax.tail]
    by_place = torch.cat([head[:20], head[20] * tails[0], head[21] * tails[1]])

    assert cutoffs(200) == [20, 80]
    assert torch.allclose(output(h).exp()[0], by_place[output.rank], rtol=0, atol=1e-14)


def test_the_gradients_are_those_of_the_loss() -> None:
    output, (h, targets) = output_of(4, 12), some(4, 12, 12)
    names = [name for name, _ in output.named_parameters()]

    def log_p(h: Tensor, *weights: Tensor) -> Tensor:
        return torch.func.functional_call(output, dict(zip(names, weights, strict=True)), (h,))

    weights = [p.detach().clone().requires_grad_() for p in output.parameters()]
    assert torch.autograd.gradcheck(log_p, (h.requires_grad_(), *weights))
    quick = torch.autograd.grad(output.losses(h, targets, "mean"), [h, *output.parameters()])
    whole = torch.autograd.grad(-output(h)[torch.arange(12), targets].mean(),
                                [h, *output.parameters()])
    assert all(torch.allclose(a, b, rtol=0, atol=1e-12)
               for a, b in zip(quick, whole, strict=True))


# -- which tokens are frequent ------------------------------------------------------------------
def test_the_most_frequent_are_in_the_head() -> None:
    output = AdaptiveOutput(8, 40)
    counts = torch.zeros(40, dtype=torch.int64)
    counts[[39, 7, 12, 30]] = torch.tensor([900, 800, 700, 600])
    output.order_by(counts)

    assert cutoffs(40) == [4, 16]
    assert output.rank[[39, 7, 12, 30]].tolist() == [0, 1, 2, 3]
    assert output.rank[[0, 1]].tolist() == [4, 5]  # equally rare: in the order of their ids
    assert sorted(output.rank.tolist()) == list(range(40))


def test_the_order_is_saved_with_the_weights() -> None:
    ours, (h, targets) = output_of(8, 40), some(8, 40)
    other = AdaptiveOutput(8, 40).double()
    assert not torch.allclose(other.losses(h, targets), ours.losses(h, targets))

    other.load_state_dict(ours.state_dict())

    assert torch.equal(other.losses(h, targets), ours.losses(h, targets))
    assert torch.equal(other(h), ours(h))


# -- edges --------------------------------------------------------------------------------------
def test_targets_of_minus_one_cost_nothing() -> None:
    output, (h, targets) = output_of(64, 200), some(64, 200)
    masked = targets.clone()
    masked[[0, 5, 59]] = -1
    expected = output.losses(h, targets)
    expected = expected.masked_fill(masked < 0, 0.0)

    assert torch.allclose(output.losses(h, masked), expected, rtol=0, atol=1e-12)
    assert not output.losses(h, torch.full_like(targets, -1)).any()


def test_one_token_at_a_time() -> None:
    output, (h, targets) = output_of(64, 200), some(64, 200)
    one_by_one = torch.cat([output.losses(h[i:i + 1], targets[i:i + 1]) for i in range(60)])
    assert torch.allclose(one_by_one, output.losses(h, targets), rtol=0, atol=1e-12)


def test_under_bf16_it_is_near_and_in_float32() -> None:
    output, (h, targets) = output_of(64, 200).float(), some(64, 200)
    exact = output.losses(h.float(), targets)
    with torch.autocast("cpu", torch.bfloat16):
        rough = output.losses(h.bfloat16(), targets)
        log_p = output(h.bfloat16())

    assert rough.dtype == log_p.dtype == torch.float32
    assert (rough - exact).abs().max() < 0.05  # h was rounded to 8 bits
    assert (log_p.exp().sum(1) - 1).abs().max() < 1e-5


def test_the_cuts() -> None:
    assert cutoffs(10_000) == [1000, 4000]
    assert cutoffs(50_000) == [2000, 8000]
    for vocabulary in range(2, 3_000):
        cuts = [0, *cutoffs(vocabulary), vocabulary]
        assert cuts == sorted(set(cuts))


@pytest.mark.parametrize(("hidden", "vocabulary"), SIZES)
def test_the_formula_counts_what_the_module_holds(hidden: int, vocabulary: int) -> None:
    config = dataclasses.replace(RunConfig(), hidden=hidden)
    rows = adaptive_parameter_rows(config, vocabulary)
    assert sum(row.count for row in rows) == sum(
        p.numel() for p in AdaptiveOutput(hidden, vocabulary).parameters())
    assert all(math.prod(row.shape) == row.count for row in rows)


def test_at_ten_thousand_words_it_is_a_seventh_of_the_full_layer() -> None:
    rows = adaptive_parameter_rows(RunConfig(hidden=256), 10_000)
    # 1002·256 + 1002; 64·256 + 3000·64; 16·256 + 6000·16, against 10,000·256 + 10,000
    assert sum(row.count for row in rows) == 257_514 + 208_384 + 100_096
