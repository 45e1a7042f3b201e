"""The share of repeated n-grams, against counting by hand."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.insight.repeats import repeated, repeated_characters, repeated_share


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
