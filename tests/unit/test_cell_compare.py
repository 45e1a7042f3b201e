"""The cells beside each other: against nets/cells.py, PyTorch's own layers and plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnlm_core.insight.activations import derivative, phi
from rnnlm_core.insight.cell_compare import (
    GATE_BLOCKS,
    cell_parameters,
    gru_conventions,
    kept,
    limits_of,
    pre_activations,
    pressed,
    read_fresh,
    saturated,
)
from rnnlm_core.insight.cell_step import cell_step
from rnnlm_core.nets.cells import GATES, gru_step, layer_weights, lstm_step, rnn_step
from tests.unit.test_cell_step import CELLS, TEXT, reading_of

VOCABULARY = len(set(TEXT)) + 1
ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("inputs, hidden", [(1, 1), (5, 3), (64, 128)])
def test_parameters_are_those_of_pytorch_layers(cell: str, inputs: int, hidden: int) -> None:
    layer = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](inputs, hidden)
    assert cell_parameters(cell, inputs, hidden) == sum(p.numel() for p in layer.parameters())
    assert GATE_BLOCKS[cell] == layer.weight_ih_l0.shape[0] // hidden


@pytest.mark.parametrize("of", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_fresh_cell_makes_the_step_of_the_equations(of: str, cell: str) -> None:
    own = reading_of(cell=of, layers=2)
    size = own.model.embedding.num_embeddings
    fresh = read_fresh(own, cell, size)  # type: ignore[arg-type]
    again = read_fresh(own, cell, size)  # type: ignore[arg-type]
    assert fresh.places == own.places and fresh.model.config.hidden == own.model.config.hidden
    step, place = cell_step(fresh, 1, 7), 7
    np.testing.assert_array_equal(step.values["h"], cell_step(again, 1, 7).values["h"])
    x, state = fresh.input(1)[:, place], fresh.before(1, place)
    weights = layer_weights(fresh.model, 1)
    made = {"rnn": rnn_step, "gru": gru_step, "lstm": lstm_step}[cell](x, *state, weights)
    np.testing.assert_allclose(step.values["h"], made.h[0].numpy(), atol=1e-14)
    keeper = {"rnn": None, "gru": "z", "lstm": "f"}[cell]
    assert kept(step) == (0 if keeper is None else pytest.approx(
        float(getattr(made, keeper).mean()), abs=1e-14))


def test_conventions_of_the_gru_by_hand() -> None:
    reading = reading_of(cell="gru")
    step = cell_step(reading, 0, 9)
    W_ih, W_hh, b_ih, b_hh = (w.numpy() for w in layer_weights(reading.model, 0))
    h, x, H = step.values["h_before"], step.values["x"], 6

    def sigma(a: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-a))

    r = sigma(W_ih[:H] @ x + b_ih[:H] + W_hh[:H] @ h + b_hh[:H])
    z = sigma(W_ih[H:2 * H] @ x + b_ih[H:2 * H] + W_hh[H:2 * H] @ h + b_hh[H:2 * H])
    first = W_ih[2 * H:] @ x + b_ih[2 * H:]
    after = np.tanh(first + r * (W_hh[2 * H:] @ h + b_hh[2 * H:]))
    before = np.tanh(first + W_hh[2 * H:] @ (r * h) + b_hh[2 * H:])
    found = gru_conventions(step)
    np.testing.assert_allclose(found["pytorch"], (1 - z) * after + z * h, atol=1e-14)
    np.testing.assert_allclose(found["cho"], (1 - z) * before + z * h, atol=1e-14)
    np.testing.assert_allclose(found["chung"], z * before + (1 - z) * h, atol=1e-14)
    assert np.abs(found["cho"] - found["pytorch"]).max() > 1e-4


def test_conventions_agree_where_h_is_one_number_and_there_is_no_bias() -> None:
    """U(r h) = r (U h) for one unit: only the bias tells PyTorch's from Cho's."""
    reading = reading_of(cell="gru", hidden=1)
    layer_weights(reading.model, 0).b_hh.zero_()
    step = cell_step(read_again(reading), 0, 5)
    found = gru_conventions(step)
    np.testing.assert_allclose(found["cho"], found["pytorch"], atol=1e-14)


def read_again(reading):  # type: ignore[no-untyped-def]
    from rnnlm_core.insight.cell_step import read_by

    return read_by(reading.model, reading)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_functions_and_slopes_are_pytorchs_and_autograds(name: str) -> None:
    a = torch.linspace(-800, 800, 4001, dtype=torch.float64)
    a = torch.cat([a, torch.linspace(-6, 6, 1000, dtype=torch.float64)]).requires_grad_()
    value = ACTIVATIONS[name](a)
    value.sum().backward()
    np.testing.assert_allclose(phi(a.detach().numpy(), name),  # type: ignore[arg-type]
                               value.detach().numpy(), atol=1e-15)
    np.testing.assert_allclose(derivative(a.detach().numpy(), name),  # type: ignore[arg-type]
                               a.grad.numpy(), atol=1e-15)


@pytest.mark.parametrize("name, largest", [("sigmoid", 0.25), ("tanh", 1.0), ("relu", 1.0)])
def test_beyond_the_limits_the_slope_is_below_a_tenth(name: str, largest: float) -> None:
    low, high = limits_of(name)  # type: ignore[arg-type]
    if name != "relu":
        assert derivative(np.array([low, high]), name) == pytest.approx(largest / 10)  # type: ignore[arg-type]
    inside, outside = np.array([low + 1e-6]), np.array([low - 1e-6])
    assert saturated(name, inside) == 0 and saturated(name, outside) == 1  # type: ignore[arg-type]


def test_the_share_that_is_saturated_by_hand() -> None:
    # σ' = .25, .105, .0177, .0025; tanh' = 1, .42, .0707, 0; ReLU' = 0 for 0, else 1
    a = np.array([0.0, 2.0, 4.0, -6.0])
    assert saturated("sigmoid", a) == 0.5
    assert saturated("tanh", a / 2) == 0.5
    assert saturated("relu", a) == 0.5


@pytest.mark.parametrize("changes", CELLS.values(), ids=CELLS)
def test_sums_of_the_whole_text_are_those_of_each_step(changes: dict[str, object]) -> None:
    reading = reading_of(**changes)
    config = reading.model.config
    for layer in range(config.layers):
        for gate in GATES[config.cell] or ("h",):
            every = pre_activations(reading, layer, gate)
            for place in range(reading.places):
                block = cell_step(reading, layer, place).blocks[gate]
                np.testing.assert_allclose(every[place], block.a, atol=1e-13)
            found = pressed(reading, layer, 3, gate)
            assert found.function == block.function and found.counts.sum() == every.size
            assert found.text == pytest.approx((derivative(every, found.function) < 0.1 * (
                0.25 if found.function == "sigmoid" else 1)).mean())
