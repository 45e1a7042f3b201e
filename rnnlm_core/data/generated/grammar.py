"""A text as draws from a few rules, and what those rules know of every next character.

A grammar is a start and what may follow each state: chunks of text with whole-number weights. The
same rules write a text and read it. Reading keeps the exact probability of every way in which the
text so far may have come about, and of each next character. No predictor has a lower expected loss
than these probabilities: what it loses more is its Kullback–Leibler divergence from them, never
below 0.

Source: Cover & Thomas 2006, Elements of Information Theory, theorems 2.6.3 and 5.4.3; the sum over
ways is the forward algorithm (Rabiner 1989).
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ORDER_SEED = 0  # of the generators: part of the corpus, not of a run
CHARACTERS = 300_000
_KEPT = 10_000  # states and beliefs that are not worked out again

State = Any  # whatever can be a key
Way = tuple[str, State]  # what is left of a chunk, and the state after it
Belief = frozenset[tuple[Way, Fraction]]  # the ways that are possible, and how probable each is


class Chunk(NamedTuple):
    """One thing that may come: its weight among the others, its text, the state after it."""

    weight: int
    text: str
    state: State


@dataclass(frozen=True)
class Grammar:
    """What may follow each state. `lines`: a newline leads to `start` again, wherever it comes."""

    start: State
    follow: Callable[[State], Sequence[Chunk]]
    lines: bool = True


def write(grammar: Grammar) -> str:
    """300,000 characters and the rest of the last line, the same on every machine.

    Only `random.Random.random` is called, which gives the same numbers in every Python.
    """
    @lru_cache(_KEPT)
    def choices(state: State) -> tuple[Sequence[Chunk], list[int]]:
        chunks = grammar.follow(state)
        return chunks, list(accumulate(chunk.weight for chunk in chunks))

    draw, state = random.Random(ORDER_SEED), grammar.start
    written, length = list[str](), 0
    while length < CHARACTERS or (grammar.lines and not written[-1].endswith("\n")):
        chunks, sums = choices(state)
        chunk = chunks[bisect_right(sums, int(draw.random() * sums[-1]))]
        written.append(chunk.text)
        length += len(chunk.text)
        state = chunk.state
    return "".join(written)


def losses(grammar: Grammar, text: str, start: int = 0) -> NDArray[np.float64]:
    """−log p in nats of each of `text[start:]`, (T − start,), given all of the text before it.

    `text` begins where the grammar does. What cannot come has an infinite loss, and so has all
    after it.
    """
    begin = text.rfind("\n", 0, start) + 1 if grammar.lines else 0
    known: dict[Belief, dict[str, tuple[float, Belief]]] = {}
    belief: Belief = frozenset({(("", grammar.start), Fraction(1))})
    found = np.full(len(text) - begin, np.inf)
    for place, character in enumerate(text[begin:]):
        nexts = known.get(belief)
        if nexts is None:
            if len(known) >= _KEPT:
                known.clear()
            nexts = known[belief] = _nexts(grammar, belief)
        if character not in nexts:
            break
        found[place], belief = nexts[character]
    return found[start - begin:]


def _nexts(grammar: Grammar, belief: Belief) -> dict[str, tuple[float, Belief]]:
    """By each character that may come: its loss, and the belief once it has come."""
    by_character: dict[str, dict[Way, Fraction]] = {}
    for (rest, state), share in _opened(grammar, belief):
        ways = by_character.setdefault(rest[0], {})
        way = (rest[1:], state)
        ways[way] = ways.get(way, Fraction(0)) + share
    found = {}
    for character, ways in by_character.items():
        probability = sum(ways.values(), Fraction(0))
        after = frozenset((way, share / probability) for way, share in ways.items())
        found[character] = (-math.log(probability) + 0.0, after)  # not −0.0
    return found


def _opened(grammar: Grammar, belief: Belief) -> list[tuple[Way, Fraction]]:
    """The same belief, with the chunks that may come where one has ended."""
    found = []
    for way, share in belief:
        rest, state = way
        if rest:
            found.append((way, share))
            continue
        chunks = grammar.follow(state)
        whole = sum(chunk.weight for chunk in chunks)
        found += [((chunk.text, chunk.state), share * Fraction(chunk.weight, whole))
                  for chunk in chunks if chunk.weight]
    return found
