"""The places of a pattern as lines of text, the matched stretches below each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from rnnlm_core.figures.palette import share_fill
from rnnlm_core.figures.states_match import FollowWords, follow_figure, follow_height
from rnnlm_core.figures.template import columns
from rnnlm_core.insight.match import Levels, Match, switchboard
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.components.viewport import is_narrow
from rnnlm_ui.i18n import number, t
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.table import csv_button

if TYPE_CHECKING:
    from rnnlm_core.insight.long_reading import LongReading
    from rnnlm_core.insight.match_report import MatchReport

LINES = 12  # of a page
WIDE, NARROW = (26, 34, 26), (7, 15, 7)  # columns before, in and after a match
_CUT = "…"
_MARKS = {ord("\n"): "⏎", ord("\t"): "⇥", ord("\r"): "⏎"}


class Line(NamedTuple):
    """A line as it is shown; of each character, how many units are on, −1 beside the match."""

    text: str
    on: tuple[int, ...]


def show(report: MatchReport, look: Look, long: LongReading, levels: Levels) -> None:
    lines, after = st.columns([2.1, 1], gap="medium")
    with lines:
        _lines(report, look, long, levels)
    with after:
        _after(report, look)


def _lines(report: MatchReport, look: Look, long: LongReading, levels: Levels) -> None:
    st.subheader(t("states_match.places", n=number(len(report.matches))), anchor=False)
    pages = -(-len(report.matches) // LINES)
    key = f"match.page.{look.folder.id}"
    page = min(max(1, session.widget(key, 1)), pages)
    shown = report.matches[(page - 1) * LINES:page * LINES]
    board, widths = switchboard(long.values, levels), NARROW if is_narrow() else WIDE
    n = len(report.chosen)
    drawn = [line_of(match, long, board.on[:, report.chosen].sum(1), widths, n)
             for match in shown]
    counts = [count for line in drawn for count in (*line.on, -1)]
    coloured_text(
        "\n".join(line.text for line in drawn),
        [share_fill([count / n])[0] if count >= 0 else "" for count in counts],
        key="match.lines", size="1rem", lines=True, label=t("states_match.lines_label"),
        tips=[t("states_match.tip", on=count, n=n) if count >= 0 else "" for count in counts])
    if pages > 1:
        st.pagination(pages, key=key, max_visible_pages=5)
    csv_button(lambda: _file(report, long), f"{look.folder.id}-places")


def _file(report: MatchReport, long: LongReading) -> str:
    """Every place: its characters in the held-out text as it was read, from 0, and its units."""
    from rnnlm_core.insight.export import csv_of

    rows = []
    for match in report.matches:
        first = int(long.owners.searchsorted(match.span.start))
        last = int(long.owners.searchsorted(match.span.end, side="right"))
        rows.append((first, last, long.text[first:last], match.on, len(report.chosen)))
    return csv_of(("first_character", "past_last_character", "text", "units_on", "units"), rows)


def line_of(match: Match, long: LongReading, on: object, widths: tuple[int, int, int], n: int
            ) -> Line:
    """How many are on, then the text around a match, cut and filled up to the widths."""
    before, inside, after = widths
    owners, span = long.owners, match.span
    first = int(owners.searchsorted(span.start))
    last = int(owners.searchsorted(span.end, side="right"))
    head = f"{match.on}/{n}".rjust(2 * len(str(n)) + 1) + "  "
    left = _fitting(_on_a_line(long.text[max(0, first - before):first])[::-1], before)[::-1]
    right = _fitting(_on_a_line(long.text[last:last + after]), after)
    text = _on_a_line(long.text[first:last])
    counts = [int(on[owners[i]]) for i in range(first, last)]  # type: ignore[index]
    if _width(text) > inside:
        keep = _fitting(text, inside - 1)
        text, counts = keep + _CUT, [*counts[:len(keep)], -1]
    pad = " " * (before - _width(left))
    return Line(head + pad + left + text + right,
                (*[-1] * len(head + pad + left), *counts, *[-1] * len(right)))


def _on_a_line(text: str) -> str:
    return text.translate(_MARKS)


def _width(text: str) -> int:
    """In columns; the browser gives a sign two."""
    return columns(text) + sum(text.count(mark) for mark in "⏎⇥")


def _fitting(text: str, width: int) -> str:
    """As much of the beginning as is not wider."""
    while _width(text) > width:
        text = text[:-1]
    return text


def _after(report: MatchReport, look: Look) -> None:
    st.subheader(t("states_match.after"), anchor=False)
    pieces = look.run.tokenizer.pieces
    rows = [(pieces[one.token], one.share, one.everywhere) for one in report.after]
    if not rows:
        st.markdown(t("states_match.after_nothing"))
        return
    words = FollowWords(t("states_match.after_places"), t("states_match.after_everywhere"))
    live_plot(lambda: follow_figure(rows, words), key="match.after", on=(),
              height=follow_height(len(rows)), alt=t("states_match.after_alt", **look.words),
              rev=(look.digest, tuple(rows)))
