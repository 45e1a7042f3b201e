"""Texts from a few lines of rules, made so that what a network must remember can be measured.

Each has decisions that one earlier symbol settles (`insight.decisions` marks them) or a source
without any, and a best answer that is known exactly: its grammar tells every character's
probability. 300,000 characters and the rest of the last line, the same on every machine. A family
with a parameter is called with it, `recall:20`, or without, which takes its default.

| family | what must be known | parameter |
|---|---|---|
| dialogue2, dialogue | whether a quotation is open: pays at each word, or once a line | |
| anbn | how many a's there were | |
| dyck (`dyck2` for 2) | which bracket is open | kinds of brackets |
| agreement | which noun the verb belongs to | |
| recall | the first letter of the line | lag |
| copy | the whole first half | longest half |
| addition | both numbers, and the carry | digits |
| calendar | how long a month is | |
| markov | the last letters | order |
| zipf | how frequent each word is | |
| noise | nothing | symbols |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial

from rnnlm_core.data.generated import chance, memory, nested, numbers, sentences
from rnnlm_core.data.generated.teaching import Family, Parameter, Teaching
from rnnlm_core.errors import CorpusError

__all__ = ["FAMILIES", "GENERATED", "Family", "Parameter", "Teaching", "family_of", "spelled",
           "teaching", "value_of"]


def _only(make: Callable[[], Teaching]) -> Family:
    return Family(lambda _: make())


FAMILIES: dict[str, Family] = {
    "dialogue2": _only(sentences.dialogue2),
    "dialogue": _only(sentences.dialogue),
    "anbn": _only(nested.anbn),
    "dyck": Family(nested.dyck, Parameter("kinds", 1, len(nested.BRACKETS), 2)),
    "agreement": _only(sentences.agreement),
    "recall": Family(memory.recall, Parameter("lag", 2, 200, 20)),
    "copy": Family(memory.copy, Parameter("longest", 1, 30, 8)),
    "addition": Family(numbers.addition, Parameter("digits", 1, 4, 2)),
    "calendar": _only(numbers.calendar),
    "markov": Family(chance.markov, Parameter("order", 1, 5, 3)),
    "zipf": _only(chance.zipf),
    "noise": Family(chance.noise, Parameter("symbols", 2, len(chance.SYMBOLS), 16)),
}
_OLDER = {"dyck2": ("dyck", 2)}  # a name from before there were parameters: runs are called by it
_NUMBER = re.compile("[1-9][0-9]{0,5}")


def family_of(source: str) -> str | None:
    """`recall` of `recall:20` and of `recall`, however wrong the number; None for other texts."""
    if source in _OLDER:
        return _OLDER[source][0]
    family, colon, _ = source.partition(":")
    known = FAMILIES.get(family)
    return None if known is None or (colon and known.parameter is None) else family


def value_of(source: str) -> int:
    """The parameter of a generated text; 0 where its family has none.

    Raises `CorpusError` where it is no whole number between the limits, or `source` no such text.
    """
    if source in _OLDER:
        return _OLDER[source][1]
    family = family_of(source)
    if family is None:
        raise CorpusError("corpus.unknown", value=source, choices=", ".join(GENERATED))
    parameter, (_, colon, number) = FAMILIES[family].parameter, source.partition(":")
    if parameter is None or not colon:
        return 0 if parameter is None else parameter.default
    if not _NUMBER.fullmatch(number) or not parameter.low <= int(number) <= parameter.high:
        raise CorpusError("corpus.parameter", name=family, value=number[:20] or "nothing",
                          low=parameter.low, high=parameter.high,
                          example=spelled(family, parameter.default))
    return int(number)


def spelled(family: str, value: int) -> str:
    """How the text of a family with this value is called."""
    older = {known: name for name, known in _OLDER.items()}
    plain = FAMILIES[family].parameter is None
    return family if plain else older.get((family, value), f"{family}:{value}")


@lru_cache(maxsize=4)
def teaching(source: str) -> Teaching | None:
    """The text of this name, and its best answer; None for other texts. Raises as `value_of`."""
    family = family_of(source)
    return None if family is None else FAMILIES[family].make(value_of(source))


def _written(source: str) -> str:
    found = teaching(source)
    assert found is not None
    return found.text()


GENERATED: dict[str, Callable[[], str]] = {
    name: partial(_written, name) for name in (
        spelled(family, known.parameter.default if known.parameter else 0)
        for family, known in FAMILIES.items())}
