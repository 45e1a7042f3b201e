"""Grapheme by grapheme: what a reader takes for one character."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import regex

from rnnlm_core.data.code_points import character_counts
from rnnlm_core.data.tokenizer.by_characters import look_up, look_up_table
from rnnlm_core.data.tokenizer.interface import Ids
from rnnlm_core.data.tokenizer.pieces import PieceTokenizer


class GraphemeTokenizer(PieceTokenizer):
    """An accent stays with its letter, a vowel sign with its consonant, a family is one piece.

    Source: extended grapheme clusters of Unicode, UAX #29, as `regex` has them. Ids from the
    commonest piece on.
    """

    kind = "graphemes"
    _CLUSTER = regex.compile(r"\X")
    # every rule by which code points stay together asks for one of these; without any, each is a
    # grapheme, and is found ten times as fast
    _JOINING = regex.compile(
        "[\r" + "".join(rf"\p{{GCB={name}}}" for name in (
            "L", "V", "T", "Extend", "ZWJ", "SpacingMark", "Prepend", "Regional_Indicator")) + "]")

    @classmethod
    def divide(cls, text: str) -> Iterator[str]:
        if cls._JOINING.search(text) is None:
            return iter(text)
        return (match[0] for match in cls._CLUSTER.finditer(text))

    @classmethod
    def _count(cls, section: str) -> Mapping[str, int]:
        return character_counts(section) if cls._JOINING.search(section) is None \
            else super()._count(section)

    def encode(self, text: str) -> Ids:
        if self._JOINING.search(text) is None:
            return look_up(text, self._table)
        return super().encode(text)

    @cached_property
    def _table(self) -> Ids:
        return look_up_table(self.pieces, self.dtype)
