"""A text that comes divided: the training, validation and test split of a dataset, one after
another, with the length of each in its papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnnlm_core.config import RunConfig
from rnnlm_core.data.cleaning import is_apart

SHORTEST_PART = 16  # characters: less says nothing of a model
HELD_OUT_SHARE = 0.1  # of all characters, for each part that is held out
_LINE_SEARCH = 2_000


def budgets(characters: int, parts: int) -> list[int]:
    """How many of so many characters each of the parts may have, the training part first."""
    held_out = max(SHORTEST_PART, round(characters * HELD_OUT_SHARE))
    return [characters - held_out * (parts - 1)] + [held_out] * (parts - 1)


def closed(part: str) -> str:
    """A whole part of several lines ends with a line end: the next one begins a line of its own."""
    return part + "\n" if "\n" in part and not part.endswith("\n") else part


def beginning(part: str, limit: int) -> str:
    """At most so many characters of a part, up to a line's end where one is near."""
    if len(part) <= limit:
        return part
    nearest = max(limit - _LINE_SEARCH, limit // 2, SHORTEST_PART - 1)
    line_end = part.rfind("\n", nearest, limit)
    if line_end >= 0:
        return part[:line_end + 1]
    while limit > SHORTEST_PART and not is_apart(part[limit]):
        limit -= 1
    return part[:limit]


def pieces(text: str, lengths: Sequence[int]) -> list[str]:
    """The parts of a text, by the lengths in its papers; all of it where there are none."""
    found, at = [], 0
    for length in lengths or (len(text),):
        found.append(text[at:at + length])
        at += length
    return found


def on_text(config: RunConfig, source: str, parts: Sequence[int]) -> RunConfig:
    """These settings on another text: divided as it comes divided, where it does."""
    division = "own" if parts else "contiguous" if config.division == "own" else config.division
    return replace(config, corpus=source, division=division)
