"""The few changes made to any text before it is read, each counted.

Line ends become `\\n`, a byte order mark goes, control characters and lone surrogates go, and the
text is put into Unicode's composed form (NFC). Nothing that carries meaning is touched: NFKC, which
would turn full-width punctuation into ASCII, is not applied.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# what may join the character before it: marks, and the later letters of a Hangul syllable
_HANGUL_LATER = re.compile(r"[\u1161-\u1175\u11a8-\u11c2]")


@dataclass(frozen=True)
class Cleaning:
    """How many places each step changed."""

    byte_order_marks: int = 0
    line_ends: int = 0
    control_characters: int = 0
    lone_surrogates: int = 0
    composed: int = 0


def clean(text: str) -> tuple[str, Cleaning]:
    """The text as the network reads it, and what was changed."""
    marks = len(text) - len(text.lstrip("\ufeff"))
    text = text[marks:]
    text, line_ends = re.subn(r"\r\n?", "\n", text)
    text, surrogates = _SURROGATE.subn("", text)
    text, control = _CONTROL.subn("", text)
    if unicodedata.is_normalized("NFC", text):
        return text, Cleaning(marks, line_ends, control, surrogates)
    composed = sum(_composed_places(line) for line in text.split("\n"))
    return unicodedata.normalize("NFC", text), Cleaning(
        marks, line_ends, control, surrogates, composed)


def _composed_places(line: str) -> int:
    """How many characters, each with the marks after it, the composed form changes."""
    if unicodedata.is_normalized("NFC", line):
        return 0
    places: list[str] = []
    for character in line:
        joins = unicodedata.category(character)[0] == "M" or _HANGUL_LATER.match(character)
        if places and joins:
            places[-1] += character
        else:
            places.append(character)
    return sum(not unicodedata.is_normalized("NFC", place) for place in places)
