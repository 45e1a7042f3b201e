"""When two pieces of text are one and the same, whatever white space stands between their words."""

from __future__ import annotations

import hashlib

from rnnlm_core.data.stretches import stretches

SHARED_LENGTH = 50  # characters: no two texts have so many in a row in common by chance


def normalised(text: str) -> str:
    """Its words with one space between them."""
    return " ".join(text.split())


def fingerprint(text: str) -> bytes:
    """SHA-256 of the normalised text, without a list of the words of a whole book."""
    digest = hashlib.sha256()
    begun = apart = False  # a word has been read; white space has come after it
    for stretch in stretches(text):
        words = stretch.split()
        apart |= stretch[0].isspace()
        if words:
            digest.update((" " * (begun and apart) + " ".join(words)).encode("utf-8", "replace"))
            begun, apart = True, stretch[-1].isspace()
    return digest.digest()
