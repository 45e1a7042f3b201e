"""A long text piece by piece, so that what is made of each is soon gone again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Progress = Callable[[int], None]  # told how many characters are done; may raise to end the work
_STRETCH = 1_000_000  # characters


def stretches(text: str) -> Iterator[str]:
    """Pieces of a million characters."""
    return (text[at:at + _STRETCH] for at in range(0, len(text), _STRETCH))


def sections(text: str, progress: Progress | None = None) -> Iterator[str]:
    """Pieces of about a million characters that end with a line.

    No token of any kind reaches across a line's end, so they have the tokens of the whole text.
    `progress` is told after each. A text without line ends is one section.
    """
    start = 0
    while start < len(text):
        end = text.find("\n", min(start + _STRETCH, len(text))) + 1 or len(text)
        yield text[start:end]
        start = end
        if progress is not None:
            progress(end)
