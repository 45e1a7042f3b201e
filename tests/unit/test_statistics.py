"""Sizes and frequencies of a text against counting by hand and by other means."""

from __future__ import annotations

import math
import tracemalloc
from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given, settings, strategies

from rnnlm_core.config import RunConfig
from rnnlm_core.data.code_points import character_counts
from rnnlm_core.data.parts import Parts, divide
from rnnlm_core.data.statistics import (
    character_name,
    comes_back,
    passage,
    text_statistics,
    token_statistics,
)
from rnnlm_core.data.stretches import sections
from rnnlm_core.data.tokenizer import KINDS, ByteTokenizer, CharTokenizer, WordTokenizer, fit


def test_the_sizes_of_a_small_text() -> None:
    numbers = text_statistics("to be\nor né\n", Parts("to be\nor né\n", "", ""))
    assert (numbers.characters, numbers.lines, numbers.words, numbers.bytes) == (12, 2, 4, 13)
    assert (numbers.parts.training, numbers.shared) == (12, None)
    assert numbers.different == 9


def test_a_last_line_without_its_end_is_a_line() -> None:
    assert text_statistics("a\nb", Parts("a\nb", "", "")).lines == 2


def test_entropy_of_frequencies_that_are_powers_of_two() -> None:
    # 1/2, 1/4, 1/8, 1/8: ½·1 + ¼·2 + 2·⅛·3 = 1.75 bits
    numbers = text_statistics("aaaabbcd" * 40, Parts("aaaabbcd" * 40, "", ""))
    assert numbers.entropy == pytest.approx(1.75, abs=1e-12)
    tokens = token_statistics(Parts("aaaabbcd" * 40, "", ""), CharTokenizer.fit("abcd"))
    assert tokens.uniform == pytest.approx(math.log2(5), abs=1e-12)


def test_one_symbol_has_no_surprise() -> None:
    assert str(text_statistics("aaaa", Parts("aaaa", "", "")).entropy) == "0.0"


def test_unknown_characters_are_those_of_the_held_out_part_alone() -> None:
    text = "ab" * 450 + "ab" * 40 + "xyx" + "a" * 17
    tokens = token_statistics(divide(text, RunConfig()), CharTokenizer.fit(text[:900]))
    assert (tokens.training, tokens.validation) == (900, 100)
    assert (tokens.unknown, tokens.unknown_count, tokens.exact) == (("x", "y"), 3, False)
    assert (tokens.vocabulary, tokens.characters_per_token) == (3, 1.0)


def test_a_text_as_words_and_as_bytes() -> None:
    text = "to be or not to be é\n" * 50
    words = token_statistics(Parts(text, "", ""), fit("words", text))
    # seven words, six spaces and a newline a line
    assert (words.training, words.vocabulary, words.exact) == (14 * 50, 8, True)
    assert words.characters_per_token == pytest.approx(21 / 14)
    pieces = WordTokenizer.fit(text).pieces
    assert {pieces[i]: n for i, n in words.counts} == {
        " ": 300, "to": 100, "be": 100, "or": 50, "not": 50, "é": 50, "\n": 50}
    assert words.surprise[pieces.index("or")] == pytest.approx(math.log2(14))
    data = token_statistics(Parts(text, "", ""), ByteTokenizer())
    assert (data.training, data.vocabulary, data.unknown_count) == (22 * 50, 256, 0)
    assert data.exact


def test_zipf_of_three_kinds_of_token() -> None:
    # 1 + 1/2 + 1/3 = 11/6
    tokens = token_statistics(Parts("aab " * 40, "", ""), CharTokenizer.fit("ab "))
    assert tokens.zipf == pytest.approx(6 / 11, abs=1e-12)


def test_bpe_of_a_text_is_exact_and_knows_all_of_it() -> None:
    text = "to be or not to be é\n" * 50
    learned = fit("bpe", "to be\n" * 50, 300)  # to, be and " be"
    tokens = token_statistics(divide(text, RunConfig()), learned)
    assert tokens.exact and tokens.unknown_count == 0 and tokens.vocabulary == 259
    assert tokens.characters_per_token > 1.1


@given(strategies.text(max_size=200))
def test_counts_are_those_of_a_counter(text: str) -> None:
    assert character_counts(text) == Counter(text)


def test_a_long_text_is_counted_in_order_too() -> None:
    text = "z" + "ab你" * 400_000 + "\U0001f600"
    assert list(character_counts(text).items()) == sorted(Counter(text).items())
    assert CharTokenizer.fit(text).decode(CharTokenizer.fit(text).encode(text)) == text


@given(strategies.text(min_size=1, max_size=200))
def test_the_commonest_character_comes_first_then_the_lowest_code_point(text: str) -> None:
    counts = text_statistics(text, Parts(text, "", "")).counts
    assert counts == tuple(sorted(Counter(text).items(), key=lambda pair: (-pair[1], pair[0])))


def test_names_also_for_what_unicode_names_not() -> None:
    assert character_name("a") == "LATIN SMALL LETTER A"
    assert character_name("\n") == "U+000A"


def test_a_passage_begins_with_a_line_and_is_the_text_itself() -> None:
    text = "".join(f"line {i}\n" for i in range(500))
    assert passage(text, 0, 40, 2) == (0, "line 0\nline 1\n")
    at, part = passage(text, 3, 40, 3)
    assert at > 0 and text[at - 1] == "\n" and text[at:].startswith(part)
    assert part.count("\n") <= 3
    assert passage(text, 3, 40, 3) == (at, part)


@pytest.mark.parametrize("text", ["x", "\n", "no line end at all " * 40])
def test_a_passage_of_any_text_is_not_empty(text: str) -> None:
    for seed in range(5):
        assert passage(text, seed, 40, 3)[1]


# -- of a long text, a stretch at a time ----------------------------------------------------------
@given(strategies.text(strategies.sampled_from("ab \n\u3000\u1680é你🙂"), min_size=1, max_size=60),
       strategies.integers(1, 7))
def test_no_stretch_counts_a_word_twice(text: str, stretch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnnlm_core.data.stretches._STRETCH", stretch)
        numbers = text_statistics(text, Parts(text, "", ""))
    assert (numbers.words, numbers.bytes) == (len(text.split()), len(text.encode()))
    assert numbers.counts == tuple(sorted(Counter(text).items(), key=lambda p: (-p[1], p[0])))


LINES = strategies.lists(strategies.sampled_from([
    "a", "b ", " c", "\n", "\r\n", "\r", "\t", "é", "e\u0301", "\u0301", "你好", "吗", "🙂",
    "👨\u200d👩", "\u200d", "12345", "'s", "  "]), min_size=8, max_size=40)


@given(LINES, strategies.sampled_from(sorted(KINDS)), strategies.integers(1, 9))
@settings(max_examples=150)
def test_no_token_reaches_across_a_line_end(parts: list[str], kind: str, stretch: int) -> None:
    """So sections have the tokens, and the tokenizer, of the whole text."""
    text, told = "".join(parts), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnnlm_core.data.stretches._STRETCH", stretch)
        cut = list(sections(text, told.append))
        tokenizer = fit(kind, text, 300)
    assert "".join(cut) == text and told == list(accumulate(map(len, cut)))
    assert all(section.endswith("\n") for section in cut[:-1])
    assert tokenizer == fit(kind, text, 300)
    ids = [i for section in cut for i in tokenizer.encode(section).tolist()]
    assert ids == tokenizer.encode(text).tolist()


@given(LINES, strategies.sampled_from(["lines", "paragraphs"]), strategies.integers(1, 9))
@settings(max_examples=150)
def test_no_section_ends_within_a_marked_document(parts: list[str], documents: str, stretch: int
                                                  ) -> None:
    text = "".join(parts)
    tokenizer = fit("words", text + "a", 300, 1, documents)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnnlm_core.data.stretches._STRETCH", stretch)
        cut = list(tokenizer.sections(text))
    assert "".join(cut) == text
    ids = [i for section in cut for i in tokenizer.encode(section).tolist()]
    assert ids == tokenizer.encode(text).tolist()


def test_progress_may_end_the_work() -> None:
    def ended(_: int) -> None:
        raise InterruptedError

    text = "to be\n" * 10
    for work in (lambda: fit("words", text, progress=ended),
                 lambda: token_statistics(Parts(text, "", ""), fit("words", text), ended)):
        with pytest.raises(InterruptedError):
            work()


def test_progress_counts_both_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlm_core.data.stretches._STRETCH", 300)
    parts = Parts("a b\n" * 100, "b c\n" * 50, "")
    told: list[int] = []
    token_statistics(parts, fit("words", parts.training), told.append)
    assert told == [304, 400, 600]  # a section ends with a line, and a part with its end


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_comes_back_stretch_by_stretch(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("streams", "by_characters"):  # a stretch cuts characters in two
        monkeypatch.setattr(f"rnnlm_core.data.tokenizer.{module}.STRETCH", 3)
    text = "le café 你好 🙂 is né\n" * 20
    tokenizer = fit(kind, text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text and len(list(tokenizer.decoded(ids))) > 20
    assert comes_back(ids, tokenizer, text)
    for other in (text[:-1], text + "!", "L" + text[1:], text[:-2] + "?\n"):
        assert not comes_back(ids, tokenizer, other)


def test_counting_a_long_text_holds_little_beside_it() -> None:
    """A list of its words alone would take twelve times the two megabytes of this one."""
    parts = divide("to be or not\n" * 160_000, RunConfig())
    text = parts.training + parts.validation
    tokenizer = CharTokenizer.fit(text)
    tracemalloc.start()
    try:
        text_statistics(text, parts)
        token_statistics(parts, tokenizer)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 20 * len(text)
