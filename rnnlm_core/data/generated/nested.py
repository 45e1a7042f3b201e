"""Counting and brackets: what closes depends on what was opened."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from math import log

from rnnlm_core.data.generated.grammar import Chunk, Grammar, State
from rnnlm_core.data.generated.teaching import Teaching, lines_of

LONGEST_COUNT = 12  # of a's in aⁿbⁿ
DEEPEST = 8  # brackets open at once
BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"))


def anbn() -> Teaching:
    """Lines of n times a and n times b, n uniform from 1 to 12: one must count to end on time.

    Source of the task: Gers & Schmidhuber 2001, LSTM recurrent networks learn simple context-free
    and context-sensitive languages, IEEE Transactions on Neural Networks 12.
    """
    def line(draw: random.Random) -> str:
        n = draw.randint(1, LONGEST_COUNT)
        return "a" * n + "b" * n

    def follow(n: State) -> Sequence[Chunk]:
        ends = [Chunk(1, "b" * n + "\n", 0)] if n else []
        return [Chunk(LONGEST_COUNT - n, "a", n + 1), *ends]

    mean_length = LONGEST_COUNT + 1 + 1  # both letters, and the newline
    return Teaching(partial(lines_of, line), Grammar(0, follow), log(LONGEST_COUNT) / mean_length)


def dyck(kinds: int) -> Teaching:
    """Balanced brackets of 1–4 kinds, at most 8 open at once, a line until all are closed.

    At each step a bracket opens or the last one closes, with equal chance (at depth 0 and 8 there
    is no choice). Which closer comes is decided by a bracket that may be far back.
    Source of the language: Chomsky & Schützenberger 1963.

    Its rate: depth is a walk that starts at 1 and ends at 0, with a wall at 8; from depth d it
    takes d (16 − d) steps on average, and meets the wall once on average (Feller 1968, XIV.3). So a
    line opens 8 brackets, closes 8, and chooses between the two 14 times.
    """
    brackets = BRACKETS[:kinds]

    def line(draw: random.Random) -> str:
        written, to_close = "", ""
        while not written or to_close:
            opens = not to_close or (len(to_close) < DEEPEST and draw.random() < 0.5)
            if opens:
                opener, closer = draw.choice(brackets)
                written, to_close = written + opener, to_close + closer
            else:
                written, to_close = written + to_close[-1], to_close[:-1]
        return written

    def follow(to_close: State) -> Sequence[Chunk]:
        opening = [Chunk(len(to_close) < DEEPEST, opener, to_close + closer)
                   for opener, closer in brackets]
        if not to_close:
            return opening
        end = "\n" if len(to_close) == 1 else ""
        return [*opening, Chunk(kinds, to_close[-1] + end, to_close[:-1])]

    choices = (2 * DEEPEST - 2) * log(2) + DEEPEST * log(kinds)
    return Teaching(partial(lines_of, line), Grammar("", follow), choices / (2 * DEEPEST + 1))
