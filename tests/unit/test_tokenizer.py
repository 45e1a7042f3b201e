"""Vocabularies against counting by hand; decoding as it streams against Python's own decoder."""

from __future__ import annotations

import json
import random
from collections import Counter

import numpy as np
import pytest

from rnnlm_core.data.tokenizer import (
    KINDS,
    UNKNOWN,
    UNKNOWN_ID,
    ByteTokenizer,
    CharTokenizer,
    WordTokenizer,
    fit,
    from_json,
)
from rnnlm_core.errors import CorpusError, RunError


def test_the_cap_keeps_the_commonest_and_then_the_lowest_code_points() -> None:
    text = "a" * 5 + "d" * 3 + "c" * 3 + "b" * 3 + "z"
    assert CharTokenizer.fit(text, max_vocabulary=4).pieces == (UNKNOWN, "a", "b", "c")
    assert CharTokenizer.fit(text, max_vocabulary=4).encode("abcd").tolist() == [1, 2, 3, 0]
    words = "the " * 5 + "cat " * 3 + "bat " * 3 + "ox "
    assert WordTokenizer.fit(words, max_vocabulary=4).pieces == (UNKNOWN, " ", "the", "bat")


def test_rarer_pieces_than_the_least_frequency_are_unknown() -> None:
    assert CharTokenizer.fit("aaabbc", min_frequency=2).pieces == (UNKNOWN, "a", "b")
    assert CharTokenizer.fit("aaabbc", min_frequency=3).pieces == (UNKNOWN, "a")
    assert WordTokenizer.fit("\nx\nx\ny", min_frequency=2).pieces == (UNKNOWN, "\n", "x")
    for kind in (CharTokenizer, WordTokenizer):
        with pytest.raises(CorpusError) as caught:
            kind.fit("b\nb\nc", min_frequency=3)
        assert caught.value.code == "corpus.nothing_frequent"
        assert "3" in str(caught.value) and "2" in str(caught.value)
    assert ByteTokenizer.fit("a", max_vocabulary=2, min_frequency=9).size == 256


@pytest.mark.parametrize(("text", "pieces"), [
    ("The cat sat.", ["The", " ", "cat", " ", "sat", "."]),
    ("don't  stop\n\n", ["don't", "  ", "stop", "\n", "\n"]),
    ("x=12345;", ["x", "=", "123", "45", ";"]),
    ("\tif a:   \n", ["\t", "if", " ", "a", ":", "   ", "\n"]),
    ("你好world世界。", ["你", "好", "world", "世", "界", "。"]),
    ("naïve cafe\u0301", ["naïve", " ", "cafe\u0301"]), ("", [])])
def test_words_numbers_signs_and_gaps(text: str, pieces: list[str]) -> None:
    assert list(WordTokenizer.divide(text)) == pieces


def test_words_are_numbered_from_the_commonest_on() -> None:
    text = "".join(random.Random(0).choices(["one ", "two ", "three "], [9, 3, 1], k=400))
    tokenizer = WordTokenizer.fit(text)
    counts = Counter(tokenizer.encode(text).tolist())
    assert [counts[i] for i in range(1, tokenizer.size)] == sorted(
        (counts[i] for i in range(1, tokenizer.size)), reverse=True)


def test_unknown_pieces_are_named_and_left_out() -> None:
    words = WordTokenizer.fit("the cat sat on the mat\n")
    assert words.unknown_in("the dog sat on the dog !\n") == ("dog", "!")
    assert words.decode(words.known("the dog sat")) == "the  sat"
    assert words.decode(words.encode("the dog sat")) == f"the {UNKNOWN} sat"
    assert ByteTokenizer().unknown_in("anything 你好") == ()
    assert ByteTokenizer().unknown_id is None and CharTokenizer.unknown_id == UNKNOWN_ID


def test_ids_take_the_smallest_type() -> None:
    texts = {n: "".join(map(chr, range(0x4E00, 0x4E00 + n - 1))) for n in (256, 257)}
    assert CharTokenizer.fit(texts[256]).encode("一").dtype == np.uint8
    assert CharTokenizer.fit(texts[257]).encode("一").dtype == np.uint16
    assert CharTokenizer.fit(texts[257]).encode(texts[257]).tolist() == list(range(1, 257))
    assert ByteTokenizer().encode("é").dtype == np.uint8


def test_a_vocabulary_of_an_older_run_is_read() -> None:
    old = from_json('{"kind":"characters","characters":["a","\\u4f60"]}')
    assert old == CharTokenizer((UNKNOWN, "a", "你"))
    assert old.encode("你b").tolist() == [2, 0]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind":"words"}', '{"kind":"runes"}',
                                  '{"kind":["words"]}', '{"kind":"characters","characters":3}'])
def test_what_is_no_vocabulary_is_said(text: str) -> None:
    with pytest.raises(RunError) as caught:
        from_json(text)
    assert caught.value.code == "run.mismatch"


def test_bytes_come_out_as_soon_as_they_are_a_character() -> None:
    stream = ByteTokenizer().stream()
    shown = [stream.push(i) for i in "a你é".encode()]
    assert shown == ["a", "", "", "你", "", "é"] and stream.invalid == 0


@pytest.mark.parametrize(("data", "shown", "invalid"), [
    # a lone continuation byte, an impossible one, a beginning that the next byte breaks off
    (b"\x80a", ["�", "a"], 1), (b"\xff", ["�"], 1), (b"\xe4\xbda", ["", "", "�a"], 2),
    (b"\xe4\xe4\xbd\xa0", ["", "�", "", "你"], 1), (b"\xed\xa0\x80", ["", "", "���"], 3)])
def test_bytes_that_are_no_text_are_shown_and_counted(
        data: bytes, shown: list[str], invalid: int) -> None:
    stream = ByteTokenizer().stream()
    assert [stream.push(i) for i in data] == shown
    assert (stream.finish(), stream.invalid) == ("", invalid)


def test_a_character_that_is_left_open_is_counted_at_the_end() -> None:
    stream = ByteTokenizer().stream()
    assert [stream.push(i) for i in b"\xf0\x9f\x98"] == ["", "", ""]
    assert (stream.finish(), stream.invalid) == ("�", 3)


def test_every_character_has_the_token_that_ends_it() -> None:
    words = WordTokenizer.fit("the cat\n")
    text, owners = words.owners(words.encode("the cat\n"))
    assert (text, owners.tolist()) == ("the cat\n", [0, 0, 0, 1, 2, 2, 2, 3])
    text, owners = ByteTokenizer().owners("a你b".encode())
    assert (text, owners.tolist()) == ("a你b", [0, 3, 4])
    text, owners = ByteTokenizer().owners(b"a\xe4")
    assert (text, owners.tolist()) == ("a�", [0, 1])
    assert words.owners([])[0] == ""


def test_a_start_without_text_is_a_line_end_or_the_first_piece() -> None:
    assert ByteTokenizer().first_known == 10
    assert CharTokenizer.fit("xyz").first_known == 1
    assert CharTokenizer.fit("xyz\n").first_known == 1  # the newline's own id
    assert WordTokenizer.fit("b b b\n").pieces[WordTokenizer.fit("b b b\n").first_known] == "\n"


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_kind_is_kept_by_its_name(kind: str) -> None:
    tokenizer = fit(kind, "some words, some more words\n")
    assert json.loads(tokenizer.to_json())["kind"] == kind
    assert from_json(tokenizer.to_json()) == tokenizer
