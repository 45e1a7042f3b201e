"""Texts from a few lines of rules, made so that what a network must remember can be measured.

Each has decisions that one earlier symbol settles (`insight.decisions` marks them): how many a's
there were, which bracket is open, which noun the verb belongs to, whether a quotation is open.
300,000 characters and the rest of the last line, the same on every machine: `random.Random` gives
the same numbers in every Python for the calls used here.
"""

from __future__ import annotations

import random
from collections.abc import Callable

_ORDER_SEED = 0  # of the generators: part of the corpus, not of a run
_CHARACTERS = 300_000
LONGEST_COUNT = 12  # of a's in aⁿbⁿ
DEEPEST = 8  # brackets open at once in dyck2
MOST_ATTRACTORS = 3
BRACKETS = (("(", ")"), ("[", "]"))

_WORDS = (  # noqa: SIM905
    "river stone window morning little garden yellow silver table winter letter basket under after "
    "never always house bread cloud spoon green paper field candle mountain summer water bridge "
    "quiet early seven horse apple corner story market evening lantern pocket"
).split()
NOUNS = ("dog", "cat", "boy", "girl")


def dialogue2() -> str:
    """Sentences in which a network must remember whether it is inside quotation marks.

    A sentence is `A said "B" and left.` (70 %) or `A.`; A is 2–8 words joined by spaces, B 2–8
    words joined by `_`: the separator tells at every word whether the network remembers.
    """
    def words(draw: random.Random, separator: str) -> str:
        return separator.join(draw.choice(_WORDS) for _ in range(draw.randint(2, 8)))

    def sentence(draw: random.Random) -> str:
        spoken = draw.random() < 0.7
        start = words(draw, " ")
        return f'{start} said "{words(draw, "_")}" and left.' if spoken else f"{start}."

    return _lines(sentence)


def anbn() -> str:
    """Lines of n times a and n times b, n uniform from 1 to 12: one must count to end on time.

    Source of the task: Gers & Schmidhuber 2001, LSTM recurrent networks learn simple context-free
    and context-sensitive languages, IEEE Transactions on Neural Networks 12.
    """
    def line(draw: random.Random) -> str:
        n = draw.randint(1, LONGEST_COUNT)
        return "a" * n + "b" * n

    return _lines(line)


def dyck2() -> str:
    """Balanced brackets of two kinds, at most 8 open at once, a line until all are closed.

    At each step a bracket opens or the last one closes, with equal chance (at depth 0 and 8 there
    is no choice). Which closer comes is decided by a bracket that may be far back.
    Source of the language: Chomsky & Schützenberger 1963.
    """
    def line(draw: random.Random) -> str:
        written, to_close = "", ""
        while not written or to_close:
            opens = not to_close or (len(to_close) < DEEPEST and draw.random() < 0.5)
            if opens:
                opener, closer = draw.choice(BRACKETS)
                written, to_close = written + opener, to_close + closer
            else:
                written, to_close = written + to_close[-1], to_close[:-1]
        return written

    return _lines(line)


def agreement() -> str:
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

    return _lines(sentence)


def _lines(line: Callable[[random.Random], str]) -> str:
    draw = random.Random(_ORDER_SEED)
    made: list[str] = []
    length = 0
    while length < _CHARACTERS:
        made.append(line(draw))
        length += len(made[-1]) + 1
    return "\n".join(made) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "dialogue2": dialogue2, "anbn": anbn, "dyck2": dyck2, "agreement": agreement}
