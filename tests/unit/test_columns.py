"""Columns of text: which there are, and the text of each row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from rnnlm_core.data.columns import Leaf, json_leaves, text_leaves, text_of, values_of

TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
NESTED = pa.struct([("text", pa.list_(pa.string())), ("start", pa.list_(pa.int32()))])
SCHEMA = pa.schema([
    ("id", pa.int64()), ("text", pa.string()), ("long", pa.large_string()),
    ("view", pa.string_view()), ("label", pa.dictionary(pa.int8(), pa.string())),
    ("json", pa.json_()), ("tags", pa.list_(pa.string())),
    ("deep", pa.list_(pa.list_(pa.string()))), ("fixed", pa.list_(pa.string(), 2)),
    ("translation", pa.struct([("en", pa.string()), ("de", pa.string()), ("n", pa.int8())])),
    ("answers", NESTED), ("messages", pa.list_(TURN)),
    ("talk", pa.list_(pa.struct([("from", pa.large_string()), ("value", pa.large_string())]))),
    ("questions", pa.list_(pa.struct([("q", pa.string()), ("n", pa.int8())]))),
    ("when", pa.timestamp("s")), ("ok", pa.bool_()), ("score", pa.float32()), ("raw", pa.binary()),
    ("none", pa.null()), ("map", pa.map_(pa.string(), pa.string())),
])


def test_texts_are_offered_and_nothing_else() -> None:
    assert list(text_leaves(SCHEMA)) == [
        "text", "long", "view", "label", "json", "tags", "deep", "fixed", "translation.en",
        "translation.de", "answers.text", "messages", "talk", "questions.q"]


@pytest.mark.parametrize(("kind", "name", "values", "texts"), [
    (pa.string(), "c", ["a\nb", None, ""], ["a\nb", None, ""]),
    (pa.string_view(), "c", ["a", None], ["a", None]),
    (pa.list_(pa.string()), "c", [["a", "b c"], [], None, [None, "d"]],
     ["a b c", None, None, "d"]),
    (pa.list_(pa.list_(pa.string())), "c", [[["a"], ["b", "c"]]], ["a b c"]),
    (pa.struct([("en", pa.string()), ("zh", pa.string())]), "c.zh",
     [{"en": "one", "zh": "一"}, {"en": "two", "zh": None}, None], ["一", None, None]),
    (NESTED, "c.text", [{"text": ["x", "y"], "start": [1, 2]}, {"text": [], "start": []}, None],
     ["x y", None, None]),
    (pa.list_(TURN), "c",
     [[{"role": "user", "content": "Hi"}, {"role": "bot", "content": "a\nb"}], [], None,
      [{"role": None, "content": "who?"}, {"role": "x", "content": None}]],
     ["user: Hi\nbot: a\nb\n", None, None, "?: who?\n"]),
    (pa.list_(pa.struct([("q", pa.string()), ("n", pa.int8())])), "c.q",
     [[{"q": "why", "n": 1}, {"q": "how", "n": None}]], ["why how"]),
])
def test_each_row_is_one_text(kind: Any, name: str, values: list[Any],
                              texts: list[str | None]) -> None:
    table = pa.table({"other": pa.array(range(len(values))), "c": pa.array(values, kind)})
    leaf = text_leaves(table.schema)[name]
    assert leaf.name == name
    assert values_of(table, leaf) == texts
    assert [text for batch in table.to_batches() for text in values_of(batch, leaf)] == texts


def test_labels_and_json_are_read_as_the_text_they_are() -> None:
    column = pa.array(["b", "a", None, "b"]).dictionary_encode()
    kept = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None]))
    labels, notes = pa.table({"c": column}), pa.table({"c": kept})
    assert values_of(labels, text_leaves(labels.schema)["c"]) == ["b", "a", None, "b"]
    assert values_of(notes, text_leaves(notes.schema)["c"]) == ['{"a": 1}', None]


def test_a_string_that_is_no_utf_8_is_told() -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.array([0, 1], pa.int32()).buffers()[1],
                                                    pa.py_buffer(b"\xff")])
    with pytest.raises(UnicodeDecodeError):
        values_of(pa.table({"c": broken}), Leaf(("c",)))


# -- rows of JSON ----------------------------------------------------------------------------------
ROWS: list[dict[str, Any]] = [
    {"id": 1, "text": "a", "tags": ["x", "y"], "translation": {"en": "one", "n": 3}},
    {"text": None, "messages": [{"role": "user", "content": "Hi"}], "more": "late"},
    {"text": 5, "translation": {"zh": "一"}, "ok": True},
    {"messages": [{"from": "user"}], "questions": [{"q": "why"}, {"q": 3}]},
]


def test_ragged_rows_offer_the_union_of_their_texts() -> None:
    assert list(json_leaves(ROWS)) == ["text", "tags", "translation.en", "messages", "more",
                                       "translation.zh", "messages.from", "questions.q"]


@pytest.mark.parametrize(("name", "texts"), [
    ("text", ["a", None, None, None]), ("tags", ["x y", None, None, None]),
    ("translation.en", ["one", None, None, None]), ("messages", [None, "user: Hi\n", None, None]),
    ("questions.q", [None, None, None, "why"])])
def test_what_a_row_has_not_or_has_otherwise_is_none(name: str, texts: list[str | None]) -> None:
    leaf = json_leaves(ROWS)[name]
    assert [text_of(row, leaf) for row in ROWS] == texts


def test_of_two_with_one_name_the_column_itself_is_taken() -> None:
    for row in ({"a": {"b": "inside"}, "a.b": "beside"}, {"a.b": "beside", "a": {"b": "inside"}}):
        assert text_of(row, json_leaves([row])["a.b"]) == "beside"


def test_a_file_of_brackets_comes_to_an_end() -> None:
    value: Any = "x"
    for _ in range(500):
        value = {"k": value}
    assert json_leaves([{"k": value}]) == {}


def test_a_half_character_of_json_is_kept_for_the_cleaning() -> None:
    row = {"text": "a\ud83d"}
    assert text_of(row, json_leaves([row])["text"]) == "a\ud83d"
