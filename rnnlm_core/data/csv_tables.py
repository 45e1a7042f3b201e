"""Tables of text as CSV and TSV. Rows are counted from 1, the one with the names not among them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice

from rnnlm_core.data.columns import Leaf
from rnnlm_core.data.tables import Table, lines_of, offered
from rnnlm_core.errors import CorpusError

_DELIMITERS = (",", ";", "\t", "|")
_TRIED_ROWS = 20  # a delimiter is judged by so many
_LONGEST_FIELD = 100_000_000  # characters; csv itself stops at 131,072
_NUMBER = re.compile(r"\s*[-+]?[\d.,]*\d(?:[eE][-+]?\d+)?\s*%?\s*")


def read_csv(text: str, name: str, *, tabs: bool = False, header: bool = True) -> Table:
    """Fields between commas, semicolons, bars or tabs, whichever gives the most columns.

    Without `header` the columns are called 1, 2, 3 … Columns of numbers are not offered. Raises
    `CorpusError`: corpus.no_rows, corpus.open_quote, corpus.ragged_row, corpus.no_text_column.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    delimiter = "\t" if tabs else _delimiter(text)
    names, worded, rows = list[str](), set[int](), 0
    for record in _records(text, name, delimiter):
        if not names:
            names = [column.strip() or str(number) if header else str(number)
                     for number, column in enumerate(record, 1)]
            if header:
                continue
        rows += 1
        if len(record) > len(names):
            raise CorpusError("corpus.ragged_row", name=name, row=rows, value=len(record),
                              limit=len(names))
        worded |= {at for at, field in enumerate(record) if at not in worded
                   and field and not _NUMBER.fullmatch(field)}
    if not rows:
        raise CorpusError("corpus.no_rows", name=name)
    at = {column: number for number, column in enumerate(names) if number in worded}

    def values(leaf: Leaf) -> Iterator[str | None]:
        """The fields of a column: read again, so that no more than one row is held."""
        for record in islice(_records(text, name, delimiter), int(header), None):
            yield record[at[leaf.name]] if at[leaf.name] < len(record) else None

    return Table(offered({column: Leaf((column,)) for column in at}, name), values)


def _records(text: str, name: str, delimiter: str) -> Iterator[list[str]]:
    """Rows of fields; blank lines are none."""
    reader = csv.reader(lines_of(text), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error:
            # the line in which the row began: a quote that stays open takes all that follows along
            raise CorpusError("corpus.open_quote", name=name, line=line) from None
        if record is None:
            return
        if record:
            yield record


def _delimiter(text: str) -> str:
    """The one that makes the most columns, with as few odd rows as possible."""
    def columns(delimiter: str) -> tuple[int, int]:
        widths = []
        try:
            for record in islice(csv.reader(lines_of(text), delimiter=delimiter), _TRIED_ROWS):
                if record:
                    widths.append(len(record))
        except csv.Error:
            return 0, 0
        usual = max(set(widths), key=widths.count) if widths else 0
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(_DELIMITERS, key=columns)
