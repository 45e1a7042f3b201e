"""Labels that a person makes: by a pattern, or by marking stretches of a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import regex

from rnnlm_core.errors import BadInput
from rnnlm_core.insight.labels import Label

PATTERN, MARKS = "own_pattern", "own_marks"  # what these labels are called
LONGEST_PATTERN = 200  # characters
MOST_SECONDS = 1.0  # of the processor: some patterns would take longer than the world lasts
_OPEN = ("missing )", "unterminated character set")  # as `regex` says that a bracket is open
_RECURSION = regex.compile(r"(?<!\\)\(\?(?:R|\d|&|P>)")  # it takes hundreds of megabytes


def pattern_label(pattern: str, text: str) -> Label:
    """1 at every character of a match of the regular expression, 0 elsewhere; all places count.

    `^` and `$` are the ends of lines. A match may be known only from what comes after: a network
    cannot know that. Errors: `label.bad_pattern`, `label.open_bracket`,
    `label.slow_pattern`, `label.no_match`, `label.no_character` (`^` alone).
    """
    values, matches = np.zeros(len(text)), False
    if (recursion := _RECURSION.search(pattern)) is not None:
        raise BadInput("label.bad_pattern", pattern=pattern, place=recursion.start() + 1)
    try:
        compiled = regex.compile(pattern[:LONGEST_PATTERN], regex.MULTILINE)
        # concurrent: other visitors are served meanwhile
        for match in compiled.finditer(text, timeout=MOST_SECONDS, concurrent=True):
            values[match.start():match.end()], matches = 1.0, True
    except regex.error as error:
        if error.msg in _OPEN:
            raise BadInput("label.open_bracket", pattern=pattern) from None
        raise BadInput("label.bad_pattern", pattern=pattern,
                       place=1 if error.pos is None else error.pos + 1) from None
    except (TimeoutError, MemoryError, RecursionError, OverflowError):
        raise BadInput("label.slow_pattern", pattern=pattern) from None
    if not values.any():
        raise BadInput("label.no_character" if matches else "label.no_match", pattern=pattern)
    return Label(PATTERN, "binary", values, np.ones(len(text), bool), False)


def marked_label(stretches: Sequence[tuple[int, int]], length: int) -> Label:
    """1 from the first to the last character of each stretch, of a text of so many characters."""
    values = np.zeros(length)
    for first, last in stretches:
        values[min(first, last):max(first, last) + 1] = 1.0
    return Label(MARKS, "binary", values, np.ones(length, bool), False)
