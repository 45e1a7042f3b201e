"""Every lever does what it says: a test that fails when it does nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.build import build
from rnnlm_core.nets.parameters import parameter_count
from rnnlm_core.trainer import Trainer
from tests.small_runs import SMALL, dropouts, plan_of

V = 11
IDS = np.random.default_rng(5).integers(1, V, 2_000).astype(np.uint16)


def trainer(**changes: Any) -> Trainer:
    settings = {**vars(SMALL), **dropouts(0.0), "warm_up_steps": 0, **changes}
    config = RunConfig(**settings).checked()
    return Trainer(config, plan_of(config), IDS, V)


def model(**changes: Any):  # type: ignore[no-untyped-def]
    return build(RunConfig(**{**vars(SMALL), **dropouts(0.0), **changes}).checked(), V)


# -- start ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_an_orthogonal_start_scales_every_vector_by_its_gain(cell: str, gain: float) -> None:
    w = model(cell=cell, initialisation="orthogonal", gain=gain).layers[0].weight_hh_l0
    for block in w.detach().double().split(8):
        assert torch.linalg.svdvals(block).numpy() == pytest.approx([gain] * 8, abs=1e-5)


def test_xavier_has_its_variance() -> None:
    layer = model(hidden=200, embedding=100, initialisation="xavier").layers[0]
    assert layer.weight_ih_l0.var().item() == pytest.approx(2 / (200 + 100), rel=0.05)
    assert layer.weight_hh_l0.var().item() == pytest.approx(2 / 400, rel=0.05)


def test_pytorchs_own_start_has_a_spectral_radius_of_0_58() -> None:
    w = model(cell="rnn", hidden=256).layers[0].weight_hh_l0.detach().double()
    assert torch.linalg.eigvals(w).abs().max().item() == pytest.approx(1 / math.sqrt(3), rel=0.08)


def test_the_identity_start_keeps_what_is_in_the_state() -> None:
    network = model(cell="rnn", activation="relu", initialisation="identity", gain=1.0)
    h = torch.rand(1, 3, 8)
    _, (after,) = network.read(torch.ones(3, 40, dtype=torch.long), (h,))
    assert torch.allclose(after, h, atol=0.5) and not torch.equal(after, h)


@pytest.mark.parametrize("bias", [-1.0, 0.0, 3.0])
def test_the_forget_bias_is_the_sum_of_both_biases(bias: float) -> None:
    layer = model(forget_bias=bias).layers[0]
    assert (layer.bias_ih_l0 + layer.bias_hh_l0)[8:16].tolist() == [bias] * 8


def test_the_update_bias_keeps_the_old_state_of_a_gru() -> None:
    layer = model(cell="gru", update_bias=5.0).layers[0]
    assert (layer.bias_ih_l0 + layer.bias_hh_l0)[8:16].tolist() == [5.0] * 8


def test_the_chrono_start_spreads_the_memory_up_to_its_length() -> None:
    lstm = model(hidden=500, chrono_steps=101).layers[0].bias_ih_l0.detach()
    let_in, keep = lstm[:500], lstm[500:1000]
    assert torch.equal(let_in, -keep)
    steps = keep.exp()  # U(1, 100)
    assert steps.min() >= 1 and steps.max() <= 100 + 1e-4
    assert steps.mean().item() == pytest.approx(50.5, rel=0.1)
    gru = model(cell="gru", hidden=500, chrono_steps=101).layers[0].bias_ih_l0.detach()
    assert gru[500:1000].exp().mean().item() == pytest.approx(50.5, rel=0.1)


# -- network --------------------------------------------------------------------------------------
@pytest.mark.parametrize("changes", [
    {}, {"layers": 3}, {"embedding": 0}, {"embedding": 8, "tie_weights": True},
    {"layers": 2, "layer_norm": True}, {"layers": 2, "residual": True},
    {"cell": "gru", "layers": 2}, {"cell": "rnn", "embedding": 0}])
def test_the_formula_counts_the_parameters(changes: dict[str, Any]) -> None:
    config = RunConfig(**{**vars(SMALL), **changes})
    assert parameter_count(config, V) == sum(p.numel() for p in build(config, V).parameters())


def test_char_rnn_has_240_321_parameters() -> None:
    config = RunConfig(embedding=0, hidden=128, layers=2)
    assert parameter_count(config, 65) == 240_321  # karpathy/char-rnn with one-hot input


def test_one_hot_input_is_an_embedding_that_is_the_identity() -> None:
    network = model(embedding=0)
    ids = torch.arange(V)[None]
    assert torch.equal(network.embedding(ids)[0], torch.eye(V))
    assert not [n for n, _ in network.named_parameters() if n.startswith("embedding")]


def test_tied_weights_are_one_array_and_both_their_gradients() -> None:
    tied = model(embedding=8, tie_weights=True).double()
    loose = model(embedding=8).double()
    loose.load_state_dict({**tied.state_dict(), "output.weight": tied.embedding.weight})
    ids = torch.arange(V)[None]
    for network in (tied, loose):
        functional.cross_entropy(network(ids[:, :-1])[0][0], ids[0, 1:]).backward()
    both = loose.embedding.weight.grad + loose.output.weight.grad
    assert torch.allclose(tied.embedding.weight.grad, both, atol=1e-12)
    start = functional.cross_entropy(tied(ids[:, :-1])[0][0], ids[0, 1:]).item()
    assert start == pytest.approx(math.log(V), rel=0.03)


def test_layer_norm_brings_what_is_handed_up_to_mean_0_and_spread_1() -> None:
    network = model(layers=2, layer_norm=True)
    h, _ = network.read(torch.arange(V)[None])
    assert h.mean(-1).abs().max() < 1e-5
    assert h.var(-1, correction=0).detach().numpy() == pytest.approx(1.0, abs=1e-2)


def test_a_residual_adds_the_layers_input_to_its_output() -> None:
    plain, residual = model(layers=2), model(layers=2, residual=True)
    ids = torch.arange(V)[None]
    below, _ = plain.layers[0](plain.embedding(ids))
    assert torch.allclose(residual.read(ids)[0], plain.read(ids)[0] + below, atol=1e-6)


# -- dropout --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["input_dropout", "output_dropout", "layer_dropout"])
def test_each_dropout_sets_its_own_share_to_zero(name: str) -> None:
    network = model(embedding=64, hidden=64, layers=2, **{name: 0.4})
    seen: dict[str, float] = {}
    for place in ("input_dropout", "layer_dropout", "output_dropout"):
        def watch(_module: object, _inputs: object, out: torch.Tensor, place: str = place) -> None:
            seen[place] = float((out == 0).float().mean())
        getattr(network, place).register_forward_hook(watch)
    network.train().read(torch.randint(1, V, (8, 20), generator=torch.Generator().manual_seed(1)))
    assert seen.pop(name) == pytest.approx(0.4, abs=0.03)
    assert set(seen.values()) == {0.0}


def test_variational_dropout_drops_the_same_units_at_all_steps() -> None:
    ids = torch.ones(4, 10, dtype=torch.long)
    for variational in (True, False):
        network = model(embedding=64, input_dropout=0.5, variational_dropout=variational).train()
        dropped = network.input_dropout(network.embedding(ids)) == 0  # (B, T, E)
        assert bool((dropped == dropped[:, :1]).all()) is variational
        assert not bool((dropped == dropped[:1]).all())  # but others in other rows


# -- truncated back-propagation -------------------------------------------------------------------
def reach(**changes: Any) -> list[bool]:
    """Which tokens of the second window's inputs the gradient of its last loss reaches, newest
    first."""
    one = trainer(**changes)
    one.step()
    inputs: list[torch.Tensor] = []
    embed = one.model.embedding.forward

    def forward(ids: torch.Tensor) -> torch.Tensor:
        x = embed(ids).detach().requires_grad_()
        inputs.append(x)
        return x

    one.model.embedding.forward = forward  # type: ignore[method-assign]
    window = one.streams.next()
    h, _ = one._read(window, one.carried)  # type: ignore[arg-type]
    one.model.output(h)[:, -1].logsumexp(-1).sum().backward()
    found = [x.grad[0, t].abs().sum().item() > 0 if x.grad is not None else False
             for x in inputs for t in range(x.shape[1])]
    return found[::-1]


def test_the_gradient_reaches_back_exactly_as_far_as_it_should() -> None:
    assert reach() == [True] * 8
    assert reach(backprop_length=4) == [True] * 4 + [False] * 4
    assert reach(backprop_length=14) == [True] * 14  # six tokens of the window before
    assert reach(backprop_length=100) == [True] * 16  # there are no more than that yet


def test_a_cut_up_window_still_carries_the_state() -> None:
    whole, cut = trainer(), trainer(backprop_length=3)
    assert whole.step().loss == pytest.approx(cut.step().loss, rel=1e-6)
    assert torch.allclose(whole.carried[0], cut.carried[0], atol=1e-6)  # type: ignore[index]
    assert whole.step().loss != cut.step().loss  # other gradients, so other weights


def test_a_longer_reach_keeps_the_state_where_the_next_window_begins() -> None:
    one = trainer(backprop_length=12, learning_rate=1e-6)
    for _ in range(3):
        one.step()
    plain = trainer(learning_rate=1e-6)
    for _ in range(2):
        plain.step()
    # after three windows of 8 the fourth begins 4 tokens earlier: at token 20
    window = trainer().streams
    window.next(), window.next()
    third = window.next()
    _, at_20 = plain.model.read(third.inputs[:, :4], plain.carried)
    assert torch.allclose(one.carried[0], at_20[0], atol=1e-4)  # type: ignore[index]


def test_random_windows_start_from_an_empty_state() -> None:
    one = trainer(windows="random")
    one.step()
    one.carried = tuple(torch.full_like(c, 9.0) for c in one.carried)  # type: ignore[union-attr]
    other = trainer(windows="random")
    other.step()
    assert one.step().loss == other.step().loss


# -- loss -----------------------------------------------------------------------------------------
def test_the_reported_loss_is_cross_entropy_whatever_is_minimised() -> None:
    plain = trainer().step()
    for changes in ({"loss": "mse"}, {"label_smoothing": 0.2}):
        found = trainer(**changes).step()
        assert found.loss == pytest.approx(plain.loss, rel=1e-6)
        assert found.gradient_norm != plain.gradient_norm


def test_the_gradient_of_mse_vanishes_where_the_network_is_confidently_wrong() -> None:
    """Two classes, p = (ε, 1 − ε), y = (1, 0), ε = 0.001: |∂s₁| is 4ε(1 − ε)² for the sum of
    squares, and 1 − ε for cross-entropy (SCIENCE 6.10)."""
    logits = torch.tensor([[math.log(0.001), math.log(0.999)]], dtype=torch.float64)
    found = []
    for loss in ("mse", "cross_entropy"):
        one = trainer(loss=loss)
        s = logits.clone().requires_grad_()

        class Fixed:
            def __call__(self, h: torch.Tensor, s: torch.Tensor = s) -> torch.Tensor:
                return s

            def losses(self, h: torch.Tensor, y: torch.Tensor, reduction: str,
                       s: torch.Tensor = s) -> torch.Tensor:
                return functional.cross_entropy(s, y)

        one.model._modules.pop("output")
        one.model.output = Fixed()  # type: ignore[assignment]
        objective, _ = one._losses(torch.zeros(1, 8), torch.tensor([0]))
        objective.backward()
        found.append(abs(s.grad[0, 0].item()))  # type: ignore[index]
    assert found[0] * 2 == pytest.approx(4 * 0.001 * 0.999**2, rel=1e-4)  # mean over two
    assert found[1] == pytest.approx(0.999, rel=1e-6)


def test_smoothing_moves_the_gradient_towards_the_uniform() -> None:
    one = trainer(label_smoothing=0.3)
    h, y = torch.zeros(1, 8), torch.tensor([2])
    logits = one.model.output(h).detach()
    wanted = torch.full((V,), 0.3 / V)
    wanted[2] += 0.7
    expected = -(wanted * logits.log_softmax(-1)[0]).sum()
    assert one._losses(h, y)[0].item() == pytest.approx(expected.item(), rel=1e-6)


# -- optimizer ------------------------------------------------------------------------------------
def test_clipping_by_value_changes_the_direction() -> None:
    one = trainer(clip_norm=0.0, clip_value=0.5)
    for p in one._parameters:
        p.grad = torch.zeros_like(p)
    one.model.output.bias.grad[:2] = torch.tensor([3.0, -4.0])  # type: ignore[index]
    _, before, after = one._clip()
    assert one.model.output.bias.grad[:2].tolist() == [0.5, -0.5]  # type: ignore[index]
    assert (before, after) == (5.0, pytest.approx(math.sqrt(0.5)))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam", "adamw"])
def test_weight_decay_makes_weights_smaller(optimizer: str) -> None:
    norms = []
    for decay in (0.0, 0.9):
        one = trainer(optimizer=optimizer, weight_decay=decay, learning_rate=0.01,
                      schedule="constant")
        for _ in range(20):
            one.step()
        norms.append(one.model.layers[0].weight_hh_l0.norm().item())
    assert norms[1] < norms[0]


def test_the_average_is_the_mean_of_the_weights_it_has_seen() -> None:
    one = trainer(averaging=0.5, learning_rate=0.05, schedule="constant")
    expected = one.model.output.bias.detach().clone()
    for step in range(1, 30):
        one.step()
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * one.model.output.bias.detach()
    assert one.shown is one.average
    assert torch.allclose(one.shown.output.bias, expected, atol=1e-6)
    assert not torch.allclose(one.model.output.bias, expected, atol=1e-4)


@pytest.mark.parametrize(("name", "value"), [
    ("learning_rate", 0.5), ("clip_norm", 1e-6), ("clip_value", 1e-6), ("input_dropout", 0.9),
    ("layer_dropout", 0.9), ("output_dropout", 0.9)])
def test_a_knob_acts_from_the_next_step_on(name: str, value: float) -> None:
    left, turned = (trainer(layers=2, schedule="constant", optimizer="sgd") for _ in range(2))
    assert left.step() == turned.step()
    turned.turn(name, value)
    for one in (left, turned):
        one.step()
    assert any(not torch.equal(a, b) for a, b in zip(
        left.model.parameters(), turned.model.parameters(), strict=True))


def test_what_is_no_knob_cannot_be_turned() -> None:
    with pytest.raises(ValueError, match="hidden"):
        trainer().turn("hidden", 4.0)


# -- the first step -------------------------------------------------------------------------------
@pytest.mark.parametrize("changes", [
    {"cell": "lstm"}, {"cell": "gru"}, {"cell": "rnn"}, {"cell": "rnn", "activation": "relu"},
    {"cell": "rnn", "activation": "sigmoid"}, {"embedding": 0},
    {"initialisation": "orthogonal"}, {"initialisation": "xavier"}, {"chrono_steps": 50}])
def test_the_first_loss_is_within_3_percent_of_ln_v(changes: dict[str, Any]) -> None:
    config = RunConfig(**{"hidden": 128, "embedding": 64, "batch": 16, "sequence_length": 64,
                          "max_steps": 1, **changes}).checked()
    ids = np.random.default_rng(1).integers(1, 100, 20_000).astype(np.uint16)
    one = Trainer(config, plan_of(config), ids, 100)
    assert one.step().loss == pytest.approx(math.log(100), rel=0.03)
