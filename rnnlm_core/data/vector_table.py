"""Tables of word vectors (GloVe, fastText): read, kept in the store, looked up.

Text (`.vec`, `.txt`): a word and its numbers a line, separated by spaces, with or without the
"N D" line of word2vec in front. `.npz`: the arrays `words` and `vectors`; never a pickle.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Ids, Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.files import replace_file

WIDEST = 1_024  # numbers a word: the largest embedding
MAX_BYTES = 200_000_000
_SHA256 = re.compile("[0-9a-f]{64}")
_MISSING = 12
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


class TablePapers(NamedTuple):
    """What a page offers of a kept table."""

    sha256: str
    title: str
    words: int
    size: int


@dataclass(frozen=True)
class Coverage:
    """How much of a vocabulary, and of the text it was made of, has a vector."""

    rows: NDArray[np.int64]  # (V,): the row of the table, −1 where there is none
    of_vocabulary: float  # share of the V tokens
    of_text: float  # share of the running tokens
    missing: list[tuple[str, int]]  # the commonest without one, and how often they occur

    @property
    def count(self) -> int:
        return int((self.rows >= 0).sum())


# -- reading ---------------------------------------------------------------------------------------
def read_vectors(raw: bytes, name: str) -> VectorTable:
    """The table in a file. Raises `BadInput`, vectors.*, with the line where it is one of text."""
    if len(raw) > MAX_BYTES:
        raise BadInput("corpus.too_large", name=name, limit=MAX_BYTES // 1_000_000)
    words, vectors = _from_archive(raw, name) if raw.startswith(b"PK") else _from_text(raw, name)
    if vectors.shape[1] > WIDEST:
        raise BadInput("vectors.too_wide", name=name, value=vectors.shape[1], limit=WIDEST)
    first = {word: row for row, word in reversed(list(enumerate(words)))}  # the first of a word
    kept = sorted(first.values())
    return VectorTable(tuple(words[row] for row in kept), vectors[kept])


def _from_text(raw: bytes, name: str) -> tuple[list[str], Floats]:
    try:
        lines = [line for line in enumerate(raw.decode("utf-8-sig").split("\n"), 1)
                 if line[1].strip()]
    except UnicodeDecodeError:
        raise BadInput("vectors.no_table", name=name) from None
    if len(lines) > 1 and _is_head(lines[0][1], lines[1][1]):
        lines = lines[1:]
    size = len(lines[0][1].split()) - 1 if lines else 0
    if size < 1:
        raise BadInput("vectors.no_table", name=name)
    words, vectors = [], np.empty((len(lines), size), np.float32)
    for row, (number, line) in enumerate(lines):
        word, *values = line.rstrip().rsplit(" ", size)  # a word may itself hold spaces
        if len(values) < size:
            raise BadInput("vectors.line", line=number, name=name, value=len(values), limit=size)
        vectors[row] = _numbers(values, number, name)
        words.append(word)
    return words, vectors


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


def _from_archive(raw: bytes, name: str) -> tuple[list[str], Floats]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_BYTES:
                raise BadInput("corpus.too_large", name=name, limit=MAX_BYTES // 1_000_000)
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            words, vectors = arrays["words"], np.asarray(arrays["vectors"], np.float32)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError):
        raise BadInput("vectors.archive", name=name) from None
    if words.dtype.kind != "U" or words.ndim != 1 or vectors.ndim != 2 or not (
            len(words) == len(vectors) > 0 and vectors.shape[1] and np.isfinite(vectors).all()):
        raise BadInput("vectors.archive", name=name)
    return words.tolist(), vectors


# -- the store -------------------------------------------------------------------------------------
def keep_vectors(store: Path, table: VectorTable, title: str) -> str:
    """Into the store of the texts, `STORE/SHA256/vectors.npz`; its SHA-256 goes into a config."""
    packed = io.BytesIO()
    words = np.frombuffer(json.dumps(table.words).encode(), np.uint8)
    np.savez(packed, words=words, vectors=table.vectors)
    sha256 = hashlib.sha256(packed.getvalue()).hexdigest()
    folder = store / sha256
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / "vectors.npz", packed.getvalue())
    papers = TablePapers(sha256, title, len(table.words), table.size)
    replace_file(folder / "vectors.json", json.dumps(papers._asdict()).encode())
    return sha256


def stored_vectors(store: Path, sha256: str) -> VectorTable:
    """A table by its hash. Raises `BadInput` where it is not there or is not what it was."""
    try:
        if not _SHA256.fullmatch(sha256):
            raise FileNotFoundError
        raw = (store / sha256 / "vectors.npz").read_bytes()
    except OSError:
        raise BadInput("vectors.lost") from None
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise BadInput("vectors.lost")
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return VectorTable(tuple(json.loads(arrays["words"].tobytes())), arrays["vectors"])


def papers_of(store: Path, sha256: str) -> TablePapers:
    """Title and sizes of a kept table, without reading it. Raises `BadInput`."""
    found = [papers for papers in stored_tables(store) if papers.sha256 == sha256]
    if not found:
        raise BadInput("vectors.lost")
    return found[0]


def stored_tables(store: Path) -> list[TablePapers]:
    """Every kept table, the newest first; damaged papers are passed over."""
    found: list[tuple[float, TablePapers]] = []
    for path in store.glob("*/vectors.json"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            values: dict[str, Any] = json.loads(path.read_text("utf-8"))
            found.append((path.stat().st_mtime, TablePapers(**values)))
    return [papers for _, papers in sorted(found, key=lambda f: -f[0])]


# -- looking up ------------------------------------------------------------------------------------
def coverage(table: VectorTable, tokenizer: Tokenizer, ids: Ids) -> Coverage:
    """Which tokens have a vector; `ids` (N,) are the running tokens of the training part.

    A token that the table lacks is looked up in lower case, as GloVe's tables have only that.
    """
    known = {word: row for row, word in enumerate(table.words)}
    no_words = (tokenizer.unknown_id, tokenizer.start_id, tokenizer.end_id)
    rows = np.array([_row(known, piece) if index not in no_words else -1
                     for index, piece in enumerate(tokenizer.pieces)], np.int64)
    counts = np.bincount(ids, minlength=tokenizer.size)
    lacking = np.flatnonzero((rows < 0) & (counts > 0))
    commonest = lacking[np.argsort(-counts[lacking], kind="stable")][:_MISSING]
    return Coverage(rows, float((rows >= 0).mean()), float(counts[rows >= 0].sum() / len(ids)),
                    [(tokenizer.pieces[i], int(counts[i])) for i in commonest])


def _row(known: dict[str, int], piece: str) -> int:
    return known.get(piece, known.get(piece.lower(), -1))


def titled(tables: Iterable[TablePapers]) -> dict[str, str]:
    """What to call each table, by its hash; no two alike."""
    names: dict[str, str] = {}
    for table in tables:
        name = f"{table.title} · {table.size}"
        taken = name in names.values()
        names[table.sha256] = f"{name} · {table.sha256[:6]}" if taken else name
    return names
