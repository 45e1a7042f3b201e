"""A long text piece by piece, so that what is made of each is soon gone again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Progress = Callable[[int], None]  # told how many characters are done; may raise to end the work
_STRETCH = 1_000_000  # characters


def stretches(text: str) -> Iterator[str]:
    """Pieces of a million characters."""
    return (text[at:at + _STRETCH] for at in range(0, len(text), _STRETCH))


def after_line(text: str, at: int) -> int:
    """Where the next line begins from `at` on; the text's end where none does."""
    return text.find("\n", at) + 1 or len(text)


def sections(text: str, progress: Progress | None = None,
             end: Callable[[str, int], int] = after_line) -> Iterator[str]:
    """Pieces of about a million characters that end with a line, or where else `end` says.

    No token of any kind reaches across a line's end, so they have the tokens of the whole text.
    `progress` is told after each. A text without line ends is one section.
    """
    start = 0
    while start < len(text):
        after = end(text, min(start + _STRETCH, len(text)))
        yield text[start:after]
        start = after
        if progress is not None:
            progress(after)
