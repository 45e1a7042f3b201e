"""Tables of text: JSON, JSON lines and Parquet (CSV: `csv_tables`), one column of them as a text.

What a row has not is None, so ragged rows give the union of their columns. A table that is broken
is refused with its row and column, counted from 1.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rnnlm_core.data.columns import Leaf, json_leaves, text_leaves, text_of, values_of
from rnnlm_core.errors import CorpusError

PARQUET = b"PAR1"
_USUAL = ("text", "content", "sentence", "document", "body", "paragraphs", "messages")
_BATCH_ROWS = 64  # small, because a row may hold a whole book
# only line ends proper: U+2028 and the like may stand inside a field
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Table:
    """Its columns of text, and the values of one of them, row by row."""

    leaves: dict[str, Leaf]
    values: Callable[[Leaf], Iterator[str | None]]

    def usual(self) -> str:
        """The column that is most likely meant."""
        return next((name for name in _USUAL if name in self.leaves), next(iter(self.leaves)))


def kind_of(name: str, raw: bytes) -> str | None:
    """csv, tsv, json, jsonl or parquet; None for anything else, which is then plain text."""
    if raw.startswith(PARQUET):
        return "parquet"
    suffix = PurePosixPath(name.lower()).suffix
    return {".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "jsonl",
            ".ndjson": "jsonl"}.get(suffix)


# -- reading ---------------------------------------------------------------------------------------
def read_parquet(raw: bytes, name: str) -> Table:
    """Raises `CorpusError`: corpus.damaged_table, corpus.no_text_column; corpus.bad_row while the
    values are read."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(io.BytesIO(raw))
        leaves = text_leaves(file.schema_arrow)
    except (pa.ArrowException, OSError, ValueError):
        raise CorpusError("corpus.damaged_table", name=name) from None

    return Table(offered(leaves, name), lambda leaf: _parquet_values(file, leaf, name))


def _parquet_values(file: Any, leaf: Leaf, name: str) -> Iterator[str | None]:
    import pyarrow as pa

    row = 1
    try:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=[leaf.keys[0]]):
            if not _is_utf8(batch, leaf):
                row += next(i for i in range(len(batch)) if not _is_utf8(batch.slice(i, 1), leaf))
                raise CorpusError("corpus.bad_row", name=name, row=row, column=leaf.name)
            yield from values_of(batch, leaf)
            row += len(batch)
    except (pa.ArrowException, OSError):
        raise CorpusError("corpus.damaged_table", name=name) from None


def _is_utf8(batch: Any, leaf: Leaf) -> bool:
    try:
        values_of(batch, leaf)
    except UnicodeDecodeError:
        return False
    return True


def read_json(text: str, name: str, *, lines: bool) -> Table:
    """One value a line, or one value: a list of rows, or a list under some name.

    A .json file that has a value on each line is read so. Raises `CorpusError`: corpus.bad_json,
    corpus.damaged_table, corpus.no_rows, corpus.no_text_column.
    """
    if lines:
        values = list(_json_lines(text, name))
    else:
        try:
            values = _rows_in(json.loads(text))
        except json.JSONDecodeError as error:
            if error.msg != "Extra data" or error.lineno == 1:
                raise CorpusError("corpus.bad_json", name=name, line=error.lineno,
                                  column=error.colno) from None
            values = list(_json_lines(text, name))
        except (ValueError, RecursionError):  # a number of thousands of digits, endless brackets
            raise CorpusError("corpus.damaged_table", name=name) from None
    rows = [value if isinstance(value, dict) else {"text": value} for value in values]
    if not rows:
        raise CorpusError("corpus.no_rows", name=name)
    return _of_rows(rows, offered(json_leaves(rows), name))


def lines_of(text: str) -> Iterator[str]:
    """One after another with their ends, all of one kind."""
    return (match[0].replace("\r\n", "\n").replace("\r", "\n") for match in _LINE.finditer(text))


def _json_lines(text: str, name: str) -> Iterator[Any]:
    for number, line in enumerate(lines_of(text), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line.rstrip())
        except json.JSONDecodeError as error:
            raise CorpusError("corpus.bad_json", name=name, line=number,
                              column=error.colno) from None
        except (ValueError, RecursionError):
            raise CorpusError("corpus.bad_json", name=name, line=number, column=1) from None


def _rows_in(value: Any) -> list[Any]:
    """The rows of a JSON value: itself, or the one list of objects that it holds."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        lists = [inner for inner in value.values()
                 if isinstance(inner, list) and inner and isinstance(inner[0], dict)]
        if len(lists) == 1 and not isinstance(value.get("messages"), list):
            return lists[0]
    return [value]


def _of_rows(rows: list[Any], leaves: dict[str, Leaf]) -> Table:
    return Table(leaves, lambda leaf: (text_of(row, leaf) for row in rows))


def offered(leaves: Mapping[str, Leaf], name: str) -> dict[str, Leaf]:
    """These columns. Raises `CorpusError` (corpus.no_text_column) where there are none."""
    if not leaves:
        raise CorpusError("corpus.no_text_column", name=name)
    return dict(leaves)
