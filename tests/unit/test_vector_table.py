"""Tables of word vectors: what is read, what is refused and where, what they cover."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from rnnlm_core.data.tokenizer import WordTokenizer
from rnnlm_core.data.vector_reading import VectorTable, read_uploaded
from rnnlm_core.data.vector_table import (
    coverage,
    keep_vectors,
    papers_of,
    stored_tables,
    stored_vectors,
    titled,
)
from rnnlm_core.errors import BadInput

PLAIN = b"the 0.5 -1 2e-1\ncat 1 0 0\n"


def table_of(raw: bytes) -> VectorTable:
    return read_uploaded(raw, "small.vec").table


def archive(**arrays: object) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


@pytest.mark.parametrize("raw", [
    PLAIN, b"2 3\n" + PLAIN, b"\xef\xbb\xbf" + PLAIN, PLAIN.replace(b"\n", b" \r\n"),
    PLAIN + b"\nthe 9 9 9\n",  # the first of a word is kept
    archive(words=np.array(["the", "cat"]), vectors=np.array([[0.5, -1, 0.2], [1, 0, 0]]))],
    ids=["plain", "head", "mark", "spaces", "twice", "npz"])
def test_a_table_is_read(raw: bytes) -> None:
    table = table_of(raw)
    assert table.words == ("the", "cat") and table.size == 3
    assert table.vectors == pytest.approx(np.array([[0.5, -1, 0.2], [1, 0, 0]]))


def test_a_word_may_hold_spaces_and_a_number_may_be_a_word() -> None:
    table = table_of(b"a 1 2\n. . . 3 4\n1984 5 6\n")
    assert table.words == ("a", ". . .", "1984")


@pytest.mark.parametrize(("raw", "sentence"), [
    (b"a 1 2\n\nb 3\n", "Line 3 of t.vec has 1 numbers, but the lines before it have 2."),
    (b"2 2\na 1 2\nb 3 x\n", "Line 3 of t.vec holds x, which is not a finite number."),
    (b"a 1 nan\n", "Line 1 of t.vec holds nan, which"),
    (b"a 1 1e999\n", "Line 1 of t.vec holds 1e999, which"),
    (b"", "t.vec is no table of vectors."), (b"word\nword\n", "t.vec is no table of vectors."),
    (b"\xff\xfe 1 2", "t.vec is no table of vectors."),
    (b"a" + b" 1" * 1_025, "t.vec has 1025 numbers for each word; at most 1024 can be used."),
    (b"PK\x03\x04 broken", "t.vec cannot be read. An .npz file must hold"),
    (archive(words=np.array(["a"])), "t.vec cannot be read."),
    (archive(words=np.array(["a"]), vectors=np.ones((2, 2))), "t.vec cannot be read."),
    (archive(words=np.array(["a"], object), vectors=np.ones((1, 2))), "t.vec cannot be read."),
    (archive(words=np.array([1]), vectors=np.ones((1, 2))), "t.vec cannot be read."),
    (archive(words=np.array(["a"]), vectors=np.full((1, 2), np.inf)), "t.vec cannot be read.")])
def test_what_is_no_table_is_refused_where_it_goes_wrong(raw: bytes, sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_uploaded(raw, "t.vec")
    assert str(refused.value).startswith(sentence)


def test_a_large_file_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive(words=np.array(["a"]), vectors=np.zeros((1, 900)))
    monkeypatch.setattr("rnnlm_core.data.vector_reading.MAX_BYTES", 5_000)
    assert table_of(b"a 1\n").size == 1
    with pytest.raises(BadInput, match="larger than"):
        read_uploaded(packed, "t.npz")


def test_a_kept_table_comes_back_and_a_changed_one_does_not(tmp_path: Path) -> None:
    read = read_uploaded(PLAIN, "small.vec")
    papers = keep_vectors(tmp_path, read, "small.vec")
    sha256 = papers.sha256
    assert keep_vectors(tmp_path, read_uploaded(PLAIN, "x"), "small.vec") == papers
    found = stored_vectors(tmp_path, sha256)
    assert found.words == ("the", "cat") and found.vectors.shape == (2, 3)
    assert papers_of(tmp_path, sha256)[1:] == ("small.vec", 2, 3, "", "", 2, "all")
    assert titled(stored_tables(tmp_path)) == {sha256: "small.vec · 3"}
    (tmp_path / sha256 / "vectors.npz").write_bytes(b"PK")
    for lost in (sha256, "0" * 64, "../" + sha256, ""):
        with pytest.raises(BadInput, match="not on this machine"):
            stored_vectors(tmp_path, lost)


def test_coverage_by_hand() -> None:
    """`The cat sat.`: of the, cat, sat, ., space and <unk> the table has The (as the) and cat."""
    tokenizer = WordTokenizer.fit("The cat sat. The cat sat. The cat")
    ids = tokenizer.encode("The cat sat. The cat sat. The cat")
    found = coverage(table_of(PLAIN), tokenizer, ids)
    assert found.count == 2 and found.of_vocabulary == pytest.approx(2 / 6)
    assert found.of_text == pytest.approx(6 / 17)  # 3 The, 3 cat; 2 sat, 2 ., 7 spaces
    assert found.missing == [(" ", 7), (".", 2), ("sat", 2)]
    assert found.rows[tokenizer.id_of("The")] == 0 and found.rows[tokenizer.id_of("cat")] == 1
