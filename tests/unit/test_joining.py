"""Rows as one text: what is joined how, and which copies are left out."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.data.copies import SHARED_LENGTH
from rnnlm_core.data.joining import JoinedRows

MANY = 1_000_000
LONG = "to be or not to be, that is the question of this long row"


def joined(rows: list[str | None], **how: bool) -> tuple[str, JoinedRows]:
    made = JoinedRows(**how)
    assert not made.fill(rows, MANY)
    return made.take(), made


def test_each_row_has_a_line_of_its_own_and_none_is_lost_but_empty_ones() -> None:
    text, made = joined(["one", "two\n", None, " \t", "\ufeffthree\n\n", "four"])
    assert text == "one\ntwo\nthree\n\nfour"
    assert dataclasses.astuple(made.counts) == (4, 1, 1, 0, 0, 0) and made.counts.read == 6
    assert joined(["one", "two\n\n", "one"], blank_line=True)[0] == "one\n\ntwo\n\none\n"


def test_lines_of_a_text_file_are_that_file() -> None:
    text, made = joined([f"{LONG}\n", "\n", f"{LONG}\n", "end", "of another\n"], lines=True)
    assert text == f"{LONG}\n\n{LONG}\nend\nof another\n"
    assert dataclasses.astuple(made.counts) == (5, 0, 0, 0, 0, 0)


def test_a_long_row_stands_in_the_text_once_whatever_its_white_space() -> None:
    text, made = joined([LONG, "refrain", f" {LONG.replace(' ', chr(10))}  ", "refrain", LONG])
    assert text == f"{LONG}\nrefrain\nrefrain"
    assert (made.counts.rows, made.counts.copies, made.counts.repeated) == (3, 2, 1)


def test_long_begins_with_the_length_that_is_no_accident() -> None:
    """50 characters of what is read, the white space around and between words left aside."""
    for row, copies in (("x" * 49, 0), ("x" * 50, 1), (" " * 9 + "x" * 49, 0),
                        ("x" * 24 + " " * 9 + "y" * 24, 0), ("x" * 24 + " " * 9 + "y" * 25, 1)):
        assert joined([row, row])[1].counts.copies == copies


def test_a_row_of_an_earlier_part_is_in_no_later_one() -> None:
    rows = JoinedRows()
    rows.fill([LONG, "short"], MANY)
    first = rows.take()
    rows.fill(["short", f"{LONG} ", f"{LONG}!", f"{LONG}!"], MANY)
    assert (first, rows.take()) == (f"{LONG}\nshort", f"short\n{LONG}!")
    assert (rows.counts.copies, rows.counts.leaks, rows.counts.repeated) == (2, 1, 1)


def test_no_more_rows_are_taken_than_wanted() -> None:
    rows, source = JoinedRows(), iter(["abc", "def", "ghi", "jkl"])
    assert rows.fill(source, 7)
    assert (rows.characters, rows.take(), next(source)) == (7, "abc\ndef", "ghi")


@given(st.lists(st.sampled_from(["a", "b " * 30, "b  " * 30, "c" * 50, "c" * 49, "\n", "d\n"])
                | st.none()), st.booleans())
def test_what_stays_by_the_rule_in_plain_words(rows: list[str | None], once: bool) -> None:
    kept: list[str] = []
    for row in rows:
        normal = " ".join((row or "").split())
        before = [" ".join(k.split()) for k in kept]
        if normal and not (normal in before and (once or len(normal) >= SHARED_LENGTH)):
            kept.append(row or "")
    text, made = joined(rows, once=once)
    assert text.splitlines() == "\n".join(kept).replace("\n\n", "\n").splitlines()
    assert made.counts.rows == len(kept) and made.counts.read == len(rows)
