"""The bytes of a text's UTF-8: nothing is counted, everything is known."""

from __future__ import annotations

import codecs
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.stretches import Progress
from rnnlm_core.data.tokenizer.interface import MAX_VOCABULARY, STRETCH, Ids, Tokenizer
from rnnlm_core.data.tokenizer.streams import ByteStream, TextStream


class ByteUnits(Tokenizer):
    """What the kinds have in common whose pieces are bytes: every text has ids.

    But for lone surrogates, the halves of characters that JSON can bring (`"\\ud83d"`): they have
    no bytes, and are read as a question mark.
    """

    unknown_id = None
    units: tuple[bytes, ...]  # by id

    def stream(self) -> TextStream:
        return ByteStream(self.units)

    def decoded(self, ids: NDArray[np.integer[Any]] | list[int]) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may be cut in two
        for at in range(0, len(ids), STRETCH):
            yield decoder.decode(b"".join([self.units[i] for i in ids[at:at + STRETCH]]))
        yield decoder.decode(b"", final=True)


def shown(unit: bytes) -> str:
    """Bytes on a page: as text, and what is none or has no sign by its numbers, as ‹E4›.

    No two are shown alike: beside other text, ‹ itself is shown by its numbers.
    """
    text = unit.decode("utf-8", "surrogateescape")
    return text if text == "‹" else "".join(map(_shown_character, text))


def _shown_character(character: str) -> str:
    if character in "\t\n" or (character != "‹"
                               and unicodedata.category(character) not in ("Cc", "Cs")):
        return character
    return "".join(f"‹{byte:02X}›" for byte in character.encode("utf-8", "surrogateescape"))


@dataclass(frozen=True)
class ByteTokenizer(ByteUnits):
    """UTF-8: id i is the byte i, whatever the text. Bytes without a sign of their own are shown by
    their number, as ‹E4›."""

    kind = "bytes"
    units = tuple(bytes([i]) for i in range(256))
    pieces: tuple[str, ...] = tuple(map(shown, units))

    @classmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1,
            progress: Progress | None = None) -> Self:
        """Always the same 256: nothing is counted, nothing left out."""
        return cls()

    def encode(self, text: str) -> Ids:
        return np.frombuffer(text.encode("utf-8", "replace"), np.uint8).copy()

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind})

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        return cls()
