"""How much of a text says again what stands in it already: its repeated n-grams.

Source: Holtzman et al. 2020 (arXiv 1904.09751), where likely writing repeats itself; Welleck et al.
2019 (arXiv 1908.04319): the share of repeated n-grams ("rep-n", here by characters).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LENGTH = 8  # characters


def repeated(text: str, n: int = LENGTH) -> NDArray[np.bool_]:
    """Whether the n characters that begin at each place have stood before: (len(text) − n + 1,)."""
    seen: set[str] = set()
    found = np.zeros(max(0, len(text) - n + 1), bool)
    for at in range(len(found)):
        found[at] = (gram := text[at:at + n]) in seen
        seen.add(gram)
    return found


def most_repeated(text: str, most: int, n: int = LENGTH) -> list[tuple[str, int]]:
    """The passages of at least n characters that stand at the most places, and at how many.

    Each is as long as it can be at as many places; none is a part of one listed before it.
    """
    places: dict[str, list[int]] = {}
    for at in range(len(text) - n + 1):
        places.setdefault(text[at:at + n], []).append(at)
    found: list[tuple[str, int]] = []
    for gram, starts in sorted(places.items(), key=lambda item: -len(item[1])):
        if len(found) == most or len(starts) < 2:
            break
        if any(gram in passage for passage, _ in found):
            continue
        begin, end = 0, n
        while starts[0] + begin > 0 and len({text[at + begin - 1] for at in starts}) == 1:
            begin -= 1
        while starts[-1] + end < len(text) and len({text[at + end] for at in starts}) == 1:
            end += 1
        found.append((text[starts[0] + begin:starts[0] + end], len(starts)))
    return found


def repeated_share(text: str, n: int = LENGTH) -> float:
    """The share of places whose n characters have stood before; NaN below n characters."""
    found = repeated(text, n)
    return float(found.mean()) if len(found) else math.nan


def repeated_characters(text: str, n: int = LENGTH) -> NDArray[np.bool_]:
    """The characters (len(text),) that belong to n characters which have stood before."""
    covered = np.zeros(len(text), bool)
    for at in np.flatnonzero(repeated(text, n)):
        covered[at:at + n] = True
    return covered
