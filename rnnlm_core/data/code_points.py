"""A text as its code points, in numpy: 50 M characters in a second, where a loop takes ten."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.stretches import stretches


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
