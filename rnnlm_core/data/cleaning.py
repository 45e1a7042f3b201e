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
    marks = int(text.startswith("\ufeff"))
    text = text[marks:]
    text, line_ends = re.subn(r"\r\n?", "\n", text)
    text, surrogates = _SURROGATE.subn("", text)
    text, control = _CONTROL.subn("", text)
    composed = unicodedata.normalize("NFC", text)
    return composed, Cleaning(marks, line_ends, control, surrogates, len(text) - len(composed))
