"""The lines of a long text in an open file, unpacked or not: never an endless one, and no longer
than there is time."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable, Iterator
from typing import IO, Literal

from rnnlm_core.errors import BadInput

_MAX_TEXT = 4_000_000_000  # bytes of a text once unpacked
_LONGEST_LINE = 1 << 17
_MOST_BLANK = 10_000  # lines: an archive of a few kB may hold nothing else
_TELL_EVERY = 500  # lines
_BLOCK = 1 << 16

Binary = IO[bytes] | gzip.GzipFile
Ended = Literal["all", "rows", "size", "seconds"]


class Lines:
    """The lines of a text that are not blank, with their numbers; never an endless one."""

    def __init__(self, text: Binary, name: str, seconds: float,
                 tell: Callable[[int], None] | None) -> None:
        self._text, self._name, self._tell = io.BufferedReader(_Raw(text), _BLOCK), name, tell
        self._until = time.monotonic() + seconds
        self.ended: Ended = "all"

    def __iter__(self) -> Iterator[tuple[int, str]]:
        number, left, blank = 0, _MAX_TEXT, 0
        while line := self._text.readline(_LONGEST_LINE):
            number, left = number + 1, left - len(line)
            blank += line.isspace()
            if len(line) == _LONGEST_LINE or blank > _MOST_BLANK:
                raise BadInput("vectors.no_table", name=self._name)
            if left < 0:
                self.ended = "size"
                return
            if not line.isspace():
                yield number, self._decoded(line, number)
            if number % _TELL_EVERY == 0:
                if self._tell:
                    self._tell(number)
                if time.monotonic() > self._until:
                    self.ended = "seconds"
                    return

    def _decoded(self, line: bytes, number: int) -> str:
        """A later word may be damaged, as in some published tables: it is no word of any text."""
        if number > 1:
            return line.decode("utf-8", "replace")
        try:
            return line.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput("vectors.no_table", name=self._name) from None


class _Raw(io.RawIOBase):
    """Any file as one that `BufferedReader` takes; it is not closed with it."""

    def __init__(self, file: Binary) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._file.read(len(buffer))
        buffer[:len(piece)] = piece
        return len(piece)
