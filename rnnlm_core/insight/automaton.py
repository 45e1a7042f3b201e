"""The network as an automaton: its states in k clusters, what leads from one to another, what
follows each, and how much of the next token the cluster alone tells.

The clusters are made on the first half of a text. What they tell is scored on the second, beside
what the last token tells, what no context at all does, and what the network itself says of the
same tokens.

Source: clustering states into an automaton: Omlin & Giles 1996 (Neural Networks 9:41–52);
k-means++: Arthur & Vassilvitskii 2007; estimates: Witten & Bell 1991 (method C).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.long_reading import LongReading
from rnnlm_core.insight.plane import plane_of

COMPONENTS = 30  # that are clustered: what lies beside them is noise to a distance
STARTS, MOST_ROUNDS = 3, 60
NGRAM = 3
LISTED = 3

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Seen(NamedTuple):
    """An n-gram or a token of a cluster, as its ids, and its share of the cluster's places."""

    ids: tuple[int, ...]
    share: float


@dataclass(frozen=True)
class Cluster:
    share: float  # of all tokens
    before: list[Seen]  # the commonest n-grams that end in it, the token just read included
    after: list[Seen]  # the commonest next tokens
    last: Seen  # the token just read that is commonest


class Bits(NamedTuple):
    """Bits a token on the second half, by what is known of the context."""

    nothing: float
    token: float  # the last one
    cluster: float
    network: float  # everything it has read

    @property
    def share(self) -> float:
        """How far the cluster comes on the way from nothing to the network."""
        way = self.nothing - self.network
        return (self.nothing - self.cluster) / way if way > 0 else float("nan")


@dataclass(frozen=True)
class Automaton:
    """Clusters are numbered by how common they are."""

    states: Ints  # (T,) cluster after each token
    centres: Doubles  # (k, H)
    clusters: tuple[Cluster, ...]  # k
    transitions: Doubles  # (k, k); row i: where the next token leads from i; zeros: nowhere
    bits: Bits


def automaton_of(reading: LongReading, vocabulary: int, k: int, seed: int = 0) -> Automaton:
    """k clusters of a reading's states, fewer where there are fewer different ones."""
    states, centres = cluster_states(reading.values, k, seed)
    ids, k = reading.ids, len(centres)
    half = len(ids) // 2
    fits = {name: next_bits(context, ids[1:], half, vocabulary)
            for name, context in (("nothing", np.zeros(len(ids) - 1, np.int64)),
                                  ("token", ids[:-1]), ("cluster", states[:-1]))}
    bits = Bits(**fits, network=float(reading.surprise[1 + half:].mean(dtype=np.float64)))
    return Automaton(states, centres, tuple(_cluster(states, ids, i) for i in range(k)),
                     transitions(states, k), bits)


def cluster_states(values: NDArray[np.floating], k: int, seed: int = 0) -> tuple[Ints, Doubles]:
    """values (T, H) → cluster of each (T,), commonest first, and centres (k, H).

    Centres are found on the first half, in its first 30 principal components.
    """
    half = len(values) // 2
    plane = plane_of(values[:half].astype(np.float32), min(COMPONENTS, values.shape[1]))
    points = plane.of(values.astype(np.float32)).astype(np.float64)
    centres = kmeans(points[:half], k, seed)
    states = nearest(points, centres)
    counts = np.bincount(states, minlength=len(centres))
    order = np.argsort(-counts, kind="stable")
    renamed = np.empty(len(order), np.int64)
    renamed[order] = np.arange(len(order))
    return renamed[states], centres[order] @ plane.axes.T + plane.middle


def kmeans(points: Doubles, k: int, seed: int = 0) -> Doubles:
    """Centres (≤ k, D) of points (N, D): the best of three starts by k-means++."""
    k = min(k, len(np.unique(points, axis=0)))
    generator, best, lowest = np.random.default_rng(seed), None, np.inf
    for _ in range(STARTS):
        centres = _spread_out(points, k, generator)
        for _ in range(MOST_ROUNDS):
            owner = nearest(points, centres)
            counts = np.bincount(owner, minlength=k)
            sums = np.zeros_like(centres)
            np.add.at(sums, owner, points)
            moved = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
            if np.allclose(moved, centres, rtol=0, atol=1e-9):
                break
            centres = moved
        spread = float(((points - centres[nearest(points, centres)])**2).sum())
        if spread < lowest:
            best, lowest = centres, spread
    assert best is not None
    return best


def _spread_out(points: Doubles, k: int, generator: np.random.Generator) -> Doubles:
    """First centres: each drawn with a chance in proportion to its squared distance to the rest."""
    chosen = [points[generator.integers(len(points))]]
    distance = ((points - chosen[0])**2).sum(1)
    while len(chosen) < k:
        chosen.append(points[generator.choice(len(points), p=distance / distance.sum())])
        distance = np.minimum(distance, ((points - chosen[-1])**2).sum(1))
    return np.stack(chosen)


def nearest(points: Doubles, centres: Doubles) -> Ints:
    """(N,) the nearest of the centres, the lower one of equals."""
    distance = (centres**2).sum(1) - 2 * points @ centres.T  # |p|² is the same for all
    owner: Ints = distance.argmin(1).astype(np.int64)
    return owner


def transitions(states: Ints, k: int) -> Doubles:
    """(k, k) how often cluster j comes next after i, as shares of each row."""
    counts = np.zeros((k, k))
    np.add.at(counts, (states[:-1], states[1:]), 1)
    shares: Doubles = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    return shares


def next_bits(context: Ints, following: Ints, half: int, vocabulary: int) -> float:
    """Bits a token of `following` (N,) given a context class each, on the places from `half` on.

    p(y|c) = (n(c, y) + d(c) p(y)) / (n(c) + d(c)), with d(c) the different tokens seen after c and
    p(y) = (n(y) + 1) / (n + V); all counted before `half`.
    """
    seen = following[:half]
    alone = (np.bincount(seen, minlength=vocabulary) + 1) / (len(seen) + vocabulary)
    pairs, counts = np.unique(context[:half] * vocabulary + seen, return_counts=True)
    classes = int(context.max(initial=0)) + 1
    total = np.bincount(context[:half], minlength=classes)
    different = np.bincount(pairs // vocabulary, minlength=classes)
    here, next_one = context[half:], following[half:]
    at = np.searchsorted(pairs, here * vocabulary + next_one)
    found = np.minimum(at, len(pairs) - 1)
    own = np.where(pairs[found] == here * vocabulary + next_one, counts[found], 0)
    base = alone[next_one]
    whole = total[here] + different[here]
    p = np.where(whole > 0, (own + different[here] * base) / np.maximum(whole, 1), base)
    return float(-np.log2(p).mean())


def _cluster(states: Ints, ids: Ints, index: int) -> Cluster:
    places = np.flatnonzero(states == index)
    whole = places[places >= NGRAM - 1]
    before = _commonest([tuple(ids[at - NGRAM + 1:at + 1].tolist()) for at in whole])
    after = _commonest([(int(ids[at + 1]),) for at in places if at + 1 < len(ids)])
    last = _commonest([(int(ids[at]),) for at in places])[0]
    return Cluster(len(places) / len(ids), before, after, last)


def _commonest(grams: list[tuple[int, ...]]) -> list[Seen]:
    return [Seen(gram, count / len(grams)) for gram, count in Counter(grams).most_common(LISTED)]


def explained(label: Label, classes: Ints) -> float:
    """η²: the share of a label's variance that lies between classes (T,), on the second half.

    1: the class decides the label. In each half the label is taken where it counts.
    """
    where = label.where & (np.arange(len(classes)) >= len(classes) // 2)
    values, groups = label.values[where], classes[where]
    if len(values) == 0 or np.ptp(values) == 0:
        return float("nan")
    _, index = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    between = (counts * (sums / counts - values.mean())**2).sum()
    return float(between / ((values - values.mean())**2).sum())
