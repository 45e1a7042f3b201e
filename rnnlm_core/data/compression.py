"""What a file compressor makes of the held-out text: a yardstick that everybody has."""

from __future__ import annotations

import lzma

LONGEST = 4_000_000  # last characters of the training part: xz reads about a million a second


def xz_bits(training: str, held_out: str) -> float:
    """Bits that `xz` adds for each held-out character, after it has read the training part.

    The size of both parts together less that of the first alone, so that what repeats costs little.
    `held_out` must not be empty.
    """
    before = training[-LONGEST:]
    added = _size(before + held_out) - _size(before)
    return 8 * added / len(held_out)


def _size(text: str) -> int:
    return len(lzma.compress(text.encode("utf-8", "replace"), preset=6))
