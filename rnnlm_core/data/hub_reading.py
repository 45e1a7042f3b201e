"""The rows of one column, over the network, no more of them than are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from random import Random
from typing import Any

from rnnlm_core.data.columns import Leaf, values_of
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
        self._system = HfFileSystem(token=job.sent_token, skip_instance_cache=True)
        self._first = self._file(files[0])

    def _file(self, path: str) -> Any:
        from pyarrow.parquet import ParquetFile

        source = self._system.open(path, "rb", block_size=self._block)
        return ParquetFile(source, pre_buffer=False, buffer_size=self._block)

    def schema(self) -> Any:
        return self._first.schema_arrow

    @property
    def places(self) -> int:
        """Row groups of all files, if the others have as many as the first."""
        return int(self._first.num_row_groups) * len(self._files)

    def values(self, leaf: Leaf, place: int) -> Iterator[list[str | None]]:
        """From the beginning, or from a row group that the seed `place` chooses, to the end and
        then from the beginning up to there: large sets are ordered, and their head is no sample."""
        column = _selected(self.schema(), leaf)
        start, group = self._drawn(place) if place else (0, 0)
        files = range(len(self._files))
        for number in [*files[start:], *files[:start]]:
            yield from self._groups(number, group if number == start else 0, None, column, leaf)
        if group:
            yield from self._groups(start, 0, group, column, leaf)

    def _opened(self, number: int) -> Any:
        return self._file(self._files[number]) if number else self._first

    def _drawn(self, seed: int) -> tuple[int, int]:
        """A file and a row group in it; not the beginning, where there is anything else."""
        random = Random(seed)
        file = random.randrange(len(self._files))
        groups = self._opened(file).num_row_groups
        group = random.randrange(groups)
        if (file, group) == (0, 0) and self.places > 1:
            if groups > 1:
                group = random.randrange(1, groups)
            else:
                file = random.randrange(1, len(self._files))
        return file, group

    def _groups(self, number: int, first: int, end: int | None, column: str, leaf: Leaf
                ) -> Iterator[list[str | None]]:
        file = self._opened(number)
        groups = list(range(file.num_row_groups))[first:end]
        # one thread: the hooks know a call by the thread that asks
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=groups,
                                       columns=[column], use_threads=False):
            yield values_of(batch, leaf)


def _selected(schema: Any, leaf: Leaf) -> str:
    """What Parquet is asked for: the field itself, as far as no list is in the way."""
    import pyarrow.types as is_

    name, kind = leaf.keys[0], schema.field(leaf.keys[0]).type
    for key in leaf.keys[1:]:
        if not is_.is_struct(kind):
            break
        name, kind = f"{name}.{key}", kind.field(key).type
    return name


class StreamReader:
    """Any other format, streamed by `datasets`, from its beginning."""

    places = 1

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
        import pyarrow as pa

        return pa.schema([]) if self._first is None else self._first.schema

    def values(self, leaf: Leaf, place: int) -> Iterator[list[str | None]]:
        return (values_of(batch, leaf) for batch in chain([self._first], self._batches))
