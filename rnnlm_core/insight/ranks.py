"""How well units tell a label, by their ranks: of all units at once, as one matrix product.

Source: AUC by ranks: Mann & Whitney 1947, Hanley & McNeil 1982; ties share their mean rank.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

SHIFTS = 40  # of a label, for its chance level

Ranks = NDArray[np.float64]
Kind = Literal["binary", "real"]  # of a label


def centred_ranks(units: NDArray[np.floating]) -> Ranks:
    """Ranks of each row of (U, n), ties sharing their mean, less (n + 1)/2: each row sums to 0."""
    order = np.argsort(units, axis=1)
    ordered = np.take_along_axis(units, order, 1)
    n = units.shape[1]
    place = np.arange(n)
    fresh = np.ones(units.shape, bool)  # starts a run of equal values
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=fresh[:, 1:])
    ranks = np.empty(units.shape)
    if fresh.all():
        np.put_along_axis(ranks, order, np.broadcast_to(place - (n - 1) / 2, units.shape), 1)
        return ranks
    first = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    ends = np.roll(fresh, -1, axis=1)
    ends[:, -1] = True
    last = np.minimum.accumulate(np.where(ends, place, n)[:, ::-1], axis=1)[:, ::-1]
    np.put_along_axis(ranks, order, (first + last - (n - 1)) / 2, 1)
    return ranks


def auc(units: NDArray[np.floating], label: NDArray[np.bool_]) -> Ranks:
    """P(unit is higher with the label than without), ties counting half, for all rows of (U, n)."""
    return (effect(centred_ranks(units), label.astype(np.float64), "binary") + 1) / 2


def effect(ranks: Ranks, label: NDArray[np.float64], kind: Kind) -> Ranks:
    """2·AUC − 1, or the rank correlation, each in [−1, 1], of all rows of ranks (U, n) at once."""
    if kind == "binary":
        positives = label.sum()
        difference: Ranks = 2 * (ranks @ label) / (positives * (len(label) - positives))
        return difference
    other = centred_ranks(label[None])[0]
    size = np.sqrt((ranks**2).sum(1) * (other @ other))
    correlation: Ranks = ranks @ other / np.maximum(size, 1e-300)
    return correlation


def chance_level(ranks: Ranks, label: NDArray[np.float64], kind: Kind,
                 seed: int = 0) -> float:
    """95 % quantile, over circular shifts of the label, of the best unit's |effect|.

    A shift keeps the label's stretches, which plain shuffling would break up: neighbouring
    characters are not independent, and chance is higher than for independent ones.
    """
    n = len(label)
    offsets = np.random.default_rng(seed).integers(n // 20 + 1, n - n // 20, SHIFTS)
    values = label if kind == "binary" else centred_ranks(label[None])[0]
    shifted = np.stack([np.roll(values, o) for o in offsets], 1).astype(np.float32)
    best = np.abs(ranks.astype(np.float32) @ shifted)
    if kind == "binary":
        best = 2 * best / (label.sum() * (n - label.sum()))
    else:
        best /= np.maximum(np.sqrt((ranks**2).sum(1) * (values @ values)), 1e-300)[:, None]
    return float(np.quantile(best.max(0), 0.95))


def as_score(value: float, kind: Kind) -> float:
    return (value + 1) / 2 if kind == "binary" else value


def pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Correlation, and 0 where either does not vary (up to rounding)."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-9 * len(a) else 0.0
