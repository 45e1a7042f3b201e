"""What every tokenizer can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.stretches import Progress, sections
from rnnlm_core.data.tokenizer.streams import SomeIds, TextStream

UNKNOWN_ID = 0
MAX_VOCABULARY = 50_000
Ids = NDArray[np.unsignedinteger[Any]]
Lengths = NDArray[np.intp]
# texts that no piece reaches across, as many at a time as the memory bears
Batches = Iterable[Sequence[str]]


class Tokenizer(ABC):
    """Text to ids and back. `pieces[i]` stands for id i on a page."""

    kind: ClassVar[str]
    pieces: tuple[str, ...]
    unknown_id: int | None = UNKNOWN_ID  # None where everything is known
    start_id: int | None = None  # of the marks around a document, where there are any
    end_id: int | None = None

    @abstractmethod
    def encode(self, text: str) -> Ids:
        """Ids of all pieces, in order, in the smallest type that holds V."""

    @abstractmethod
    def to_json(self) -> str:
        """As `from_json` reads it."""

    @property
    def size(self) -> int:
        """V."""
        return len(self.pieces)

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        return np.uint8 if self.size <= 2**8 else np.uint16 if self.size <= 2**16 else np.uint32

    def stream(self) -> TextStream:
        """To decode ids as they come."""
        return TextStream(self.pieces)

    def decode(self, ids: SomeIds) -> str:
        return "".join(self.decoded(ids))

    def decoded(self, ids: SomeIds) -> Iterator[str]:
        """The text of `ids` piece by piece, so that a long one need not be held whole."""
        return self.stream().texts(ids)

    def sections(self, text: str, progress: Progress | None = None) -> Iterator[str]:
        """Pieces of a long text whose ids, one after another, are those of the whole."""
        return sections(text, progress)

    def known(self, text: str) -> list[int]:
        """Ids of `text` without what the vocabulary lacks."""
        return [i for i in self.encode(text).tolist() if i != self.unknown_id]

    def unknown_in(self, text: str) -> tuple[str, ...]:
        """The pieces of `text` that the vocabulary lacks, each once, in order of appearance."""
        return ()

    def id_of(self, piece: str) -> int:
        """The id that `piece` stands for. Raises KeyError where there is none."""
        return self._ids[piece]

    @cached_property
    def first_known(self) -> int:
        """What is read first where there is no text: a newline, else the first known piece."""
        return self._ids.get("\n", 0 if self.unknown_id is None else self.unknown_id + 1)

    def barred_after(self, token: int) -> Sequence[int] | NDArray[np.bool_]:
        """The ids that are never written after this one, as an index: `<unk>`."""
        return [] if self.unknown_id is None else [self.unknown_id]

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {piece: i for i, piece in enumerate(self.pieces)}

    def owners(self, ids: Iterable[int]) -> tuple[str, NDArray[np.int64]]:
        """The text of `ids`, and for each of its characters the place of the token that ends it."""
        stream, texts, owners = self.stream(), [], []
        place = -1
        for place, token in enumerate(ids):
            texts.append(stream.push(int(token)))
            owners += [place] * len(texts[-1])
        texts.append(stream.finish())
        owners += [place] * len(texts[-1])
        return "".join(texts), np.array(owners, np.int64)


class Kind(Tokenizer):
    """A tokenizer that a training text makes, all by itself."""

    @classmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1,
            progress: Progress | None = None) -> Self:
        """The vocabulary of a training text: at most `max_vocabulary` ids, `<unk>` included.

        Rarer pieces than `min_frequency` become `<unk>`. `progress` is told how many characters
        have been read. Raises `CorpusError` where no piece is left.
        """
        return cls.fit_each(([section] for section in sections(text, progress)), max_vocabulary,
                            min_frequency)

    @classmethod
    @abstractmethod
    def fit_each(cls, batches: Batches, max_vocabulary: int = MAX_VOCABULARY,
                 min_frequency: int = 1) -> Self:
        """The same of many texts that no piece reaches across."""

    def encode_each(self, batches: Batches) -> Iterator[tuple[Ids, Lengths]]:
        """For each batch the ids of its texts, one after another, and how many each text has."""
        for texts in batches:
            parts = [self.encode(text) for text in texts]
            yield np.concatenate([np.empty(0, self.dtype), *parts]), \
                np.fromiter(map(len, parts), np.intp, len(parts))

    @classmethod
    @abstractmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """From the JSON object that `to_json` wrote."""
