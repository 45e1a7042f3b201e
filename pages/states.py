"""What does each unit remember? Several tools on one run, at one moment, over one text."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import RunError, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import look_inside, runs, session, time_machine, toolbox
from rnnlm_ui.components import viewport
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault, head, how_to_read, next_link
from rnnlm_ui.states import tools
from rnnlm_ui.states.choice import default_text, settle, text_to_read
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.reading import found_units, read
from rnnlm_ui.tokens import words_on


def view(folder: RunFolder, shown: Entry | None, tool: str) -> None:
    """The tool's answer, then its picture; the found unit is looked at until another is chosen."""
    run = runs.opened(folder)
    assert run.model  # a run without a checkpoint has nothing to show: its error is the answer
    assert shown is not None  # the model is read from it
    path, step = str(folder.path), time_machine.moment(folder)
    answer, newest = st.container(), look_inside.newest(folder)
    early = tools.before(tool, folder, step, shown)
    try:
        findings, limit = found_units(path, newest.sha256 if newest is not None else ""), None
    except UnrollError as error:  # the held-out text is short: a limit, not a fault
        if error.code == "run.no_state":
            raise  # nothing of this page can be shown of a CNN
        if error.code == "run.no_numbers" and step is None:
            raise  # nor of weights that are no numbers; an earlier moment may have some
        findings, limit = [], (
            RunError("run.newest_no_numbers") if error.code == "run.no_numbers" else error)

    def draw(answer: DeltaGenerator) -> None:
        choice = settle(folder, run.config, findings)
        try:
            reading = read(path, step, shown.sha256, text_to_read(run))
        except UnrollError as error:  # of the reader's text: the picture is of the run's own
            if error.code == "run.no_numbers":
                raise
            with answer:
                fault(error)
            reading = read(path, step, shown.sha256, default_text(run))
        look = Look(folder, step, shown, run.config, reading, choice, findings, limit, early)
        tools.show(tool, look, answer)

    if tool in tools.ALONE:
        st.fragment(lambda: told(lambda: draw(st.container())), key=f"states.{tool}")()
    else:
        draw(answer)


def told(draw: Callable[[], None]) -> None:
    """A fragment is no place for its page to catch what goes wrong in it."""
    try:
        draw()
    except UnrollError as error:
        look_inside.why_nothing(error)
    session.address_now()


folder = runs.current(runs.DIALOGUE)
head(t(f"states.question.{tools.chosen()}"), actions=lambda: runs.picker(runs.DIALOGUE))
look_inside.missing_run()
tool, shown = toolbox.tools_and_moment(folder, tools.switch), None
stamp = st.container()
room = look_inside.room("states", folder, height=560)
try:
    shown = time_machine.entry(folder)
    with room():
        view(folder, shown, tool)
except UnrollError as error:
    with room():
        look_inside.why_nothing(error)
with stamp:
    look_inside.follow_checkpoints(folder, shown)
if not tools.next_step(tool):
    next_link("gradients", t("states.next"))
how_to_read(t("states.how_to_read", **words_on(folder)))
viewport.watch()
