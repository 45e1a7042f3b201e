"""The text as it stands, each character with how surprising it was, and what to know about it."""

from __future__ import annotations

import math

import streamlit as st

from rnnlm_core.errors import Problem
from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_core.records import SampledToken, WrittenSample
from rnnlm_ui import session, time_machine
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.generate.place import own_place, shown_place
from rnnlm_ui.generate.wishes import HURRY, PACE, SELECTED, SHOWN
from rnnlm_ui.generate.writing import Writing
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed


def text_of_sample(sample: WrittenSample) -> None:
    _coloured(sample.text, surprise_fill(sample.surprise), [], 0, None, False, None)


def show_text(writing: Writing) -> None:
    from rnnlm_core.generate import character_surprise

    beginning = writing.beginning
    before, whole = len(beginning), len(writing.text)
    fills, tips = surprise_fill(character_surprise(writing.tokens)), _tips(writing.tokens)
    typed = None
    if writing.active and session.widget("pace", PACE) == PACE \
            and not session.recall(HURRY, False):
        typed = min(session.recall(SHOWN, 0), whole)
    session.remember(SHOWN, whole)
    place = shown_place(writing)
    clicked = _coloured(writing.text, [""] * before + fills, [""] * before + tips, before,
                        place if not writing.active or own_place(writing) is not None else None,
                        writing.active, typed)
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
              cursor: bool, typed: int | None) -> int | None:
    return coloured_text(
        text, fills, key="generate.text", tips=tips, prompt=prompt, selected=selected,
        cursor=cursor, stream_from=typed, size="1.3rem", label=t("generate.text_label"),
        legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient()))


def notes(writing: Writing) -> None:
    """What a reader should know about this text, where there is something."""
    notes = []
    if writing.unknown:
        problem = Problem("prompt.unknown_characters", {"characters": listed(writing.unknown)})
        notes.append(plain(error_text(problem)))
    entry = time_machine.entry(writing.run.folder)
    if entry is not None and entry.sha256 != writing.digest:
        notes.append(t("generate.by_step", step=number(writing.step), now=number(entry.step)))
    if (marks := writing.run.config.marks) != "none":
        notes.append(t(f"generate.marked.{marks}"))
    if writing.by_hand and not writing.active:
        notes.append(t("generate.by_hand"))
    for note in notes:
        st.markdown(f":material/info: {note}")
