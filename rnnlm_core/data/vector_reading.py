"""Tables of word vectors (GloVe, word2vec, fastText), read from an open file row by row.

Text (`.vec`, `.txt`): a word and its numbers a line, separated by spaces, with or without the
"N D" line of word2vec in front, plain, as `.gz` or inside a `.zip`. `.npz`: the arrays `words` and
`vectors`; never a pickle.

Published tables hold millions of rows, the commonest words first. So a reading ends where its
`Budget` is spent, and says so; sizes are counted while unpacking, since those that an archive tells
may be wrong. A file of the hub moves only as far as it is read.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import IO

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.hub_errors import listed, plain
from rnnlm_core.data.vector_lines import Binary, Ended, Lines
from rnnlm_core.errors import BadInput

WIDEST = 1_024  # numbers a word: the largest embedding
MAX_BYTES = 200_000_000  # of an upload, of an .npz, and of the numbers that are kept
MOST_ROWS = 1_000_000
_SHOWN = 20  # characters of a wrong value in a sentence

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class VectorTable:
    """`vectors[i]` (N, D) belongs to `words[i]`; no word twice."""

    words: tuple[str, ...]
    vectors: Floats

    @property
    def size(self) -> int:
        """D."""
        return int(self.vectors.shape[1])


@dataclass(frozen=True)
class Budget:
    """Where a reading ends, whichever comes first."""

    rows: int = MOST_ROWS
    seconds: float = float("inf")


@dataclass(frozen=True)
class Reading:
    """A table, and how much of its file that is."""

    table: VectorTable
    rows: int  # lines that were read; a word that came again is not in the table
    ended: Ended  # what was reached first


def read_vectors(file: IO[bytes], name: str, budget: Budget | None = None,
                 member: str | None = None, tell: Callable[[int], None] | None = None) -> Reading:
    """The table in a file that can be sought in; `member` names one of the files in a .zip.

    `tell` gets the number of lines now and then, and may raise. Raises `BadInput`, vectors.* with
    the line where it is one of text, corpus.* for an archive, and whatever the file itself raises.
    """
    zipped = name.endswith((".zip", ".npz"))
    start = b"" if zipped else file.read(2)  # on the hub, each look at another place moves a block
    file.seek(0)
    try:
        if zipped or start == b"PK":
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
                if "words.npy" in names or "vectors.npy" in names or name.endswith(".npz"):
                    return _from_arrays(archive, name)
                with archive.open(_chosen(archive, name, member)) as text:
                    return _from_text(text, member or name, budget or Budget(), tell)
        if start == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=file) as text:
                return _from_text(text, name, budget or Budget(), tell)
        return _from_text(file, name, budget or Budget(), tell)
    # no OSError: the file may lie on the hub, and its own faults are told by others
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError):
        packed = name.endswith((".zip", ".gz"))
        code = "corpus.damaged_archive" if packed else "vectors.archive"
        raise BadInput(code, name=name) from None


def read_uploaded(raw: bytes, name: str) -> Reading:
    """All of a table that is in memory. Raises `BadInput` like `read_vectors`, and where it is too
    large for that."""
    if len(raw) > MAX_BYTES:
        raise BadInput("corpus.too_large", name=name, limit=MAX_BYTES // 1_000_000)
    return read_vectors(io.BytesIO(raw), name)


def tables_inside(file: IO[bytes], name: str) -> list[str]:
    """What a .zip file holds that may be a table of text; its list is at its end, and short.

    Raises `BadInput`, corpus.damaged_archive.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return [entry.filename for entry in _texts(archive)]
    except zipfile.BadZipFile:
        raise BadInput("corpus.damaged_archive", name=name) from None


def _texts(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [entry for entry in archive.infolist()
            if entry.filename.endswith((".vec", ".txt")) and not entry.filename.startswith("__")]


def _chosen(archive: zipfile.ZipFile, name: str, member: str | None) -> zipfile.ZipInfo:
    texts = {entry.filename: entry for entry in _texts(archive)}
    if not texts:
        raise BadInput("vectors.none_inside", name=name)
    if member is None and len(texts) > 1:
        raise BadInput("vectors.which", name=name, choices=listed(texts))
    entry = next(iter(texts.values())) if member is None else texts.get(member)
    if entry is None:
        raise BadInput("vectors.no_member", name=name, value=plain(str(member)),
                       choices=listed(texts))
    if entry.flag_bits & 1:
        raise BadInput("corpus.locked", name=name)
    return entry


# -- text ------------------------------------------------------------------------------------------
def _from_text(text: Binary, name: str, budget: Budget, tell: Callable[[int], None] | None
               ) -> Reading:
    lines = Lines(text, name, budget.seconds, tell)
    rows = iter(lines)
    first, second = next(rows, None), next(rows, None)
    if first is None:
        raise BadInput("vectors.no_table", name=name)
    waiting = [line for line in (first, second) if line is not None]
    if second is not None and _is_head(first[1], second[1]):
        waiting = waiting[1:]
    size = len(waiting[0][1].split()) - 1
    if size < 1:
        raise BadInput("vectors.no_table", name=name)
    if size > WIDEST:
        raise BadInput("vectors.too_wide", name=name, value=size, limit=WIDEST)
    most = min(budget.rows, MAX_BYTES // (4 * size))
    found: dict[str, None] = {}  # the first of a word is kept
    vectors = np.empty((min(most, 4_096), size), np.float32)
    read, full = 0, False
    for number, line in chain(waiting, rows):
        if full := len(found) == most or read == budget.rows:
            break
        word, *values = line.rstrip().rsplit(" ", size)  # a word may itself hold spaces
        if len(values) < size:
            raise BadInput("vectors.line", line=number, name=name, value=len(values), limit=size)
        numbers = _numbers(values, number, name)
        read += 1
        if word not in found:
            if len(found) == len(vectors):
                vectors = _longer(vectors, min(most, 2 * len(vectors)))
            vectors[len(found)] = numbers
            found[word] = None
    ended: Ended = lines.ended
    if full:
        ended = "rows" if read == budget.rows else "size"
    return Reading(VectorTable(tuple(found), vectors[:len(found)]), read, ended)


def _longer(rows: Floats, count: int) -> Floats:
    grown = np.empty((count, rows.shape[1]), np.float32)
    grown[:len(rows)] = rows
    return grown


def _is_head(first: str, second: str) -> bool:
    """"N D", and lines of D numbers after it."""
    parts = first.split()
    return len(parts) == 2 and all(map(str.isdecimal, parts)) and (
        len(second.split()) == int(parts[1]) + 1)


def _numbers(values: list[str], line: int, name: str) -> Floats:
    with contextlib.suppress(ValueError, OverflowError):
        found = np.array(values, np.float32)
        if np.isfinite(found).all():
            return found
    wrong = next((v for v in values if not _is_number(v)), values[0])
    raise BadInput("vectors.number", line=line, name=name, value=wrong[:_SHOWN])


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(np.float32(text)))
    except (ValueError, OverflowError):
        return False


# -- arrays ----------------------------------------------------------------------------------------
def _from_arrays(archive: zipfile.ZipFile, name: str) -> Reading:
    if sum(part.file_size for part in archive.infolist()) > MAX_BYTES:
        raise BadInput("corpus.too_large", name=name, limit=MAX_BYTES // 1_000_000)
    try:
        words, vectors = (np.lib.format.read_array(archive.open(f"{part}.npy"), allow_pickle=False)
                          for part in ("words", "vectors"))
        vectors = np.asarray(vectors, np.float32)
    except (ValueError, KeyError, TypeError, MemoryError):  # the last of a false length
        raise BadInput("vectors.archive", name=name) from None
    if words.dtype.kind != "U" or words.ndim != 1 or vectors.ndim != 2 or not (
            len(words) == len(vectors) > 0 and vectors.shape[1] and np.isfinite(vectors).all()):
        raise BadInput("vectors.archive", name=name)
    if vectors.shape[1] > WIDEST:
        raise BadInput("vectors.too_wide", name=name, value=vectors.shape[1], limit=WIDEST)
    names: list[str] = words.tolist()
    first = {word: row for row, word in reversed(list(enumerate(names)))}
    kept = sorted(first.values())
    return Reading(VectorTable(tuple(names[row] for row in kept), vectors[kept]), len(names), "all")
