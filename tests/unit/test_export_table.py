"""A table as a file: whatever text stands in it, Python's reader gives it back."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.insight.export import csv_of

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_what_is_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    written = csv_of(("before", "after"), rows)
    assert list(csv.reader(io.StringIO(written, newline=""))) == [
        ["before", "after"], *map(list, rows)]


def test_quotes_commas_and_line_breaks_stay_in_their_cell() -> None:
    assert csv_of(("text", "units"), [('said "no",\n', 3)]) == 'text,units\n"said ""no"",\n",3\n'
