"""The text as it stands, each character with how surprising it was, and what to know about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import streamlit as st

from rnnlm_core.errors import Problem
from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.palette import LIGHT, surprise_fill, surprise_gradient
from rnnlm_core.records import SampledToken, WrittenSample
from rnnlm_ui import session, time_machine
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.generate.beginning import LONGEST_PROMPT
from rnnlm_ui.generate.place import own_place, shown_place
from rnnlm_ui.generate.shelf import SELECTED
from rnnlm_ui.generate.wishes import HURRY, PACE, SHOWN
from rnnlm_ui.generate.writing import Writing
from rnnlm_ui.i18n import error_text, joined, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed, words_of


def text_of_sample(sample: WrittenSample) -> None:
    _coloured(sample.text, surprise_fill(sample.surprise), [], 0, None, False, None)


def show_text(writing: Writing) -> None:
    from rnnlm_core.generate import character_surprise

    start, shown = writing.start, writing.shown
    before, whole = len(start.shown), len(shown)
    fills, tips = surprise_fill(character_surprise(writing.tokens)), _tips(writing.tokens)
    lacking = t("generate.lacking")
    typed = None
    if writing.active and session.widget("pace", PACE) == PACE \
            and not session.recall(HURRY, False):
        typed = min(session.recall(SHOWN, 0), whole)
    session.remember(SHOWN, whole)
    # while it writes, the newest character is no choice: only the reader's own place is outlined
    place = own_place(writing) if writing.active else shown_place(writing)
    clicked = _coloured(
        shown, [""] * before + fills,
        [lacking if missing else "" for missing in start.lacking] + tips, before,
        place, writing.active, typed,
        [LIGHT["dim"] if missing else "" for missing in start.lacking])
    if clicked is not None:
        session.remember(SELECTED, clicked)


def _tips(tokens: list[SampledToken]) -> list[str]:
    """For each written character how likely it was; where several bytes make it, all of them."""
    template, tips, share = t("generate.tip"), list[str](), 1.0
    for token in tokens:
        share *= token.probability
        if token.text:
            bits = -math.log2(max(share, 1e-300))
            tips += [template.format(share=percent(share), bits=f"{bits:.1f}")] * len(token.text)
            share = 1.0
    return tips


def _coloured(text: str, fills: list[str], tips: list[str], prompt: int, selected: int | None,
              cursor: bool, typed: int | None, bands: Sequence[str] = ()) -> int | None:
    return coloured_text(
        text, fills, key="generate.text", tips=tips, prompt=prompt, bands=bands, selected=selected,
        cursor=cursor, stream_from=typed, size="1.3rem", label=t("generate.text_label"),
        legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient()))


def notes(writing: Writing) -> None:
    """What a reader should know about this text, where there is something."""
    entry = time_machine.entry(writing.run.folder)
    notes = [*_of_beginning(writing), *_of_bytes(writing)]
    if entry is not None and entry.sha256 != writing.digest:
        notes.append(t("generate.by_step", step=number(writing.step), now=number(entry.step)))
    if (marks := writing.run.config.marks) != "none":
        notes.append(t(f"generate.marked.{marks}"))
    if writing.by_hand and not writing.active:
        notes.append(t("generate.by_hand"))
    for note in notes:
        st.markdown(f":material/info: {note}")


def _of_beginning(writing: Writing) -> Iterator[str]:
    """What of it is not read, and what is read and not shown."""
    start = writing.start
    if writing.unread:
        yield t("generate.reading", n=number(writing.unread), **words_of(writing.run.config))
    if start.unknown:
        problem = Problem("prompt.unknown_characters", {"characters": listed(start.unknown)})
        yield joined([plain(error_text(problem)), t("generate.underlined")])
    if start.shown and not start.known:
        yield t("generate.nothing_known")
    if gone := writing.branch.gone:
        yield t("generate.cut_off", gone=number(gone), most=number(LONGEST_PROMPT))
    if start.hidden:
        yield t("generate.hidden", n=number(len(writing.prompt)), last=number(len(start.shown)))


def _of_bytes(writing: Writing) -> Iterator[str]:
    invalid, open_end = writing.broken
    if invalid:
        yield t("generate.invalid", n=invalid)
    if open_end and not writing.active:
        yield t("generate.open_end")
