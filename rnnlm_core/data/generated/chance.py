"""Texts of pure chance: what can be known of them is known exactly."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from functools import partial
from itertools import product
from math import log

from rnnlm_core.data.generated.grammar import ORDER_SEED, Chunk, Grammar, State, write
from rnnlm_core.data.generated.teaching import Teaching, entropy

LETTERS = "abcd"
WEIGHTS = (27, 9, 3, 1)  # of 40: how likely each letter is, in an order that the context decides
SYMBOLS = string.ascii_letters + string.digits
VOCABULARY = 1_000  # different words of the soup
WORDS_A_LINE = 10  # on average
_SHARES = 720_720  # divisible by 1 … 16, so that weights go down as 1, 1/2, 1/3, …
_RULES_SEED = ORDER_SEED + 1  # so that rules and text are drawn from different numbers
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


def markov(order: int) -> Teaching:
    """Letters a–d, each drawn by the last `order` of them and nothing else.

    After every context the four letters have the probabilities 27/40, 9/40, 3/40 and 1/40, in an
    order drawn for this context. So the entropy after each context, and with it the entropy rate,
    is that of these four numbers, 0.887 nats, whatever the order; an n-gram of order n ≤ `order`
    sees less, one of `order` + 1 all there is.
    Source: Shannon 1948, A mathematical theory of communication, section 7.
    """
    draw = random.Random(_RULES_SEED)
    weights = {}
    for context in product(LETTERS, repeat=order):
        turned = sorted(WEIGHTS, key=lambda _: draw.random())
        weights["".join(context)] = turned

    def follow(context: State) -> Sequence[Chunk]:
        even = [1] * len(LETTERS)  # at the very beginning, where no whole context is there
        return [Chunk(weight, letter, (context + letter)[-order:])
                for letter, weight in zip(LETTERS, weights.get(context, even), strict=True)]

    grammar = Grammar("", follow, lines=False)
    return Teaching(partial(write, grammar), grammar, entropy(WEIGHTS))


def noise(symbols: int) -> Teaching:
    """So many symbols, all equally likely at every place: nothing can be learned but that."""
    def follow(state: State) -> Sequence[Chunk]:
        return [Chunk(1, symbol, state) for symbol in SYMBOLS[:symbols]]

    grammar = Grammar("", follow, lines=False)
    return Teaching(partial(write, grammar), grammar, log(symbols))


def zipf() -> Teaching:
    """1,000 made-up words, the r-th drawn in proportion to 1/r, whatever came before it.

    A tenth of the words end a line. Knowing how frequent each word is, is all there is to know: the
    entropy of a single word is the floor. Common words are short.
    Source: Zipf 1949, Human behavior and the principle of least effort.
    """
    words = _words()
    weights = [_SHARES // rank for rank in range(1, VOCABULARY + 1)]
    chunks = [Chunk(weight, word, "end") for word, weight in zip(words, weights, strict=True)]
    ends = [Chunk(WORDS_A_LINE - 1, " ", ""), Chunk(1, "\n", "")]

    def follow(state: State) -> Sequence[Chunk]:
        return ends if state == "end" else chunks

    grammar = Grammar("", follow)
    length = sum(w * len(word) for w, word in zip(weights, words, strict=True)) / sum(weights) + 1
    choices = entropy(weights) + entropy((WORDS_A_LINE - 1, 1))
    return Teaching(partial(write, grammar), grammar, choices / length)


def _words() -> list[str]:
    """All different, of one syllable or two, in an order drawn once."""
    syllables = [c + v for c in _CONSONANTS for v in _VOWELS]
    longer = [a + b for a in syllables for b in syllables]
    draw = random.Random(_RULES_SEED)
    for words in (syllables, longer):
        words.sort(key=lambda _: draw.random())
    return [*syllables, *longer][:VOCABULARY]
