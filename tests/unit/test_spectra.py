"""Spectra and Lyapunov exponents against explicit products, closed forms and SCIENCE.md 2b."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.insight import spectra as of
from rnnlm_core.insight.recurrent_weights import (
    block_of,
    blocks_of,
    eigenvalues,
    kept_block,
    largest_slope,
    radii,
)
from rnnlm_core.insight.spectra import exponents, products, singular_values, summary
from rnnlm_core.insight.trajectory import Trajectory, lags_of, trajectory
from rnnlm_core.lab import Run
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CellWeights, layer_weights, state_of, unroll_layer
from rnnlm_core.nets.jacobians import jacobian_times, step_jacobian, times_jacobian
from rnnlm_core.worker import work
from rnnlm_ui.gradients.spectra_words import answer
from tests.small_runs import new_run, with_plan
from tests.unit.test_cells import random_weights

IDS = np.random.default_rng(0).integers(0, 9, 400)
CELLS = [("rnn", "tanh"), ("rnn", "relu"), ("rnn", "sigmoid"), ("gru", "tanh"), ("lstm", "tanh")]
EVERY_CELL = pytest.mark.parametrize(("cell", "activation"), CELLS)


def course_of(weights: CellWeights, steps: int, activation="tanh", noise: float = 0.0,
              seed: int = 0, cell: str = "rnn", places: int = 1) -> Trajectory:
    """Weights that belong to no model, driven by noise from the zero state."""
    draw = torch.Generator().manual_seed(seed)
    x = noise * torch.randn(places, steps, weights.W_ih.shape[1], generator=draw,
                            dtype=torch.float64)
    zero = torch.zeros(places, weights.W_hh.shape[1], dtype=torch.float64)
    start = (zero, zero) if cell == "lstm" else (zero,)
    done = unroll_layer(cell, x, start, weights, activation)
    return Trajectory(done, [start, *map(state_of, done[:-1])], weights, activation)


def plain(W: Tensor, inputs: int = 1) -> CellWeights:
    size, like = len(W), W.new_zeros
    return CellWeights(like(size, inputs), W, like(size), like(size))


def orthogonal(size: int, seed: int) -> Tensor:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))
    return torch.from_numpy(q * np.sign(np.diag(r)))


@EVERY_CELL
def test_products_with_a_jacobian_equal_those_with_the_formed_one(cell, activation):
    weights = random_weights(cell, 6, 1)
    course = course_of(weights, 4, activation, 1.0, cell=cell, places=2)
    draw = torch.Generator().manual_seed(1)
    X = torch.randn(2, course.shape[1], 3, generator=draw, dtype=torch.float64)
    J = step_jacobian(course.steps[2], course.before[2], weights, activation)

    right = jacobian_times(course.steps[2], course.before[2], weights, X, activation)
    left = times_jacobian(X.mT, course.steps[2], course.before[2], weights, activation)

    assert torch.allclose(right, J @ X, rtol=0, atol=1e-13)
    assert torch.allclose(left, X.mT @ J, rtol=0, atol=1e-13)


@EVERY_CELL
def test_a_product_is_the_derivative_of_the_last_state(cell, activation):
    """Against autograd through the whole unrolled layer: the chain rule, with its scaling."""
    weights = random_weights(cell, 5, 3)
    course = course_of(weights, 7, activation, 1.0, cell=cell)
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(1, 7, weights.W_ih.shape[1], generator=draw, dtype=torch.float64)

    def end(joint: Tensor) -> Tensor:
        parts = tuple(joint.reshape(-1, 1, 5).unbind(0))
        return torch.cat(state_of(unroll_layer(cell, x[:, 3:], parts, weights, activation)[-1]),
                         -1)[0]

    oracle = torch.func.jacrev(end)(torch.cat(course.before[3], -1)[0])
    product, scale = list(products(course))[3]  # the last four steps

    assert torch.allclose(product[0] * math.exp(scale), oracle, rtol=1e-10, atol=1e-14)


PROTOTYPE = {  # σ_max and participation at lag 1, 10, 30, 100; one seed each
    "orthogonal": ((1.0, .377, .0231, 1.2e-7), (54, 26, 12.6, 4.6)),
    "gaussian": ((1.62, .597, .030, 7.9e-8), (30, 7.7, 3.3, 1.7))}


@pytest.mark.parametrize("kind", PROTOTYPE)
def test_spectrum_of_the_product_is_that_of_section_2b(kind):
    """H = 64, tanh, g = 1, driven with sd .3: the figures lie in the spread of ten seeds, which is
    measured here: three standard deviations of their logarithms."""
    found = []
    for seed in range(10):
        draw = np.random.default_rng(seed)
        W = orthogonal(64, seed) if kind == "orthogonal" else torch.from_numpy(
            draw.normal(size=(64, 64)) / 8)
        W_ih, zero = torch.from_numpy(draw.normal(size=(64, 16)) / 4), W.new_zeros(64)
        course = course_of(CellWeights(W_ih, W, zero, zero), 150, noise=0.3, seed=seed)
        by_lag = [summary(*product) for product in products(course.last(100))]
        found.append([(by_lag[lag - 1][0], math.log(by_lag[lag - 1][2]))
                      for lag in (1, 10, 30, 100)])

    logs = np.array(found)  # (seeds, lags, 2)
    expected = np.log(np.array(PROTOTYPE[kind]).T)
    assert (np.abs(logs.mean(0) - expected) < 3 * logs.std(0) + 0.005).all()
    # directions collapse long before the norm does, and much sooner without orthogonality
    assert np.exp(logs[:, 1, 1]).max() < (9 if kind == "gaussian" else 30)


def test_summary_equals_the_figures_from_a_full_decomposition():
    course = course_of(random_weights("lstm", 12, 5), 40, noise=1.0, cell="lstm", places=3)

    for product, scale in products(course):
        s = np.linalg.svd(product.numpy(), compute_uv=False) * math.exp(scale)  # (3, 24)
        top, typical, left = summary(product, scale)

        assert top == pytest.approx(np.log(s[:, 0]).mean(), abs=1e-6)
        assert typical == pytest.approx(np.log(np.sqrt((s**2).mean(1))).mean(), abs=1e-9)
        assert left == pytest.approx(((s**2).sum(1)**2 / (s**4).sum(1)).mean(), rel=1e-9)


def test_participation_of_an_orthogonal_matrix_and_of_one_of_rank_one():
    Q, v = orthogonal(9, 0), torch.arange(1.0, 10, dtype=torch.float64)

    assert summary(Q[None], 0.0)[2] == pytest.approx(9)
    assert summary((v[:, None] * v)[None], 0.0)[2] == pytest.approx(1)
    assert summary(torch.zeros(1, 3, 3), -math.inf) == (-math.inf, -math.inf, 0.0)


def test_nothing_underflows_and_what_cannot_be_resolved_has_no_number():
    W = torch.diag(torch.tensor([1e-5, 0.9e-5, 1e-8], dtype=torch.float64))

    product, scale = list(products(course_of(plain(W), 100)))[-1]
    logs = singular_values(product, scale)

    assert logs[:2] == pytest.approx([100 * math.log(1e-5), 100 * math.log(0.9e-5)])
    assert summary(product, scale)[0] == pytest.approx(100 * math.log(1e-5))  # 1e-500
    assert math.isnan(logs[2])


def test_huge_weights_neither_overflow_nor_hide_that_they_have_no_numbers():
    W = torch.diag(torch.tensor([1e30, 1e29], dtype=torch.float64))
    assert summary(*list(products(course_of(plain(W), 40)))[-1])[0] == pytest.approx(
        40 * math.log(1e30))  # 1e1200
    with pytest.raises(RunError, match="no numbers"):
        list(products(course_of(plain(1e300 * W), 2)))


def test_zero_recurrent_weights_leave_no_direction():
    course = course_of(plain(torch.zeros(4, 4, dtype=torch.float64)), 5)

    assert [summary(*p) for p in products(course)] == [(-math.inf, -math.inf, 0.0)] * 5
    assert exponents(course, 1).tolist() == [-math.inf] * 4


@pytest.mark.parametrize("g", [0.5, 1.0, 1.2])
def test_an_orthogonal_linear_network_has_all_exponents_ln_g(g):
    """ReLU with all units on is linear: h stays positive, so φ' = 1."""
    permutation = torch.eye(6, dtype=torch.float64)[[2, 0, 1, 5, 3, 4]]
    weights = plain(g * permutation)._replace(b_ih=torch.ones(6, dtype=torch.float64))

    found = exponents(course_of(weights, 60, "relu"), 10)

    assert found == pytest.approx([math.log(g)] * 6, abs=1e-12)


def test_a_diagonal_network_has_the_logs_of_its_entries():
    entries = [0.9, 0.5, 1.1, 0.2]
    W = torch.diag(torch.tensor(entries, dtype=torch.float64))

    found = exponents(course_of(plain(W), 400), 200)  # the zero state: tanh' = 1

    assert found == pytest.approx(sorted(map(math.log, entries), reverse=True), abs=1e-12)


@pytest.mark.parametrize("every", [1, 3])
@EVERY_CELL
def test_exponents_equal_a_direct_computation_on_a_short_product(cell, activation, every):
    """R of the explicit product applied to the same Q is the product of the R_t."""
    weights, size = random_weights(cell, 4, 7), 8 if cell == "lstm" else 4
    course = course_of(weights, 5, activation, 1.0, cell=cell)
    draw = torch.Generator().manual_seed(0)
    Q = torch.linalg.qr(torch.randn(1, size, size, generator=draw, dtype=torch.float64))[0][0]
    for t in range(5):
        Q = course.jacobian(t)[0] @ Q
    diagonal = np.abs(np.diag(np.linalg.qr(Q.numpy())[1]))
    if activation == "relu":
        diagonal = np.where(diagonal < 1e-13 * diagonal.max(), 0, diagonal)
    with np.errstate(divide="ignore"):
        expected = sorted(np.log(diagonal) / 5, reverse=True)

    assert exponents(course, 0, every=every) == pytest.approx(expected, rel=1e-6)


def test_the_first_exponents_alone_are_those_of_all():
    course = course_of(random_weights("gru", 16, 2), 160, noise=1.0, cell="gru")

    assert exponents(course, 60, 4) == pytest.approx(exponents(course, 60)[:4], abs=0.03)


@pytest.mark.parametrize("layer", [0, 1])
@EVERY_CELL
def test_spectra_of_a_model_leave_it_alone_and_agree_with_themselves(cell, activation, layer):
    model = build(RunConfig(cell=cell, activation=activation, hidden=6, embedding=3, layers=2), 9)
    before = {name: value.clone() for name, value in model.state_dict().items()}

    found, own = of.spectra(model.train(), IDS, layer), of.spectrum_at(model, IDS, layer, 17)

    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert found.steps == 100 and [at.lag for at in found.lags if at.values is not None] == [
        1, 10, 30, 100]
    for at in (own, *found.lags):
        assert at.values is None or at.values[0] == pytest.approx(at.top, abs=1e-4)
        assert at.participation <= found.size + 1e-9
    assert of.spectrum_at(model, IDS, layer, 30).top == pytest.approx(found.at(30).top)
    assert found.size == (12 if cell == "lstm" else 6) == len(found.exponents)
    # the largest singular value of a long product falls as the first exponent says
    assert found.at(100).top / 100 == pytest.approx(found.exponents[0], abs=0.1)
    assert found.at(17) is None


def test_eigenvalues_of_a_step_are_those_of_its_jacobian():
    model = build(RunConfig(cell="lstm", hidden=4, embedding=3), 9)
    J = trajectory(model, IDS, 0).jacobian(-1)[0]

    found = of.step_eigenvalues(model, IDS, 0)

    assert found.sum() == pytest.approx(float(J.trace()))
    assert found.prod() == pytest.approx(float(torch.linalg.det(J)))
    assert (np.diff(np.abs(found)) <= 1e-12).all()


def test_the_trajectory_is_the_fused_networks_own():
    model = build(RunConfig(cell="gru", hidden=5, embedding=3, layers=2), 9).eval()

    course = trajectory(model, IDS[:150], 1)  # one place: 150 tokens, the last 120 steps

    with torch.no_grad():
        x = model.embedding(torch.from_numpy(IDS[None, :150]))
        x = model.above(0, model.layers[0](x)[0], x)
        expected = model.layers[1](x)[0]  # (1, 150, H)
    assert torch.allclose(course.steps[-1].h[0], expected[0, -1].double(), atol=1e-6)
    assert len(course.steps) == 120 and course.shape == (1, 5)


@pytest.mark.parametrize(("tokens", "lags"), [(30, 10), (60, 40), (120, 100), (9_000, 100)])
def test_short_texts_have_fewer_lags_or_an_error(tokens, lags):
    model = build(RunConfig(cell="rnn", hidden=3, embedding=2), 9)
    assert lags_of(tokens) == lags
    assert of.spectra(model, IDS[:tokens]).steps == lags
    with pytest.raises(BadInput, match="at least 30"):
        of.spectra(model, IDS[:29])


def test_networks_that_cannot_be_followed_are_refused():
    with pytest.raises(BadInput, match="CNN"):
        of.spectra(build(RunConfig(cell="cnn", hidden=4, embedding=4), 9), IDS)
    model = build(RunConfig(cell="gru", hidden=4, embedding=4), 9)
    with torch.no_grad():
        layer_weights(model, 0).W_hh[0, 0] = math.nan
    with pytest.raises(RunError, match="no numbers"):
        of.spectra(model, IDS)


@pytest.mark.parametrize(("rate", "fate"), [(-0.1, "vanishes"), (0.0, "edge"), (0.1, "explodes")])
def test_fate_follows_the_first_exponent(rate, fate):
    found = of.spectra(build(RunConfig(cell="rnn", hidden=2, embedding=2), 9), IDS)
    assert dataclasses.replace(found, exponents=np.array([rate])).fate == fate


# -- the matrix by itself -------------------------------------------------------------------------
def test_the_non_normal_matrix_of_section_2d_e():
    W = torch.tensor([[0.9, 10.0], [0.0, 0.9]], dtype=torch.float64)

    assert radii(block_of(W, "rnn", "W_hh")).spectral == pytest.approx(0.9, abs=1e-7)
    powers = [float(torch.linalg.matrix_power(W, k)[0, 1]) for k in range(1, 40)]
    assert max(powers) == pytest.approx(38.7420489, rel=1e-8)
    assert powers[8] == pytest.approx(powers[9])  # k = 9 and 10


def test_blocks_are_pytorchs_and_have_the_slope_of_what_they_feed():
    W = torch.arange(32.0).reshape(8, 4)[:, :2]  # an LSTM of two units
    assert blocks_of("lstm") == ("U_i", "U_f", "U_g", "U_o")
    assert block_of(W, "lstm", "U_f").tolist() == W[2:4].tolist()
    slopes = [largest_slope(RunConfig(cell="lstm"), block) for block in blocks_of("lstm")]
    assert slopes == [0.25, 0.25, 1.0, 0.25]
    assert largest_slope(RunConfig(cell="rnn", activation="sigmoid"), "W_hh") == 0.25
    assert largest_slope(RunConfig(cell="gru"), "U_n") == 1.0


def test_eigenvalues_come_largest_first():
    rotation = np.array([[0.0, -0.5], [0.5, 0.0]])
    matrix = np.block([[rotation, np.zeros((2, 1))], [np.zeros((1, 2)), np.array([[-2.0]])]])
    assert eigenvalues(matrix)[0] == pytest.approx(-2)
    assert sorted(eigenvalues(matrix)[1:].imag) == pytest.approx([-0.5, 0.5])
    assert radii(matrix).largest == pytest.approx(2)


def test_blocks_of_kept_moments_and_of_one_without_numbers(tmp_path):
    folder = with_plan(new_run(tmp_path, cell="gru", hidden=4, layers=2, max_steps=4))
    work(folder)

    for step in (0, 4):
        U_z = layer_weights(Run(folder, step).model, 1).W_hh[4:8]
        assert np.array_equal(kept_block(folder, step, 1, "U_z"), U_z.detach().double().numpy())
    assert not np.array_equal(kept_block(folder, 0, 1, "U_z"), kept_block(folder, 4, 1, "U_z"))
    with pytest.raises(RunError, match="no numbers"):
        block_of(torch.full((4, 4), math.inf), "rnn", "W_hh")


@pytest.mark.parametrize(("top", "fate", "told"), [
    (3.1, "vanishes", "grown to 3.1 times its size. **First it grows, then it fades"),
    (0.2, "vanishes", "**λ₁\u00a0=\u00a0−0.010, ×\u00a0"), (0.2, "explodes", "**First it fades"),
    (3.1, "explodes", "it explodes**."), (3.1, "edge", "at the edge**.")])
def test_what_grows_at_first_and_fades_in_the_long_run_is_told_as_both(top, fate, told):
    rate = {"vanishes": -0.01, "edge": 0.0, "explodes": 0.01}[fate]
    found = SimpleNamespace(
        all=SimpleNamespace(exponents=np.array([rate]), fate=fate, size=8),
        own=SimpleNamespace(top=math.log(top), lag=30, participation=2.0))
    said = answer(found, None, RunConfig(cell="rnn"))
    assert told in said
