"""The formulas of a start against weights that are really drawn, and the figures of the theory."""

from __future__ import annotations

import math

import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.insight import start
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CellWeights, layer_weights


def drawn(config: RunConfig) -> CellWeights:
    return layer_weights(build(config, 20), 0)


@pytest.mark.parametrize("initialisation, activation, gain", [
    ("pytorch", "tanh", 1.0), ("xavier", "tanh", 0.8), ("orthogonal", "tanh", 1.0),
    ("orthogonal", "tanh", 1.5), ("identity", "relu", 1.2)])
def test_the_spectrum_is_that_of_drawn_weights(
        initialisation: str, activation: str, gain: float) -> None:
    config = RunConfig(cell="rnn", hidden=256, initialisation=initialisation,  # type: ignore[arg-type]
                       activation=activation, gain=gain)  # type: ignore[arg-type]
    w = drawn(config).W_hh.detach().double()
    found = start.spectrum(config)
    assert found.radius == pytest.approx(float(torch.linalg.eigvals(w).abs().max()), rel=0.1)
    assert found.largest == pytest.approx(float(torch.linalg.matrix_norm(w, 2)), rel=0.05)


def test_pytorchs_own_start_vanishes() -> None:
    found = start.spectrum(RunConfig(cell="rnn", initialisation="pytorch"))
    assert found.radius == pytest.approx(0.577, abs=1e-3)
    assert found.largest == pytest.approx(1.155, abs=1e-3)


# measured decay a step, zero input and lags 20–100, and the bound γ σ_max
@pytest.mark.parametrize("activation, initialisation, gain, factor", [
    ("tanh", "orthogonal", 0.9, 0.9), ("tanh", "orthogonal", 1.0, 1.0),
    ("sigmoid", "orthogonal", 1.0, 0.25),
    ("relu", "orthogonal", 1.0, 0.710), ("relu", "identity", 1.0, 0.992),
    ("relu", "identity", 1.2, 1.199)])
def test_fading_is_the_measured_one(
        activation: str, initialisation: str, gain: float, factor: float) -> None:
    config = RunConfig(cell="rnn", activation=activation, initialisation=initialisation,  # type: ignore[arg-type]
                       gain=gain)
    assert start.fading(config) == pytest.approx(factor, rel=0.02)


@pytest.mark.parametrize("bias, steps", [(0, 1.00), (1, 2.21), (3, 14.27), (5, 103.2)])
def test_half_life_of_the_gate_bias(bias: float, steps: float) -> None:
    share = start.kept(RunConfig(cell="lstm", forget_bias=float(bias)))
    assert share is not None and share[0] == share[1]
    assert start.half_life(share[0]) == pytest.approx(steps, abs=0.05)
    assert start.kept(RunConfig(cell="gru", update_bias=float(bias))) == share


@pytest.mark.parametrize("cell, gate", [("lstm", 1), ("gru", 1)])
def test_chrono_keeps_within_its_limits(cell: str, gate: int) -> None:
    config = RunConfig(cell=cell, hidden=512, chrono_steps=50)  # type: ignore[arg-type]
    weights = drawn(config)
    bias = (weights.b_ih + weights.b_hh).detach().chunk(4 if cell == "lstm" else 3)[gate]
    shares, limits = torch.sigmoid(bias), start.kept(config)
    assert limits == (0.5, pytest.approx(49 / 50))
    assert limits[0] <= float(shares.min()) < 0.6 and 0.97 < float(shares.max()) <= limits[1]


def test_what_does_not_fade_never_ends() -> None:
    assert math.isinf(start.half_life(1.0)) and math.isinf(start.horizon(1.2))
    assert start.horizon(0.1) == pytest.approx(2.0)
    assert start.half_life(0.0) == 0.0


def test_each_cell_has_its_own_measure() -> None:
    assert start.kept(RunConfig(cell="rnn")) is None
    assert start.fading(RunConfig(cell="lstm")) is None
    assert start.in_sight(RunConfig(cell="cnn", receptive_field=64)) == (64, 6)
    assert start.in_sight(RunConfig(cell="gru")) is None
