"""Clusters, their transitions and what they tell, beside scikit-learn and counting by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.cluster import KMeans

from rnnlm_core.insight.automaton import (
    automaton_of,
    cluster_states,
    explained,
    kmeans,
    nearest,
    next_bits,
    transitions,
)
from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.layout import force_layout
from rnnlm_core.insight.long_reading import LongReading


def blobs(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    centres = generator.normal(scale=10, size=(5, 4))
    owner = generator.integers(0, 5, 400)
    return centres[owner] + generator.normal(scale=0.3, size=(400, 4)), owner


def test_clusters_are_as_tight_as_scikit_learns() -> None:
    points, _ = blobs()
    centres = kmeans(points, 5)

    spread = ((points - centres[nearest(points, centres)])**2).sum()
    oracle = KMeans(5, n_init=10, random_state=0).fit(points)
    assert spread == pytest.approx(oracle.inertia_, rel=1e-6)


def test_clusters_are_found_again_and_numbered_by_how_common_they_are() -> None:
    points, owner = blobs(1)
    states, centres = cluster_states(points, 5)

    assert len({(s, o) for s, o in zip(states, owner, strict=True)}) == 5
    counts = np.bincount(states)
    assert (np.diff(counts) <= 0).all()
    for state in range(5):
        assert np.allclose(centres[state], points[states == state].mean(0), atol=0.2)


def test_there_are_no_more_clusters_than_different_states() -> None:
    values = np.repeat(np.eye(3), 20, axis=0)[np.random.default_rng(0).permutation(60)]
    states, centres = cluster_states(values, 8)

    assert len(centres) == 3 and len(np.unique(states)) == 3


def bits_by_hand(context: list[int], following: list[int], half: int, size: int) -> float:
    seen, after = Counter(following[:half]), Counter(zip(context[:half], following[:half],
                                                         strict=True))
    total = 0.0
    for c, y in zip(context[half:], following[half:], strict=True):
        alone = (seen[y] + 1) / (half + size)
        kinds = len([pair for pair in after if pair[0] == c])
        places = sum(n for pair, n in after.items() if pair[0] == c)
        p = (after[c, y] + kinds * alone) / (places + kinds) if places else alone
        total -= math.log2(p)
    return total / len(following[half:])


def test_bits_are_those_of_counting_by_hand() -> None:
    generator = np.random.default_rng(3)
    context, following = generator.integers(0, 6, 300), generator.integers(0, 9, 300)
    context[-5:] = 7  # never seen in the first half

    assert next_bits(context, following, 150, 11) == pytest.approx(
        bits_by_hand(context.tolist(), following.tolist(), 150, 11), rel=1e-12)


def test_transitions_are_shares_of_what_comes_next() -> None:
    found = transitions(np.array([0, 1, 0, 0, 2]), 4)

    assert np.allclose(found, [[1 / 3, 1 / 3, 1 / 3, 0], [1, 0, 0, 0], [0] * 4, [0] * 4])


def cycle_reading(length: int = 600) -> LongReading:
    """a b c a b c …, each with a state of its own: the state tells the next token for sure."""
    ids = np.arange(length) % 3
    values = np.eye(3, dtype=np.float32)[ids]
    text = "".join("abc"[i] for i in ids)
    return LongReading(text, np.arange(length), tuple(text), ids, values,
                       np.full(length, 0.25, np.float32))


def test_an_automaton_of_three_states_is_read_off() -> None:
    found = automaton_of(cycle_reading(), vocabulary=3, k=5)

    assert len(found.clusters) == 3
    assert sorted(found.transitions.max(1)) == [1.0, 1.0, 1.0]
    for cluster in found.clusters:
        (gram, share), (after, sure) = cluster.before[0], cluster.after[0]
        assert share == 1.0 and sure == 1.0 and len(cluster.before) == 1
        assert [gram[0], gram[1], gram[2]] == [(after[0] + i) % 3 for i in (0, 1, 2)]
        assert cluster.last == ((gram[2],), 1.0)
    bits = found.bits
    assert bits.nothing == pytest.approx(math.log2(3), abs=1e-3)
    assert bits.cluster == bits.token < 0.02 and bits.network == pytest.approx(0.25)


def test_explained_is_the_share_of_variance_between_classes_in_the_second_half() -> None:
    generator = np.random.default_rng(4)
    classes = generator.integers(0, 4, 200)
    values = classes + generator.normal(size=200)
    where = generator.random(200) < 0.7
    label = Label("x", "real", values, where, False)

    held = where & (np.arange(200) >= 100)
    mean = {c: values[held & (classes == c)].mean() for c in range(4)}
    left = sum((values[i] - mean[int(classes[i])])**2 for i in np.flatnonzero(held))
    whole = ((values[held] - values[held].mean())**2).sum()
    assert explained(label, classes) == pytest.approx(1 - left / whole)
    assert math.isnan(explained(Label("x", "real", np.ones(200), where, False), classes))


@pytest.mark.parametrize("k", [1, 2, 5, 12, 30])
def test_nodes_lie_in_the_square_and_apart(k: int) -> None:
    generator = np.random.default_rng(5)
    weights = generator.dirichlet(np.ones(k), k)
    places = force_layout(weights, generator.normal(size=(k, 2)))

    assert places.shape == (k, 2) and places.min() >= 0 and places.max() <= 1
    if k > 1:
        distance = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(k)
        assert distance.min() > 0.3 / np.sqrt(k)


def test_all_nodes_at_one_place_are_still_told_apart() -> None:
    places = force_layout(np.zeros((6, 6)), np.zeros((6, 2)))

    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(6)
    assert np.isfinite(places).all() and distance.min() > 0.1
