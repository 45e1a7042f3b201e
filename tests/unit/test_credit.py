"""Shares of each loss in the gradient of each state, against hand computation and autograd."""

from __future__ import annotations

import hashlib
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.insight.connectivity import connectivity
from rnnlm_core.insight.credit import Credit, credit
from rnnlm_core.insight.gradients import LagCurve
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import unroll
from rnnlm_ui.gradients.taught import finding

IDS = np.random.default_rng(3).integers(1, 9, 40)
NONE = IDS[:0]


def small(cell: str = "rnn", layers: int = 1, hidden: int = 5, **changes):
    return build(RunConfig(cell=cell, hidden=hidden, embedding=4, layers=layers, seed=7,
                           **changes), 9).double().eval()


def one_by_one(model, ids, layer: int, part: str) -> np.ndarray:
    """∂L_t/∂state_s by a backward pass for each loss, (T, T, H)."""
    text = torch.from_numpy(ids)[None]
    trace = unroll(model, text[:, :-1])
    states = [getattr(step, part) for step in trace.layers[layer].steps]
    rows = [torch.stack(torch.autograd.grad(
        cross_entropy(trace.logits[0, t:t + 1], text[0, t + 1:t + 2]), states, retain_graph=True,
        materialize_grads=True))[:, 0] for t in range(len(ids) - 1)]
    return torch.stack(rows).numpy()


CASES = [(cell, layers, layer, part) for cell in ("rnn", "gru", "lstm") for layers in (1, 2)
         for layer in range(layers) for part in (("h", "c") if cell == "lstm" else ("h",))]


@pytest.mark.parametrize(("cell", "layers", "layer", "part"), CASES)
def test_it_is_what_a_backward_pass_for_each_loss_gives(cell, layers, layer, part):
    model = small(cell, layers)
    expected = one_by_one(model, IDS[:11], layer, part)

    found = credit(model, IDS[:11], NONE, layer, part)

    assert found.sizes == pytest.approx(np.linalg.norm(expected, axis=-1), rel=1e-9, abs=1e-18)
    total = expected.sum(0)
    assert found.whole == pytest.approx(np.linalg.norm(total, axis=-1), rel=1e-9)
    along = np.einsum("tsh,sh->ts", expected, total) / np.linalg.norm(total, axis=-1)
    assert found.parts == pytest.approx(along, rel=1e-8, abs=1e-16)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["rnn", "gru", "lstm"]), st.integers(1, 2), st.integers(1, 6),
       st.lists(st.integers(0, 8), min_size=2, max_size=14), st.floats(0.1, 4.0))
def test_shares_add_up_and_nothing_reaches_forward(cell, layers, hidden, ids, gain):
    model = small(cell, layers, hidden)
    with torch.no_grad():
        model.layers[-1].weight_hh_l0.mul_(gain)

    found = credit(model, np.array(ids), NONE, 0)

    assert found.parts.sum(0) == pytest.approx(found.whole, rel=1e-9, abs=1e-15)
    assert (np.abs(found.parts) <= found.sizes * (1 + 1e-9) + 1e-18).all()
    assert (found.sizes.sum(0) >= found.whole * (1 - 1e-9)).all()  # lengths are more than the sum
    for part in (found.sizes, found.parts, found.pulls):
        assert (part[np.triu_indices(found.length, 1)] == 0).all()


def test_one_unit_by_hand():
    """h' = tanh(w h + u x + b): ∂L_t/∂h_s = (p − y)·W_o ∏_{s<j≤t} w (1 − h_j²)."""
    model = small("rnn", hidden=1)
    layer, ids = model.layers[0], IDS[:7]
    w = layer.weight_hh_l0.item()
    bias = (layer.bias_ih_l0 + layer.bias_hh_l0).item()
    h, hs = 0.0, []
    for i in ids[:-1]:
        x = model.embedding.weight[i].detach().numpy() @ layer.weight_ih_l0.detach().numpy()[0]
        h = math.tanh(w * h + x + bias)
        hs.append(h)
    W_o = model.output.weight.detach().numpy()[:, 0]
    b_o = model.output.bias.detach().numpy()

    found = credit(model, ids, NONE)

    for t in range(6):
        p = np.exp(W_o * hs[t] + b_o)
        p /= p.sum()
        p[ids[t + 1]] -= 1
        gradient = p @ W_o
        for s in range(t, -1, -1):
            assert found.sizes[t, s] == pytest.approx(abs(gradient), rel=1e-9)
            gradient *= w * (1 - hs[s] ** 2)


@pytest.mark.parametrize(("cell", "embedding"), [("rnn", 4), ("gru", 0), ("lstm", 4)])
def test_pulls_are_the_connectivity_of_each_place(cell, embedding):
    model = build(RunConfig(cell=cell, hidden=6, embedding=embedding, seed=2), 9).eval()

    found = credit(model, IDS[:9], NONE)

    for place in range(1, 9):
        assert found.pulls[place - 1, :place] == pytest.approx(
            connectivity(model, IDS[:9], place), rel=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_what_was_read_before_only_sets_the_state(cell):
    model = small(cell, 2)
    whole = credit(model, IDS[:20], NONE)

    rest = credit(model, IDS[8:20], IDS[:8])

    assert rest.sizes == pytest.approx(whole.sizes[8:, 8:], rel=1e-9)
    assert rest.losses == pytest.approx(whole.losses[8:], rel=1e-9)


def test_without_recurrent_weights_only_the_next_guess_teaches():
    model = small("rnn")
    with torch.no_grad():
        model.layers[0].weight_hh_l0.zero_()

    found = credit(model, IDS[:13], NONE)

    assert (found.sizes == np.diag(found.sizes.diagonal())).all()
    assert found.within() == pytest.approx(np.ones(found.farthest), rel=1e-12)
    assert found.guesses_for(0.5) == 1


def made(parts: list[list[float]]) -> Credit:
    along = np.array(parts)
    return Credit("rnn", 0, "h", np.abs(along), along, along.sum(0), np.abs(along),
                  np.ones(len(along)))


def test_shares_by_distance_by_hand():
    # states 0, 1, 2 are followed by two guesses at least; their wholes are 10, 4 and 6
    found = made([[4, 0, 0, 0], [3, 1, 0, 0], [2, 1, 6, 0], [1, 2, 0, 9]])

    assert found.farthest == 2
    assert found.within() == pytest.approx([11 / 20, 15 / 20])
    assert found.guesses_for(0.5) == 1
    assert found.guesses_for(0.75) == 2
    assert found.guesses_for(0.9) is None


def test_a_guess_that_pulls_against_the_others_takes_the_share_back():
    found = made([[6.0, 0, 0, 0, 0, 0], [-4, 6, 0, 0, 0, 0], [8, -4, 6, 0, 0, 0],
                  [0, 8, -4, 6, 0, 0], [0, 0, 8, -4, 9, 0], [0, 0, 0, 8, 0, 9]])

    assert found.within() == pytest.approx([6 / 10, 2 / 10, 1.0])
    assert found.guesses_for(0.5) == 3  # 60 % after one, but not after two


def test_where_no_gradient_arrives_no_share_is_told():
    found = made([[0.0, 0.0], [0.0, 0.0]])

    assert np.isnan(found.within()).all()
    assert found.guesses_for(0.5) is None


@pytest.mark.parametrize("changes", [
    {"hidden": 1}, {"layers": 4}, {"layer_norm": True, "layers": 2, "residual": True},
    {"softmax": "adaptive"}, {"cell": "rnn", "activation": "relu"},
    {"cell": "rnn", "activation": "sigmoid"}], ids=str)
def test_every_kind_of_network(changes):
    vocabulary = 3000 if "softmax" in changes else 9
    model = build(RunConfig(**{"embedding": 4, "hidden": 8, "cell": "gru"} | changes), vocabulary)

    found = credit(model.eval(), IDS[:12], IDS[12:20])

    assert found.parts.sum(0) == pytest.approx(found.whole, rel=1e-9)
    assert np.isfinite(found.losses).all()


def digest(model) -> str:
    return hashlib.sha256(b"".join(v.numpy().tobytes() for v in model.state_dict().values())
                          ).hexdigest()


def test_the_model_stays_as_it_is():
    model = small("lstm", 2).float()
    before = digest(model)

    credit(model, IDS[:12], IDS[12:20])

    assert digest(model) == before
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_what_cannot_be_shown_is_said():
    with pytest.raises(BadInput, match="at least 2"):
        credit(small(), IDS[:1], NONE)
    with pytest.raises(ValueError, match="no state 'c'"):
        credit(small("gru"), IDS[:9], NONE, part="c")
    with pytest.raises(BadInput) as cnn:
        credit(build(RunConfig(cell="cnn", hidden=8, embedding=4), 9), IDS[:9], NONE)
    assert cnn.value.code == "run.no_state"
    diverged = small()
    with torch.no_grad():
        diverged.layers[0].weight_hh_l0.fill_(math.nan)
    with pytest.raises(UnrollError) as no_numbers:
        credit(diverged, IDS[:9], NONE)
    assert no_numbers.value.code == "run.no_numbers"


def test_the_size_of_a_gradient_by_lag_grows_as_it_was_made_to():
    back = np.arange(32)[:, None] - np.arange(32)[None]
    grown = by_lag_of(np.where(back >= 0, 3.0 ** back, 0.0))

    assert grown.mean == pytest.approx(3.0 ** np.arange(17))
    assert grown.rate == pytest.approx(3.0) and grown.explodes
    assert not by_lag_of(np.where(back >= 0, 0.9 ** back, 0.0)).explodes
    assert by_lag_of(np.zeros((32, 32))).zero == 16


def by_lag_of(sizes: np.ndarray) -> LagCurve:
    return Credit("rnn", 0, "h", sizes, sizes, sizes.sum(0), sizes, np.ones(32)).by_lag()


@pytest.mark.parametrize(("pulls_back", "told"), [(-1, "120 %"), (1, "86 %")])
def test_more_than_all_is_explained_by_what_pulls_the_other_way(pulls_back, told):
    # the first three states' wholes: 6 and what the second guess adds or takes; by hand 6/5 and 6/7
    found = made([[6, 0, 0, 0], [pulls_back, 6, 0, 0], [0, pulls_back, 6, 0],
                  [0, 0, pulls_back, 9]])

    said = finding(found, found, SimpleNamespace(shown=None)).replace("\u00a0", " ")

    assert told in said
    assert ("pull the other way" in said) is (pulls_back < 0)
