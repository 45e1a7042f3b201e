"""Sentences in which an earlier word decides a later sign: quotations, subject and verb."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from math import log

from rnnlm_core.data.generated.grammar import Chunk, Grammar, State
from rnnlm_core.data.generated.teaching import Teaching, entropy, lines_of

FEWEST_WORDS, MOST_WORDS = 2, 8
MOST_ATTRACTORS = 3
WORDS = (  # noqa: SIM905
    "river stone window morning little garden yellow silver table winter letter basket under after "
    "never always house bread cloud spoon green paper field candle mountain summer water bridge "
    "quiet early seven horse apple corner story market evening lantern pocket"
).split()
NOUNS = ("dog", "cat", "boy", "girl")
_QUOTED = 7  # of ten sentences


# -- quotations -----------------------------------------------------------------------------------
def dialogue2() -> Teaching:
    """Sentences in which a network must remember whether it is inside quotation marks.

    A sentence is `A said "B" and left.` (70 %) or `A.`; A is 2–8 words joined by spaces, B 2–8
    words joined by `_`: the separator tells at every word whether the network remembers.
    """
    return _dialogue("_", '" and left.')


def dialogue() -> Teaching:
    """The same, but what differs inside quotation marks is their last sign alone.

    `A said "B!" and left.` or `A.`, all words joined by spaces. Whether the network remembers pays
    once a line and not at every word, and so it is hardly learned: the design rule for such texts.
    """
    return _dialogue(" ", '!" and left.')


def _dialogue(separator: str, end: str) -> Teaching:
    def words(draw: random.Random, separator: str) -> str:
        count = draw.randint(FEWEST_WORDS, MOST_WORDS)
        return separator.join(draw.choice(WORDS) for _ in range(count))

    def sentence(draw: random.Random) -> str:
        spoken = draw.random() < _QUOTED / 10
        start = words(draw, " ")
        return f'{start} said "{words(draw, separator)}{end}' if spoken else f"{start}."

    quoted, count = _QUOTED / 10, (FEWEST_WORDS + MOST_WORDS) / 2
    signs = count * (sum(map(len, WORDS)) / len(WORDS) + 1) - 1  # of a list, with its separators
    of_list = log(MOST_WORDS - FEWEST_WORDS + 1) + count * log(len(WORDS))
    choices = (1 + quoted) * of_list + entropy((_QUOTED, 10 - _QUOTED))
    length = (signs + quoted * (len(' said "') + signs + len(end)) + (1 - quoted) * len(".")
              + len("\n"))
    grammar = Grammar(("outside", 0), partial(_after_words, separator, end))
    return Teaching(partial(lines_of, sentence), grammar, choices / length)


def _after_words(separator: str, end: str, state: State) -> Sequence[Chunk]:
    """After n words of a list: one more, or its end, so that all lengths are equally likely."""
    where, n = state
    left = MOST_WORDS - n
    more, ends = (1, 0) if n < FEWEST_WORDS else (left, 1)  # weights of all words, and of the end
    before = "" if n == 0 else separator if where == "inside" else " "
    chunks = [Chunk(10 * more, before + word, (where, n + 1)) for word in WORDS]
    stop = len(WORDS) * ends
    if where == "inside":
        return [*chunks, Chunk(10 * stop, f"{end}\n", ("outside", 0))]
    return [*chunks, Chunk(_QUOTED * stop, ' said "', ("inside", 0)),
            Chunk((10 - _QUOTED) * stop, ".\n", ("outside", 0))]


# -- agreement ------------------------------------------------------------------------------------
def agreement() -> Teaching:
    """Sentences whose verb agrees with the first noun, 0–3 other nouns between them.

    `the dogs of the cat are old.`: numbers are drawn for each noun by itself, so that the noun just
    before the verb (the attractor) is of the other number in half of the sentences that have one.
    Little else varies, so that the verb is much of what is left to learn.
    Source of the task: Linzen, Dupoux & Goldberg 2016 (arXiv 1611.01368).
    """
    def noun(draw: random.Random) -> str:
        return draw.choice(NOUNS) + draw.choice(("", "s"))

    def sentence(draw: random.Random) -> str:
        subject = noun(draw)
        between = "".join(f" of the {noun(draw)}" for _ in range(draw.randint(0, MOST_ATTRACTORS)))
        verb = "are" if subject.endswith("s") else "is"
        return f"the {subject}{between} {verb} old."

    attractors, letters = MOST_ATTRACTORS / 2, sum(map(len, NOUNS)) / len(NOUNS) + 0.5
    choices = (1 + attractors) * log(2 * len(NOUNS)) + log(MOST_ATTRACTORS + 1)
    length = (len("the ") + letters + attractors * (len(" of the ") + letters)
              + (len(" are") + len(" is")) / 2 + len(" old.\n"))
    return Teaching(partial(lines_of, sentence), Grammar("", _after_noun), choices / length)


def _after_noun(state: State) -> Sequence[Chunk]:
    """At first the subject; then, the state is (its verb, attractors so far)."""
    nouns = [noun + number for noun in NOUNS for number in ("", "s")]
    if state == "":
        return [Chunk(1, f"the {noun}", ("are" if noun.endswith("s") else "is", 0))
                for noun in nouns]
    verb, n = state
    return [*(Chunk(MOST_ATTRACTORS - n, f" of the {noun}", (verb, n + 1)) for noun in nouns),
            Chunk(len(nouns), f" {verb} old.\n", "")]
