"""Rows of a column as one text: of a file or of the hub, by one rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rnnlm_core.data.copies import SHARED_LENGTH, fingerprint, normalised

_DIGEST = 16  # bytes of a fingerprint that are kept: no two of 10¹² rows agree in them by chance


@dataclass
class RowCounts:
    """What became of the rows that were read."""

    rows: int = 0  # that are in the text
    nulls: int = 0  # left out: they have no value
    blanks: int = 0  # left out: white space at most
    copies: int = 0  # left out: an earlier row says the same
    leaks: int = 0  # of these copies: the earlier row stands in an earlier part
    repeated: int = 0  # in the text, though an earlier row says the same

    @property
    def read(self) -> int:
        return self.rows + self.nulls + self.blanks + self.copies


class JoinedRows:
    """Rows one after another, each on a line of its own, without those that hold nothing.

    A row that ends with a line end keeps it and gets no second one. With `blank_line` a blank line
    stands between two rows.

    A copy is left out: a row of at least `SHARED_LENGTH` characters, white space aside, that was
    there before. Shorter ones stay, since a text may well repeat a heading or a refrain; with
    `once` they are left out too. `lines` are those of a text file, each with its own end: all of
    them are the text, blank and repeated ones as well.
    """

    def __init__(self, *, lines: bool = False, blank_line: bool = False, once: bool = False
                 ) -> None:
        self._lines, self._blank_line, self._once = lines, blank_line, once
        self.counts = RowCounts()
        self.characters = 0  # of the present part
        self._pieces: list[str] = []
        # by fingerprint, since texts would be held twice
        self._seen: set[bytes] = set()
        self._earlier: set[bytes] = set()  # in the parts before
        self._open_line = False

    def fill(self, values: Iterable[str | None], limit: int) -> bool:
        """Add rows up to the one in which `limit` characters are reached; whether they are."""
        for value in values:
            self._add(value)
            if self.characters >= limit:
                return True
        return False

    def take(self) -> str:
        """The text so far. What follows is another part, without a copy of any row of this one."""
        text = "".join(self._pieces)
        self._pieces, self.characters, self._open_line = [], 0, False
        self._earlier |= self._seen
        self._seen = set()
        return text

    def _add(self, value: str | None) -> None:
        counts, row = self.counts, (value or "").removeprefix("\ufeff")
        if not self._lines:
            if not row.strip():
                counts.nulls += value is None
                counts.blanks += value is not None
                return
            if self._is_copy(row):
                return
        if self._blank_line:
            row = row.rstrip("\n") + "\n"
        apart = self._open_line or (self._blank_line and bool(self._pieces))
        piece = "\n" + row if apart else row
        self._pieces.append(piece)
        self.characters += len(piece)
        counts.rows += 1
        self._open_line = not row.endswith("\n")

    def _is_copy(self, row: str) -> bool:
        """Whether it is left out for one before it; counted either way."""
        normal = normalised(row)
        digest = fingerprint(normal)[:_DIGEST]
        leaks = digest in self._earlier
        if not leaks and digest not in self._seen:
            self._seen.add(digest)
            return False
        if len(normal) < SHARED_LENGTH and not self._once:
            self.counts.repeated += 1
            return False
        self.counts.copies += 1
        self.counts.leaks += leaks
        return True
