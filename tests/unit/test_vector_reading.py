"""Published tables of word vectors: packed, long, damaged, and never more of them than asked for.

Expected numbers are written by hand or read by numpy's own `loadtxt`.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rnnlm_core.data.vector_reading import Budget, read_vectors, tables_inside
from rnnlm_core.data.vector_sources import named_table
from rnnlm_core.data.vector_table import stored_vectors
from rnnlm_core.errors import BadInput
from tests.hub_stand_in import vector_file, vector_repositories, zipped

TEXT = vector_file(3_000, size=7, head=True)
FORMS = {"plain.vec": TEXT, "gz.vec.gz": gzip.compress(TEXT),
         "zip.vec.zip": zipped({"a.vec": TEXT}), "no_head.txt": vector_file(3_000, size=7),
         "two.gz": gzip.compress(TEXT[:5_000]) + gzip.compress(TEXT[5_000:])}

REPOSITORIES = vector_repositories()


class Counted(io.BytesIO):
    """Knows how far it was read."""

    furthest = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.furthest = max(self.furthest, self.tell())
        return piece


@pytest.mark.parametrize("name", list(FORMS))
def test_every_form_gives_what_numpy_reads(name: str) -> None:
    expected = np.loadtxt(io.BytesIO(TEXT), skiprows=1, usecols=range(1, 8), dtype=np.float32)
    told: list[int] = []
    found = read_vectors(io.BytesIO(FORMS[name]), name, tell=told.append)
    assert (found.rows, found.ended, found.table.size) == (3_000, "all", 7)
    assert found.table.words == tuple(f"w{row}" for row in range(3_000))
    assert np.array_equal(found.table.vectors, expected)
    assert told == sorted(told) and len(told) >= 5


@pytest.mark.parametrize("name", ["plain.vec", "gz.vec.gz", "zip.vec.zip"])
def test_it_stops_after_the_rows_that_were_asked_for(name: str) -> None:
    long = vector_file(100_000, size=7)
    raw = {"plain.vec": long, "gz.vec.gz": gzip.compress(long, 1),
           "zip.vec.zip": zipped({"a.vec": long})}[name]
    file = Counted(raw)
    found = read_vectors(file, name, Budget(rows=200))
    assert (found.rows, found.ended, found.table.words[-1]) == (200, "rows", "w199")
    if name != "zip.vec.zip":  # whose list is at the end
        assert file.furthest < 0.3 * len(raw)


def test_it_stops_when_time_is_up_and_keeps_what_it_has() -> None:
    found = read_vectors(io.BytesIO(TEXT), "t.vec", Budget(seconds=0.0))
    assert found.ended == "seconds" and 0 < found.rows < 3_000


def test_it_stops_before_the_numbers_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlm_core.data.vector_reading.MAX_BYTES", 7 * 4 * 10)
    found = read_vectors(io.BytesIO(TEXT), "t.vec")
    assert (len(found.table.words), found.ended) == (10, "size")


def test_a_word_that_comes_again_is_read_and_not_kept() -> None:
    found = read_vectors(io.BytesIO(b"a 1\nb 2\na 3\nc 4\n"), "t.vec", Budget(rows=3))
    assert (found.rows, found.ended, found.table.words) == (3, "rows", ("a", "b"))
    assert found.table.vectors.tolist() == [[1], [2]]


def test_a_later_word_that_is_no_utf8_spoils_nothing() -> None:
    found = read_vectors(io.BytesIO(b"a 1 2\ncaf\xe9 3 4\nb 5 6\n"), "t.vec")
    assert found.table.words == ("a", "caf\ufffd", "b")


def test_the_tables_in_an_archive_and_the_one_that_is_named() -> None:
    raw = REPOSITORIES["acme/glove"].files["glove.zip"]
    assert tables_inside(io.BytesIO(raw), "g.zip") == ["glove.20d.txt", "sub/glove.5d.txt"]
    found = read_vectors(io.BytesIO(raw), "g.zip", member="sub/glove.5d.txt")
    assert (found.table.size, found.rows) == (5, 9)


BOMBS = REPOSITORIES["acme/bombs"].files


@pytest.mark.parametrize(("name", "raw", "sentence"), [
    ("line.gz", BOMBS["line.gz"], "line.gz is no table of vectors."),
    ("blank.gz", BOMBS["blank.gz"], "blank.gz is no table of vectors."),
    ("cut.gz", BOMBS["cut.gz"], "cut.gz cannot be unpacked: it is damaged"),
    ("wrong.gz", b"\x1f\x8b" + b"wrong" * 9, "wrong.gz cannot be unpacked"),
    ("damaged.zip", BOMBS["damaged.zip"], "damaged.zip cannot be unpacked"),
    ("locked.zip", BOMBS["locked.zip"], "locked.zip is locked with a password."),
    ("no_table.zip", BOMBS["no_table.zip"], "no_table.zip holds no table of vectors"),
    ("two.zip", zipped({"a.vec": b"a 1\n", "b.vec": b"a 1\n"}),
     "two.zip holds several tables. Write one of these after a colon: a.vec, b.vec."),
    ("short.npz", FORMS["zip.vec.zip"], "short.npz cannot be read. An .npz file must hold")])
def test_what_cannot_be_read_is_one_sentence(name: str, raw: bytes, sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_vectors(io.BytesIO(raw), name)
    assert str(refused.value).startswith(sentence)


def test_a_false_length_inside_an_archive_is_no_fault_of_ours() -> None:
    packed = io.BytesIO()
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999), }"
    header += b" " * (117 - len(header)) + b"\n"
    with zipfile.ZipFile(packed, "w") as archive:
        words = io.BytesIO()
        np.save(words, np.array(["a"]))
        archive.writestr("words.npy", words.getvalue())
        archive.writestr("vectors.npy", b"\x93NUMPY\x01\x00" + bytes([118, 0]) + header)
    with pytest.raises(BadInput, match="cannot be read"):
        read_vectors(io.BytesIO(packed.getvalue()), "t.npz")


# -- a file of this machine ------------------------------------------------------------------------
def test_a_file_is_kept_and_named_by_its_hash(tmp_path: Path) -> None:
    store, path = tmp_path / "store", tmp_path / "my.vec.gz"
    path.write_bytes(FORMS["gz.vec.gz"])
    papers = named_table(str(path), store)
    assert papers[1:4] == ("my.vec.gz", 3_000, 7)
    assert stored_vectors(store, papers.sha256).words[2] == "w2"
    assert named_table(papers.sha256, store) == papers
    packed = tmp_path / "two.zip"
    packed.write_bytes(zipped({"a.vec": b"a 1 2\n", "b.vec": b"b 3 4\n"}))
    assert named_table(f"{packed}:b.vec", store)[1:4] == ("b.vec", 1, 2)


@pytest.mark.parametrize("name", ["none.vec", "none.zip:a.vec", ".", "0" * 64, "C:\\none.vec"])
def test_a_file_that_is_not_there_is_told(name: str, tmp_path: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"There is no file|not on this machine"):
        named_table(name, tmp_path / "store")
