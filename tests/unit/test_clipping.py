"""Clipping by norm and by value: the published example, PyTorch's own functions, and what holds."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.insight.clipped_gradient import (
    batch_gradients,
    batches,
    rescaled_curve,
    rescaled_steps,
)
from rnnlm_core.insight.clipping import angle, by_norm, by_value, turn, value_limit
from rnnlm_core.insight.gradients import lag_curve, lag_profile
from rnnlm_core.nets.build import build
from rnnlm_core.nets.language_model import LanguageModel
from tests.small_runs import SMALL, ids_of, small_text

THREE_FOUR = np.array([3.0, 4.0])
VECTORS = arrays(np.float64, st.integers(1, 40),
                 elements=st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6))


def network(**changes: object) -> tuple[LanguageModel, np.ndarray]:
    ids, vocabulary = ids_of(small_text(2_000))
    config = RunConfig(**{**vars(SMALL), **changes})
    return build(config, vocabulary).eval(), ids


# -- the example: g = (3, 4) -----------------------------------------------------------------------
def test_by_norm_to_the_digits() -> None:
    assert by_norm(THREE_FOUR, 1.0) == pytest.approx([0.59999988, 0.79999984], abs=5e-9)
    assert angle(THREE_FOUR, by_norm(THREE_FOUR, 1.0)) == pytest.approx(0, abs=1e-12)


def test_by_value_to_the_digits() -> None:
    assert by_value(THREE_FOUR, 0.5).tolist() == [0.5, 0.5]
    # 45° − atan(3/4)
    assert angle(THREE_FOUR, by_value(THREE_FOUR, 0.5)) == pytest.approx(8.1301023542, abs=1e-9)


def test_a_gradient_below_the_limit_is_left_alone() -> None:
    assert by_norm(THREE_FOUR, 6.0).tolist() == [3, 4] == by_value(THREE_FOUR, 4.0).tolist()


def test_no_angle_with_nothing() -> None:
    assert angle(THREE_FOUR, np.zeros(2)) is None


@pytest.mark.parametrize("limit", [0.01, 1.0, 40.0])
def test_as_pytorch_clips(limit: float) -> None:
    gradient = np.random.default_rng(3).normal(size=200)
    for ours, theirs in ((by_norm, torch.nn.utils.clip_grad_norm_),
                         (by_value, torch.nn.utils.clip_grad_value_)):
        weight = torch.zeros(200, dtype=torch.float64, requires_grad=True)
        weight.grad = torch.from_numpy(gradient.copy())
        theirs([weight], limit)
        assert ours(gradient, limit) == pytest.approx(weight.grad.numpy(), rel=1e-12)


# -- what always holds -----------------------------------------------------------------------------
@given(VECTORS, st.floats(1e-3, 1e3))
def test_the_norm_is_kept_below_the_limit_and_the_direction_stays(
        gradient: np.ndarray, limit: float) -> None:
    clipped = by_norm(gradient, limit)
    assert np.linalg.norm(clipped) <= limit * (1 + 1e-12)
    assert np.abs(by_value(gradient, limit)).max() <= limit
    turned = angle(gradient, clipped)
    assert turned is None or turned < 1e-6


@given(VECTORS, st.floats(0.01, 1.0))
def test_the_value_limit_leaves_the_norm_it_was_asked_for(
        gradient: np.ndarray, kept: float) -> None:
    norm = kept * float(np.linalg.norm(gradient))
    assert np.linalg.norm(by_value(gradient, value_limit(gradient, norm))) == pytest.approx(
        norm, rel=1e-9, abs=1e-300)


def test_clipped_to_nearly_nothing_only_the_signs_are_left() -> None:
    gradient = np.random.default_rng(0).normal(size=4_000)
    found = turn(gradient, 1e-6)
    # cos = ‖g‖₁ / (√n ‖g‖₂), which is √(2/π) for a Gaussian
    assert found.degrees == pytest.approx(np.degrees(np.arccos(np.sqrt(2 / np.pi))), abs=1.0)
    assert found.cut == pytest.approx(1.0, abs=1e-2)
    whole = turn(gradient, 1.0)
    assert whole.degrees == pytest.approx(0, abs=1e-6) and whole.cut < 1e-3


# -- of a real network -----------------------------------------------------------------------------
def test_a_batchs_gradient_is_autograds_and_leaves_the_weights() -> None:
    model, ids = network(cell="gru", output_dropout=0.0)
    text = batches(ids, 3, 8, count=2)
    assert text.shape == (2, 3, 9)
    before = digest(model)
    found = list(batch_gradients(model, text))
    assert digest(model) == before and all(p.grad is None for p in model.parameters())
    exact = build(model.config, model.embedding.num_embeddings).double().eval()
    exact.load_state_dict(model.state_dict())
    logits, _ = exact(text[1][:, :-1])
    torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), text[1][:, 1:].flatten()).backward()
    assert found[1] == pytest.approx(
        torch.cat([p.grad.flatten() for p in exact.parameters()]).numpy(), rel=1e-9, abs=1e-15)


def digest(model: LanguageModel) -> str:
    return hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in model.parameters())
                          ).hexdigest()


def test_of_a_short_text_shorter_rows_and_of_none_a_sentence() -> None:
    ids, _ = ids_of(small_text(60))
    assert batches(ids[:5], 2, 32).shape == (12, 2, 5)
    with pytest.raises(BadInput, match="needs at least"):
        batches(ids[:1], 2, 32)


def test_weights_that_are_no_numbers_are_told() -> None:
    model, ids = network()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(RunError) as error:
        list(batch_gradients(model, batches(ids, 2, 8, count=1)))
    assert error.value.code == "run.no_numbers"


def test_a_constant_factor_shortens_sgd_and_is_nothing_to_adam() -> None:
    model, ids = network()
    found = np.array(list(batch_gradients(model, batches(ids, 4, 8))))
    steps = rescaled_steps(found, 0.01)
    sgd, adam = steps["sgd"], steps["adam"]
    assert (sgd.length, sgd.difference) == pytest.approx((0.01, 0.99))
    # by the formula of Kingma & Ba 2015 with and without the factor
    expected = [adam_step(found * by) for by in (1.0, 0.01)]
    assert adam.difference == pytest.approx(
        np.linalg.norm(expected[1] - expected[0]) / np.linalg.norm(expected[0]), rel=1e-4)
    assert adam.length == pytest.approx(1, abs=0.01) and adam.difference < 0.01
    assert rescaled_steps(np.zeros((2, 3)), 0.5) == {}


def adam_step(found: np.ndarray) -> np.ndarray:
    m, v = np.zeros(found.shape[1]), np.zeros(found.shape[1])
    for gradient in found:
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
    n = len(found)
    step: np.ndarray = m / (1 - 0.9**n) / (np.sqrt(v / (1 - 0.999**n)) + 1e-8)
    return step


def test_a_rescaled_lag_curve_has_the_same_rate_and_horizon() -> None:
    model, ids = network()
    curve = lag_profile(model, ids, 40).h
    scaled = rescaled_curve(curve, 0.01)
    assert scaled.mean == pytest.approx(0.01 * curve.mean, rel=1e-9)
    assert scaled.horizon == curve.horizon
    assert scaled.rate == pytest.approx(curve.rate, rel=1e-9)


def test_a_rescaled_curve_keeps_what_was_out_of_range() -> None:
    logs = np.linspace(0, -60, 61)[:, None] * np.ones((1, 3))
    logs[40:, 0] = -np.inf  # one window gives exact zeros there
    curve = lag_curve(logs)
    scaled = rescaled_curve(curve, 0.1)
    assert scaled.at_floor.tolist() == curve.at_floor.tolist() and scaled.horizon == curve.horizon
    assert scaled.rate == pytest.approx(curve.rate) == pytest.approx(np.exp(-1))
