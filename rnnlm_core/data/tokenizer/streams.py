"""Ids one by one in, text out as soon as it is whole."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNKNOWN = "�"
# tokens at a time: what lies between text and ids stays in the processor's cache, and a string for
# each of a hundred million does not fill the memory
STRETCH = 65_536
SomeIds = NDArray[np.integer[Any]] | list[int]


class TextStream:
    """Ids one by one in, text out as soon as it is whole."""

    invalid = 0  # bytes so far that are no UTF-8

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces

    def push(self, token: int) -> str:
        """The text that this token completes; empty where it is only the beginning of some."""
        return self._pieces[token]

    def finish(self) -> str:
        """What is left over at the end."""
        return ""

    def texts(self, ids: SomeIds) -> Iterator[str]:
        """The text of all these, a stretch at a time, without regard to what came before: quicker
        than one by one."""
        for part in _stretches(ids):
            yield "".join(map(self._pieces.__getitem__, part))


class ByteStream(TextStream):
    """The same for pieces that are bytes: a character is shown with its last byte, bytes that are
    no UTF-8 as �, as soon as the decoder knows."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._bytes = pieces
        self._waiting = b""

    def push(self, token: int) -> str:
        self._waiting += self._bytes[token]
        return self._take(final=False)

    def finish(self) -> str:
        return self._take(final=True)

    def texts(self, ids: SomeIds) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may be cut in two
        for part in _stretches(ids):
            yield decoder.decode(b"".join(map(self._bytes.__getitem__, part)))
        yield decoder.decode(b"", final=True)

    def _take(self, final: bool) -> str:
        text = ""
        while self._waiting:
            try:
                whole, used = codecs.utf_8_decode(self._waiting, "strict", final)
            except UnicodeDecodeError as bad:
                text += self._waiting[:bad.start].decode() + UNKNOWN
                self.invalid += bad.end - bad.start
                self._waiting = self._waiting[bad.end:]
            else:
                self._waiting = self._waiting[used:]
                return text + whole
        return text


def _stretches(ids: SomeIds) -> Iterator[list[int]]:
    for start in range(0, len(ids), STRETCH):
        yield np.asarray(ids[start:start + STRETCH], np.intp).tolist()
