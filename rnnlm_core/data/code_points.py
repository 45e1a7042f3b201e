"""A text as its code points, in numpy: 50 M characters in a second, where a loop takes ten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_STRETCH = 1_000_000  # characters at a time


def stretches(text: str) -> Iterator[str]:
    """The text in pieces of a million characters: what is made of each is soon gone again."""
    return (text[at:at + _STRETCH] for at in range(0, len(text), _STRETCH))


def code_points(text: str) -> NDArray[np.uint32]:
    """(T,): one number a character, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def character_counts(text: str) -> Counter[str]:
    """How often each different character occurs, in code point order."""
    found: Counter[str] = Counter()
    for stretch in stretches(text):  # twelve bytes a character lie between
        counts = np.bincount(code_points(stretch))
        found.update({chr(point): int(counts[point]) for point in np.flatnonzero(counts)})
    return Counter(dict(sorted(found.items())))
