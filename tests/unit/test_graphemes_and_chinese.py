"""Graphemes against the rules of Unicode, Chinese words against the examples of jieba's README."""

from __future__ import annotations

import json

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.data.tokenizer import (
    UNKNOWN,
    ChineseTokenizer,
    GraphemeTokenizer,
    WordTokenizer,
    fit,
    from_json,
)


@pytest.mark.parametrize(("text", "clusters"), [
    ("plain 你好\n", 9), ("", 0),
    ("e\u0301a", 2),  # GB9: an accent stays with its letter
    ("a\r\nb\n", 4),  # GB3
    ("\u1100\u1161\u11a8", 1), ("한국", 2),  # GB6 to GB8: Hangul letter by letter, and composed
    ("กำ็ก", 2), ("\u0e01\u0e33", 1),  # GB9a: Thai vowel and tone signs
    ("\u0915\u094d\u0937\u093f", 1),  # GB9c: the conjunct kṣi
    ("\u0600\u0661", 1),  # GB9b: the Arabic number sign goes with its number
    ("\U0001f468\u200d\U0001f469\u200d\U0001f467", 1),  # GB11: a family
    ("\U0001f44d\U0001f3fd!", 2), ("1\ufe0f\u20e3", 1),  # a skin tone; a keycap
    ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 2),  # GB12: two flags
    ("مرحبا بكم", 9), ("שָׁלוֹם", 4)])  # Hebrew points stay with their letters
def test_what_a_reader_takes_for_one_character(text: str, clusters: int) -> None:
    pieces = list(GraphemeTokenizer.divide(text))
    assert len(pieces) == clusters and "".join(pieces) == text


@given(st.text(st.characters()
               | st.sampled_from("\r\n\u0301\u200d\U0001f1e9\U0001f468\u1100\u0600")))
def test_the_quick_way_divides_like_the_slow_one(text: str) -> None:
    assert list(GraphemeTokenizer.divide(text)) == regex.findall(r"\X", text)


def test_graphemes_are_counted_and_numbered_by_frequency() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    tokenizer = GraphemeTokenizer.fit(family * 3 + "e\u0301" * 2 + "e")
    assert tokenizer.pieces == (UNKNOWN, family, "e\u0301", "e")
    assert tokenizer.encode("e" + family + "x\u0301").tolist() == [3, 1, 0]
    assert tokenizer.encode("eex").tolist() == [3, 3, 0]  # without anything that joins
    assert GraphemeTokenizer.fit("aab").pieces == (UNKNOWN, "a", "b")
    assert tokenizer.unknown_in("x\u0301") == ("x\u0301",)


@pytest.mark.parametrize(("text", "words"), [
    ("我来到北京清华大学", ["我", "来到", "北京", "清华大学"]),
    ("他来到了网易杭研大厦", ["他", "来到", "了", "网易", "杭研", "大厦"]),  # 杭研 by its model
    ("小明硕士毕业于中国科学院计算所", ["小明", "硕士", "毕业", "于", "中国科学院", "计算所"])])
def test_chinese_is_cut_as_jieba_does(text: str, words: list[str]) -> None:
    assert list(ChineseTokenizer.divide(text)) == words


@pytest.mark.parametrize("text", ["the cat's 12345 naïve\t\n", "ภาษาไทย", "مرحبا", "x=1;"])
def test_all_else_is_divided_as_words(text: str) -> None:
    assert list(ChineseTokenizer.divide(text)) == list(WordTokenizer.divide(text))
    mixed = list(ChineseTokenizer.divide(f"{text}北京{text}"))
    assert mixed == [*WordTokenizer.divide(text), "北京", *WordTokenizer.divide(text)]


def test_a_chinese_character_keeps_its_mark() -> None:
    assert list(ChineseTokenizer.divide("北京\u845b\U000e0100城")) == [
        "北京", "\u845b\U000e0100", "城"]


@pytest.mark.parametrize("kind", ["characters", "graphemes", "words", "chinese"])
def test_half_a_character_of_json_is_a_piece(kind: str) -> None:
    half = json.loads('"a\\ud83d 北京\\ude00\\ude00"')
    tokenizer = fit(kind, half)
    assert tokenizer.decode(tokenizer.encode(half)) == half
    assert from_json(tokenizer.to_json()) == tokenizer
