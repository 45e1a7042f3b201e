"""Vectors made before training: counts by hand, formulas written out, words that must be near."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.sparse import csr_array

from rnnlm_core.insight.embeddings import neighbours
from rnnlm_core.nets.ppmi import cooccurrences, positive_pmi, ppmi_vectors, truncated
from rnnlm_core.nets.pretrained import scaled
from rnnlm_core.nets.skipgram import pairs, skipgram_vectors

TEN = np.array([0, 1, 0, 2, 1, 0, 1, 2, 2, 0], np.uint8)  # a b a c b a b c c a


def test_ten_tokens_counted_by_hand() -> None:
    """Neighbours at distance 1: ab ba ac cb ba ab bc cc ca, each read from both ends."""
    assert cooccurrences(TEN, 4, window=1).toarray().tolist() == [
        [0, 4, 2, 0], [4, 0, 2, 0], [2, 2, 2, 0], [0, 0, 0, 0]]


def test_pmi_of_one_pair_by_hand() -> None:
    """#(a, b) = 4, #(a) = 6, and contexts 6, 6, 6 are equally likely: log (4 / 6) / (1 / 3)."""
    found = positive_pmi(cooccurrences(TEN, 4, window=1)).toarray()
    assert found[0, 1] == pytest.approx(math.log(2))
    assert found[0, 2] == pytest.approx(0)  # as often as by chance
    assert found[3].tolist() == [0, 0, 0, 0]


def dense_ppmi(ids: np.ndarray, vocabulary: int, window: int, alpha: float) -> np.ndarray:
    """The formula of Levy, Goldberg & Dagan (2015), token by token."""
    counts = np.zeros((vocabulary, vocabulary))
    for i, one in enumerate(ids):
        for j in range(max(0, i - window), min(len(ids), i + window + 1)):
            if j != i:
                counts[one, ids[j]] += 1
    total = counts.sum()
    p_word = counts.sum(1) / total
    p_context = counts.sum(0) ** alpha / (counts.sum(0) ** alpha).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.maximum(0, np.log(counts / total / np.outer(p_word, p_context))))


def test_ppmi_is_the_dense_formula() -> None:
    ids = np.random.default_rng(3).zipf(1.6, 400) % 12
    found = positive_pmi(cooccurrences(ids, 12, window=4)).toarray()
    assert found == pytest.approx(dense_ppmi(ids, 12, 4, 0.75), abs=1e-12)


def test_the_vectors_give_the_matrix_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """U √S of a symmetric positive matrix of rank 5 has it as its Gram matrix, both ways."""
    half = np.random.default_rng(1).normal(size=(60, 5))
    matrix = csr_array(half @ half.T)
    for dense in (600, 10):
        monkeypatch.setattr("rnnlm_core.nets.ppmi._DENSE", dense)
        vectors = truncated(matrix, 8)
        assert vectors.shape == (60, 8)
        assert vectors @ vectors.T == pytest.approx(half @ half.T, abs=1e-9)


def test_the_quick_way_is_as_good_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lengths of the columns are √ of NumPy's singular values."""
    ids = np.random.default_rng(2).zipf(1.5, 20_000) % 300
    matrix = positive_pmi(cooccurrences(ids, 300))
    monkeypatch.setattr("rnnlm_core.nets.ppmi._DENSE", 10)
    singular = np.linalg.svd(matrix.toarray(), compute_uv=False)[:12]
    assert np.square(np.linalg.norm(truncated(matrix, 12), axis=0)) == pytest.approx(
        singular, rel=2e-3)


def test_more_numbers_than_tokens_are_zero_and_the_spread_is_that_of_pytorch() -> None:
    found = ppmi_vectors(TEN, 4, 6, window=1)
    assert found.vectors.shape == (4, 6) and found.known.tolist() == [True, True, True, False]
    assert not found.vectors[:, 4:].any() and not found.vectors[3].any()
    assert np.square(found.vectors[:3]).mean() == pytest.approx(1)
    assert (found.vectors == ppmi_vectors(TEN, 4, 6, window=1).vectors).all()


def test_scaling_is_one_factor() -> None:
    rows = np.array([[3.0, 4.0], [0.0, 5.0], [9.0, 9.0]])
    found = scaled(rows, np.array([True, True, False]))
    assert found.vectors[:2] / rows[:2].max(1, keepdims=True) == pytest.approx(
        rows[:2] / rows[:2].max(1, keepdims=True) * math.sqrt(4 / 50))
    assert not scaled(np.zeros((2, 2)), np.array([True, False])).vectors.any()


def test_pairs_come_as_in_word2vec() -> None:
    """In a text that counts up, a pair's difference is its distance: 3 : 2 : 1, both ways."""
    one, other = pairs(np.arange(10_000), np.random.default_rng(0), 60_000, window=3)
    distance, count = np.unique(other - one, return_counts=True)
    assert distance.tolist() == [-3, -2, -1, 1, 2, 3]
    assert count / 60_000 == pytest.approx(np.array([1, 2, 3, 3, 2, 1]) / 12, abs=0.01)


def planted() -> tuple[np.ndarray, int]:
    """40 words at random; 40 and 41 stand for one and the same: either comes between 0 and 1."""
    draw, ids = random.Random(4), list[int]()
    for _ in range(3_000):
        ids += [draw.randrange(2, 40) for _ in range(4)]
        ids += [0, draw.choice([40, 41]), 1]
    return np.array(ids), 42


@pytest.mark.parametrize("source", ["ppmi", "skipgram"])
def test_words_of_the_same_contexts_are_nearest(source: str) -> None:
    ids, vocabulary = planted()
    found = ppmi_vectors(ids, vocabulary, 16, 2) if source == "ppmi" else skipgram_vectors(
        ids, vocabulary, 16, seed=1, window=2)
    vectors = found.vectors.astype(float)
    assert neighbours(vectors, 40, 1)[0].row == 41 and neighbours(vectors, 41, 1)[0].row == 40
    assert neighbours(vectors, 40, 1)[0].cosine > 0.8


def test_skipgram_is_decided_by_its_seed() -> None:
    ids, vocabulary = planted()
    one, again, other = (skipgram_vectors(ids[:500], vocabulary, 4, seed) for seed in (1, 1, 2))
    assert (one.vectors == again.vectors).all() and (one.vectors != other.vectors).any()
    assert np.isfinite(one.vectors).all()
