"""Kneser–Ney against the formula in plain dictionaries, nltk, closed forms and known figures."""

from __future__ import annotations

import math
import random
import sys
import unicodedata
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from rnnlm_core.nets import ngram
from rnnlm_core.nets.ngram import KneserNey, uniform_loss, unigram_losses

ORDERS = range(1, 6)


def small_text(seed: int, length: int = 150, vocabulary: int = 5) -> np.ndarray:
    """Tokens with unequal frequencies, so that counts of 1, 2, 3 and more all occur."""
    rng = np.random.default_rng(seed)
    return rng.choice(vocabulary, size=length, p=rng.dirichlet(np.ones(vocabulary)))


class Plain:
    """Interpolated modified Kneser–Ney as printed, one order, exact fractions, no speed."""

    def __init__(self, text: np.ndarray, order: int, vocabulary: int) -> None:
        tokens = text.tolist()
        grams = {k: Counter(tuple(tokens[i:i + k]) for i in range(len(tokens) - k + 1))
                 for k in range(1, order + 1)}
        self.vocabulary = vocabulary
        self.counts = {k: Counter(longer[1:] for longer in set(grams[k + 1]))
                       for k in range(1, order)}
        self.counts[order] = grams[order]

    def discount(self, k: int, count: int) -> Fraction:
        n1, n2, n3, n4 = (sum(c == i for c in self.counts[k].values()) for i in (1, 2, 3, 4))
        try:
            y = Fraction(n1, n1 + 2 * n2) if n1 else Fraction(0)
            value = (1 - 2 * y * Fraction(n2, n1) if count == 1 else
                     2 - 3 * y * Fraction(n3, n2) if count == 2 else
                     3 - 4 * y * Fraction(n4, n3))
        except ZeroDivisionError:
            value = Fraction(0)
        return value if value > 0 else Fraction(min(count, 3), 2)

    def p(self, token: int, context: tuple[int, ...]) -> Fraction:
        k = len(context) + 1
        lower = self.p(token, context[1:]) if context else Fraction(1, self.vocabulary)
        after = {gram[-1]: c for gram, c in self.counts[k].items() if gram[:-1] == context}
        if not after:
            return lower
        saved = sum(self.discount(k, c) for c in after.values())
        kept = after[token] - self.discount(k, after[token]) if token in after else Fraction(0)
        return (kept + saved * lower) / sum(after.values())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("seed", "length"), [(0, 150), (1, 150), (2, 40), (3, 7), (4, 2)])
def test_every_loss_agrees_with_the_formula_in_fractions(order, seed, length):
    text, unseen = small_text(seed, length), 5
    heard = np.append(small_text(seed + 100, 30), [unseen, 0, unseen])
    expected = []
    for t in range(len(heard)):
        context = tuple(heard[max(0, t + 1 - order):t].tolist())
        p = Plain(text, len(context) + 1, 7).p(int(heard[t]), context)
        expected.append(-math.log(p))

    losses = KneserNey.fit(text, 5, 7).losses(heard, order, start=0)

    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_probabilities_agree_with_the_formula_in_fractions(order):
    text = small_text(5)
    plain = Plain(text, order, 6)
    for context in (text[20:20 + order - 1], text[:order - 1], np.full(order - 1, 5)):
        expected = [float(plain.p(w, tuple(context.tolist()))) for w in range(6)]
        found = KneserNey.fit(text, 5, 6).probabilities(context, order)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [2, 3, 4])  # order 1 is of raw counts here, not there
def test_with_one_constant_discount_it_is_the_kneser_ney_of_nltk(order, monkeypatch):
    from nltk.lm import KneserNeyInterpolated

    monkeypatch.setattr(ngram, "_discounts", lambda counts: np.array([0, 0.75, 0.75, 0.75]))
    text = small_text(6)
    text = np.append(text, text[:order])  # nltk wants a token before every n-gram,
    assert set(text) == set(range(5))     # and has no uniform part: all tokens must be seen
    oracle = KneserNeyInterpolated(order, discount=0.75)
    words = [f"w{i}" for i in text]
    oracle.fit([[tuple(words[i:i + k]) for k in range(1, order + 1)
                 for i in range(len(words) - k + 1)]], sorted(set(words)))
    model = KneserNey.fit(text, order, 5)

    for context in {tuple(text[i:i + order - 1]) for i in range(60)}:
        expected = [oracle.score(f"w{w}", [f"w{c}" for c in context]) for w in range(5)]
        np.testing.assert_allclose(model.probabilities(np.array(context), order), expected,
                                   rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", range(1, 9))
@pytest.mark.parametrize("context", [[], [3], [0, 1], [0] * 7, [9] * 7, [9, 9, 9, 0, 1, 0, 1]])
def test_probabilities_sum_to_one_after_seen_and_unseen_contexts(order, context):
    model = KneserNey.fit(small_text(7, 2000), 8, 10)
    p = model.probabilities(np.array(context, int), order)
    assert p.shape == (10,) and p.min() > 0
    assert abs(p.sum() - 1) < 1e-12


def test_losses_are_minus_log_of_probabilities():
    model, heard = KneserNey.fit(small_text(8), 4, 5), small_text(9, 20)
    expected = [-math.log(model.probabilities(heard[:t], 4)[heard[t]]) for t in range(3, 20)]
    np.testing.assert_allclose(model.losses(heard, 4, start=3), expected, rtol=0, atol=1e-12)


def test_tokens_never_seen_get_the_uniform_share_of_what_was_saved():
    text = np.array([0, 1, 2, 2, 3, 3, 3])  # n1 = 2, n2 = n3 = 1, n4 = 0: Y = 1/2
    p = KneserNey.fit(text, 1, 6).probabilities(np.array([], int), 1)
    # by hand: D = 1/2, 1/2, 3; saved 1/2 + 1/2 + 1/2 + 3 of 7, a sixth of it, 3/4, for each token
    np.testing.assert_allclose(p * 7, np.array([0.5, 0.5, 1.5, 0, 0, 0]) + 0.75, rtol=1e-14)


@pytest.mark.parametrize("text", [[], [0], [0, 1] * 50, [0] * 100, [0, 1, 2, 3] * 4])
def test_losses_are_finite_for_texts_without_counts_of_counts(text):
    model = KneserNey.fit(np.array(text, int), 8, 5)
    for order in range(1, 9):
        assert np.isfinite(model.losses(np.array([0, 1, 0, 0, 4, 3, 0, 1, 0, 1, 4]), order)).all()


def test_without_a_training_text_everything_is_uniform():
    model = KneserNey.fit(np.array([], int), 3, 8)
    np.testing.assert_allclose(model.losses(np.arange(8), 3, 0), math.log(8), rtol=1e-15)


def test_one_fit_serves_every_lower_order():
    text, heard = small_text(11, 500), small_text(12, 50)
    high = KneserNey.fit(text, 8, 5)
    for order in range(1, 9):
        alone = KneserNey.fit(text, order, 5)
        np.testing.assert_array_equal(high.losses(heard, order), alone.losses(heard, order))


def test_losses_depend_on_the_past_alone():
    model, heard = KneserNey.fit(small_text(13), 6, 5), small_text(14, 40)
    other = heard.copy()
    other[25:] = (heard[25:] + 1) % 5
    before, after = model.losses(heard, 6), model.losses(other, 6)
    np.testing.assert_array_equal(before[:24], after[:24])
    assert (before[24:] != after[24:]).any()
    np.testing.assert_array_equal(model.losses(heard[:25], 6), before[:24])


def test_what_lies_before_start_is_context_up_to_the_order():
    model, heard = KneserNey.fit(small_text(15), 6, 5), small_text(16, 40)
    whole = model.losses(heard, 4, start=0)
    np.testing.assert_array_equal(model.losses(heard, 4, start=30), whole[30:])
    np.testing.assert_array_equal(model.losses(heard[27:], 4, start=3), whole[30:])
    assert model.losses(heard, 4, start=40).shape == (0,)
    assert model.losses(heard[:2], 6, start=0).shape == (2,)


def test_large_vocabularies_do_not_overflow():
    """p is A + B / V with A and B free of V: two small vocabularies foretell the large one."""
    compact, heard = small_text(17, 3000, 12), small_text(18, 300, 12)
    large = 100_000
    assert large ** 8 > 2 ** 63
    sparse = np.sort(np.random.default_rng(19).choice(large, 12, replace=False))
    sparse[-1] = large - 1
    for order in (1, 2, 5, 8):
        p12, p24 = (np.exp(-KneserNey.fit(compact, 8, v).losses(heard, order)) for v in (12, 24))
        b = (p12 - p24) / (1 / 12 - 1 / 24)
        expected = p12 - b * (1 / 12 - 1 / large)

        model = KneserNey.fit(sparse[compact].astype(np.int32), 8, large)
        found = np.exp(-model.losses(sparse[heard].astype(np.int32), order))

        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


def test_a_wide_random_text_is_counted_right():
    """V = 100,000 and few repeats: order 8 must still find what it has seen."""
    once = np.random.default_rng(20).integers(0, 100_000, 20_000)
    text = np.concatenate([once[:n] for n in (20_000, 10_000, 5_000, 2_500)])
    model = KneserNey.fit(text, 8, 100_000)
    assert [len(keys) for keys in model.keys] == [
        len({tuple(text[i:i + k]) for i in range(len(text) - k + 1)}) for k in range(1, 9)]
    for t in (507, 19_000):  # seen four times, and once
        p = model.probabilities(text[t - 7:t], 8)
        assert abs(p.sum() - 1) < 1e-12
        assert p.argmax() == text[t]


def test_the_loss_comes_down_to_the_entropy_rate_of_a_markov_chain():
    v, rng = 4, np.random.default_rng(21)
    after = rng.dirichlet(np.ones(v), size=(v, v))  # p(w | a b)
    pairs = np.full((v, v), 1 / v ** 2)
    for _ in range(500):
        pairs = np.einsum("ab,abw->bw", pairs, after)
    rate = -np.einsum("ab,abw,abw->", pairs, after, np.log(after))
    edges, dice, chain = after.cumsum(-1).tolist(), rng.random(150_000).tolist(), [0, 0]
    for u in dice:
        a, b = chain[-2:]
        chain.append(min(sum(u > edge for edge in edges[a][b]), v - 1))
    ids = np.array(chain)

    model = KneserNey.fit(ids[:100_000], 5, v)
    right, short = (model.losses(ids, order, start=100_000) for order in (3, 2))

    noise = 4 * right.std() / math.sqrt(len(right))
    assert rate - noise < right.mean() < 1.02 * rate
    assert short.mean() > 1.02 * rate  # one token of context is not enough for this chain


def test_the_figures_of_the_unicode_names():
    left_out = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HANGUL SYLLABLE")
    all_names = (unicodedata.ucd_3_2_0.name(chr(cp), "") for cp in range(sys.maxunicode + 1))
    names = [name for name in all_names if name and not name.startswith(left_out)]
    assert (len(names), sum(len(name) + 1 for name in names)) == (12_886, 354_744)
    random.Random(0).shuffle(names)
    cut = len(names) - len(names) // 10
    train, held_out = ("".join(f"{name}\n" for name in part) for part in (names[:cut], names[cut:]))
    alphabet = {c: i for i, c in enumerate(sorted(set(train + held_out)))}
    ids = np.array([alphabet[c] for c in train + held_out])

    model = KneserNey.fit(ids[:len(train)], 8, len(alphabet))
    found = [model.losses(ids, order, len(train)).mean() for order in range(2, 9)]

    # a prototype's figures for another shuffle of the same names
    assert found == pytest.approx([2.395, 1.607, 0.948, 0.715, 0.643, 0.621, 0.609], abs=0.015)


def test_unigram_adds_one_to_every_count():
    losses = unigram_losses(np.array([0, 0, 0, 1]), np.array([0, 1, 2]), 4)
    np.testing.assert_allclose(losses, [math.log(8 / 4), math.log(8 / 2), math.log(8 / 1)])


def test_uniform_is_the_logarithm_of_the_vocabulary():
    assert uniform_loss(39) == pytest.approx(3.6635616461296463)


@pytest.mark.parametrize(("ids", "order", "message"), [
    ([0, 1], 0, "order is 0, but must be at least 1"),
    ([[0, 1]], 2, r"ids have shape \(1, 2\), but must be a vector"),
    ([0, 5], 2, "ids go from 0 to 5, but must lie in 0, …, 4; encode with the vocabulary"),
    ([-1, 0], 2, "ids go from -1 to 0"),
])
def test_what_cannot_be_fitted_is_refused(ids, order, message):
    with pytest.raises(ValueError, match=message):
        KneserNey.fit(np.array(ids), order, 5)


def test_what_cannot_be_scored_is_refused():
    model = KneserNey.fit(small_text(22), 3, 5)
    with pytest.raises(ValueError, match="order is 4, but this model was fitted for 1 to 3"):
        model.losses(np.array([0, 1]), 4)
    with pytest.raises(ValueError, match="order is 0"):
        model.probabilities(np.array([0, 1]), 0)
    with pytest.raises(ValueError, match="start is 3, but must be from 0 to the 2 ids given"):
        model.losses(np.array([0, 1]), 3, start=3)
    with pytest.raises(ValueError, match="ids go from 0 to 5"):
        model.losses(np.array([0, 5]), 3)
