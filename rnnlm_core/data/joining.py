"""Rows of a column as one text: of a file or of the hub, by one rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class RowCounts:
    """What became of the rows that were read."""

    rows: int = 0  # that are in the text
    nulls: int = 0  # left out: they have no value
    blanks: int = 0  # left out: white space at most
    repeated: int = 0  # in the text, though exactly as an earlier one
    left_out: int = 0  # the same, and not in the text

    @property
    def read(self) -> int:
        return self.rows + self.nulls + self.blanks + self.left_out


class JoinedRows:
    """Rows one after another, each on a line of its own, without those that hold nothing.

    A row that ends with a line end keeps it and gets no second one. With `blank_line` a blank line
    stands between two rows. `lines` are those of a text file, each with its own end: all of them
    are the text, blank ones too. With `once` a row that was there before is left out.
    """

    def __init__(self, *, lines: bool = False, blank_line: bool = False, once: bool = False
                 ) -> None:
        self._lines, self._blank_line, self._once = lines, blank_line, once
        self.counts = RowCounts()
        self.characters = 0
        self._pieces: list[str] = []
        self._seen: set[int] = set()  # hashes, since texts would be held twice
        self._open_line = False

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def fill(self, values: Iterable[str | None], limit: int) -> bool:
        """Add rows up to the one in which `limit` characters are reached; whether they are."""
        for value in values:
            self._add(value)
            if self.characters >= limit:
                return True
        return False

    def _add(self, value: str | None) -> None:
        counts, row = self.counts, (value or "").removeprefix("\ufeff")
        if not self._lines:
            if not row.strip():
                counts.nulls += value is None
                counts.blanks += value is not None
                return
            if hash(row) in self._seen:
                if self._once:
                    counts.left_out += 1
                    return
                counts.repeated += 1
            self._seen.add(hash(row))
        if self._blank_line:
            row = row.rstrip("\n") + "\n"
        apart = self._open_line or (self._blank_line and bool(self._pieces))
        piece = "\n" + row if apart else row
        self._pieces.append(piece)
        self.characters += len(piece)
        counts.rows += 1
        self._open_line = not row.endswith("\n")
