"""Which unit is best for a label: the halves of a text, the ranks of all units, the best of them.

This is the search without its guards, which are in `insight.units`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.ranks import Ranks, centred_ranks, effect

FEWEST_CASES = 20  # of each class, in each half
FEWEST_MARKED = 5  # the same where all of a short text is both
PICKED_ON = 2000  # places: neighbours are nearly the same case, so every second or third will do

Floats = NDArray[np.float32]
Where = NDArray[np.bool_]


class Places(NamedTuple):
    """Where units are ranked, and where the best one is scored; each (T,)."""

    picked: Where
    scored: Where


def places_of(label: Label, halves: bool = True) -> Places:
    """At most 2,000 places of the first half, evenly, and all of the second.

    Without `halves` both are all places of the label: nothing is left to score on.
    """
    first = np.arange(len(label.where)) < len(label.where) // 2
    if not halves:
        return Places(label.where, label.where)
    return Places(thinned(label.where & first, PICKED_ON), label.where & ~first)


def thinned(where: Where, most: int) -> Where:
    """At most so many of the places, evenly: what is done with all units is costly."""
    places = np.flatnonzero(where)
    kept = np.zeros(len(where), bool)
    kept[places[::-(-len(places) // most) or 1]] = True
    return kept


def has_enough(label: Label, places: Places, fewest: int = FEWEST_CASES) -> bool:
    """Whether both sets of places have so many cases of both classes, or twice as many values."""
    for part in places:
        values = label.values[part]
        if len(values) < 2 * fewest:
            return False
        positives = values.sum()
        if label.kind == "binary" and min(positives, len(values) - positives) < fewest:
            return False
        if label.kind == "real" and values.min() == values.max():
            return False
    return True


class Ranking:
    """The ranks of all units (U, T) at the places of one label after the other.

    Ranking is the costly part, and most labels count at the same places.
    """

    def __init__(self, units: Floats) -> None:
        self.units = units
        self._ranks: dict[bytes, Ranks] = {}

    def at(self, where: Where) -> Ranks:
        """(U, n), see `centred_ranks`"""
        key = where.tobytes()
        if key not in self._ranks:
            self._ranks[key] = centred_ranks(self.units[:, where])
        return self._ranks[key]

    def best(self, label: Label, where: Where) -> tuple[int, float]:
        """The row of the unit that tells the label best there, and its signed effect."""
        effects = effect(self.at(where), label.values[where], label.kind)
        row = int(np.abs(effects).argmax())
        return row, float(effects[row])
