"""Labels: features of a text that a unit may keep track of, and the places where each counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.code_points import code_points
from rnnlm_core.insight.ranks import Kind
from rnnlm_core.insight.text_features import (
    bracket_depth,
    capital_word,
    comment,
    digit,
    digit_run,
    indentation,
    inside_brackets,
    inside_quotes,
    leading_space,
    line_position,
    vowel,
    word_position,
)


@dataclass(frozen=True)
class Label:
    """One feature at every character, and the places where it counts.

    `where` is letters only (`str.isalpha`, Chinese characters included), so that a quote or bracket
    itself, or the space in front of it, cannot tell; where letters have none of it, the characters
    that do, all of one kind (white space, digits). `given_away` says that even there the current
    character alone decides the label: nothing is remembered.
    """

    name: str
    kind: Kind
    values: NDArray[np.float64]  # (T,)
    where: NDArray[np.bool_]  # (T,)
    given_away: bool


_BINARY: dict[str, Callable[[str], list[int]]] = {
    "inside_quotes": inside_quotes, "inside_brackets": inside_brackets, "comment": comment,
    "leading_space": leading_space, "capital_word": capital_word, "digit": digit, "vowel": vowel}
_REAL: dict[str, Callable[[str], list[int]]] = {
    "line_position": line_position, "word_position": word_position,
    "bracket_depth": bracket_depth, "indentation": indentation, "digit_run": digit_run}


def labels_of(text: str) -> list[Label]:
    """All labels of a text, in a fixed order."""
    points = code_points(text)
    letters, digits = (np.array([test(c) for c in text], bool)
                       for test in (str.isalpha, str.isdigit))
    small = letters & ~np.array([c.isupper() for c in text], bool)
    # a capital letter itself tells that its word has one; a digit and a space are no letters
    places = {"capital_word": small, "digit": np.ones(len(text), bool), "digit_run": digits,
              "leading_space": np.array([c in " \t" for c in text], bool)}
    out = []
    for kind, table in (("binary", _BINARY), ("real", _REAL)):
        for name, function in table.items():
            values = np.array(function(text), np.float64)
            where = places.get(name, letters)
            out.append(Label(name, kind, values, where,  # type: ignore[arg-type]
                             decided_by_character(values[where], points[where])))
    return out


def label_of_tokens(label: Label, owners: NDArray[np.int64], ids: NDArray[np.int64]) -> Label:
    """A label at every token: that of the character which the token ends.

    A byte in the midst of a character has none. What the current token gives away (with words,
    whether it begins with a capital) is `given_away`.
    """
    tokens = np.arange(len(ids))
    last = np.searchsorted(owners, tokens, side="right") - 1
    ends = (last >= 0) & (owners[np.maximum(last, 0)] == tokens)
    values, where = label.values[np.maximum(last, 0)], label.where[np.maximum(last, 0)] & ends
    return Label(label.name, label.kind, values, where,
                 decided_by_character(values[where], ids[where]))


def decided_by_character(values: NDArray[np.float64], characters: NDArray[np.integer]) -> bool:
    """Whether the label is a function of the current character or token (and varies at all)."""
    if len(values) == 0 or values.min() == values.max():
        return False
    _, index = np.unique(characters, return_inverse=True)
    low, high = np.full(index.max() + 1, np.inf), np.full(index.max() + 1, -np.inf)
    np.minimum.at(low, index, values)
    np.maximum.at(high, index, values)
    return bool((low == high).all())


def spans_of(label: Label, where: NDArray[np.bool_]) -> int:
    """Independent stretches of a label among the places `where`.

    Runs over the whole text that hold such a place. Binary: runs of 1. Real-valued: runs above the
    lowest of the places, so that a count that climbs and falls again is one.
    """
    if not where.any():
        return 0
    above = label.values > (label.values[where].min() if label.kind == "real" else 0)
    run = np.cumsum(np.diff(above, prepend=False) & above)
    return len(np.unique(run[where & above]))
