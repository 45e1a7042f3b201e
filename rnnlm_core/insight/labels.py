"""Features of a text that a unit may keep track of: exact, read off the text, no network in sight.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.code_points import code_points
from rnnlm_core.insight.ranks import Kind

OPENING, CLOSING = "([{（【《「", ")]}）】》」"


@dataclass(frozen=True)
class Label:
    """One feature at every character, and the places where it counts.

    `where` is letters only (`str.isalpha`, Chinese characters included), so that a quote or bracket
    itself, or the space in front of it, cannot tell. `given_away` says that even there the current
    character alone decides the label: nothing is remembered, so nothing is searched.
    """

    name: str
    kind: Kind
    values: NDArray[np.float64]  # (T,)
    where: NDArray[np.bool_]  # (T,)
    given_away: bool


def inside_quotes(text: str) -> list[int]:
    """1 after an opening quote up to its closing one: straight ", or “ and ”.

    A blank line closes what was left open, so that one lost quote does not turn the rest around.
    """
    inside, out = False, []
    for before, character in zip("\n" + text, text, strict=False):
        if character in "“”":
            inside = character == "“"
        elif character == '"':
            inside = not inside
        elif character == before == "\n":
            inside = False
        out.append(int(inside))
    return out


def inside_brackets(text: str) -> list[int]:
    """1 from an opening bracket of any kind up to the last closing one; blank lines close all."""
    depth, out = 0, []
    for before, character in zip("\n" + text, text, strict=False):
        if character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth = max(0, depth - 1)
        elif character == before == "\n":
            depth = 0
        out.append(int(depth > 0))
    return out


def line_position(text: str) -> list[int]:
    """Characters since the line began: 0 for its first."""
    out, position = [], 0
    for character in text:
        out.append(position)
        position = 0 if character == "\n" else position + 1
    return out


def word_position(text: str) -> list[int]:
    """Letters of the word before this one; 0 for its first letter and between words."""
    out, position = [], 0
    for character in text:
        out.append(position if character.isalpha() else 0)
        position = position + 1 if character.isalpha() else 0
    return out


def capital_word(text: str) -> list[int]:
    """1 throughout a word that begins with a capital letter."""
    out = [0] * len(text)
    for word in re.finditer(r"[^\W\d_]+", text):
        if word[0][0].isupper():
            out[word.start():word.end()] = [1] * len(word[0])
    return out


def digit(text: str) -> list[int]:
    """1 at a digit: visible in the character itself, so always given away; here to be caught."""
    return [int(c.isdigit()) for c in text]


_BINARY: dict[str, Callable[[str], list[int]]] = {
    "inside_quotes": inside_quotes, "inside_brackets": inside_brackets,
    "capital_word": capital_word, "digit": digit}
_REAL: dict[str, Callable[[str], list[int]]] = {
    "line_position": line_position, "word_position": word_position}


def labels_of(text: str) -> list[Label]:
    """All labels of a text, in a fixed order."""
    points = code_points(text)
    letters = np.array([c.isalpha() for c in text], bool)
    small = letters & ~np.array([c.isupper() for c in text], bool)
    # a capital letter itself tells that its word has one; a digit is no letter
    places = {"capital_word": small, "digit": np.ones(len(text), bool)}
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
    whether it begins with a capital) is not searched.
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

    Binary: runs of 1 over the whole text that hold such a place. Real-valued: times that it starts
    again from a lower value, plus the first.
    """
    if label.kind == "real":
        return int((np.diff(label.values[where]) < 0).sum()) + 1
    starts = np.diff(label.values, prepend=0.0) > 0
    run = np.cumsum(starts)
    return len(np.unique(run[where & (label.values > 0)]))
