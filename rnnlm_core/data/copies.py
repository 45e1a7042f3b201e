"""When two pieces of text are one and the same, whatever white space stands between their words."""

from __future__ import annotations

import hashlib

SHARED_LENGTH = 50  # characters: no two texts have so many in a row in common by chance


def normalised(text: str) -> str:
    """Its words with one space between them."""
    return " ".join(text.split())


def fingerprint(normal: str) -> bytes:
    """SHA-256 of a normalised text."""
    return hashlib.sha256(normal.encode("utf-8", "replace")).digest()
