"""Byte-level BPE: learned merges and encoded text against doing both by hand, as slowly as it is
written in the papers."""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.tokenizer import UNKNOWN, BpeTokenizer, fit, from_json
from rnnlm_core.data.tokenizer.by_bytes import shown
from rnnlm_core.errors import RunError
from tests.small_runs import run_quietly

# the borders of GPT-2, as published in its encoder.py
GPT2 = regex.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
STORIES = BUILTIN["stories_en"]()[:6_000] + BUILTIN["stories_zh"]()[:2_000]
LEARNED = BpeTokenizer.fit(STORIES, 600)


def words_of(text: str) -> list[tuple[int, ...]]:
    """Bytes of each stretch within which pairs are merged."""
    return [tuple(word.encode()) for line in text.splitlines(keepends=True)
            for word in GPT2.findall(line)]


def joined(word: tuple[int, ...], pair: tuple[int, int], piece: int) -> tuple[int, ...]:
    """The word with each such pair as one piece, from the left."""
    out: list[int] = []
    for token in word:
        if out and (out[-1], token) == pair:
            out[-1] = piece
        else:
            out.append(token)
    return tuple(out)


def encoded(word: tuple[int, ...], merges: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """Merge by merge in the order learned (no two of `LEARNED` make the same piece)."""
    for piece, pair in enumerate(merges, start=256):
        word = joined(word, pair, piece)
    return word


def test_the_textbook_example() -> None:
    # aa occurs four times; in (aa)abd(aa)abac then ab twice, in (aa)(ab)d(aa)(ab)ac (aa)(ab) twice
    learned = BpeTokenizer.fit("aaabdaaabac", 259)
    assert learned.units[256:] == (b"aa", b"ab", b"aaab")
    assert learned.merges == ((97, 97), (97, 98), (256, 257))
    assert [learned.pieces[i] for i in learned.encode("aaabdaaabac")] == ["aaab", "d", "aaab",
                                                                         "a", "c"]


def test_every_merge_is_of_a_commonest_pair() -> None:
    words = Counter(words_of(STORIES))
    assert len(set(LEARNED.units)) == LEARNED.size == 600 == 256 + len(LEARNED.merges)
    for piece, pair in enumerate(LEARNED.merges, start=256):
        counts: Counter[tuple[int, int]] = Counter()
        for word, times in words.items():
            for both in pairwise(word):
                if sum(len(LEARNED.units[i]) for i in both) <= 16:
                    counts[both] += times
        assert counts[pair] == max(counts.values()), LEARNED.pieces[piece]
        merged: Counter[tuple[int, ...]] = Counter()
        for word, times in words.items():
            merged[joined(word, pair, piece)] += times
        words = merged


def test_a_text_is_merged_in_the_order_learned() -> None:
    by_hand = [i for word in words_of(STORIES) for i in encoded(word, LEARNED.merges)]
    assert LEARNED.encode(STORIES).tolist() == by_hand
    assert LEARNED.encode(STORIES).dtype == np.uint16


@settings(deadline=None)  # the first example makes the library's model
@given(st.text(st.sampled_from(" \n\t'’sahe你，0️⃣\u0301")
               | st.characters(exclude_categories=["Cs", "Cn", "Cc"])))
def test_any_text_is(text: str) -> None:
    lines = regex.findall(r"[^\n]*\n|[^\n]+", text)  # splitlines knows more ends of lines
    by_hand = [i for line in lines for word in GPT2.findall(line)
               for i in encoded(tuple(word.encode()), LEARNED.merges)]
    assert LEARNED.encode(text).tolist() == by_hand


def test_what_is_learned_is_always_the_same() -> None:
    assert BpeTokenizer.fit(STORIES, 600) == LEARNED


def test_a_cap_and_a_least_frequency_are_kept() -> None:
    assert BpeTokenizer.fit(STORIES, 300).merges == LEARNED.merges[:44]
    assert BpeTokenizer.fit(STORIES, 256).merges == BpeTokenizer.fit(STORIES, 2).merges == ()
    often = BpeTokenizer.fit("abcd " * 3 + "xy " * 2, 5_000, min_frequency=3)
    assert set(often.pieces[256:]) >= {"abcd"} and not {" abcd", "xy", " x"} & set(often.pieces)
    less = BpeTokenizer.fit("abcd " * 3 + "xy " * 2, 5_000, min_frequency=2)
    assert {" abcd", " xy"} <= set(less.pieces)  # within a word, the space before it included


def test_no_piece_is_longer_than_sixteen_bytes() -> None:
    learned = BpeTokenizer.fit("=" * 500 + "\n" + "internationalisierung " * 50, 1_000)
    assert max(map(len, learned.units)) == 16


@pytest.mark.parametrize("text", ["a" * 30_000, "你好" * 9_000, ("word " * 7_000).strip(),
                                  "\n" * 5_000, " " * 9_000])
def test_lines_without_end_come_back(text: str) -> None:
    ids = LEARNED.encode(text)
    assert LEARNED.decode(ids) == text and len(ids) <= len(text.encode())


def test_a_long_line_is_cut_between_words() -> None:
    line = "the little tree " * 2_000
    assert LEARNED.encode(line).tolist() == [
        i for word in words_of(line) for i in encoded(word, LEARNED.merges)]


@pytest.mark.parametrize("mark", ["<|endoftext|>", "<unk>", "<s>", "[PAD]", "Ġ", "</w>", "##", "�"])
def test_no_mark_in_a_text_means_anything(mark: str) -> None:
    ids = LEARNED.encode(f"a{mark}b")
    assert len(ids) > 2 and LEARNED.decode(ids) == f"a{mark}b"
    assert LEARNED.unknown_id is None and LEARNED.unknown_in(mark) == ()
    assert UNKNOWN not in LEARNED.pieces[:256]


def test_half_a_character_of_json_is_a_question_mark() -> None:
    half = json.loads('"a\\ud83d b\\ude00"')
    for tokenizer in (LEARNED, fit("bytes", "")):
        assert tokenizer.decode(tokenizer.encode(half)) == "a? b?"
    assert BpeTokenizer.fit(half * 9, 300).size > 256


@pytest.mark.parametrize("merges", [
    "[[97, 300]]", "[[-1, 97]]", "[[97]]", "[97]", "3", "null", "[[97.5, 98]]", "[[1e999, 1]]",
    '[["a", "b"]]', json.dumps([[97, 97], *([i, i] for i in range(256, 300))])],
    ids=lambda text: text[:12])
def test_merges_that_cannot_be_are_said(merges: str) -> None:
    with pytest.raises(RunError) as caught:
        from_json(f'{{"kind": "bpe", "merges": {merges}}}')
    assert caught.value.code == "run.mismatch"


def test_two_ways_to_the_same_piece() -> None:
    both = BpeTokenizer.merged(((97, 98), (98, 99), (256, 99), (97, 257)))  # ab, bc, (ab)c, a(bc)
    assert both.units[256:] == (b"ab", b"bc", b"abc") and both.size == 259
    assert both.decode(both.encode("abc bc")) == "abc bc"
    assert from_json(both.to_json()) == both


@given(st.binary(min_size=1, max_size=16), st.binary(min_size=1, max_size=16))
def test_no_two_pieces_look_alike(one: bytes, other: bytes) -> None:
    assert (shown(one) == shown(other)) == (one == other)


def test_pieces_are_shown_as_text_or_by_their_bytes() -> None:
    assert shown("né\n".encode()) == "né\n" and shown("‹".encode()) == "‹"
    assert shown("你".encode()[:2]) == "‹E4›‹BD›" and shown(b"\x00a") == "‹00›a"
    assert shown("a‹E4›".encode()) == "a‹E2›‹80›‹B9›E4›"


@given(st.lists(st.integers(0, LEARNED.size - 1)))
def test_any_ids_stream_as_python_decodes_their_bytes(ids: list[int]) -> None:
    stream = LEARNED.stream()
    streamed = "".join([stream.push(i) for i in ids]) + stream.finish()
    whole = b"".join(LEARNED.units[i] for i in ids)
    assert streamed == whole.decode("utf-8", "replace") == LEARNED.decode(ids)
    read, owners = LEARNED.owners(ids)
    assert read == streamed and len(owners) == len(read)


def test_a_process_that_is_forked_off_can_encode_too() -> None:
    done = run_quietly(sys.executable, "-W", "ignore", "-c", """
import os, signal
from rnnlm_core.data.tokenizer import BpeTokenizer
text = "the cat sat\\n" * 5_000
bpe = BpeTokenizer.fit(text, 300)
ids = bpe.encode(text).tolist()
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(BpeTokenizer.fit(text, 300).encode(text).tolist() != ids)
print("same" if os.waitpid(child, 0)[1] == 0 else "lost")
""")
    assert (done.stdout.strip(), done.stderr) == ("same", "")
