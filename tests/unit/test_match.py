"""Places of a pattern, against a search by brute force; what they have in common, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.long_reading import LongReading
from rnnlm_core.insight.match import (
    Levels,
    Match,
    Span,
    find_matches,
    following,
    label_share,
    random_sets,
    switchboard,
    switches_on,
)
from rnnlm_core.insight.match_report import match_report

THETA = 0.3


def is_on(on: np.ndarray, switch: int, start: int, end: int, alone: bool) -> bool:
    """By the definition, token by token."""
    inside = all(on[t, switch] for t in range(start, end + 1))
    if not alone:
        return inside
    before = start > 0 and on[start - 1, switch]
    after = end + 1 < len(on) and on[end + 1, switch]
    return inside and not before and not after


@given(st.integers(0, 10_000), st.integers(1, 6), st.booleans(), st.booleans())
def test_switches_and_places_are_those_of_a_search_by_brute_force(
        seed: int, length: int, alone: bool, opposite: bool) -> None:
    generator = np.random.default_rng(seed)
    values = np.repeat(generator.normal(size=(12, 5)), 3, axis=0) + generator.normal(
        scale=0.2, size=(36, 5))
    levels = Levels(THETA, -THETA if opposite else None)
    board = switchboard(values, levels)
    on = np.concatenate([values > THETA, values < -THETA], 1) if opposite else values > THETA
    assert (board.on == on).all()
    start = int(generator.integers(36 - length))
    span = Span(start, start + length - 1)

    chosen = switches_on(board, span, alone)
    found = find_matches(board, chosen, length, alone, avoid=span, most=1000)

    assert chosen.tolist() == [f for f in range(on.shape[1]) if is_on(on, f, *span, alone)]
    counts = {start: sum(is_on(on, f, start, start + length - 1, alone) for f in chosen)
              for start in range(36 - length + 1)}
    free = {s: n for s, n in counts.items() if n and 2 * n >= len(chosen)
            and (s + length - 1 < span.start or s > span.end)}
    assert {m.span.start for m in found} <= set(free)
    assert all(m.on == counts[m.span.start] and len(m.span) == length for m in found)
    assert [m.on for m in found] == sorted((m.on for m in found), reverse=True)
    taken = [t for m in found for t in range(m.span.start, m.span.end + 1)]
    assert len(taken) == len(set(taken))
    left = [s for s in free if not set(range(s, s + length)) & set(taken)]
    assert left == []  # whatever else is as good overlaps one that is listed
    assert not free or max(free.values()) == found[0].on


def values_of(*rows: str) -> np.ndarray:
    """A row a unit: `#` on, `-` far below, `.` neither."""
    return np.array([[{"#": 0.9, "-": -0.9, ".": 0.0}[c] for c in row] for row in rows]).T


def test_of_equals_the_place_with_fewer_others_on_comes_first() -> None:
    board = switchboard(values_of("###..###..###", ".....###....."), Levels(THETA))

    found = find_matches(board, np.array([0]), 3)

    assert found == [Match(Span(0, 2), 1, 0), Match(Span(10, 12), 1, 0), Match(Span(5, 7), 1, 1)]


def test_places_of_other_lengths_are_whole_stretches() -> None:
    board = switchboard(values_of("####..######..#...########.", "####..######..#.##########."),
                        Levels(THETA))
    both = np.array([0, 1])

    spans = [m.span for m in find_matches(board, both, 4, any_length=True)]
    alone = [(m.span, m.on) for m in find_matches(board, both, 4, alone=True, any_length=True)]

    assert spans == [Span(0, 3), Span(6, 11), Span(18, 25)]  # one token is too short
    assert alone == [(Span(0, 3), 2), (Span(6, 11), 2), (Span(18, 25), 1)]


def test_a_phrase_longer_than_the_text_or_without_units_has_no_places() -> None:
    board = switchboard(values_of("###"), Levels(THETA))

    assert find_matches(board, np.array([0]), 4) == []
    assert find_matches(board, np.array([], np.int64), 2) == []


def test_a_gate_near_zero_counts_as_far_below() -> None:
    board = switchboard(np.array([[0.9, 0.1], [0.6, 0.5]]), Levels(0.65, 0.35))

    assert board.on.tolist() == [[True, False, False, True], [False] * 4]


def test_random_sets_are_of_other_units_that_ever_move() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(200, 8))
    values[:, 3] = 5.0  # always on
    board = switchboard(values, Levels(THETA, -THETA))

    sets = random_sets(board, np.array([0, 9]), units=8)  # unit 0, and unit 1 far below

    assert len(sets) == 20 and all(len(np.unique(one)) == 2 for one in sets)
    drawn = {int(s) % 8 for one in sets for s in one}
    assert drawn == {2, 4, 5, 6, 7}


def test_each_place_counts_the_same_for_a_label() -> None:
    holds = np.array([1, 1, 0, 0, 0, 0, 1, 0, 0, 0], bool)
    where = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 1], bool)
    matches = [Match(Span(0, 3), 1, 0), Match(Span(6, 7), 1, 0)]
    random = [[Match(Span(4, 5), 1, 0)], [Match(Span(0, 1), 1, 0)], [Match(Span(7, 7), 1, 0)], []]

    share = label_share(holds, where, matches, random)

    assert share.matches == pytest.approx((2 / 4 + 1 / 1) / 2)
    assert share.everywhere == pytest.approx(3 / 9)
    assert share.random == pytest.approx(0.5)  # of the two sets that have a place that counts
    assert share.random_high == pytest.approx(0.95)
    assert not share.telling


def test_what_follows_leaves_out_a_place_that_ends_the_text() -> None:
    ids = np.array([5, 6, 7, 8])

    assert following(ids, [Match(Span(0, 1), 1, 0), Match(Span(2, 3), 1, 0)]).tolist() == [7]


def test_a_unit_that_is_on_inside_brackets_finds_the_other_brackets() -> None:
    text = "ab(cd)ef(gh)ij(kl)mn." * 6
    inside = np.array([text[:i + 1].count("(") > text[:i + 1].count(")") for i in
                       range(len(text))])
    noise = np.random.default_rng(1).normal(size=(len(text), 7))
    values = np.concatenate([np.where(inside, 0.9, -0.9)[:, None], noise], 1).astype(np.float32)
    tokens = np.array([ord(c) for c in text])
    reading = LongReading(text, np.arange(len(text)), tuple(text), tokens, values,
                          np.zeros(len(text), np.float32))
    label = Label("inside_brackets", "binary", inside.astype(float), np.ones(len(text), bool),
                  False)
    span = Span(2, 4)  # "(cd"

    report = match_report(values, span, tokens, reading, [label], Levels(THETA), alone=True,
                          avoid=span)

    assert 0 in report.chosen
    assert report.labels[0].share.matches == 1.0 and report.labels[0].share.everywhere < 0.5
    assert report.after[0].token == ord(")")
    assert all(not (m.span.start <= 4 and m.span.end >= 2) for m in report.matches)
