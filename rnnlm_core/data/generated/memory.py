"""Texts that say something again after a while: delayed recall, copying."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import log

from rnnlm_core.data.generated.grammar import Chunk, Grammar, State, write
from rnnlm_core.data.generated.teaching import Teaching

KEYS, DISTRACTORS, QUESTION = "abcd", "01", "?"
LETTERS, AGAIN = "abcd", "|"


def recall(lag: int) -> Teaching:
    """Lines whose last letter is their first, `lag` characters later: `b0110?b`.

    Between them stand coin tosses and a question mark, so that nothing but the first letter tells.
    Source of the task: Hochreiter & Schmidhuber 1997, Long short-term memory, Neural Computation 9,
    section 5.2.
    """
    def follow(state: State) -> Sequence[Chunk]:
        if state == "":
            return [Chunk(1, key, (key, lag - 2)) for key in KEYS]
        key, left = state
        if left == 0:
            return [Chunk(1, f"{QUESTION}{key}\n", "")]
        return [Chunk(1, toss, (key, left - 1)) for toss in DISTRACTORS]

    grammar = Grammar("", follow)
    choices = log(len(KEYS)) + (lag - 2) * log(len(DISTRACTORS))
    return Teaching(partial(write, grammar), grammar, choices / (lag + 2))


def copy(longest: int) -> Teaching:
    """Lines of 1 to `longest` random letters and the same again: `acd|acd`.

    Source of the task: Graves, Wayne & Danihelka 2014, Neural Turing machines (arXiv 1410.5401),
    section 4.1.
    """
    def follow(word: State) -> Sequence[Chunk]:
        more = [Chunk(longest - len(word), letter, word + letter) for letter in LETTERS]
        end = [Chunk(len(LETTERS), f"{AGAIN}{word}\n", "")] if word else []
        return [*more, *end]

    grammar = Grammar("", follow)
    mean = (1 + longest) / 2
    choices = log(longest) + mean * log(len(LETTERS))
    return Teaching(partial(write, grammar), grammar, choices / (2 * mean + 2))
