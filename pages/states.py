"""What does each unit remember? One unit over a text, all of them below, the found ones beside."""

import streamlit as st

from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.i18n import error_text, t
from rnnlm_ui.page import fault, head, how_to_read, next_link, plain
from rnnlm_ui.states_findings import answer
from rnnlm_ui.states_view import (
    Look,
    character_panel,
    default_text,
    found_list,
    found_units,
    heat_picture,
    path_picture,
    path_settings,
    read,
    settings,
    settle,
    text_picture,
    text_to_read,
    unknown_note,
)


def view(folder: RunFolder, digest: str) -> None:
    """The answer, the picture with what was found beside it, the settings, the states' path."""
    run = runs.opened(folder)
    assert run.model  # a run without a checkpoint has nothing to show: its error is the answer
    path, config = str(folder.path), run.config
    place = st.container()
    try:
        findings = found_units(path, digest)
    except UnrollError as error:  # the held-out text is short: a limit, not a fault
        findings = []
        note = Problem("text.held_out_short", error.values) if error.code == "text.too_short" \
            else error
        place.markdown(f":gray[:material/info: {plain(error_text(note))}]")
    choice = settle(folder, config, findings)
    text = text_to_read(run)
    try:
        reading = read(path, digest, text)
    except UnrollError as error:  # of the reader's text: the picture is of the run's own
        with place:
            fault(error)
        reading = read(path, digest, default_text(run))
    look = Look(folder, digest, config, reading, choice)
    if findings:
        place.markdown(answer(findings, choice, session.recall("states.label", ""), config))
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


folder = runs.current(runs.DIALOGUE)
head(t("states.title"), actions=lambda: runs.picker(runs.DIALOGUE))
look_inside.missing_run()
stamp, place = st.container(), st.empty()
shown = None
try:
    shown = look_inside.newest(folder)
    digest = shown.sha256 if shown is not None else ""
    if look_inside.first_time("states", (folder.id, digest)):
        place.skeleton(height=560)
    with place.container():
        view(folder, digest)
except UnrollError as error:
    with place.container():
        fault(error)
with stamp:
    look_inside.follow_checkpoints(folder, shown)
next_link("gradients", t("states.next"))
how_to_read(t("states.how_to_read"))
