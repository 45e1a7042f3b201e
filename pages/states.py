"""What does each unit remember? One unit over a text, all of them below, the found ones beside."""

import streamlit as st

from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import (
    embeddings_view,
    look_inside,
    runs,
    session,
    states_contextual,
    time_machine,
)
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault, head, how_to_read, next_link
from rnnlm_ui.states_choice import default_text, settings, settle, text_to_read
from rnnlm_ui.states_findings import answer, answer_then, finding_of
from rnnlm_ui.states_found import found_list
from rnnlm_ui.states_look import Look
from rnnlm_ui.states_path import path_picture, path_settings
from rnnlm_ui.states_reading import found_units, read, score_then
from rnnlm_ui.states_text import character_panel, text_picture, unknown_note
from rnnlm_ui.states_units import heat_picture
from rnnlm_ui.tokens import words_on


def view(folder: RunFolder, shown: Entry | None) -> None:
    """The answer, the picture with what was found beside it, the settings, the states' path.

    What was found is of the newest weights: at an earlier moment the same unit is looked at, to see
    it come into being.
    """
    run = runs.opened(folder)
    assert run.model  # a run without a checkpoint has nothing to show: its error is the answer
    assert shown is not None  # the model is read from it
    path, config, step = str(folder.path), run.config, time_machine.moment(folder)
    place, newest = st.container(), look_inside.newest(folder)
    try:
        findings = found_units(path, newest.sha256 if newest is not None else "")
    except UnrollError as error:  # the held-out text is short: a limit, not a fault
        if error.code == "run.no_state":
            raise  # nothing of this page can be shown of a CNN
        findings = []
        if error.code == "run.no_numbers" and step is None:
            raise  # nor of weights that are no numbers; an earlier moment may have some
        place.markdown(look_inside.note(
            Problem("text.held_out_short", error.values) if error.code == "text.too_short"
            else error))
    choice = settle(folder, config, findings)
    text = text_to_read(run)
    try:
        reading = read(path, step, shown.sha256, text)
    except UnrollError as error:  # of the reader's text: the picture is of the run's own
        if error.code == "run.no_numbers":
            raise
        with place:
            fault(error)
        reading = read(path, step, shown.sha256, default_text(run))
    look = Look(folder, step, shown.sha256, config, reading, choice)
    label = session.recall("states.label", "")
    own = finding_of(findings, choice, label) if step is not None else None
    if findings and own is None:
        place.markdown(answer(findings, choice, label, config))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        text_picture(look)
        unknown_note(reading)
        heat_picture(look)
    with side:
        if findings:
            found_list(look, findings)
        character_panel(look)
    settings(config)
    picture, side = st.columns([2.1, 1], gap="medium", vertical_alignment="center")
    with side:
        path_settings(look)
    with picture:
        path_picture(look)
    embeddings_view.section(folder)
    states_contextual.section(folder, config, shown)
    if own is not None and step is not None and newest is not None:
        # last: it reads much text, and the pictures need not wait for it
        then = score_then(path, step, shown.sha256, own)
        place.markdown(answer_then(own, then, step, newest.step, config))


folder = runs.current(runs.DIALOGUE)
head(t("states.title"), actions=lambda: runs.picker(runs.DIALOGUE))
look_inside.missing_run()
time_machine.slider(folder, lambda: time_machine.fork_link(folder))
stamp, shown = st.container(), None
room = look_inside.room("states", folder, height=560)
try:
    shown = time_machine.entry(folder)
    with room():
        view(folder, shown)
except UnrollError as error:
    with room():
        look_inside.why_nothing(error)
with stamp:
    look_inside.follow_checkpoints(folder, shown)
next_link("gradients", t("states.next"))
how_to_read(t("states.how_to_read", **words_on(folder)))
