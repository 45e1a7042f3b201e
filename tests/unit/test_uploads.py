"""Any file a person has: packed, tables, every kind of damage, and what is offered instead."""

from __future__ import annotations

import gzip
import io
import json
import random
import tracemalloc
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnnlm_core.data.archives import Member, unpack
from rnnlm_core.data.files import LENIENT
from rnnlm_core.data.uploads import ALL, Found, Wishes, read_upload, repairs
from rnnlm_core.errors import CorpusError

POEM = "Über allen Gipfeln\nist Ruh,\n"
LIMIT = 1_000_000


def read(raw: bytes, name: str, **wishes: Any) -> tuple[str, Found]:
    found = Found()
    return read_upload(raw, name, Wishes(**wishes), found, LIMIT), found


def refused(raw: bytes, name: str, **wishes: Any) -> tuple[str, dict[str, object]]:
    with pytest.raises(CorpusError) as caught:
        read(raw, name, **wishes)
    return caught.value.code, caught.value.values


def mended(raw: bytes, name: str, **wishes: Any) -> list[str]:
    """The texts that the offered repairs give."""
    found = Found()
    with pytest.raises(CorpusError):
        read_upload(raw, name, Wishes(**wishes), found, LIMIT)
    return [read_upload(raw, name, other, Found(), LIMIT)
            for other, _ in repairs(raw, name, Wishes(**wishes), found)]


def zipped(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def parquet(**columns: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


# -- archives --------------------------------------------------------------------------------------
def test_packed_text_is_the_text() -> None:
    raw = POEM.encode()
    assert read(gzip.compress(raw), "poem.txt.gz")[0] == POEM
    assert read(gzip.compress(raw[:9]) + gzip.compress(raw[9:]), "poem.gz")[0] == POEM
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        text, found = read(zipped({"a/poem.txt": raw}, method), "poem.zip")
        assert (text, found.files, found.left_out) == (POEM, [], 0)
    assert read(zipped({"poem.txt.gz": gzip.compress(raw)}), "x.zip")[0] == POEM


def test_several_texts_are_joined_or_one_is_chosen() -> None:
    raw = zipped({"b.txt": "two\n", "../../a.md": "one", "__MACOSX/._b.txt": b"\0\5", ".DS": "x",
                  "photo.png": b"\x89PNG\r\n", "t.csv": "text\nthree\n", "sub/": ""})
    text, found = read(raw, "all.zip")
    assert text == "two\n\none"
    assert found.files == [ALL, "b.txt", "../../a.md", "t.csv"] and found.left_out == 1
    assert read(raw, "all.zip", file="../../a.md")[0] == "one"
    text, found = read(raw, "all.zip", file="t.csv")
    assert (text, found.kind, found.columns) == ("three", "csv", ["text"])
    assert read(raw, "all.zip", file="gone.txt")[0] == "two\n\none"


def test_a_bomb_is_refused_before_it_fills_the_memory() -> None:
    zeros = bytes(30_000_000)
    bombs = {"bomb.gz": gzip.compress(zeros, 1), "bomb.zip": zipped({"a": zeros, "b": zeros}),
             "deep.zip": zipped({"a.gz": gzip.compress(zeros, 1)})}
    tracemalloc.start()
    for name, raw in bombs.items():
        assert len(raw) < 300_000
        with pytest.raises(CorpusError) as caught:
            unpack(raw, name, 3_000_000)
        assert caught.value.values == {"name": name, "limit": 3}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("packed", [gzip.compress(b"a" * 101), zipped({"a": b"a" * 101}),
                                    zipped({"a.gz": gzip.compress(b"a" * 101)}),
                                    zipped({"a": b"a" * 51, "b": b"a" * 50})])
def test_the_limit_is_that_of_all_files_together(packed: bytes) -> None:
    assert sum(len(member.raw) for member in unpack(packed, "x", 101)) == 101
    with pytest.raises(CorpusError) as caught:
        unpack(packed, "x", 100)
    assert caught.value.code == "corpus.unpacked_too_large"


def test_archives_that_cannot_be_read() -> None:
    good = zipped({"a.txt": POEM * 100})
    locked = bytearray(zipped({"a.txt": POEM}))
    locked[6] |= 1
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    for raw, name, code in (
            (gzip.compress(b"abc" * 50)[:-9], "x.gz", "corpus.damaged_archive"),
            (gzip.compress(b"abc" * 50)[:-8] + bytes(8), "x.gz", "corpus.damaged_archive"),
            (good[:-30], "x.zip", "corpus.damaged_archive"),
            (good[:60] + bytes(9) + good[69:], "x.zip", "corpus.damaged_archive"),
            (bytes(locked), "x.zip", "corpus.locked"),
            (zipped({}), "x.zip", "corpus.nothing_inside"),
            (zipped({"a.png": b"\x89PNG\0"}), "x.zip", "corpus.nothing_inside"),
            (zipped({"a.zip": good}), "x.zip", "corpus.nothing_inside"),
            (zipped({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "x.docx",
             "corpus.binary")):
        assert refused(raw, name)[0] == code
    assert refused(zipped({f"{i}.txt": "a" for i in range(1_001)}), "x.zip") == (
        "corpus.too_many_files", {"name": "x.zip", "value": 1_001, "limit": 1_000})
    assert unpack(b"PK is a text", "x") == [Member("x", b"PK is a text")]


# -- tables ----------------------------------------------------------------------------------------
CSV = 'id,text,score\n1,"one, or\ntwo",0.5\n2,,\n3,three\n4,three,1e-3\n5,"  ",1\n'


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_with_any_separator_and_line_end(separator: str, end: str) -> None:
    raw = CSV.replace(",", separator).replace(f"one{separator}", "one,").replace("\n", end)
    text, found = read(raw.encode("utf-8-sig"), "t.csv")
    assert text == "one, or\ntwo\nthree\nthree"
    assert (found.kind, found.columns, found.column) == ("csv", ["text"], "text")
    assert found.rows is not None
    assert (found.rows.read, found.rows.nulls, found.rows.blanks, found.rows.repeated) == (
        5, 0, 2, 1)


def test_rows_as_they_are_wished_for() -> None:
    assert read(CSV.encode(), "t.csv", once=True)[0] == "one, or\ntwo\nthree"
    assert read(CSV.encode(), "t.csv", blank_line=True)[0] == "one, or\ntwo\n\nthree\n\nthree\n"
    assert read(CSV.encode(), "t.csv", plain=True)[0] == CSV
    text, found = read(b"a\tb\nc\td\n", "t.tsv", header=False, column="2")
    assert (text, found.columns) == ("b\nd", ["1", "2"])


def test_a_field_that_is_missing_is_null() -> None:
    text, found = read(b"a,b\nx\ny,z\n", "t.csv", column="b")
    assert text == "z"
    assert found.rows is not None and (found.rows.nulls, found.rows.rows) == (1, 1)


def test_csv_agrees_with_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    words = random.Random(3)
    rows = [["".join(words.choices('ab,;"\n 你', k=words.randrange(1, 20))) for _ in range(3)]
            for _ in range(200)]
    raw = pandas.DataFrame(rows, columns=["x", "y", "z"]).to_csv(index=False).encode()
    back = pandas.read_csv(io.BytesIO(raw), dtype=str, keep_default_na=False)
    for column in "xyz":
        wanted = [value for value in back[column] if value.strip()]
        joined = "".join(value.removesuffix("\n") + "\n" for value in wanted)
        assert read(raw, "t.csv", column=column)[0] == (
            joined if wanted[-1].endswith("\n") else joined.removesuffix("\n"))


LINES = [{"text": "one\u2028two"}, {"n": 3}, {"text": None, "more": ["x", "y"]},
         {"text": "a\ud83d"}]


def test_ragged_json_lines_are_the_union_of_their_columns() -> None:
    raw = "\n\n".join(json.dumps(row, ensure_ascii="\ud83d" in str(row.get("text")))
                      for row in LINES).encode()
    for name in ("t.jsonl", "t.ndjson", "t.json"):  # many a .json file has a value on each line
        text, found = read(raw, name)
        assert (text, found.columns) == ("one\u2028two\na\ud83d", ["text", "more"])
        assert found.rows is not None and (found.rows.read, found.rows.nulls) == (4, 2)
    assert read(raw, "t.jsonl", column="more")[0] == "x y"


@pytest.mark.parametrize(("value", "texts"), [
    ([{"text": "a"}, {"text": "b"}], "a\nb"), (["a", "b"], "a\nb"), ({"text": "a"}, "a"),
    ({"version": "1", "data": [{"text": "a"}, {"text": "b"}]}, "a\nb"),
    ([{"messages": [{"role": "user", "content": "Hi"}, {"role": "bot", "content": "Ho"}]}],
     "user: Hi\nbot: Ho\n")])
def test_json_of_every_usual_shape(value: Any, texts: str) -> None:
    assert read(json.dumps(value).encode(), "t.json")[0] == texts


def test_parquet_by_its_content_whatever_its_name() -> None:
    raw = parquet(id=[1, 2, 3, 4], text=["a", None, "", "a"], tr=[{"en": "x", "de": "y"}] * 4)
    text, found = read(raw, "data.bin")
    assert (text, found.kind, found.encoding) == ("a\na", "parquet", "")
    assert found.columns == ["text", "tr.en", "tr.de"] and found.rows is not None
    assert (found.rows.read, found.rows.nulls, found.rows.blanks, found.rows.repeated) == (
        4, 1, 1, 1)
    assert read(gzip.compress(raw), "d.gz", column="tr.de", once=True)[0] == "y"


def test_no_more_rows_are_read_than_needed() -> None:
    raw = parquet(text=[f"{i:05}" * 200 for i in range(5_000)])
    found = Found()
    text = read_upload(raw, "t.parquet", Wishes(), found, 10_000)
    assert found.rows is not None and found.rows.read == 10 and len(text) >= 10_000


@pytest.mark.parametrize(("raw", "name", "code", "values"), [
    (b'a,b\n1,x\n2,"y', "t.csv", "corpus.open_quote", {"line": 3}),
    (b'a,b\n1,"x" y\n', "t.csv", "corpus.open_quote", {"line": 2}),
    (b"a,b\n1,x\n2,y,z\n", "t.csv", "corpus.ragged_row", {"row": 2, "value": 3, "limit": 2}),
    (b"a,b\n", "t.csv", "corpus.no_rows", {}), (b"", "t.csv", "corpus.no_rows", {}),
    (b"a,b\n1,2.5\n", "t.csv", "corpus.no_text_column", {}),
    (b'{"a": "x"}\n{"a": "y"\n', "t.jsonl", "corpus.bad_json", {"line": 2, "column": 10}),
    (b'[\n {"a": }]', "t.json", "corpus.bad_json", {"line": 2, "column": 8}),
    (b"[]", "t.json", "corpus.no_rows", {}), (b'[{"a": 1}]', "t.json", "corpus.no_text_column", {}),
    (b"[" * 100_000, "t.json", "corpus.damaged_table", {}),
    (b"[" + b"1" * 5_000 + b"]", "t.json", "corpus.damaged_table", {}),
    (parquet(n=[1, 2]), "t.parquet", "corpus.no_text_column", {}),
    (parquet(text=["", None]), "t.parquet", "corpus.blank_column", {"column": "text"}),
    (parquet(text=pa.array([], pa.string())), "t.parquet", "corpus.no_rows", {}),
    (parquet(text=["a" * 99])[:-20], "t.parquet", "corpus.damaged_table", {}),
    (b"PAR1 is no table PAR1", "t.parquet", "corpus.damaged_table", {}),
])
def test_a_broken_table_is_told_with_its_place(
        raw: bytes, name: str, code: str, values: dict[str, object]) -> None:
    assert refused(raw, name) == (code, {"name": name} | values)


def test_a_row_of_parquet_that_is_no_utf_8_is_named() -> None:
    good = parquet(text=["first"] * 70 + ["MARK!"] + ["later"])
    schema = pq.read_schema(io.BytesIO(good))
    out = io.BytesIO()
    pq.write_table(pa.table({"text": ["first"] * 70 + ["MARK!"] + ["later"]}, schema=schema), out,
                   compression="none", use_dictionary=False, write_statistics=False)
    raw = out.getvalue().replace(b"MARK!", b"MARK\xff")
    assert refused(raw, "t.parquet") == (
        "corpus.bad_row", {"name": "t.parquet", "row": 71, "column": "text"})


# -- repairs ---------------------------------------------------------------------------------------
def test_each_repair_gives_a_text() -> None:
    chinese = ("从前有一个小村庄，村子里住着一位老人。" * 10)
    assert mended(chinese.encode("gb18030"), "x.txt", encoding="utf-8") == [chinese]
    broken = chinese.encode()[:100] + chinese.encode()[101:]
    assert mended(broken, "x.txt") == [broken.decode("utf-8", "replace")]
    assert mended("hello".encode("utf-16-le"), "x.txt") == ["hello"]
    assert mended("hello".encode("utf-16-be"), "x.txt") == ["hello"]
    assert mended(b"a,b\n1,x\n2,y,z\n", "t.csv") == ["a,b\n1,x\n2,y,z\n"]
    assert mended(parquet(text=["", None], other=["x", "y"]), "t.parquet") == ["x\ny"]
    assert mended(b"\x89PNG\r\n\x1a\n\0\0", "x.txt") == []
    assert mended(b"\xff\xfea\0b", "x.txt") == []


def test_what_was_refused_leaves_what_can_be_chosen() -> None:
    found = Found()
    raw = zipped({"a.csv": "x,y\n1,2,3\n", "b.txt": POEM})
    with pytest.raises(CorpusError):
        read_upload(raw, "x.zip", Wishes(), found, LIMIT)
    assert (found.files, found.kind, found.preview) == (["a.csv", "b.txt"], "csv", "x,y\n1,2,3")


def test_the_first_lines_are_shown_with_what_cannot_be_seen() -> None:
    raw = "\ufeffone\x1b\r\ntwo\n\n\nfive\n" + "x" * 500
    assert read(raw.encode(), "x.txt")[1].preview == "one⟨001B⟩\ntwo\n\n"
    assert len(read(b"y" * 5_000, "x.txt")[1].preview) == 240


def test_bad_bytes_can_be_read_as_gaps() -> None:
    text, found = read("é".encode() * 50 + b"\xff", "x.txt", encoding=LENIENT)
    assert text == "é" * 50 + "\ufffd" and found.encoding == LENIENT
