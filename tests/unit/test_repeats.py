"""The share of repeated n-grams, against counting by hand."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.insight.repeats import (
    most_repeated,
    repeated,
    repeated_characters,
    repeated_share,
)


def test_by_hand() -> None:
    # abcab, bcabc, cabca are new; abcab and bcabc come again
    assert repeated("abcabcabc", 5).tolist() == [False, False, False, True, True]
    assert repeated_share("abcabcabc", 5) == 2 / 5
    assert repeated_characters("abcabcabc", 5).tolist() == [False] * 3 + [True] * 6
    assert repeated_share("a" * 20) == 12 / 13
    assert repeated_share("abcdefgh") == 0


def test_a_text_too_short_has_no_share() -> None:
    assert math.isnan(repeated_share("")) and math.isnan(repeated_share("abcdefg"))
    assert repeated_characters("abc").tolist() == [False] * 3


@given(st.text("ab\U0001f600", max_size=60), st.integers(1, 9))
def test_the_share_is_one_less_the_different_ones(text: str, n: int) -> None:
    grams = Counter(text[i:i + n] for i in range(len(text) - n + 1))
    if grams:
        assert math.isclose(repeated_share(text, n), 1 - len(grams) / grams.total())
    first = {text[i:i + n]: i for i in reversed(range(len(text) - n + 1))}
    covered = {j for i in range(len(text) - n + 1) if first[text[i:i + n]] < i
               for j in range(i, i + n)}
    assert set(repeated_characters(text, n).nonzero()[0].tolist()) == covered


def test_the_passages_that_come_most_often_are_whole() -> None:
    text = "one said hello there. two said hello there. six asked for bread, ten asked for bread; a"
    assert most_repeated(text, 5) == [(" said hello there. ", 2), (" asked for bread", 2)]
    assert most_repeated(text, 1) == [(" said hello there. ", 2)]
    assert most_repeated("abcdefghijkl", 5) == most_repeated("", 5) == []
    assert most_repeated("a" * 12, 5) == [("a" * 8, 5)]


@given(st.text("ab", max_size=50))
def test_each_stands_at_so_many_places_and_no_longer_one_does(text: str) -> None:
    for passage, count in most_repeated(text, 4, 4):
        starts = [i for i in range(len(text)) if text.startswith(passage, i)]
        assert len(starts) == count >= 2
        for longer in (passage + "a", passage + "b", "a" + passage, "b" + passage):
            assert sum(text.startswith(longer, i) for i in range(len(text))) < count
