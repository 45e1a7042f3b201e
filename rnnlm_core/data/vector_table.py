"""Tables of word vectors (GloVe, fastText) in the store, and what they cover of a vocabulary."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Ids, Tokenizer
from rnnlm_core.data.vector_reading import Reading, VectorTable
from rnnlm_core.errors import BadInput
from rnnlm_core.files import replace_file

_SHA256 = re.compile("[0-9a-f]{64}")
_MISSING = 12


class TablePapers(NamedTuple):
    """What a page offers of a kept table, and where it came from."""

    sha256: str
    title: str
    words: int
    size: int
    source: str = ""  # `hf:…` as it was asked for; "" for a file of the reader's
    revision: str = ""  # of the repository, a commit
    rows: int = 0  # that were read of the file
    ended: str = "all"  # why no more of them: see `vector_reading.Reading`


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


# -- the store -------------------------------------------------------------------------------------
def keep_vectors(store: Path, read: Reading, title: str, source: str = "", revision: str = ""
                 ) -> TablePapers:
    """Into the store of the texts, `STORE/SHA256/vectors.npz`; its SHA-256 goes into a config."""
    packed, table = io.BytesIO(), read.table
    words = np.frombuffer(json.dumps(table.words).encode(), np.uint8)
    np.savez(packed, words=words, vectors=table.vectors)
    sha256 = hashlib.sha256(packed.getvalue()).hexdigest()
    folder = store / sha256
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / "vectors.npz", packed.getvalue())
    papers = TablePapers(sha256, title, len(table.words), table.size, source, revision, read.rows,
                         read.ended)
    replace_file(folder / "vectors.json", json.dumps(papers._asdict()).encode())
    return papers


def is_sha256(name: str) -> bool:
    return _SHA256.fullmatch(name) is not None


def stored_vectors(store: Path, sha256: str) -> VectorTable:
    """A table by its hash. Raises `BadInput` where it is not there or is not what it was."""
    try:
        if not is_sha256(sha256):
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
