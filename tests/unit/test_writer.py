"""One token at a time in NumPy is the fused network: all cells, all options, state, hooks."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.config import RunConfig
from rnnlm_core.insight.interventions import Intervention, side_by_side
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import unroll
from rnnlm_core.nets.writer import Writer, writer_of

V = 11
CELLS = [("rnn", "tanh"), ("rnn", "relu"), ("rnn", "sigmoid"), ("gru", "tanh"), ("lstm", "tanh")]


def model_of(cell="lstm", activation="tanh", hidden=8, vocabulary=V, **changed):
    """With biases, norms and residuals that are far from the zeros and ones they begin as."""
    model = build(RunConfig(**{"cell": cell, "activation": activation, "hidden": hidden,
                               "embedding": 4, **changed}), vocabulary).eval()
    make = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for part in model.parameters():
            part += torch.randn(part.shape, generator=make, dtype=part.dtype) * 0.3
    return model


def probabilities(logits) -> np.ndarray:
    return torch.softmax(torch.as_tensor(logits).double(), -1).numpy()


def read_through(writer, ids) -> np.ndarray:
    return np.stack([writer.step([int(i)])[0] for i in ids])


def wanted(model, ids, carried=None) -> np.ndarray:
    with torch.no_grad():
        return probabilities(model(torch.tensor(ids)[None], carried)[0][0])


# -- the same distribution ------------------------------------------------------------------------
@settings(max_examples=60)
@given(cell=st.sampled_from(CELLS), layers=st.integers(1, 3), hidden=st.integers(2, 9),
       embedding=st.integers(0, 5), layer_norm=st.booleans(), residual=st.booleans(),
       ids=st.lists(st.integers(0, V - 1), min_size=1, max_size=8), double=st.booleans(),
       table=st.booleans())
def test_the_writer_gives_the_distribution_of_the_fused_network(
        cell, layers, hidden, embedding, layer_norm, residual, ids, double, table):
    model = model_of(*cell, layers=layers, hidden=hidden, embedding=embedding,
                     layer_norm=layer_norm, residual=residual)
    model = model.double() if double else model

    with pytest.MonkeyPatch.context() as patched:
        if not table:
            patched.setattr("rnnlm_core.nets.writer._TABLE_LIMIT", 0)
        found = probabilities(read_through(Writer(model), ids))

    assert np.abs(found - wanted(model, ids)).max() < (1e-12 if double else 1e-5)


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
@pytest.mark.parametrize("size", [(128, 1), (256, 2)])
def test_at_the_sizes_that_people_train_it_is_within_1e5_over_a_long_text(cell, size):
    model = model_of(*cell, hidden=size[0], layers=size[1], embedding=32, vocabulary=60)
    with torch.no_grad():  # such sums would saturate every unit
        for part in model.layers.parameters():
            part *= 0.2
    ids = np.random.default_rng(1).integers(0, 60, 200).tolist()

    found = probabilities(read_through(Writer(model), ids))

    assert np.abs(found - wanted(model, ids)).max() < 1e-5


@pytest.mark.parametrize("option", [{"tie_weights": True, "embedding": 8},
                                    {"softmax": "adaptive"}])
def test_other_output_layers(option):
    size = 2_500 if "softmax" in option else V
    model, ids = model_of("gru", vocabulary=size, **option), [1, 2, 3, 9]

    found = probabilities(read_through(Writer(model), ids))

    assert np.abs(found - wanted(model, ids)).max() < 1e-5


def test_the_weights_stay_as_they_are_and_grow_no_graph():
    model = model_of("lstm", layers=2, layer_norm=True)
    before = [part.clone() for part in model.parameters()]

    writer = Writer(model)
    read_through(writer, [1, 2, 3])

    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert not any(part.requires_grad for part in writer.carried)


# -- the state ------------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_writer_goes_on_bitwise_from_the_state_of_another(cell):
    model = model_of(cell, layers=2)
    whole = Writer(model)
    read_through(whole, [1, 2, 3])
    kept = whole.carried
    straight = read_through(whole, [4, 5])

    for _ in range(2):  # a state may be gone on from more than once
        assert np.array_equal(read_through(Writer(model, kept), [4, 5]), straight)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_state_is_that_of_the_fused_network(cell):
    model, ids = model_of(cell, layers=2), [3, 1, 4, 1, 5]
    writer = Writer(model)
    read_through(writer, ids)
    with torch.no_grad():
        _, expected = model(torch.tensor([ids]))

    for found, part in zip(writer.carried, expected, strict=True):
        assert found.shape == part.shape
        assert torch.allclose(found, part, atol=1e-6)


# -- hooks ----------------------------------------------------------------------------------------
CHANGES = [Intervention((2,), "clamp", 0.9), Intervention((0, 3), "swap"),
           Intervention((1,), "flip", layer=1, since=2), Intervention((1,), "zero", until=1)]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.kind)
def test_a_hook_changes_what_it_changes_in_the_explained_network(cell, change):
    model, ids = model_of(cell, layers=2), [3, 1, 4, 1, 5]
    with torch.no_grad():
        expected = unroll(model, torch.tensor([ids]), hook=change.hook).logits[0].double().numpy()

    found = read_through(Writer(model, hook=change.hook), ids)

    assert found == pytest.approx(expected, abs=2e-5)
    assert np.abs(found - read_through(Writer(model), ids)).max() > 1e-3


def test_where_a_hook_changes_c_of_an_lstm_h_follows():
    model, ids = model_of("lstm"), [3, 1, 4]
    change = Intervention((2, 5), "clamp", 1.5, part="c")
    with torch.no_grad():
        trace = unroll(model, torch.tensor([ids]), hook=change.hook)

    writer = Writer(model, hook=change.hook)
    read_through(writer, ids)

    assert torch.allclose(writer.carried[0], trace.carried[0], atol=1e-6)
    assert writer.carried[1][0, 0, [2, 5]].tolist() == [1.5, 1.5]


# -- side by side ---------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])
def test_streams_do_not_see_each_other(cell):
    model = model_of(cell, layers=1 if cell == "cnn" else 2)
    texts = [[1, 2, 3], [4, 4, 4], [9, 0, 7]]
    many = writer_of(model, streams=3)

    found = [many.step(list(column)) for column in zip(*texts, strict=True)]

    for row, ids in enumerate(texts):
        alone = read_through(writer_of(model), ids)
        assert np.stack([step[row] for step in found]) == pytest.approx(alone, abs=1e-5)


def test_all_streams_begin_at_one_state():
    model = model_of("lstm")
    first = Writer(model)
    read_through(first, [1, 2])

    found = Writer(model, first.carried, streams=3).step([5, 5, 6])

    assert found[0] == pytest.approx(found[1], abs=0)
    assert found[0] == pytest.approx(first.step([5])[0], abs=1e-5)
    assert np.abs(found[0] - found[2]).max() > 1e-3


def test_a_hook_may_change_each_stream_otherwise():
    model = model_of("gru")
    changes = [None, Intervention((1,), "clamp", 0.5)]
    both = Writer(model, hook=side_by_side(changes), streams=2)

    found = both.step([3, 3])

    for row, change in enumerate(changes):
        alone = Writer(model, hook=change.hook if change else None).step([3])
        assert found[row] == pytest.approx(alone[0], abs=1e-5)


def test_reading_is_stepping_without_the_logits():
    model = model_of("gru", layers=2)
    one, other = Writer(model), Writer(model)
    for token, same in itertools.zip_longest([1, 2], [1, 2]):
        one.read([token])
        other.step([same])

    assert np.array_equal(one.step([3]), other.step([3]))
