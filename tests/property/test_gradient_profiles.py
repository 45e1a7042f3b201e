"""The gradient of every earlier state, for any cell, size and weights, against independent ways:
products of Jacobians, autograd through the written-out equations, and what holds by formula."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.adjoint import StateGradients, courses, gradients
from rnnlm_core.insight.gradients import (
    lag_profile,
    lag_profiles,
    profile_of,
    warmed_up,
    windows_of,
)
from rnnlm_core.insight.reach_theory import mean_squares, read_layers, theory_of
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import LSTMStep, layer_weights, state_of, unroll
from rnnlm_core.nets.jacobians import step_jacobian
from rnnlm_core.nets.language_model import LanguageModel

V = 7
KINDS = st.sampled_from([("rnn", "tanh"), ("rnn", "relu"), ("rnn", "sigmoid"), ("gru", "tanh"),
                         ("lstm", "tanh")])
IDS = np.random.default_rng(1).integers(0, V, 400)


def model_of(kind: tuple[str, str], hidden: int, seed: int = 0, scale: float = 1.0,
             **changes: object) -> LanguageModel:
    cell, activation = kind
    model = build(RunConfig(cell=cell, activation=activation, hidden=hidden, embedding=3,
                            seed=seed, **changes), V)
    with torch.no_grad():
        for p in model.layers.parameters():
            p.mul_(scale)
    return model.double().eval().requires_grad_(False)


def text_of(seed: int, batch: int, length: int) -> Tensor:
    return torch.randint(V, (batch, length), generator=torch.Generator().manual_seed(seed))


def random_vectors(batch: int, hidden: int, seed: int = 0) -> Tensor:
    return torch.randn(batch, hidden, generator=torch.Generator().manual_seed(seed),
                       dtype=torch.float64)


@settings(max_examples=40)
@given(kind=KINDS, hidden=st.integers(1, 6), steps=st.integers(1, 8), seed=st.integers(0, 99),
       scale=st.floats(0.2, 3.0))
def test_a_profile_of_t_steps_is_the_product_of_the_analytic_jacobians(
        kind: tuple[str, str], hidden: int, steps: int, seed: int, scale: float) -> None:
    model, ids = model_of(kind, hidden, seed, scale), text_of(seed, 2, steps)
    layers, seen = courses(model, ids)
    at_end = random_vectors(2, hidden, seed)
    found, = gradients(model, layers, at_end)

    trace, weights = unroll(model, ids), layer_weights(model, 0)
    assert torch.allclose(seen, trace.top(-1), atol=1e-12)
    row = at_end  # of (h, c) for the LSTM, c held while h moves and the other way round
    if kind[0] == "lstm":
        row = torch.cat([at_end, torch.zeros_like(at_end)], 1)
    for t in reversed(range(steps)):
        step = trace.layers[0].steps[t]
        h, c = row[:, :hidden], row[:, hidden:]
        assert torch.allclose(found.h[t], h, atol=1e-10, rtol=1e-10)
        if isinstance(step, LSTMStep):
            assert found.c is not None
            through_h = step.o * (1 - step.c.tanh()**2) * h
            assert torch.allclose(found.c[t], c + through_h, atol=1e-10, rtol=1e-10)
        before = state_of(trace.layers[0].steps[t - 1]) if t else tuple(
            part[0] for part in model.zero_state(2))
        J = step_jacobian(step, before, weights, model.config.activation)
        row = torch.einsum("bi,bij->bj", row, J)


@settings(max_examples=25)
@given(kind=KINDS, layers=st.integers(1, 4), hidden=st.integers(1, 4), seed=st.integers(0, 99),
       norm=st.booleans(), residual=st.booleans(), warm_up=st.integers(0, 3))
def test_every_layer_of_any_network_gets_what_autograd_finds(
        kind: tuple[str, str], layers: int, hidden: int, seed: int, norm: bool, residual: bool,
        warm_up: int) -> None:
    model = model_of(kind, hidden, seed, layers=layers, layer_norm=norm, residual=residual)
    ids, at_end = text_of(seed, 3, warm_up + 6), random_vectors(3, hidden, seed)
    carried = warmed_up(model, ids[:, :warm_up])[1] or model.zero_state(3)
    found = gradients(model, courses(model, ids[:, warm_up:], carried)[0], at_end)

    trace = unroll(model, ids[:, warm_up:], tuple(p.requires_grad_() for p in carried))
    loss = (trace.top(-1) * at_end).sum()
    for mine, layer in zip(found, trace.layers, strict=True):
        h = torch.autograd.grad(loss, [s.h for s in layer.steps], retain_graph=True,
                                materialize_grads=True)
        assert torch.allclose(mine.h, torch.stack(h), atol=1e-11, rtol=1e-9)
        if mine.c is not None:
            c = torch.autograd.grad(loss, [s.c for s in layer.steps if isinstance(s, LSTMStep)],
                                    retain_graph=True, materialize_grads=True)
            assert torch.allclose(mine.c, torch.stack(c), atol=1e-11, rtol=1e-9)


@given(kind=KINDS, factor=st.floats(1e-6, 1e6))
@settings(max_examples=20)
def test_a_loss_that_is_scaled_scales_the_curve(kind: tuple[str, str], factor: float) -> None:
    model = model_of(kind, 5, layers=2)
    layers, at_end = courses(model, text_of(0, 4, 30))[0], random_vectors(4, 5)
    for one, other in zip(gradients(model, layers, at_end), gradients(
            model, layers, factor * at_end), strict=True):
        before, after = (profile_of(layers[0], g, 0).h for g in (one, other))
        assert after.mean == pytest.approx(factor * before.mean, rel=1e-9)
        assert after.rate == pytest.approx(before.rate) and after.horizon == before.horizon


@given(kind=KINDS, seed=st.integers(0, 99))
@settings(max_examples=20)
def test_without_recurrent_weights_only_the_gate_reaches_back(
        kind: tuple[str, str], seed: int) -> None:
    model = model_of(kind, 6, seed)
    with torch.no_grad():
        model.layers[0].weight_hh_l0.zero_()
    (profile, theory), = read_layers(model, IDS, 30)
    if kind[0] == "gru":  # h' = (1 − z) n + z h: the old state itself
        assert profile.h.mean == pytest.approx(theory.direct.mean, rel=1e-9)
        return
    assert all(profile.h.value_text(k) == "<1e-300" for k in range(1, 31))
    assert profile.h.horizon == 1
    if profile.c is not None:
        assert profile.c.mean == pytest.approx(theory.direct.mean, rel=1e-9)


# -- theory ---------------------------------------------------------------------------------------
@given(activation=st.sampled_from(["tanh", "relu", "sigmoid"]), hidden=st.integers(1, 8),
       seed=st.integers(0, 999), scale=st.floats(0.05, 5.0), lags=st.integers(1, 30))
@settings(max_examples=60)
def test_the_bound_bounds_every_window_of_an_rnn(
        activation: str, hidden: int, seed: int, scale: float, lags: int) -> None:
    model = model_of(("rnn", activation), hidden, seed, scale)
    layers, _ = courses(model, text_of(seed, 4, lags + 1))
    found, = gradients(model, layers, random_vectors(4, hidden, seed))
    theory = theory_of(layers[0], found, highest=True)
    assert theory.factor is not None and theory.bound is not None
    sizes = found.h.flip(0).norm(dim=-1)  # (K + 1, B)
    allowed = theory.factor ** torch.arange(lags + 1.0, dtype=torch.float64)
    assert bool((sizes <= sizes[0] * allowed[:, None] * (1 + 1e-9) + 1e-290).all())
    assert theory.bound.mean == pytest.approx(
        float(sizes[0].log().mean().exp()) * allowed.numpy(), rel=1e-6)
    assert theory.radius is not None and theory.radius <= theory.sigma * (1 + 1e-9)
    assert theory.sigma == pytest.approx(np.linalg.svd(
        layers[0].weights.W_hh.numpy(), compute_uv=False)[0])


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_mean_field_takes_the_root_mean_square_of_the_singular_values(cell: str) -> None:
    model, ids = model_of((cell, "tanh"), 6, scale=2.0), text_of(3, 2, 9)
    layers, _ = courses(model, ids)
    found, = gradients(model, layers, random_vectors(2, 6))
    steps, weights = unroll(model, ids).layers[0].steps, layer_weights(model, 0)
    values = torch.stack([torch.linalg.svdvals(step_jacobian(step, state_of(before), weights))
                          for before, step in pairwise(steps)])
    squares = values.square().mean(-1)  # (8, 2)
    assert torch.allclose(mean_squares(layers[0])[1:], squares, rtol=1e-12)
    expected = squares.log().flip(0).cumsum(0).mean(1).div(2).exp().numpy()
    by_lag = theory_of(layers[0], found, True).mean_field.mean
    assert by_lag[1:] / by_lag[0] == pytest.approx(expected)


def test_of_an_orthogonal_matrix_it_is_the_gain_times_the_root_mean_square_slope() -> None:
    model = model_of(("rnn", "tanh"), 12)
    with torch.no_grad():
        model.layers[0].weight_hh_l0.copy_(1.3 * torch.linalg.qr(random_vectors(12, 12))[0])
    layers, _ = courses(model, text_of(0, 3, 20))
    slopes = 1 - layers[0].h**2
    assert torch.allclose(mean_squares(layers[0]).sqrt(), 1.3 * slopes.square().mean(-1).sqrt())


def test_the_mean_field_of_an_lstm_is_the_expectation_over_random_directions() -> None:
    """One step back from random ∂L/∂h and ∂L/∂c of unit variance, drawn 20,000 times."""
    draws, hidden = 20_000, 6
    model, ids = model_of(("lstm", "tanh"), hidden, scale=2.0), text_of(5, 1, 2)
    course = courses(model, ids)[0][0]
    step = unroll(model, ids).layers[0].steps
    assert isinstance(step[0], LSTMStep) and isinstance(step[1], LSTMStep)
    h, c = random_vectors(draws, hidden, 1), random_vectors(draws, hidden, 2)  # ∂L/∂h, total ∂L/∂c
    J = step_jacobian(step[1], (step[0].h, step[0].c), layer_weights(model, 0))[0]
    held = c - step[1].o * (1 - step[1].c.tanh()**2) * h
    before = torch.cat([h, held], 1) @ J
    total = before[:, hidden:] + step[0].o * (1 - step[0].c.tanh()**2) * before[:, :hidden]
    drawn = total.square().sum(1).mean() / c.square().sum(1).mean()

    one = torch.ones(2, 1, hidden, dtype=torch.float64)
    found = theory_of(course, StateGradients(one, one), True).mean_field.mean
    assert (found[1] / found[0])**2 == pytest.approx(float(drawn), rel=0.05)


def test_the_direct_path_multiplies_the_gates() -> None:
    model = model_of(("lstm", "tanh"), 5)
    layers, _ = courses(model, text_of(0, 2, 7))
    found, = gradients(model, layers, random_vectors(2, 5))
    assert found.c is not None
    left, sizes = found.c[-1].clone(), [found.c[-1].norm(dim=1)]
    for t in range(6, 0, -1):
        left = left * layers[0].gate(1)[t]
        sizes.append(left.norm(dim=1))
    expected = torch.stack(sizes).log().mean(1).exp().numpy()
    direct = theory_of(layers[0], found, True).direct
    assert direct is not None and direct.mean == pytest.approx(expected)


def test_only_the_highest_layer_of_an_rnn_has_the_bound() -> None:
    model = model_of(("rnn", "tanh"), 4, layers=3)
    bounds = [theory.bound for _, theory in read_layers(model, IDS, 20)]
    assert bounds[:2] == [None, None] and bounds[2] is not None
    assert read_layers(model_of(("gru", "tanh"), 4), IDS, 20)[0][1].bound is None


# -- the run-up -----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [("rnn", "sigmoid"), ("gru", "tanh"), ("lstm", "tanh")])
def test_the_run_up_in_float32_leaves_the_state_of_one_in_float64(kind: tuple[str, str]) -> None:
    model, ids = model_of(kind, 6, layers=2), text_of(0, 3, 40)
    _, carried = warmed_up(build(model.config, V), ids)
    expected = warmed_up(build(model.config, V).double(), ids)[1]
    assert carried is not None and expected is not None
    for one, other in zip(carried, expected, strict=True):
        assert one.dtype == torch.float64 and torch.allclose(one, other, atol=1e-5)


def test_a_run_up_that_overflows_in_float32_is_read_in_float64() -> None:
    model = build(RunConfig(cell="rnn", activation="relu", hidden=4, embedding=3), V)
    with torch.no_grad():
        model.layers[0].weight_hh_l0.copy_(40.0 * torch.eye(4))  # 40^100 = 10^160
        model.layers[0].bias_ih_l0.fill_(1.0)
    whole, carried = warmed_up(model, text_of(0, 2, 100))
    assert carried is not None and bool(carried[0].isfinite().all())
    assert carried[0].max() > 1e100 and whole.output.weight.dtype == torch.float64
    assert model.output.weight.dtype == torch.float32  # the run's own is not touched


# -- odd input ------------------------------------------------------------------------------------
def test_a_text_of_one_character_has_no_gradient_at_all() -> None:
    """V = 1: p = 1, so the loss and every gradient of it are exactly 0."""
    model = build(RunConfig(cell="lstm", hidden=3, embedding=2), 1)
    (profile, theory), = read_layers(model, np.zeros(100, np.int64), 30)
    assert profile.h.is_zero and profile.c is not None and profile.c.is_zero
    assert profile.h.rate is None and profile.h.value_text(0) == "<1e-300"
    assert theory.direct is not None and theory.direct.is_zero and theory.mean_field.is_zero


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_diverged_network_has_no_numbers(cell: str) -> None:
    model = build(RunConfig(cell=cell, hidden=4, embedding=3), V)
    with torch.no_grad():
        model.layers[0].weight_hh_l0.fill_(float("nan"))
    (profile, theory), = read_layers(model, IDS, 20)
    assert not profile.h.has_numbers and np.isnan(theory.sigma)
    assert lag_profile(build(model.config, V), IDS, 20).h.has_numbers


@pytest.mark.parametrize("kind", [("rnn", "tanh"), ("gru", "tanh"), ("lstm", "tanh")])
@pytest.mark.parametrize("layers", [1, 4])
def test_one_unit_and_four_layers(kind: tuple[str, str], layers: int) -> None:
    profiles = lag_profiles(model_of(kind, 1, layers=layers), IDS, 20)
    assert [p.layer for p in profiles] == list(range(layers))
    assert all(np.isfinite(p.h.mean).all() for p in profiles)


def test_a_cnn_has_no_states_to_reach_back_to() -> None:
    with pytest.raises(BadInput) as caught:
        lag_profile(build(RunConfig(cell="cnn"), V), IDS, 20)
    assert caught.value.code == "run.no_state"


def test_more_lags_than_text() -> None:
    with pytest.raises(BadInput) as caught:
        windows_of(IDS[:50], 49, 16, 0)
    assert caught.value.values == {"value": 50, "limit": 51}


def test_adaptive_and_tied_outputs_are_read_too() -> None:
    for changes in ({"softmax": "adaptive", "tie_weights": False}, {"tie_weights": True}):
        model = build(RunConfig(cell="gru", hidden=8, embedding=8, **changes), 5_000)
        profile = lag_profile(model, np.arange(400) % 5_000, 20)
        assert profile.h.has_numbers and not profile.h.is_zero
