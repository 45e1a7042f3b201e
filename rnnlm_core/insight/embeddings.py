"""What the network has learned to take for alike: a map of its tokens, moment by moment.

Each token is a row of the embedding, or of the output weights where the input is one-hot. The map
is the plane of most variance; from one moment to the next it is turned (and mirrored, where that
fits better) onto the one before, since the axes of a plane are arbitrary and would make it jump.
Sizes are left alone: that a cloud grows is a finding.

Source: Pearson 1901 (principal components); Schönemann 1966, Psychometrika 31 (orthogonal
Procrustes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.errors import RunError

Floats = NDArray[np.float64]
INPUT, OUTPUT = "embedding.weight", "output.weight"


class Plane(NamedTuple):
    points: Floats  # (N, 2)
    explained: float  # share of the variance of all directions that lies in the plane


class Neighbour(NamedTuple):
    row: int
    cosine: float


def token_vectors(weights: Mapping[str, Any]) -> tuple[str, Floats]:
    """The rows that stand for the tokens, (V, D), and the name of their array.

    Raises `RunError` where the network has neither an embedding nor one row of output weights a
    token (an adaptive softmax over one-hot input).
    """
    for name in (INPUT, OUTPUT):
        if name in weights:
            return name, np.asarray(weights[name], np.float64)
    raise RunError("run.no_embedding")


def plane(vectors: Floats) -> Plane:
    """Rows (N, D) in their two directions of most variance, centred."""
    values = vectors - vectors.mean(0)
    squares, axes = np.linalg.eigh(values.T @ values)
    points = np.zeros((len(values), 2))
    used = min(2, values.shape[1])
    points[:, :used] = values @ axes[:, ::-1][:, :used]
    total = float(np.maximum(squares, 0).sum())
    return Plane(points, float(np.maximum(squares[::-1][:used], 0).sum()) / total if total else 0.0)


def aligned(points: Floats, onto: Floats) -> Floats:
    """`points` (N, 2), turned and mirrored about the origin to lie closest to `onto` (N, 2)."""
    left, _, right = np.linalg.svd(points.T @ onto)
    turned: Floats = points @ (left @ right)
    return turned


def neighbours(vectors: Floats, row: int, count: int = 5) -> list[Neighbour]:
    """The rows of (N, D) that point most nearly the same way as `row`, nearest first."""
    units = _units(vectors)
    cosines = units @ units[row]
    cosines[row] = -np.inf
    best = np.argsort(-cosines, kind="stable")[:min(count, len(cosines) - 1)]
    return [Neighbour(int(i), float(cosines[i])) for i in best]


def nearest_cosine(vectors: Floats) -> float:
    """Median over the rows (N, D), two or more, of the cosine to the nearest other one.

    Of an untrained network it is the yardstick: so alike are tokens by chance.
    """
    units = _units(vectors)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -np.inf)
    return float(np.median(cosines.max(1)))


def _units(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Floats = vectors / np.maximum(lengths, 1e-300)
    return scaled
