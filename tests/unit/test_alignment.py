"""Two networks over one text: against the definitions, by hand and by another route."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.data.tokenizer import fit
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.alignment import (
    common_text,
    linear_cka,
    match_units,
    surprise_of_characters,
)

RANDOM = np.random.default_rng(3)
TEXT = "the old door said hello, the new door said: 你好！ \n" * 3


def hsic_cka(x: np.ndarray, y: np.ndarray) -> float:
    """By the other route of Kornblith et al. 2019: HSIC of centred Gram matrices of the tokens."""
    centre = np.eye(len(x)) - 1 / len(x)
    k, m = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    return float(np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m)))


@pytest.mark.parametrize("shape", [(40, 3, 5), (6, 9, 20), (30, 1, 1)], ids=str)
def test_cka_is_the_normed_hsic(shape: tuple[int, int, int]) -> None:
    tokens, first, second = shape
    x, y = RANDOM.normal(size=(tokens, first)), RANDOM.normal(size=(tokens, second)) + 4
    assert linear_cka(x, y).value == pytest.approx(hsic_cka(x, y), rel=1e-9)


def test_cka_does_not_see_rotation_scale_and_a_constant() -> None:
    x = RANDOM.normal(size=(200, 6))
    turned = np.linalg.qr(RANDOM.normal(size=(6, 6)))[0]
    found = linear_cka(x, 3 * x @ turned - 7)
    assert found.value == pytest.approx(1, abs=1e-9)
    assert found.chance < 0.2
    assert linear_cka(x, np.ones((200, 4))) == (0.0, 0.0)


def test_units_are_matched_one_to_one_whatever_their_order_and_sign() -> None:
    x = RANDOM.normal(size=(300, 8))
    order = RANDOM.permutation(8)
    sign = np.array([1, -1, 1, 1, -1, -1, 1, -1])
    found = match_units(x, (x * sign)[:, order] + 2)
    assert sorted(p.first for p in found.pairs) == sorted(p.second for p in found.pairs)
    for pair in found.pairs:
        assert order[pair.second] == pair.first
        assert pair.correlation == pytest.approx(sign[pair.first], abs=1e-9)
    assert found.chance < 0.4 and found.constant == 0


def test_the_assignment_has_the_largest_sum_and_pearsons_correlations() -> None:
    x, y = RANDOM.normal(size=(50, 2)), RANDOM.normal(size=(50, 2))
    r = np.corrcoef(x.T, y.T)[:2, 2:]
    straight, crossed = abs(r[0, 0]) + abs(r[1, 1]), abs(r[0, 1]) + abs(r[1, 0])
    expected = {(0, 0), (1, 1)} if straight > crossed else {(0, 1), (1, 0)}
    found = match_units(x, y)
    assert {(p.first, p.second) for p in found.pairs} == expected
    for pair in found.pairs:
        assert pair.correlation == pytest.approx(r[pair.first, pair.second])


def test_units_that_never_move_match_nothing() -> None:
    x = RANDOM.normal(size=(60, 3))
    x[:, 1] = 0.5
    found = match_units(x, x)
    assert {(p.first, p.second) for p in found.pairs} == {(0, 0), (2, 2)}
    assert found.constant == 2
    assert match_units(np.ones((60, 2)), x).pairs == []


def test_noise_is_not_beyond_chance() -> None:
    found = match_units(RANDOM.normal(size=(500, 10)), RANDOM.normal(size=(500, 10)))
    assert abs(found.pairs[0].correlation) < 1.5 * found.chance


@pytest.mark.parametrize("kinds", [("characters", "characters"), ("characters", "words"),
                                   ("bytes", "words"), ("bpe", "characters"),
                                   ("graphemes", "chinese")], ids="-".join)
def test_both_end_tokens_at_the_same_characters(kinds: tuple[str, str]) -> None:
    first, second = (fit(kind, TEXT, 300) for kind in kinds)
    found = common_text(TEXT, first, second)
    for tokenizer, one, tokens in ((first, found.first, found.tokens[0]),
                                   (second, found.second, found.tokens[1])):
        assert tokenizer.decode(one.ids) == TEXT
        assert (np.diff(tokens) > 0).all()
        # up to each place, it has read just that beginning of the text
        for place, token in zip(found.places, tokens, strict=True):
            assert tokenizer.decode(one.ids[:token + 1]) == TEXT[:place + 1]


def test_a_marked_text_is_read_with_its_marks() -> None:
    lines = "anna\nbob\ncarla\n" * 4
    found = common_text(lines, fit("characters", lines, 50, 1, "lines"), fit("characters", lines))
    assert len(found.first.ids) == len(lines) + 12 and len(found.places) == len(lines)


def test_each_leaves_out_what_it_lacks_and_nothing_else() -> None:
    """A rare word between spaces must not take them along."""
    words = fit("words", "the old door said hello , : \n" * 9)
    found = common_text(TEXT, fit("characters", TEXT), words)
    left_out = "".join(c for c, owner in zip(TEXT, found.second.owners, strict=True) if owner < 0)
    assert left_out == "new你好！" * 3
    assert (found.first.owners >= 0).all() and words.decode(found.second.ids) == "".join(
        c for c, owner in zip(TEXT, found.second.owners, strict=True) if owner >= 0)


def test_texts_with_too_little_in_common_are_refused() -> None:
    with pytest.raises(BadInput, match="0 characters of this text are read by both"):
        common_text("你好" * 50, fit("characters", "你好"), fit("characters", "abc"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_no_bit_is_lost_when_it_is_spread_over_characters(lengths: list[int], random: object
                                                          ) -> None:
    owners = np.repeat(np.arange(len(lengths)), lengths)
    if not len(owners):
        return
    surprise = np.array([random.uniform(0, 9) for _ in lengths])  # type: ignore[attr-defined]
    surprise[0] = np.nan
    spread = surprise_of_characters(surprise, owners)
    assert len(spread) == len(owners)
    assert np.nansum(spread) == pytest.approx(np.nansum(surprise))


def test_bits_of_a_token_are_shared_evenly_by_its_characters() -> None:
    spread = surprise_of_characters(np.array([np.nan, 6.0, 1.0, 2.0]),
                                    np.array([0, 1, 1, 1, -1, 3]))
    # nothing was expected of the first; token 2 ends none: its bit goes to 3; the fifth has no id
    np.testing.assert_allclose(spread, [np.nan, 2, 2, 2, np.nan, 3])
