"""A character on a button and in a sentence: what would not be seen is shown by a sign or named."""

from __future__ import annotations

from rnnlm_core.figures.generate import MARKS
from rnnlm_core.figures.states import visible
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain

_OF_SIGNS = {mark: character for character, mark in MARKS.items()}
_QUOTES = frozenset("“”„‟\"'‘’‚‛")
_SPOKEN = {" ": "space", "\n": "newline", "\t": "tab"}


def sign(character: str) -> str:
    """`␣`, `⏎`, `◌` for what has none."""
    return "".join(MARKS.get(c) or visible(c) for c in character)


def named(character: str) -> str:
    """In a sentence, for markdown: `the space`, `“e”`."""
    if character in _SPOKEN:
        return t(f"states_prove.sign.{_SPOKEN[character]}")
    return quoted(plain(visible(character)))


def quoted(text: str) -> str:
    """`“e”`, and `‹”›`, since quotation marks around one are not told apart from it."""
    return f"‹{text}›" if _QUOTES.intersection(text) else f"“{text}”"


def unsigned(text: str) -> str:
    """`⏎`, `␣` and `⇥`, as one types them, are what they stand for."""
    return "".join(_OF_SIGNS.get(c, c) for c in text)
