"""A table of word vectors by any of its names, in the store in the end.

    its SHA-256          what is in the store already
    hf:OWNER/NAME:FILE   a file of the hub, read now where the store does not have it
    a path[:FILE_IN_ZIP] a file of this machine: for the shell and notebooks, never for a page
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rnnlm_core.data.hub_call import HubProgress
from rnnlm_core.data.hub_vectors import HUB, USUAL_ROWS, VectorSpec, fetch_vectors
from rnnlm_core.data.vector_reading import read_vectors
from rnnlm_core.data.vector_table import (
    TablePapers,
    is_sha256,
    keep_vectors,
    papers_of,
    stored_tables,
)
from rnnlm_core.errors import CorpusError


def hub_table(source: str, store: Path, most_rows: int = USUAL_ROWS,
              progress: Callable[[HubProgress], None] | None = None,
              cancelled: Callable[[], bool] | None = None, token: str | None = None
              ) -> TablePapers:
    """The table of `hf:…`: from the store where as much of it is there, else read and kept.

    Raises `BadInput` as `fetch_vectors` does.
    """
    spec = VectorSpec.parse(source)
    if (found := kept_table(str(spec), store, most_rows)) is not None:
        return found
    got = fetch_vectors(spec, most_rows=most_rows, progress=progress, cancelled=cancelled,
                        token=token)
    return keep_vectors(store, got.read, got.spec.title, str(spec), got.revision)


def kept_table(source: str, store: Path, most_rows: int = 0) -> TablePapers | None:
    """What the store has of `hf:…`: all of it, or at least so many rows."""
    return next((papers for papers in stored_tables(store) if papers.source == source
                 and (papers.ended == "all" or papers.rows >= most_rows)), None)


def named_table(name: str, store: Path, progress: Callable[[HubProgress], None] | None = None
                ) -> TablePapers:
    """The table that a person names in a shell or a notebook, a file of theirs kept first.

    Raises `BadInput`: vectors.* and hub.* with one sentence on what to do.
    """
    if is_sha256(name):
        return papers_of(store, name)
    if name.startswith(HUB):
        return hub_table(name, store, progress=progress)
    path, member = Path(name), None
    if not path.is_file() and ":" in name:  # a file in a .zip
        before, _, member = name.rpartition(":")
        path = Path(before)
    if not path.is_file():
        raise CorpusError("corpus.no_file", name=Path(name).name)
    try:
        with open(path, "rb") as file:
            read = read_vectors(file, path.name, member=member)
    except OSError:  # no permission, or the disk's own fault
        raise CorpusError("corpus.no_file", name=path.name) from None
    return keep_vectors(store, read, member or path.name)
