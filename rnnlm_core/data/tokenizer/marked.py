"""A start and an end mark around each document, whatever the kind of token.

A document is a line, or a paragraph. With lines, `anna⏎bob⏎` is read as ⟨start⟩ a n n a ⟨end⟩
⟨start⟩ b o b ⟨end⟩. The end mark stands for the line end, or the blank line, that it is written as;
the start mark is written as nothing: so every text comes back from its ids, and what is lost in
bits a character is counted on the same characters as without marks. A document that the text breaks
off has no end mark, so that a prompt can be gone on with, and nothing written before it begins with
a start.

Marks are ids and no text: whatever stands in a text, `⟨start⟩` included, is encoded by the kind
inside, which cannot call them up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.marks import END, START
from rnnlm_core.data.stretches import Progress, after_line, sections
from rnnlm_core.data.tokenizer.by_bytes import ByteUnits
from rnnlm_core.data.tokenizer.interface import MAX_VOCABULARY, Ids, Kind, Tokenizer
from rnnlm_core.data.tokenizer.streams import STRETCH, ByteStream, TextStream

SEPARATORS = {"lines": "\n", "paragraphs": "\n\n"}
# of more line ends in a row the last two: so the others end the paragraph, and none begins with one
_BLANK_LINE = re.compile(r"\n\n(?!\n)")


@dataclass(frozen=True)
class MarkedTokenizer(Tokenizer):
    """Another tokenizer between marks: made by `around`, or by `fit_marked` from a text.

    The marks have the last two ids; all others are those of the kind inside.
    """

    kind = "marked"
    base: Kind
    documents: str  # lines, paragraphs
    pieces: tuple[str, ...]
    unknown_id: int | None
    start_id: int
    end_id: int

    @classmethod
    def around(cls, base: Kind, documents: str) -> Self:
        """Raises KeyError where there are no such documents."""
        _ = SEPARATORS[documents]
        return cls(base, documents, (*base.pieces, START, END), base.unknown_id, base.size,
                   base.size + 1)

    @classmethod
    def fit_marked(cls, kind: type[Kind], documents: str, text: str,
                   max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1,
                   progress: Progress | None = None) -> Self:
        """The marks are two of at most `max_vocabulary` ids. Tells and raises as `Kind.fit`."""
        base = kind.fit_each(batches_of(text, documents, progress), max_vocabulary - 2,
                             min_frequency)
        return cls.around(base, documents)

    # -- text to ids ----------------------------------------------------------------------------
    def encode(self, text: str) -> Ids:
        parts = [np.empty(0, self.dtype)]
        for ids, lengths in self.base.encode_each(batches_of(text, self.documents)):
            parts.append(self._between_marks(ids, lengths))
        found = np.concatenate(parts)
        return found if text.endswith(self.separator) else found[:-1]  # broken off, or empty

    def _between_marks(self, ids: Ids, lengths: NDArray[np.intp]) -> Ids:
        """Documents (N,) of so many ids each, in a row → the same with two marks around each."""
        ends = np.cumsum(lengths + 2) - 1
        starts = ends - lengths - 1
        found = np.empty(len(ids) + 2 * len(lengths), self.dtype)
        inside = np.ones(len(found), bool)
        inside[starts] = inside[ends] = False
        found[inside] = ids
        found[starts], found[ends] = self.start_id, self.end_id
        return found

    def sections(self, text: str, progress: Progress | None = None) -> Iterator[str]:
        return sections(text, progress, partial(_end_of_document, documents=self.documents))

    def unknown_in(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(
            piece for texts in batches_of(text, self.documents) for document in texts
            for piece in self.base.unknown_in(document)))

    @property
    def separator(self) -> str:
        """What an end mark is written as."""
        return SEPARATORS[self.documents]

    # -- ids to text ----------------------------------------------------------------------------
    def stream(self) -> TextStream:
        if isinstance(self.base, ByteUnits):
            return ByteStream((*self.base.units, b"", self.separator.encode()))
        return TextStream((*self.base.pieces, "", self.separator))

    # -- writing ----------------------------------------------------------------------------------
    @cached_property
    def first_known(self) -> int:
        return self.start_id

    def barred_after(self, token: int) -> Sequence[int] | NDArray[np.bool_]:
        """A document begins after the end of another, and nowhere else."""
        return self._all_but_start if token == self.end_id else \
            [*super().barred_after(token), self.start_id]

    @cached_property
    def _all_but_start(self) -> NDArray[np.bool_]:
        others: NDArray[np.bool_] = np.arange(self.size) != self.start_id
        return others

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, "documents": self.documents,
                           "inside": json.loads(self.base.to_json())})


def batches_of(text: str, documents: str, progress: Progress | None = None
               ) -> Iterator[list[str]]:
    """The documents of a text without what separates them, some 65,000 characters at a time.

    A line or a paragraph may be empty: nothing is left out, and all but the last one are closed.
    `progress` is told after each batch.
    """
    start = 0
    while start < len(text):
        end = _end_of_document(text, start + STRETCH, documents)
        part = text[start:end]
        found = part.split("\n") if documents == "lines" else _BLANK_LINE.split(part)
        if not found[-1]:  # what follows the last separator
            found.pop()
        yield found
        start = end
        if progress is not None:
            progress(end)


def _end_of_document(text: str, at: int, documents: str) -> int:
    """Where the next document begins from `at` on; the text's end where none does."""
    if documents == "lines":
        return after_line(text, at)
    found = _BLANK_LINE.search(text, at)
    return len(text) if found is None else found.end()
