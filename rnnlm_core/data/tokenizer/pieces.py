"""Kinds that divide a text into pieces and count them in its training part."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from rnnlm_core.data.stretches import Progress, sections
from rnnlm_core.data.tokenizer.interface import MAX_VOCABULARY, UNKNOWN_ID, Ids, Tokenizer
from rnnlm_core.data.tokenizer.streams import UNKNOWN
from rnnlm_core.errors import CorpusError


@dataclass(frozen=True)
class PieceTokenizer(Tokenizer):
    """A vocabulary of text pieces after `<unk>`. A kind says how text is divided into them."""

    pieces: tuple[str, ...]

    @staticmethod
    @abstractmethod
    def divide(text: str) -> Iterator[str]:
        """The pieces of a text; joined, they are the text."""

    @classmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1,
            progress: Progress | None = None) -> Self:
        counts: Counter[str] = Counter()
        for section in sections(text, progress):
            counts.update(cls._count(section))
        counts.pop(UNKNOWN, None)
        frequent = [piece for piece, count in counts.items() if count >= min_frequency]
        if not frequent:
            raise CorpusError("corpus.nothing_frequent", limit=min_frequency,
                              value=max(counts.values(), default=0))
        frequent.sort(key=lambda piece: (-counts[piece], piece))
        return cls((UNKNOWN, *cls._ordered(frequent[:max_vocabulary - 1])))

    @classmethod
    def _count(cls, section: str) -> Mapping[str, int]:
        return Counter(cls.divide(section))

    @staticmethod
    def _ordered(pieces: list[str]) -> list[str]:
        """From the commonest on: what an adaptive softmax wants."""
        return pieces

    def encode(self, text: str) -> Ids:
        known = self._known_ids
        return np.fromiter((known.get(p, UNKNOWN_ID) for p in self.divide(text)), self.dtype)

    def unknown_in(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p for p in self.divide(text) if p not in self._known_ids))

    @cached_property
    def _known_ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.pieces) if i != UNKNOWN_ID}

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, "pieces": self.pieces[1:]}, ensure_ascii=True)

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        return cls((UNKNOWN, *map(str, values["pieces"])))
