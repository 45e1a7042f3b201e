"""The unit finder: AUC against scikit-learn, and each guard on planted units."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import roc_auc_score

from rnnlm_core.config import RunConfig
from rnnlm_core.data.generated import teaching
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.corpus_labels import corpus_labels
from rnnlm_core.insight.labels import Label, labels_of, spans_of
from rnnlm_core.insight.ranks import auc, centred_ranks, chance_level, effect
from rnnlm_core.insight.strips import all_units
from rnnlm_core.insight.text_features import (
    capital_word,
    inside_brackets,
    inside_quotes,
    line_position,
    word_position,
)
from rnnlm_core.insight.units import find_units, score_again, search
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import unroll

RNG = np.random.default_rng


def dialogue(lines: int, seed: int = 0) -> str:
    draw = RNG(seed)
    words = ["river", "stone", "green", "lamp", "often", "pale"]

    def some(joint: str) -> str:
        return joint.join(draw.choice(words, draw.integers(2, 6)))

    return "".join(f'{some(" ")} said "{some("_")}" and left.\n' for _ in range(lines))


TEXT = dialogue(120)
IDS = CharTokenizer.fit(TEXT).encode(TEXT).astype(np.int64)
LABELS = {label.name: label for label in labels_of(TEXT)}


def names(count: int):
    return [("h", 0, unit) for unit in range(count)]


def noise(units: int, seed: int = 0) -> np.ndarray:
    return np.tanh(RNG(seed).normal(size=(units, len(TEXT)))).astype(np.float32)


# -- ranks and AUC ------------------------------------------------------------------------------
@pytest.mark.parametrize("decimals", [8, 1, 0])  # fewer decimals: more ties
def test_auc_of_all_units_equals_scikit_learns(decimals):
    units = RNG(1).normal(size=(7, 500)).round(decimals)
    label = RNG(2).random(500) < 0.3

    found = auc(units, label)

    assert found == pytest.approx([roc_auc_score(label, unit) for unit in units], abs=1e-12)


def test_ranks_equal_scipys_with_and_without_ties():
    for units in (RNG(3).normal(size=(4, 99)), RNG(3).integers(0, 4, (4, 99)), np.ones((2, 5))):
        expected = rankdata(units, axis=1) - (units.shape[1] + 1) / 2
        assert np.array_equal(centred_ranks(units), expected)


def test_effect_on_a_real_label_is_spearmans_correlation():
    units = RNG(4).normal(size=(5, 200)).round(1)
    label = RNG(5).integers(0, 20, 200).astype(float)

    found = effect(centred_ranks(units), label, "real")

    assert found == pytest.approx([spearmanr(unit, label).statistic for unit in units], abs=1e-12)


# -- labels -------------------------------------------------------------------------------------
def marks(function, text: str) -> str:
    return "".join(str(value) for value in function(text))


@pytest.mark.parametrize(("function", "text", "expected"), [
    (inside_quotes, 'a "b" c', "0011000"),
    (inside_quotes, "他说“好”了", "001100"),
    (inside_quotes, '"a\n\nb', "11100"),
    (inside_brackets, "a(b[c]d)e", "011111100"),
    (inside_brackets, ")(a\n\nb", "011100"),
    (line_position, "ab\nc", "0120"),
    (word_position, "ab cde", "010012"),
    (capital_word, "Ab cD É1", "11000010"),
])
def test_labels_are_read_off_the_text(function, text, expected):
    assert marks(function, text) == expected


def test_quotes_are_judged_on_letters_only_and_digits_give_themselves_away():
    labels = {label.name: label for label in labels_of('say "it_is 12" or not 3\n')}

    assert set(np.array(list('say "it_is 12" or not 3\n'))[labels["inside_quotes"].where]) == set(
        "sayitisornot")
    assert labels["digit"].given_away
    assert not labels["inside_quotes"].given_away


def test_spans_count_independent_stretches_that_hold_a_scored_place():
    values = np.array([0, 1, 1, 0, 1, 0, 1, 1.0])
    label = Label("x", "binary", values, np.ones(8, bool), False)

    assert spans_of(label, np.ones(8, bool)) == 3
    assert spans_of(label, np.arange(8) >= 2) == 3  # the first run still has a place
    assert spans_of(label, np.arange(8) >= 3) == 2


@pytest.mark.parametrize(("corpus", "name", "text", "count"), [
    ("anbn", "counter", "aaabbb\nab\naabb\n", 3),
    ("dyck", "depth", "(()())[]\n([[]])\n", 3),  # falls inside the first and the last are no ends
    ("recall", "since_key", "a01?a\nb000?b\n", 2),
    ("", "line_position", "one\n  two\n“three”\n", 3),
    ("", "line_position", "“one”\n“two”\n", 2),  # no letter stands at 0
    ("", "word_position", "one two, three", 3),
    ("", "bracket_depth", "f(a, g(b), h(c)) + k(d)", 2),
    ("", "digit_run", "12 345 67", 3),
])
def test_stretches_of_a_number_go_from_its_lowest_value_to_the_next_time(
        corpus: str, name: str, text: str, count: int) -> None:
    label = next(one for one in corpus_labels(corpus, text) + labels_of(text) if one.name == name)
    assert spans_of(label, label.where) == count


# -- the search -----------------------------------------------------------------------------------
@pytest.mark.parametrize("sign", [1, -1])
def test_a_planted_quote_unit_is_found_with_its_sign(sign):
    states = noise(30)
    states[17] = sign * (LABELS["inside_quotes"].values - 0.5) + 0.2 * noise(1, 9)[0]

    found = search(states, noise(30, 1), names(30), [LABELS["inside_quotes"]], IDS)[0]

    assert (found.label, found.unit, found.sign) == ("inside_quotes", 17, sign)
    assert found.score > 0.97
    assert abs(found.within_character) > 0.9
    assert sign * found.mean_on > 0.4
    assert sign * found.mean_off < -0.4
    assert found.trusted
    assert found.tried == 30
    assert found.spans == pytest.approx(60, abs=2)


def test_score_comes_from_the_half_that_the_unit_was_not_picked_on():
    states = noise(30)
    half = len(TEXT) // 2
    states[5, :half] = LABELS["inside_quotes"].values[:half]  # nothing in the second half

    found = search(states, noise(30, 1), names(30), [LABELS["inside_quotes"]], IDS)[0]

    assert found.unit == 5
    assert found.picked_score > 0.99
    assert found.score == pytest.approx(0.5, abs=0.05)
    assert not found.trusted


def test_score_equals_scikit_learns_auc_on_the_second_half_letters():
    states = noise(10)
    states[3] += LABELS["inside_quotes"].values

    found = search(states, noise(10, 1), names(10), [LABELS["inside_quotes"]], IDS)[0]

    place = LABELS["inside_quotes"].where & (np.arange(len(TEXT)) >= len(TEXT) // 2)
    expected = roc_auc_score(LABELS["inside_quotes"].values[place], states[3, place])
    assert (found.unit, found.score) == (3, pytest.approx(expected, abs=1e-12))
    assert found.cases == place.sum()


def test_random_units_are_at_chance_and_not_trusted():
    trusted = [f.trusted for seed in range(10)
               for f in search(noise(40, seed), noise(40, 100 + seed), names(40),
                               [LABELS["inside_quotes"]], IDS, seed=seed)]
    scores = [f.score for f in search(noise(40), noise(40, 1), names(40), list(LABELS.values()),
                                      IDS) if f.kind == "binary"]

    assert sum(trusted) <= 1
    assert scores == pytest.approx([0.5] * len(scores), abs=0.05)


def test_a_digit_unit_is_a_mere_echo_and_not_listed():
    text = dialogue(60).replace("pale", "p4le").replace("lamp", "l7mp")
    labels = labels_of(text)
    digit = next(label for label in labels if label.name == "digit")
    states = np.stack([digit.values, RNG(0).normal(size=len(text))]).astype(np.float32)

    found = search(states, states[::-1].copy(), names(2), labels, IDS_of(text))

    assert digit.given_away
    assert "digit" not in {f.label for f in found}


def IDS_of(text: str) -> np.ndarray:
    return CharTokenizer.fit(text).encode(text).astype(np.int64)


def test_an_echo_of_the_letter_has_no_correlation_within_the_character():
    """A unit that knows how often each letter stands in quotes, and remembers nothing."""
    label = LABELS["inside_quotes"]
    share = {i: label.values[np.equal(IDS, i)].mean() for i in set(IDS.tolist())}
    states = np.array([[share[i] for i in IDS.tolist()]], np.float32)

    found = search(states, noise(1), names(1), [label], IDS)[0]

    assert found.correlation > 0.01
    assert found.within_character == pytest.approx(0, abs=1e-9)


def test_few_stretches_are_a_warning_however_high_the_score():
    text = dialogue(3).replace('"', "") + '"' + "river stone " * 40 + '"\n' + dialogue(3).replace(
        '"', "") + "\n" + '"' + "green lamp " * 40 + '" and\n'
    labels = [label for label in labels_of(text) if label.name == "inside_quotes"]
    states = labels[0].values[None].astype(np.float32)

    found = search(states, -states, names(1), labels, IDS_of(text))

    assert [f.few_spans for f in found] == [True]
    assert not found[0].trusted


def test_chance_keeps_the_stretches_of_the_label():
    """Slow units against a slow label reach further by luck than independent draws would."""
    slow = np.repeat(RNG(0).normal(size=(50, 40)), 50, axis=1)
    label = np.repeat((RNG(1).random(40) < 0.5).astype(float), 50)
    shuffled = RNG(2).permutation(label)

    ranks = centred_ranks(slow)

    independent = np.abs(effect(ranks, shuffled, "binary")).max()
    assert chance_level(ranks, label, "binary") > 3 * independent


def test_control_is_the_untrained_networks_best_unit_scored_in_the_same_way():
    control = noise(30, 1)
    control[4] = LABELS["inside_quotes"].values

    found = search(noise(30), control, names(30), [LABELS["inside_quotes"]], IDS)[0]

    assert found.control == pytest.approx(1.0)
    assert not found.trusted


# -- with networks --------------------------------------------------------------------------------
def test_all_units_equal_the_states_of_one_pass():
    tokenizer = CharTokenizer.fit(TEXT)
    model = build(RunConfig(cell="lstm", hidden=5, embedding=4, layers=2), tokenizer.size).eval()

    import torch
    with torch.no_grad():
        trace = unroll(model, torch.from_numpy(IDS)[None])
    expected = torch.cat([*(x.h[0].T for x in trace.layers), *(x.c[0].T for x in trace.layers)])

    assert np.allclose(all_units(model, IDS), expected.numpy(), atol=1e-5)


def test_search_of_a_network_names_part_layer_and_unit():
    tokenizer = CharTokenizer.fit(TEXT)
    config = RunConfig(cell="lstm", hidden=6, embedding=4, layers=2)
    model, untrained = build(config, tokenizer.size), build(config, tokenizer.size)

    found = find_units(model, untrained, tokenizer, TEXT)

    assert {f.label for f in found} == {"inside_quotes", "line_position", "word_position"}
    for f in found:
        assert f.part in ("h", "c")
        assert (f.layer in (0, 1), 0 <= f.unit < 6) == (True, True)
        assert f.score == f.control  # the same network
        assert not f.trusted
        assert f.tried == 3 * 24


def test_a_generated_text_is_searched_for_its_own_labels_too():
    text = teaching("addition:1").text()[:3_000]
    tokenizer = CharTokenizer.fit(text)
    config = RunConfig(cell="gru", hidden=6, embedding=4)
    model, untrained = build(config, tokenizer.size), build(config, tokenizer.size)
    def names(corpus=""):
        return {f.label for f in find_units(model, untrained, tokenizer, text, corpus=corpus)}

    assert names() == {"digit_run"}  # no letter in it
    assert names("addition:1") == {"digit_run", "carry"}
    found = next(f for f in find_units(model, untrained, tokenizer, text, corpus="addition:1")
                 if f.label == "carry")
    assert score_again(model, tokenizer, text, found, "addition:1") == pytest.approx(
        found.score, abs=0.01)


def test_a_text_too_short_to_search_is_an_error():
    tokenizer = CharTokenizer.fit(TEXT)
    model = build(RunConfig(cell="gru", hidden=4, embedding=3), tokenizer.size)

    with pytest.raises(BadInput, match="at least 200"):
        find_units(model, model, tokenizer, TEXT[:150])


def test_ten_thousand_characters_are_searched_while_one_waits():
    tokenizer = CharTokenizer.fit(TEXT)
    text = dialogue(300)[:10_000]
    model = build(RunConfig(cell="gru", hidden=256), tokenizer.size)

    start = time.process_time()
    find_units(model, model, tokenizer, text)

    assert time.process_time() - start < 5  # a bound for a busy core


def test_a_found_unit_is_scored_again_on_the_same_letters_and_in_other_weights():
    config = RunConfig(cell="gru", hidden=12, embedding=6)
    tokenizer = CharTokenizer.fit(TEXT)
    model, other = (build(replace(config, seed=seed), tokenizer.size) for seed in (1, 2))
    for finding in find_units(model, other, tokenizer, TEXT):
        again = score_again(model, tokenizer, TEXT, finding)
        assert again == pytest.approx(finding.score, abs=0.01)
    finding = find_units(model, other, tokenizer, TEXT)[0]
    values = unroll(other, torch.from_numpy(IDS)[None]).layers[0].h[0, :, finding.unit].detach()
    label = LABELS[finding.label]
    held = label.where & (np.arange(len(IDS)) >= len(IDS) // 2)
    expected = (roc_auc_score(label.values[held], finding.sign * values.numpy()[held])
                if finding.kind == "binary" else
                finding.sign * spearmanr(label.values[held], values.numpy()[held])[0])
    assert score_again(other, tokenizer, TEXT, finding) == pytest.approx(expected, abs=0.01)
