"""The writing page, as one fragment: settings, the text as it grows, one place beside it."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import streamlit as st

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.generate import candidates_height
from rnnlm_core.records import WrittenSample
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session, time_machine, toolbox
from rnnlm_ui.components import viewport
from rnnlm_ui.generate import along, place, tools, tree, wishes
from rnnlm_ui.generate import beside as ways
from rnnlm_ui.generate.finding import finding
from rnnlm_ui.generate.settings import controls, history, main_button
from rnnlm_ui.generate.shelf import WRITING
from rnnlm_ui.generate.text import notes, show_text, text_of_sample
from rnnlm_ui.generate.wishes import PAINTED, WISH, bring
from rnnlm_ui.generate.writing import Writing
from rnnlm_ui.i18n import t
from rnnlm_ui.live import tail_of
from rnnlm_ui.page import fault

BESIDES = ("place", "ways")
TICK = 0.25  # seconds between two looks while it writes


def actions() -> None:
    runs.picker()
    if along.is_on():
        along.button()
    else:
        main_button(wishes.is_active())


def page(folder: RunFolder) -> None:
    """All below the title. The text comes first, so it is a fragment that looks again by itself."""
    if not along.is_on():
        with st.bottom:
            # a callback, because a script run may be interrupted before it comes to the value; no
            # limit, because a longer text that is pasted would be refused without a word
            st.chat_input(t("generate.placeholder"), key=wishes.PROMPT,
                          on_submit=wishes.take_prompt)
    look_inside.missing_run()
    toolbox.tools_and_moment(folder, tools.switch)
    narrow = viewport.is_narrow()
    if along.is_on():
        st.fragment(lambda: along.page(folder, narrow), key="generate.along")()
        _follow(folder)
        return
    ticking, moment = wishes.is_active() or opening(folder), time_machine.moment(folder)
    st.fragment(lambda: live(folder, ticking, narrow, moment), key="generate.live",
                run_every=TICK if ticking else None)()
    _follow(folder)


def _follow(folder: RunFolder) -> None:
    with contextlib.suppress(UnrollError):  # the text's place says what is damaged
        look_inside.follow_checkpoints(folder, time_machine.entry(folder))
    viewport.watch()


def live(folder: RunFolder, ticking: bool, narrow: bool, moment: int | None) -> None:
    """All below the title, as one fragment: looks again while the text grows."""
    _live(folder, ticking, narrow, moment)
    session.address_now()


def _live(folder: RunFolder, ticking: bool, narrow: bool, moment: int | None) -> None:
    if time_machine.moment(folder) != moment:  # undo went to another one: the slider goes along
        session.page_again()
    answer = st.container()
    with controls(folder, narrow):
        along.switch()
        steps = st.container(horizontal=True, gap="xsmall", width="content")
    if along.is_on():
        session.page_again()
    if _first_paint(folder) and (sample := _newest_sample(folder)) is not None:
        _example(folder, sample, answer)
        return
    try:
        writing = bring(folder)
    except UnrollError as error:
        with answer:
            fault(error)
        if (kept := session.recall(WRITING, None)) is not None and kept.run.path == folder.path:
            _show(kept)
        elif (sample := _newest_sample(folder)) is not None:
            text_of_sample(sample)
        return
    if writing.active != ticking:
        session.page_again()
    with steps:
        history(writing)
    with answer:
        from rnnlm_core.generate import character_surprise

        st.markdown(finding(folder, character_surprise(writing.tokens), writing.branch.steps))
    _show(writing)


def opening(folder: RunFolder) -> bool:
    """Whether torch is still to be loaded: the run's own sample stands there meanwhile."""
    return ("rnnlm_core.lab" not in sys.modules and session.recall(PAINTED, None) != folder.id
            and _newest_sample(folder) is not None and session.recall(WISH, None) is None)


def _first_paint(folder: RunFolder) -> bool:
    first = opening(folder)
    session.remember(PAINTED, folder.id)
    return first


def _newest_sample(folder: RunFolder) -> WrittenSample | None:
    samples = time_machine.written_before(tail_of(folder.path).refresh().samples,
                                          time_machine.moment(folder))
    return samples[-1] if samples else None


def _example(folder: RunFolder, sample: WrittenSample, answer: Any) -> None:
    with answer:
        st.markdown(finding(folder, sample.surprise))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        text_of_sample(sample)
    side.skeleton(height=candidates_height(5))


def _show(writing: Writing) -> None:
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        show_text(writing)
        notes(writing)
        tree.panel(writing)
    with side:
        beside = st.segmented_control(
            t("generate.beside"), BESIDES, key=session.choice(wishes.BESIDE, BESIDES, BESIDES[0]),
            required=True, label_visibility="collapsed",
            format_func=lambda name: t(f"generate.besides.{name}"))
        (place.panel if beside == "place" else ways.panel)(writing)
