"""Reading states: against the fused model and scikit-learn's PCA."""

import io

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.export import states_npz
from rnnlm_core.insight.plane import principal_path
from rnnlm_core.insight.states import (
    order_units,
    read_states,
    without_character_means,
)
from rnnlm_core.nets.build import build

TOKENIZER = CharTokenizer.fit("abcdefg \n")
TEXT = "abba cab\nfed gab"


def model_of(cell: str, layers: int = 2, hidden: int = 6):
    return build(RunConfig(cell=cell, hidden=hidden, embedding=4, layers=layers), TOKENIZER.size)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_reading_has_the_states_and_probabilities_of_the_fused_model(cell):
    model = model_of(cell)
    ids = TOKENIZER.encode(TEXT).astype(np.int64)

    reading = read_states(model, TOKENIZER, TEXT)

    model.eval()
    with torch.no_grad():
        logits, last = model(torch.from_numpy(ids)[None])
        top, _ = model.read(torch.from_numpy(ids)[None])
    p = torch.softmax(logits[0], -1).numpy()
    assert np.allclose(reading.h[-1], top[0].numpy(), atol=1e-6)
    assert np.allclose(reading.h[:, -1], last[0][:, 0].numpy(), atol=1e-6)
    assert np.allclose(reading.probability[1:], p[np.arange(len(ids) - 1), ids[1:]], atol=1e-6)
    assert np.allclose(reading.surprise[1:], -np.log2(reading.probability[1:]), atol=1e-4)
    assert np.allclose(reading.entropy[1:], -(p * np.log2(p)).sum(1)[:-1], atol=1e-4)
    assert reading.h.dtype == np.float32
    assert set(reading.gates) == {"rnn": set(), "gru": set("rzn"), "lstm": set("ifgo")}[cell]
    assert (reading.c is not None) == (cell == "lstm")


def test_alternatives_stand_under_the_character_that_they_competed_with():
    reading = read_states(model_of("gru"), TOKENIZER, TEXT)

    assert reading.alternatives[0] == []
    assert np.isnan(reading.surprise[0])
    assert len(reading.alternatives) == len(TEXT)
    for t in range(1, len(TEXT)):
        listed = dict(reading.alternatives[t])
        assert len(listed) == 5
        assert "�" not in listed
        if TEXT[t] in listed:
            assert listed[TEXT[t]] == pytest.approx(reading.probability[t], rel=1e-5)
    assert len(reading.following) == 5


def test_unknown_characters_are_left_out_and_named():
    with_unknown = read_states(model_of("lstm"), TOKENIZER, "abX中ba")
    without = read_states(model_of("lstm"), TOKENIZER, "abba")

    assert (with_unknown.text, with_unknown.unknown) == ("abba", ("X", "中"))
    assert np.array_equal(with_unknown.h, without.h)


def test_a_text_of_unknown_characters_only_is_an_error():
    with pytest.raises(BadInput) as caught:
        read_states(model_of("rnn"), TOKENIZER, "中文")
    assert caught.value.code == "text.too_short"


def test_one_character_can_be_read():
    reading = read_states(model_of("rnn"), TOKENIZER, "a")

    assert reading.h.shape == (2, 1, 6)
    assert principal_path(reading.h[-1]).path.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("shape", [(200, 12), (9, 40)])
def test_principal_path_equals_scikit_learns_pca_up_to_sign(shape):
    h = np.random.default_rng(0).normal(size=shape).astype(np.float32) * np.arange(1, shape[1] + 1)

    found = principal_path(h, 3)

    oracle = PCA(3, svd_solver="full").fit(h)
    assert np.allclose(np.abs(found.path), np.abs(oracle.transform(h)), atol=1e-3)
    assert np.allclose(found.explained, oracle.explained_variance_ratio_, atol=1e-5)


def test_sign_of_the_path_does_not_depend_on_the_solver():
    h = np.random.default_rng(1).normal(size=(50, 4))
    axis = np.array([0.1, -3.0, 0.2, 0.3])
    h = h * 0.01 + np.linspace(-1, 1, 50)[:, None] * axis

    path = principal_path(h.astype(np.float32), 1).path[:, 0]

    assert np.corrcoef(path, h[:, 1])[0, 1] > 0.99  # the largest weight, of unit 1, is positive


def test_more_components_than_there_is_variance_are_zero():
    h = np.outer(np.arange(10), [1.0, 1.0]).astype(np.float32)

    found = principal_path(h, 2)

    assert found.explained.tolist() == pytest.approx([1.0, 0.0])
    assert (found.path[:, 1] == 0).all()


def test_without_character_means_nothing_of_an_echo_is_left():
    ids = np.random.default_rng(2).integers(0, 5, 300)
    echo = np.random.default_rng(3).normal(size=(5, 7))[ids]

    assert np.abs(without_character_means(echo, ids)).max() < 1e-12
    assert principal_path(echo.astype(np.float32), 2, ids).explained.max() < 1e-6


def test_units_are_ordered_by_index_activity_or_likeness():
    t = np.linspace(0, 20, 400)
    a, b = np.sin(t), np.cos(1.7 * t)
    h = np.stack([a, 2 * b, np.zeros(400), 3 * a, b, -a], 1).astype(np.float32)

    assert order_units(h, "index").tolist() == [0, 1, 2, 3, 4, 5]
    assert order_units(h, "activity")[:2].tolist() == [3, 1]
    alike = order_units(h, "similarity").tolist()
    assert sorted(alike) == [0, 1, 2, 3, 4, 5]
    assert alike[-1] == 2  # never moves
    assert abs(alike.index(0) - alike.index(3)) == 1
    assert abs(alike.index(1) - alike.index(4)) == 1


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_reading_is_saved_with_the_names_of_its_arrays(cell):
    reading = read_states(model_of(cell), TOKENIZER, TEXT)

    with np.load(io.BytesIO(states_npz(reading))) as kept:
        arrays = dict(kept)

    own = {"rnn": set(), "gru": {"gate_r", "gate_z", "gate_n"},
           "lstm": {"c", "gate_i", "gate_f", "gate_g", "gate_o"}}[cell]
    assert set(arrays) == {"text", "pieces", "ids", "h", "surprise", "entropy"} | own
    assert str(arrays["text"]) == TEXT and "".join(arrays["pieces"]) == TEXT
    np.testing.assert_array_equal(arrays["h"], reading.h)
    for name in own - {"c"}:
        np.testing.assert_array_equal(arrays[name], reading.gates[name.removeprefix("gate_")])
