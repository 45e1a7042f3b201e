"""One word in different sentences: places by hand, cosines pair by pair, states one by one."""

from __future__ import annotations

import re
from itertools import combinations, product

import numpy as np
import pytest
import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import KINDS, CharTokenizer, WordTokenizer, fit
from rnnlm_core.errors import BadInput
from rnnlm_core.figures.contextual import PlaceWords, places_figure
from rnnlm_core.insight.contextual import (
    MOST_PLACES,
    Place,
    WordStates,
    likeness,
    offered,
    places_of,
    read_words,
    thinned,
    words_of,
)
from rnnlm_core.insight.states import read_states
from rnnlm_core.nets.build import build

TEXT = "The cat saw the hat.\nA cat sat; the other cat's hat, the cat, the concat."
CHINESE = "小猫说，小猫走了。他说小猫很好。"


def model_of(cell: str, tokenizer, layers: int = 2):
    config = RunConfig(cell=cell, hidden=6, embedding=4, layers=layers)
    return build(config, tokenizer.size).eval()


def made_up(words: str, vectors: list[list[float]], last: list[int]) -> WordStates:
    return WordStates(words, tuple(words_of(words)), np.array(last), np.array(vectors, np.float32),
                      None)


def cosine(a, b) -> float:
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


# -- where a word stands ---------------------------------------------------------------------------
def test_places_are_those_of_whole_words_as_a_regular_expression_finds_them() -> None:
    found = places_of(words_of(TEXT), "cat")

    by_hand = [m.span() for m in re.finditer(r"(?<![a-z])cat(?!['a-z])", TEXT)]
    assert [(place.start, place.end) for place in found] == by_hand
    assert [place.before for place in found] == ["The", "A", "the"]


def test_a_phrase_is_found_and_is_read_at_its_end() -> None:
    words = words_of(TEXT)
    found = places_of(words, " the  cat ")

    assert [TEXT[place.start:place.end] for place in found] == ["the cat"]
    assert (words[found[0].row].text, found[0].before) == ("cat", ",")
    assert places_of(words, "   ") == [] == places_of(words, "dog")


def test_the_first_word_has_nothing_before_it() -> None:
    assert places_of(words_of(TEXT), "The")[0].before == ""


def test_chinese_is_cut_into_words() -> None:
    found = places_of(words_of(CHINESE), "小猫")

    assert [place.start for place in found] == [m.start() for m in re.finditer("小猫", CHINESE)]
    assert [place.before for place in found] == ["", "，", "说"]


def test_words_that_stand_often_enough_are_offered_and_signs_only_without_words() -> None:
    assert offered(words_of(TEXT)) == ["the", "cat"]
    assert offered(words_of("((( )))")) == ["(", ")"]
    assert offered(words_of("a b c")) == []


def test_many_places_are_thinned_evenly() -> None:
    places = [Place(i, "", i, i + 1) for i in range(1_000)]

    kept = [place.row for place in thinned(places)]

    assert len(kept) <= MOST_PLACES and set(np.diff(kept)) == {3}
    assert thinned(places[:MOST_PLACES]) == places[:MOST_PLACES]


# -- the states there ------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_state_after_a_word_is_the_one_after_its_last_token(cell: str, kind: str) -> None:
    text = " ".join([TEXT] * 12)  # so long that at its end the beginning is forgotten
    tokenizer = fit(kind, text, max_vocabulary=300)
    model = model_of(cell, tokenizer)

    read = read_words(model, tokenizer, text)

    assert read.text == text
    for row in range(-20, 0):
        before = tokenizer.encode(text[:read.words[row].end])  # no piece reaches beyond a word
        with torch.no_grad():
            states, _ = model.read(torch.from_numpy(before.astype(np.int64))[None])
        assert np.allclose(read.h[row], states[0, -1], atol=1e-5), read.words[row]
        assert read.last_tokens[row] == before[-1]
    assert (read.c is not None) == (cell == "lstm")


def test_of_an_lstm_the_cell_state_of_the_last_layer_is_kept_too() -> None:
    tokenizer, text = CharTokenizer.fit(TEXT), TEXT * 8
    model = model_of("lstm", tokenizer)

    read, whole = read_words(model, tokenizer, text), read_states(model, tokenizer, text)

    ends = [word.end - 1 for word in read.words][-20:]
    assert read.c is not None and whole.c is not None
    assert np.allclose(read.states("h")[-20:], whole.h[-1, ends], atol=1e-5)
    assert np.allclose(read.states("c")[-20:], whole.c[-1, ends], atol=1e-5)


def test_unknown_words_are_left_out_and_a_text_of_them_only_is_an_error() -> None:
    tokenizer = WordTokenizer.fit("the cat")
    model = model_of("gru", tokenizer)

    assert [word.text for word in read_words(model, tokenizer, "the odd cat").words] == [
        "the", "cat"]
    assert read_words(model, tokenizer, " ").h.shape == (0, 6)
    with pytest.raises(BadInput) as caught:
        read_words(model, tokenizer, "odd")
    assert caught.value.code == "text.too_short"


def test_a_cnn_has_no_state() -> None:
    tokenizer = CharTokenizer.fit(TEXT)
    cnn = build(RunConfig(cell="cnn", receptive_field=8, hidden=6, embedding=4), tokenizer.size)
    with pytest.raises(BadInput) as caught:
        read_words(cnn, tokenizer, TEXT)
    assert caught.value.code == "run.no_state"


# -- how alike they are ----------------------------------------------------------------------------
def test_cosines_by_hand() -> None:
    """a points right, up and left; b up: pairs of a have 0, −1 and 0, a and b 0, 1 and 0."""
    read = made_up("a b a a", [[2, 0], [0, 3], [0, 1], [-5, 0]], [7, 7, 7, 7])

    found = likeness(read, places_of(read.words, "a"))

    assert found.own == pytest.approx(-1 / 3)
    assert found.others == pytest.approx(1 / 3)
    assert found.same_end == pytest.approx(1 / 3)
    assert found.last_tokens == 1


def test_cosines_are_the_means_over_all_pairs() -> None:
    draw = np.random.default_rng(3)
    names = [*draw.choice(list("abcde"), 40), "a", "a", "a"]
    vectors = draw.normal(size=(43, 5)) + 1
    last = draw.integers(0, 3, 43)
    read = made_up(" ".join(names), vectors.tolist(), last.tolist())
    own = [i for i, name in enumerate(names) if name == "a"]

    found = likeness(read, places_of(read.words, "a"))

    end = np.bincount(last[own]).argmax()
    rivals = [i for i, name in enumerate(names) if name != "a" and last[i] == end]
    pairs = {"own": combinations(own, 2),
             "others": [(i, j) for i, j in combinations(range(43), 2) if names[i] != names[j]],
             "same_end": product([i for i in own if last[i] == end], rivals)}
    for name, some in pairs.items():
        mean = np.mean([cosine(vectors[i], vectors[j]) for i, j in some])
        assert getattr(found, name) == pytest.approx(mean, rel=1e-5), name
    assert found.last_tokens == len(set(last[own]))


def test_without_a_pair_nothing_is_claimed() -> None:
    read = made_up("a a a", [[1, 0]] * 3, [1, 1, 1])
    found = likeness(read, places_of(read.words, "a"))
    assert (found.own, found.others, found.same_end) == (pytest.approx(1.0), None, None)


# -- drawn -----------------------------------------------------------------------------------------
def test_each_place_is_drawn_once_and_the_commonest_words_before_have_names() -> None:
    before = ["a"] * 5 + ["<b>"] * 4 + ["c"] * 3 + ["d"] * 2 + ["e"] * 2 + ["f", ""]
    points = np.arange(2 * len(before), dtype=float).reshape(-1, 2)

    figure = places_figure(points, before, [f"<i>{i}" for i in range(len(before))],
                           PlaceWords("x", "y", "after", "other"))

    assert [trace.name for trace in figure.data] == [
        "other (4)", "a (5)", "&lt;b&gt; (4)", "c (3)", "d (2)"]
    assert sorted(x for trace in figure.data for x in trace.x) == points[:, 0].tolist()
    assert figure.data[1].text[0] == "&lt;i&gt;0"
    assert len({trace.marker.symbol for trace in figure.data[1:]}) == 4
