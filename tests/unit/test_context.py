"""How far back a model looks: against networks that look back by one, and by exactly six."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.connectivity import connectivity, reach
from rnnlm_core.insight.context import Extra, context, places_for, recovery
from rnnlm_core.nets.build import build
from rnnlm_core.nets.language_model import LanguageModel
from tests.small_runs import SMALL

FILLER, A, B, ASK, V = 0, 1, 2, 3, 4
IDS = np.random.default_rng(3).integers(0, V, 700)


def net(**changes: object) -> LanguageModel:
    torch.manual_seed(0)
    return build(dataclasses.replace(SMALL, **{"embedding": 0, **changes}), V).eval()


def last_only(cell: str, **changes: object) -> LanguageModel:
    """No state of any kind is carried: all hangs on the token just read."""
    model = net(cell=cell, **changes)
    with torch.no_grad():
        for layer in model.layers:
            layer.weight_hh_l0.zero_()
            layer.weight_ih_l0.mul_(4)
            size = layer.hidden_size
            if cell == "lstm":  # the forget gate is shut
                layer.weight_ih_l0[size:2 * size], layer.bias_ih_l0[size:2 * size] = 0.0, -800.0
            if cell == "gru":
                layer.weight_ih_l0[size:2 * size], layer.bias_ih_l0[size:2 * size] = 0.0, -800.0
        told = model.read(torch.arange(V)[:, None])[0][:, 0]  # (V, H), one token each
        wanted = 8 * torch.eye(V).roll(1, 1)  # (V, V): the next one round
        model.output.weight.copy_((torch.linalg.pinv(told) @ wanted).T)
        model.output.bias.zero_()
    return model


def rounds() -> np.ndarray:
    """0 1 2 3 0 1 …, but for every fifth token, which is any."""
    draw = np.random.default_rng(4)
    ids = [0]
    for jump, any_token in zip(draw.random(699), draw.integers(0, V, 699), strict=True):
        ids.append(int(any_token) if jump < 0.2 else (ids[-1] + 1) % V)
    return np.array(ids)


def latch() -> LanguageModel:
    """An LSTM of two units: one holds which of A and B came last, the other knows "?"; after it
    the other letter is said, else filler or "?"."""
    model = net(cell="lstm", hidden=2)
    on = 200.0
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        layer = model.layers[0]
        i, f, g, o = (slice(2 * k, 2 * k + 2) for k in range(4))
        writes = torch.tensor([-on, on, on, -on])
        layer.weight_ih_l0[i] = torch.stack([writes, torch.full((V,), on)])
        layer.weight_ih_l0[f] = torch.stack([-writes, torch.full((V,), -on)])
        layer.weight_ih_l0[g] = torch.tensor([[0, 1.0, -1.0, 0], [-2.0, -2.0, -2.0, 2.0]])
        layer.bias_ih_l0[o] = on
        model.output.weight.copy_(torch.tensor([[0, -60.0], [-12.0, 0], [12.0, 0], [0, -60.0]]))
    return model


def asked(blocks: int = 130) -> np.ndarray:
    """`A....?B....?A....?`: what a letter follows from stands six before it."""
    return np.array([token for k in range(blocks)
                     for token in (A + k % 2, FILLER, FILLER, FILLER, FILLER, ASK)])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_network_without_memory_misses_nothing(cell: str, layers: int) -> None:
    model = last_only(cell, layers=layers)
    found = context(model, rounds(), places=64)
    assert found.last.mean == pytest.approx(0, abs=1e-5)
    assert found.shuffled.mean == pytest.approx(0, abs=1e-5)
    assert (found.used, found.ordered) == (1, 1)
    after = recovery(model, rounds(), places=64)
    assert after.extra.mean[0] > 3 and after.over == 2
    assert after.extra.mean[1:] == pytest.approx(0, abs=1e-5)
    assert after.total == pytest.approx(after.extra.mean[0], abs=1e-4)
    pull = connectivity(model, IDS, 40)
    assert pull.shape == (40,) and pull[-1] > 0 and (pull[:-1] == 0).all()
    assert reach(pull) == 1


def test_a_latch_needs_exactly_what_it_holds() -> None:
    model, ids = latch(), asked()
    found = context(model, ids, places=128)
    by_length = dict(zip(found.last.at.tolist(), found.last.mean, strict=True))
    assert found.used == 6
    assert by_length[4] == pytest.approx(math.log(2) / 6, abs=0.05)  # one in six is a coin toss
    assert all(by_length[n] == pytest.approx(0, abs=1e-5) for n in by_length if n >= 6)
    assert found.ordered == 8  # 4 are too few, and 6 are not tried
    # what is wrong is held until the next letter, six tokens later at most
    after = recovery(model, ids, places=128)
    assert after.extra.mean[:6].min() > 0.01
    assert after.extra.mean[6:] == pytest.approx(0, abs=1e-5)


def test_a_latch_hangs_on_the_one_far_token() -> None:
    letter = 6 * 10
    pull = connectivity(latch(), asked(), letter)
    assert pull[letter - 6] > 1e-8
    others = np.delete(pull, [letter - 6, letter - 1])  # “?” itself is seen by the second unit
    assert (others < 1e-30).all()


@pytest.mark.parametrize("changes", [
    {"cell": "lstm", "layers": 2}, {"cell": "gru"}, {"cell": "rnn", "activation": "sigmoid"},
    {"cell": "lstm", "embedding": 5}, {"cell": "gru", "embedding": 8, "tie_weights": True},
    {"cell": "rnn", "layers": 3, "layer_norm": True, "residual": True}])
def test_connectivity_agrees_with_finite_differences(changes: dict[str, object]) -> None:
    model = net(**changes).double()
    ids, place = IDS[:12], 11
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = connectivity(model, ids, place)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())

    text = torch.from_numpy(ids[None, :place])
    embedded = model.embedding(text).detach()

    def log_p(x: torch.Tensor) -> float:
        model.embedding.forward = lambda _: x  # type: ignore[method-assign]
        try:
            with torch.no_grad():
                return float(torch.log_softmax(model(text)[0][0, -1], -1)[int(ids[place])])
        finally:
            del model.embedding.forward

    width, step = embedded.shape[-1], 1e-5
    expected = []
    for j in range(place):
        slopes = []
        for d in range(width):
            push = torch.zeros_like(embedded)
            push[0, j, d] = step
            slopes.append((log_p(embedded + push) - log_p(embedded - push)) / (2 * step))
        expected.append(np.linalg.norm(slopes))
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_the_loss_with_everything_before_is_that_of_reading_through() -> None:
    model = net(cell="gru", hidden=12)
    ids = IDS[:400]
    found = context(model, ids, places=200)
    with torch.no_grad():
        log_p = torch.log_softmax(model(torch.from_numpy(ids[None]))[0][0], -1).numpy()
    losses = -log_p[np.arange(200, 400) - 1, ids[200:]]
    assert found.loss == pytest.approx(losses.mean(), rel=1e-5) and found.tokens == 200
    # all places are taken, so the curve is the mean over them, fed one by one
    with torch.no_grad():
        three = [-torch.log_softmax(model(torch.from_numpy(ids[None, t - 3:t]))[0][0, -1], -1)[
            int(ids[t])] for t in range(200, 400)]
    assert found.last.mean[2] + found.loss == pytest.approx(float(np.mean(three)), rel=1e-5)
    assert found.window == 133 and found.last.at[-1] == 133 and found.shuffled.mean[-1] == 0


def test_settled_needs_the_rest_to_stay_below() -> None:
    extra = Extra(np.array([1, 2, 4, 8]), np.array([1.0, 0.001, 0.2, 0.01]), np.zeros(4), 64)
    assert [extra.settled(limit) for limit in (2.0, 0.5, 0.1, 0.001)] == [1, 2, 8, None]


def test_larger_networks_are_tried_at_fewer_places() -> None:
    assert [places_for(RunConfig(hidden=h, layers=layers)) for h, layers in
            ((32, 1), (128, 1), (128, 2), (512, 4))] == [256, 256, 128, 64]


def test_the_same_text_gives_the_same_numbers() -> None:
    model = net(cell="lstm")
    one, other = (context(model, IDS, places=64) for _ in range(2))
    assert (one.last.mean == other.last.mean).all() and (
        one.shuffled.mean == other.shuffled.mean).all()
    assert (recovery(model, IDS).extra.mean == recovery(model, IDS).extra.mean).all()


def test_a_large_vocabulary_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = net(cell="gru")
    whole = context(model, IDS, places=64), recovery(model, IDS, places=64)
    monkeypatch.setattr("rnnlm_core.insight.context._LOGITS", 7 * V)
    assert context(model, IDS, places=64).loss == pytest.approx(whole[0].loss, rel=1e-6)
    assert recovery(model, IDS, places=64).extra.mean == pytest.approx(whole[1].extra.mean,
                                                                       abs=1e-6)


def test_reach_by_hand() -> None:
    assert reach(np.array([1.0, 0.0, 2.0, 7.0])) == 2  # 9 of 10
    assert reach(np.array([1.0, 0.0, 2.0, 7.0]), 0.95) == 4
    assert reach(np.zeros(3)) == 0 and reach(np.zeros(0)) == 0


@pytest.mark.parametrize("measure", [context, recovery])
def test_what_cannot_be_measured_is_said(measure: object) -> None:
    with pytest.raises(BadInput) as short:
        measure(net(cell="rnn"), IDS[:119])  # type: ignore[operator]
    assert short.value.code == "text.too_short"
    with pytest.raises(BadInput):
        recovery(net(cell="rnn"), np.zeros(500, np.int64))
    with pytest.raises(BadInput):
        connectivity(net(cell="rnn"), IDS, 0)
