"""The bytes of a text's UTF-8: nothing is counted, everything is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rnnlm_core.data.tokenizer.interface import MAX_VOCABULARY, Ids, Tokenizer
from rnnlm_core.data.tokenizer.streams import ByteStream, TextStream


@dataclass(frozen=True)
class ByteTokenizer(Tokenizer):
    """UTF-8: id i is the byte i, whatever the text. Bytes without a sign of their own are shown by
    their number, as ‹E4›."""

    kind = "bytes"
    unknown_id = None
    pieces: tuple[str, ...] = tuple(
        chr(i) if i in (9, 10) or 32 <= i < 127 else f"‹{i:02X}›" for i in range(256))

    @classmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1) -> Self:
        """Always the same 256: nothing is counted, nothing left out."""
        return cls()

    def encode(self, text: str) -> Ids:
        return np.frombuffer(text.encode("utf-8", "replace"), np.uint8).copy()

    def stream(self) -> TextStream:
        return ByteStream([bytes([i]) for i in range(256)])

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind})

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        return cls()
