"""The rows of one column, over the network, no more of them than are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from rnnlm_core.data.hub_call import Job

_BATCH_ROWS = 64  # small, because a row may hold a whole book


class ParquetReader:
    """Parquet files over the network, one column, no more of it than is asked for.

    `buffer_size` makes pyarrow read a column piece by piece; without it, it asks for the column of
    a whole row group, which may be 200 MB.
    """

    keeps_lines = False

    def __init__(self, files: list[str], job: Job) -> None:
        from huggingface_hub import HfFileSystem

        self._files, self._block = files, job.block_bytes
        self._system = HfFileSystem(token=False, skip_instance_cache=True)
        self._first = self._file(files[0])

    def _file(self, path: str) -> Any:
        from pyarrow.parquet import ParquetFile

        source = self._system.open(path, "rb", block_size=self._block)
        return ParquetFile(source, pre_buffer=False, buffer_size=self._block)

    def schema(self) -> Any:
        return self._first.schema_arrow

    def batches(self, column: str) -> Iterator[Any]:
        for number, path in enumerate(self._files):
            file = self._file(path) if number else self._first
            # one thread: the hooks know a call by the thread that asks
            yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=[column],
                                         use_threads=False)


class StreamReader:
    """Any other format, streamed by `datasets`."""

    def __init__(self, builder: Any, split: str, job: Job) -> None:
        # Text files are read line by line, but with their line ends, so that the text is the file.
        self.keeps_lines = builder.name == "text"
        # Small pieces: the usual ones are 10 MB, of a CSV file 10,000 rows.
        settings = {"keep_linebreaks": True, "sample_by": "line",
                    "chunksize": 500 if builder.name == "csv" else job.block_bytes}
        for name, value in settings.items():
            if hasattr(builder.config, name):
                setattr(builder.config, name, value)
        rows = builder.as_streaming_dataset(split=split)
        self._batches = iter(rows.with_format("arrow").iter(batch_size=_BATCH_ROWS))
        self._first = next(self._batches, None)

    def schema(self) -> Any:
        return () if self._first is None else self._first.schema

    def batches(self, column: str) -> Iterator[Any]:
        return chain([self._first], self._batches)


def values_of(batch: Any, keys: tuple[str, ...]) -> list[str | None]:
    """The texts of a column, or of a field inside it."""
    import pyarrow.compute as pc

    column = batch.column(keys[0])
    values: list[str | None] = (pc.struct_field(column, keys[1:]) if keys[1:] else column
                                ).to_pylist()
    return values


class Joined:
    """Rows joined by line ends; a row that has one keeps it."""

    def __init__(self, keeps_lines: bool) -> None:
        self.parts: list[str] = []
        self.characters = self.rows = self.blank_rows = 0
        self._keeps_lines = keeps_lines  # a blank line of a text file is part of the text
        self._open_line = False

    def add(self, rows: Iterable[str | None]) -> None:
        for row in rows:
            row = (row or "").removeprefix("\ufeff")
            if not self._keeps_lines and not row.strip():
                self.blank_rows += 1
                continue
            part = "\n" + row if self._open_line else row
            self.parts.append(part)
            self.characters += len(part)
            self.rows += 1
            self._open_line = not row.endswith("\n")
