"""Match: brush a phrase, and find where else in the held-out text the same units are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.palette import share_fill, share_gradient
from rnnlm_core.figures.states import visible
from rnnlm_core.insight.match import Levels, Span
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import brushed_text
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.page import fault, plain
from rnnlm_ui.states import match_lines
from rnnlm_ui.states.brush import (
    ALONE,
    LENGTHS,
    Brush,
    brushed,
    chosen_levels,
    keep_brush,
    phrase_slider,
)
from rnnlm_ui.states.choice import settings
from rnnlm_ui.states.long_reading import long_labels, long_reading
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.match_findings import answer_of, labels_table, units_list
from rnnlm_ui.states.picture import unknown_note
from rnnlm_ui.states.reading import read

if TYPE_CHECKING:
    from rnnlm_core.insight.long_reading import LongReading
    from rnnlm_core.insight.match_report import MatchReport


@st.cache_data(max_entries=128, show_spinner=False)
def report_of(path: str, step: int | None, digest: str, text: str, part: str, layer: int,
              span: Span, levels: Levels, alone: bool, any_length: bool) -> MatchReport:
    from rnnlm_core.insight.match_report import match_report
    from rnnlm_ui.states.findings import Choice
    from rnnlm_ui.states.look import values_of

    reading, long = read(path, step, digest, text), long_reading(path, step, digest, part, layer)
    return match_report(
        values_of(reading, Choice(part, layer, 0)), Span(*span), reading.ids, long,
        long_labels(path, step, digest), Levels(*levels), alone, any_length,
        own_place(reading.text, Span(*span), long))


def own_place(text: str, span: Span, long: LongReading) -> Span | None:
    """Where a phrase of a text that is itself taken from the held-out one stands there."""
    at = long.text.find(text)
    if at < 0:
        return None
    before = int(long.owners[at - 1]) + 1 if at else 0
    return Span(before + span.start, min(before + span.end, len(long.ids) - 1))


def show(look: Look, answer: DeltaGenerator) -> None:
    try:
        with st.spinner(t("states_match.reading")):
            long = long_reading(look.path, look.step, look.digest, look.choice.part,
                            look.choice.layer)
    except UnrollError as error:
        with answer:
            fault(error)
        settings(look.config)
        return
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        text = st.container()
        levels = chosen_levels(look, long.values)
        brush = brushed(look, levels)
        phrase_slider(look, brush)
    # what the text says of a brush decides, so that one press is one rerun
    with text:
        _text(look, brush, levels)
        unknown_note(look.reading.unknown)
    report = report_of(look.path, look.step, look.digest, look.reading.text, look.choice.part,
                       look.choice.layer, brush.span, levels, bool(session.widget(ALONE, False)),
                       bool(session.widget(LENGTHS, True)))
    phrase = plain(visible(look.reading.text[brush.first:brush.last + 1]))
    answer.markdown(joined(answer_of(report, phrase, look)))
    with side:
        units_list(report, look, brush.span)
        labels_table(report, look)
    if report.matches:
        match_lines.show(report, look, long, levels)
    settings(look.config)


def _text(look: Look, brush: Brush, levels: Levels) -> None:
    """The text to brush, filled by how many of the phrase's units are on at each token."""
    from rnnlm_core.insight.match import switchboard, switches_on

    board = switchboard(look.values, levels)
    chosen = switches_on(board, brush.span, bool(session.widget(ALONE, False)))
    counts = board.on[:, chosen].sum(1)
    shares = counts / max(1, len(chosen))
    owners = look.reading.owners
    ends = brushed_text(
        look.reading.text, share_fill(shares[owners]), (brush.first, brush.last),
        key="match.text", label=t("states_match.text_label"),
        tips=[t("states_match.tip", on=int(counts[owner]), n=len(chosen)) for owner in owners],
        legend=(t("states_match.none_on"), t("states_match.all_on"), share_gradient()))
    st.markdown(f":small[:gray[{t('states_match.how')}]]")
    if ends is not None and ends != (brush.first, brush.last):
        keep_brush(look, ends)
        session.page_again()
