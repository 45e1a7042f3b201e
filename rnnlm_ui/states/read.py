"""Read: one unit over a text, all of them below, the found ones beside."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import Problem
from rnnlm_ui import look_inside, session
from rnnlm_ui.i18n import t
from rnnlm_ui.states import findings
from rnnlm_ui.states.choice import reading_settings, settings
from rnnlm_ui.states.found import found_list
from rnnlm_ui.states.heatmap import heat_picture
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.picture import character_panel, text_picture, unknown_note
from rnnlm_ui.states.reading import score_then


def _file(look: Look) -> bytes:
    from rnnlm_core.insight.export import states_npz

    return states_npz(look.reading)


def show(look: Look, answer: DeltaGenerator) -> None:
    """What was found is of the newest weights: at an earlier moment the same unit is looked at, to
    see it come into being."""
    label = session.recall("states.label", "")
    own = findings.finding_of(look.findings, look.choice, label) if look.step is not None else None
    if look.findings and own is None:
        answer.markdown(findings.answer(look.findings, look.choice, label, look.config))
    if look.unsearched is not None:
        answer.markdown(look_inside.note(
            Problem("text.held_out_short", look.unsearched.values)
            if look.unsearched.code == "text.too_short" else look.unsearched))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        text_picture(look)
        unknown_note(look.reading.unknown)
        heat_picture(look)
    with side:
        if look.findings:
            found_list(look)
        character_panel(look)
    settings(look.config, order=True)
    reading_settings(look.config)
    st.download_button(t("states.download"), lambda: _file(look), f"{look.folder.id}.npz",
                       icon=":material/download:", type="tertiary", on_click="ignore",
                       help=t("states.download_help"))
    newest = look_inside.newest(look.folder)
    if own is not None and look.step is not None and newest is not None:
        # last: it reads much text, and the pictures need not wait for it
        then = score_then(look.path, look.step, look.digest, own)
        answer.markdown(findings.answer_then(own, then, look.step, newest.step, look.config))
