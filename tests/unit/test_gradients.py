"""Gradients by lag against closed forms and the deterministic figures of SCIENCE.md section 2d."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.gradients import (
    FLOOR,
    lag_curve,
    lag_profile,
    log_norms,
    state_gradients,
    untrained_profiles,
)
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CellWeights, unroll, unroll_layer
from rnnlm_core.nets.jacobians import lstm_jacobian

H, STEPS = 16, 50
IDS = np.random.default_rng(0).integers(1, 9, 400)


def dct(g: float) -> Tensor:
    """g · the orthogonal DCT-IV matrix."""
    k = torch.arange(H, dtype=torch.float64) + 0.5
    return g * math.sqrt(2 / H) * torch.cos(math.pi * k[:, None] * k[None, :] / H)


def back_to(start: Tensor, x: Tensor, W_ih: Tensor, W_hh: Tensor, v: Tensor, activation="tanh"
            ) -> tuple[list[float], Tensor]:
    """‖∂(v·h_T)/∂h_{T−k}‖ for k = 0…T of free-standing weights, and h_T."""
    nothing = W_hh.new_zeros(len(W_hh))
    start = start[None].clone().requires_grad_()
    steps = unroll_layer("rnn", x[None], (start,), CellWeights(W_ih, W_hh, nothing, nothing),
                         activation)
    last = steps[-1].h[0]
    gradients = state_gradients(v @ last, [start, *(s.h for s in steps)])
    return log_norms(gradients[:, 0]).exp().flip(0).tolist(), last


@pytest.mark.parametrize("g", [0.5, 0.9, 1.0, 1.1])
def test_without_input_an_orthogonal_network_multiplies_by_g_each_step(g):
    zeros = torch.zeros(STEPS, 1, dtype=torch.float64)

    norms, _ = back_to(torch.zeros(H, dtype=torch.float64), zeros,
                       torch.full((H, 1), 0.5, dtype=torch.float64), dct(g),
                       torch.full((H,), 0.25, dtype=torch.float64))

    assert norms == pytest.approx([g**k for k in range(STEPS + 1)], rel=1e-12)


DRIVEN = {  # g: G(10), G(50), Σ h_50
    0.5: (1.22273734e-4, 2.47700687e-18, 6.2539839364),
    0.9: (2.00038517e-2, 2.73819964e-7, 7.4730667418),
    1.0: (4.89528275e-2, 2.62277476e-5, 7.7058380102),
    1.1: (1.21162789e-1, 1.06921576e-3, 7.8577168519),
    1.5: (6.39392719e-1, 15.1784472, 7.6853414279),
    3.0: (5.12450021e-2, 7.58198064e-4, 3.2056077505),
}


@pytest.mark.parametrize("g", DRIVEN)
def test_driven_orthogonal_network_gives_the_table_of_section_2d_c(g):
    t = torch.arange(1, STEPS + 1, dtype=torch.float64)
    h0 = 0.5 * torch.sin(torch.arange(H, dtype=torch.float64) + 1)

    norms, last = back_to(h0, torch.sin(0.3 * t)[:, None],
                          torch.full((H, 1), 0.5, dtype=torch.float64), dct(g),
                          torch.full((H,), 0.25, dtype=torch.float64))

    assert (norms[10], norms[50], last.sum().item()) == pytest.approx(DRIVEN[g], rel=1e-8)


SCALAR = [  # activation, w, h_50, ∏ J
    ("tanh", 0.5, None, 8.18448585e-16), ("tanh", 0.9, 0.0019664731, 2.27733438e-3),
    ("tanh", 1.0, 0.1631711033, 3.39608532e-2), ("tanh", 1.5, 0.8585596366, 4.09264253e-20),
    ("tanh", 3.0, 0.9949015285, 5.19677350e-75),
    ("sigmoid", 1.0, 0.6590460684, 4.04042408e-33),
    ("sigmoid", 4.0, 0.9805898757, 1.00528013e-55),
]


@pytest.mark.parametrize(("activation", "w", "h", "product"), SCALAR)
def test_scalar_unit_gives_the_table_of_section_2d_d(activation, w, h, product):
    one = torch.ones(1, dtype=torch.float64)

    norms, last = back_to(0.5 * one, torch.zeros(STEPS, 1, dtype=torch.float64),
                          torch.zeros(1, 1, dtype=torch.float64), w * one[None], one, activation)

    assert norms[STEPS] == pytest.approx(product, rel=1e-8)
    assert h is None or last.item() == pytest.approx(h, rel=1e-7)


def test_norms_do_not_underflow_where_their_squares_would():
    logs = log_norms(torch.tensor([[3e-200, 4e-200], [0.0, 0.0], [3e200, 4e200]],
                                  dtype=torch.float64))

    assert logs.tolist() == pytest.approx([math.log(5e-200), -math.inf, math.log(5e200)])


def curve_of(rate: float, lags: int = 100, windows: int = 4):
    return lag_curve(math.log(rate) * np.arange(lags + 1)[:, None] + np.zeros(windows))


def test_an_exact_exponential_gives_its_rate_half_life_decades_and_horizon():
    curve = curve_of(0.9)

    assert curve.rate == pytest.approx(0.9)
    assert curve.half_life == pytest.approx(math.log(2) / -math.log(0.9))
    assert curve.decades_per_100 == pytest.approx(100 * math.log10(0.9))
    assert curve.horizon == math.ceil(math.log(0.01) / math.log(0.9))  # 44: 0.9⁴⁴ < 1 %
    assert not curve.grows


def test_a_growing_gradient_has_no_half_life_and_no_horizon():
    curve = curve_of(1.016)

    assert curve.grows
    assert curve.half_life is None
    assert curve.horizon is None


def test_a_dip_below_one_percent_is_not_the_horizon():
    logs = np.zeros((30, 1))
    logs[5], logs[20:] = math.log(1e-3), math.log(1e-3)

    assert lag_curve(logs).horizon == 20


def test_the_mean_is_geometric_and_the_band_holds_four_of_five_windows():
    logs = np.log(np.logspace(-10, 0, 11))[None].repeat(2, 0)

    curve = lag_curve(logs)

    assert curve.mean[1] == pytest.approx(1e-5)
    assert (curve.low[1], curve.high[1]) == pytest.approx((1e-9, 1e-1))


def test_underflow_is_counted_shown_and_kept_out_of_the_fit():
    logs = math.log(1e-4) * np.arange(101)[:, None] + np.zeros(3)  # 1e-400 at lag 100
    logs[logs < math.log(1e-323)] = -math.inf

    curve = lag_curve(logs)

    assert curve.rate == pytest.approx(1e-4)
    assert curve.at_floor[100] == 3
    assert curve.mean[100] == pytest.approx(FLOOR)
    assert curve.value_text(100) == "<1e-300"
    assert curve.value_text(1) == "0.0001"


def test_one_window_at_zero_makes_the_mean_an_upper_bound():
    curve = lag_curve(np.array([[0.0, 0.0], [0.0, -math.inf]]))

    assert curve.at_floor.tolist() == [0, 1]
    assert curve.value_text(1) == "≤1e-150"


def test_overflow_and_nan_are_counted_and_shown():
    curve = lag_curve(np.array([[0.0, 0.0], [math.nan, math.inf]]))

    assert curve.at_ceiling.tolist() == [0, 2]
    assert curve.value_text(1) == ">1e300"


def test_a_network_that_forgets_at_once_says_so():
    model = build(RunConfig(cell="rnn", activation="sigmoid", hidden=8, embedding=4), 9)
    with torch.no_grad():
        model.layers[0].weight_hh_l0.mul_(1e-3)

    profile = lag_profile(model, IDS)

    assert profile.h.value_text(100) == "<1e-300"
    assert profile.h.at_floor[100] == 16
    assert profile.h.rate is not None
    assert profile.h.rate < 1e-3


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_profile_equals_finite_differences_of_the_loss(cell, layers):
    model = build(RunConfig(cell=cell, hidden=5, embedding=4, layers=layers), 9).double().eval()
    ids = IDS[:14]  # exactly one window of 12 lags, no warm-up

    profile = lag_profile(model, ids, lags=12, layer=0)

    for lag in (0, 1, 5):
        difference = np.array([_loss(model, ids, 12 - lag, unit, 1e-5)
                               - _loss(model, ids, 12 - lag, unit, -1e-5)
                               for unit in range(5)]) / 2e-5
        assert profile.h.mean[lag] == pytest.approx(np.linalg.norm(difference), rel=1e-4, abs=1e-10)


def _loss(model, ids, t_nudged: int, unit: int, amount: float) -> float:
    def nudge(layer, t, state):
        if layer == 0 and t == t_nudged:
            state = (state[0].index_add(1, torch.tensor([unit]),
                                        torch.full((1, 1), amount, dtype=torch.float64)),
                     *state[1:])
        return state

    with torch.no_grad():
        logits = unroll(model, torch.from_numpy(ids[None, :-1]), hook=nudge).logits[0, -1]
    return -torch.log_softmax(logits, 0)[ids[-1]].item()


def test_h_and_c_of_an_lstm_obey_the_joint_jacobian():
    """Adjoint of (h, c) with h held: ∂L/∂c less what passes through h = o ⊙ tanh(c)."""
    model = build(RunConfig(cell="lstm", hidden=4, embedding=3), 9).double().eval()
    trace = unroll(model, torch.from_numpy(IDS[None, :3]),
                   tuple(p.requires_grad_() for p in model.zero_state(1)))
    steps = trace.layers[0].steps
    h1, h2, c1, c2 = state_gradients(trace.logits[0, -1].logsumexp(0),
                                     [steps[1].h, steps[2].h, steps[1].c, steps[2].c])[:, 0]

    def held(step, over_h, over_c):
        tau = torch.tanh(step.c[0])
        return over_c - over_h * step.o[0] * (1 - tau**2)

    weights = CellWeights(*(getattr(model.layers[0], f"{n}_l0") for n in (
        "weight_ih", "weight_hh", "bias_ih", "bias_hh")))
    J = lstm_jacobian(steps[2], steps[1].c, weights)[0]
    later = torch.cat([h2, held(steps[2], h2, c2)])

    assert torch.allclose(later @ J, torch.cat([h1, held(steps[1], h1, c1)]), atol=1e-14)


def test_short_texts_give_the_windows_they_have_or_an_error():
    model = build(RunConfig(cell="gru", hidden=4, embedding=3), 9)

    assert lag_profile(model, IDS[:104]).windows == 1  # warm-up shrinks before anything else
    with pytest.raises(BadInput, match=r"text: 101;.*at least 102"):
        lag_profile(model, IDS[:101])


def test_the_model_keeps_its_precision_and_mode():
    model = build(RunConfig(cell="lstm", hidden=4, embedding=3), 9).train()

    first, again = lag_profile(model, IDS, lags=20), lag_profile(model, IDS, lags=20)

    assert model.training
    assert model.output.weight.dtype == torch.float32
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert np.array_equal(first.h.mean, again.h.mean)


def test_untrained_lstm_vanishes_at_forget_bias_0_and_hardly_at_5():
    """SCIENCE 2b: full Jacobian about .65 a step at bias 0; at 5 the direct path alone is .9933."""
    def rate(bias: float) -> float:
        config = RunConfig(hidden=32, embedding=8, forget_bias=bias)
        profiles = untrained_profiles(config, 9, IDS)
        assert set(profiles) == {"rnn", "gru", "lstm"}
        return profiles["lstm"].c.rate

    assert 0.5 < rate(0.0) < 0.75
    assert rate(5.0) > 0.98


def test_a_window_that_is_exactly_zero_is_left_out_of_the_mean_and_counted():
    logs = np.log(0.5) * np.arange(31.0)[:, None] + np.zeros(16)
    logs[:, 3] = -math.inf

    curve = lag_curve(logs)

    assert curve.mean == pytest.approx(0.5 ** np.arange(31))
    assert curve.rate == pytest.approx(0.5)
    assert curve.horizon == 7  # 0.5⁷ = 0.0078
    assert (curve.zero, int(curve.at_floor.sum())) == (1, 0)
    assert curve.value_text(1) == "0.5"
    assert not curve.is_zero and not curve.is_floored(-1)


def test_zero_in_every_window_stays_zero():
    curve = lag_curve(np.full((31, 16), -math.inf))

    assert curve.is_zero and curve.is_floored(-1)
    assert curve.zero == 16
    assert curve.value_text(0) == "<1e-300"


def test_one_window_that_underflows_late_does_not_make_the_mean_smaller_than_can_be_said():
    logs = np.zeros((2, 4))
    logs[1, 0] = -math.inf

    curve = lag_curve(logs)

    assert curve.at_floor.tolist() == [0, 1] and curve.zero == 0
    assert not curve.is_floored(1)  # 1e-300^(1/4) = 1e-75


@pytest.mark.parametrize(("rate", "explodes"), [(3.9, True), (1.01, True), (1.001, False),
                                                (0.99, False)])
def test_what_doubles_within_a_hundred_steps_explodes(rate, explodes):
    assert curve_of(rate).explodes is explodes


def test_what_leaves_the_numbers_explodes():
    logs = np.zeros((4, 2))
    logs[2:] = math.inf

    assert lag_curve(logs).explodes
