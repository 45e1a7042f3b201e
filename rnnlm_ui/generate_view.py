"""The writing page, as one fragment: settings, the text as it grows, one place beside it."""

from __future__ import annotations

import sys
from typing import Any

import streamlit as st

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.generate import candidates_height
from rnnlm_core.records import WrittenSample
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import session, time_machine
from rnnlm_ui.generate_finding import finding
from rnnlm_ui.generate_place import panel
from rnnlm_ui.generate_settings import controls
from rnnlm_ui.generate_text import notes, show_text, text_of_sample
from rnnlm_ui.generate_wishes import PAINTED, WISH, WRITING, bring
from rnnlm_ui.live import tail_of
from rnnlm_ui.page import fault
from rnnlm_ui.writing import Writing

TICK = 0.25  # seconds between two looks while it writes


def live(folder: RunFolder, ticking: bool, narrow: bool) -> None:
    """All below the title, as one fragment: looks again while the text grows."""
    place = st.container()
    controls(folder, narrow)
    if _first_paint(folder) and (sample := _newest_sample(folder)) is not None:
        _example(folder, sample, place)
        return
    try:
        writing = bring(folder)
    except UnrollError as error:
        with place:
            fault(error)
        if (kept := session.recall(WRITING, None)) is not None and kept.run.path == folder.path:
            _show(folder, kept)
        elif (sample := _newest_sample(folder)) is not None:
            text_of_sample(sample)
        return
    if writing.active != ticking:
        st.rerun()
    with place:
        from rnnlm_core.generate import character_surprise

        st.markdown(finding(folder, character_surprise(writing.tokens)))
    _show(folder, writing)


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


def _example(folder: RunFolder, sample: WrittenSample, place: Any) -> None:
    with place:
        st.markdown(finding(folder, sample.surprise))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        text_of_sample(sample)
    side.skeleton(height=candidates_height(5))


def _show(folder: RunFolder, writing: Writing) -> None:
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        show_text(writing)
        notes(writing)
    with side:
        panel(folder, writing)
