"""Gates over a text, and how long units hold: against networks whose answer is known by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.gates import BINS, bounds_of, half_lives, parts_of, read_gates
from rnnlm_core.insight.unit_memory import half_lags, unit_memory
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import layer_weights, lstm_step
from rnnlm_core.nets.language_model import LanguageModel
from tests.small_runs import SMALL

V = 6
IDS = np.random.default_rng(1).integers(0, V, 900)


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def net(**changes: object) -> LanguageModel:
    torch.manual_seed(0)
    return build(dataclasses.replace(SMALL, **{"embedding": 0, "hidden": 4, **changes}), V).eval()


def constant_gate(cell: str, keeps: float, layers: int = 1) -> LanguageModel:
    """The state before reaches a gate nowhere, and the gate that keeps is the same all the time."""
    model = net(cell=cell, layers=layers)
    block = {"lstm": slice(4, 8), "gru": slice(4, 8)}[cell]  # f, or z
    with torch.no_grad():
        for layer in model.layers:
            layer.weight_hh_l0.zero_()
            layer.weight_ih_l0[block] = 0.0
            layer.bias_ih_l0[block] = logit(keeps)
            layer.bias_hh_l0[block] = 0.0
    return model


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_constant_gate_has_its_half_life_by_formula_and_by_measurement(cell: str, layers: int
                                                                         ) -> None:
    model = constant_gate(cell, 0.9, layers)
    found = read_gates(model, IDS)
    assert found.log_kept is not None
    expected = math.log(2) / -math.log(0.9)  # 6.58
    assert half_lives(found.log_kept) == pytest.approx(expected, abs=1e-4)
    memory = unit_memory(model, IDS, found)
    assert memory.steps == pytest.approx(np.full((layers, 4), expected), abs=2e-3)
    assert memory.measured == layers * 4


def test_a_gate_that_keeps_all_never_lets_go() -> None:
    found = read_gates(constant_gate("lstm", 1 - 1e-12), IDS)
    assert found.log_kept is not None and np.isinf(half_lives(found.log_kept)).all()


def relu(weights: list[list[float]]) -> LanguageModel:
    """A ReLU network that is linear, since all it reads is positive."""
    size = len(weights)
    model = net(cell="rnn", activation="relu", hidden=size)
    with torch.no_grad():
        layer = model.layers[0]
        layer.weight_hh_l0.copy_(torch.tensor(weights))
        layer.weight_ih_l0.copy_(torch.rand(size, V) + 3)
        layer.bias_ih_l0.zero_()
        layer.bias_hh_l0.zero_()
    return model


def test_what_a_unit_feeds_itself_is_its_memory_where_no_gate_is() -> None:
    model = relu([[0.95, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.0]])
    steps = unit_memory(model, IDS, read_gates(model, IDS)).steps[0]
    assert steps == pytest.approx([math.log(2) / -math.log(0.95),
                                   math.log(2) / -math.log(0.2), 0.0], abs=1e-3)


def test_a_memory_that_comes_back_is_not_over_in_between() -> None:
    # two units hand their value to each other: 0.9^k at even lags, nothing at odd ones
    model = relu([[0.0, 0.9], [0.9, 0.0]])
    steps = unit_memory(model, IDS, read_gates(model, IDS)).steps[0]
    assert steps == pytest.approx([6.0, 6.0], abs=0.02)  # 0.9^6 = 0.53, 0.9^8 = 0.43


def test_an_lstm_unit_is_followed_as_the_equations_say() -> None:
    """Every place and unit by itself, with the written-out step, in place of all at once."""
    model, lags = net(cell="lstm", hidden=3).requires_grad_(False), 20
    with torch.no_grad():
        model.layers[0].weight_hh_l0.mul_(3)
        model.layers[0].bias_ih_l0[3:6] = 2.5
    ids, weights = IDS[:170], layer_weights(model, 0)
    gates = read_gates(model, ids)
    before = 128
    starts = np.sort(np.random.default_rng(0).choice(170 - before - lags, 16, False))
    apart = np.zeros((16, lags + 1, 3))
    for place, start in enumerate(starts):
        x = torch.eye(V)[torch.from_numpy(ids[start:start + before + lags + 1])]
        h = c = torch.zeros(1, 3)
        for t in range(before + 1):
            step = lstm_step(x[t:t + 1], h, c, weights)
            h, c = step.h, step.c
        for unit in range(3):
            ends = gates.lowest[0, unit], gates.highest[0, unit]
            swung = c.clone()
            swung[0, unit] = max(ends, key=lambda end: abs(end - float(c[0, unit])))
            states = [(h, c), (step.o * torch.tanh(swung), swung)]
            for k in range(lags + 1):
                apart[place, k, unit] = abs(float(states[0][1][0, unit] - states[1][1][0, unit]))
                if k < lags:
                    moved = [lstm_step(x[before + k + 1:before + k + 2], *s, weights)
                             for s in states]
                    states = [(one.h, one.c) for one in moved]
    share = apart.mean(0) / apart[:, 0].mean(0)
    found = unit_memory(model, ids, gates, lags=lags).steps[0]
    assert found == pytest.approx(half_lags(share), rel=1e-3)
    assert np.isfinite(found).sum() >= 2


def test_half_lags_by_hand() -> None:
    left = np.array([[1, 1, 1, 1], [0.4, 0.5, 0.8, 0.0], [0.2, 0.25, 0.6, 0.0]])
    assert half_lags(left) == pytest.approx(
        [math.log(2) / math.log(2.5), 1.0, np.inf, 0.0], abs=1e-12)


@pytest.mark.parametrize(("cell", "activation"), [
    ("lstm", "tanh"), ("gru", "tanh"), ("rnn", "tanh"), ("rnn", "sigmoid"), ("rnn", "relu")])
def test_shares_are_those_of_the_values_themselves(cell: str, activation: str) -> None:
    """Without recurrence a gate follows from the token alone: shares are those of the tokens."""
    model = net(cell=cell, activation=activation)
    with torch.no_grad():
        layer = model.layers[0]
        layer.weight_hh_l0.zero_()
        layer.weight_ih_l0.mul_(8)
        if cell == "lstm":
            layer.bias_ih_l0[4:8] = -40.0  # nothing is kept: c is i · g
    found = read_gates(model, IDS)
    w = layer.weight_ih_l0.detach().double().numpy()
    a = (w + (layer.bias_ih_l0 + layer.bias_hh_l0).detach().double().numpy()[:, None]).T  # (V, GH)
    sigmoid, tanh = (lambda x: 1 / (1 + np.exp(-x))), np.tanh
    parts = np.split(a, {"lstm": 4, "gru": 3, "rnn": 1}[cell], 1)
    if cell == "lstm":
        i, f, g, o = parts
        values = {"i": sigmoid(i), "f": sigmoid(f), "o": sigmoid(o), "g": tanh(g),
                  "c": tanh(sigmoid(i) * tanh(g))}
    elif cell == "gru":
        r, z, _ = parts
        b_hn = layer.bias_hh_l0.detach().double().numpy()[8:]
        n = (w[8:] + layer.bias_ih_l0.detach().double().numpy()[8:, None]).T + sigmoid(r) * b_hn
        values = {"r": sigmoid(r), "z": sigmoid(z), "n": tanh(n)}
    else:
        values = {"h": {"tanh": tanh, "sigmoid": sigmoid,
                        "relu": lambda x: np.maximum(x, 0)}[activation](parts[0])}
    assert set(found.parts) == set(values) == set(parts_of(model.config))
    counts = np.bincount(IDS, minlength=V) / len(IDS)
    for name, of_token in values.items():
        bounds = bounds_of(name, model.config)
        low, high = (-0.9, 0.9) if name == "c" else (bounds.low, bounds.high)
        under = of_token <= 0 if activation == "relu" else of_token < low
        assert found.parts[name].low[0] == pytest.approx(counts @ under)
        assert found.parts[name].high[0] == pytest.approx(counts @ (of_token > high))


@settings(max_examples=15, deadline=None)
@given(cell=st.sampled_from(["lstm", "gru", "rnn"]), layers=st.integers(1, 3),
       length=st.integers(50, 400), scale=st.floats(0.1, 30))
def test_shares_and_histograms_of_any_network(cell: str, layers: int, length: int, scale: float
                                              ) -> None:
    model = net(cell=cell, layers=layers)
    with torch.no_grad():
        for weights in model.layers.parameters():
            weights.mul_(scale)
    found = read_gates(model, IDS[:length])
    for part in found.parts.values():
        assert ((part.low >= 0) & (part.high >= 0) & (part.low + part.high <= 1)).all()
        assert part.shares.shape == (layers, BINS)
        assert part.shares.sum(1) == pytest.approx(1) and (np.diff(part.edges) > 0).all()
    memory = unit_memory(model, IDS[:length], found)
    assert (memory.steps >= 0).all() and memory.steps.shape == (layers, 4)
    assert not torch.is_grad_enabled() or all(p.grad is None for p in model.parameters())


def test_a_short_text_and_a_cnn_are_refused() -> None:
    with pytest.raises(BadInput) as short:
        read_gates(net(cell="gru"), IDS[:49])
    assert short.value.code == "text.too_short"
    cnn = build(RunConfig(cell="cnn", hidden=8, receptive_field=8), V).eval()
    with pytest.raises(BadInput) as refused:
        read_gates(cnn, IDS)
    assert refused.value.code == "run.no_state"
