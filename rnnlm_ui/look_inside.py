"""What the pages that look inside a run share: its checkpoint, a text, following both."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core import launch
from rnnlm_core.errors import Problem, RunError, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry, entries
from rnnlm_ui import runs, session, time_machine
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import fault, plain

if TYPE_CHECKING:
    from rnnlm_core.lab import Run

LONGEST = 24_000  # characters that a page reads of a run's text
SECONDS_BETWEEN = 4.0  # a fast run keeps several checkpoints a second at its beginning


def newest(folder: RunFolder) -> Entry | None:
    """The newest checkpoint; None while there is none."""
    listed = entries(folder.checkpoints)
    return listed[-1] if listed else None


def text_of(run: Run) -> tuple[str, UnrollError | None]:
    """Held-out text; where it is gone, what the model wrote itself, and the error that says so."""
    try:
        return run.validation_text[:LONGEST], None
    except UnrollError as error:
        return "\n".join(sample.text for sample in reversed(run.samples))[:LONGEST], error


def note(problem: UnrollError | Problem) -> str:
    """A limit that is no fault, as a calm line of markdown."""
    return f":gray[:material/info: {plain(error_text(problem))}]"


def why_nothing(error: UnrollError) -> None:
    """In the answer's place: what is wrong, or that a CNN has nothing of this to show."""
    if error.code == "run.no_state":
        st.markdown(note(error))
    else:
        fault(error)


def missing_run() -> None:
    """Say so where the address names a run that does not exist (any more)."""
    lost = runs.missing()
    if lost is not None:
        fault(RunError("run.missing", folder=lost))


def follow_checkpoints(folder: RunFolder, shown: Entry | None) -> None:
    """While a run is training: which step is shown, and a new view for each newer checkpoint.

    At a chosen moment the view stays; while moments are walked through, the next one comes.
    """
    if time_machine.walk(folder) or not runs.is_active(launch.status(folder).state):
        return
    drawn, fixed = time.monotonic(), time_machine.moment(folder) is not None

    def look() -> None:
        status = launch.status(folder)
        try:
            now = newest(folder)
        except UnrollError:
            now = shown
        newer = not fixed and now is not None and (shown is None or now.sha256 != shown.sha256)
        if not runs.is_active(status.state) or (
                newer and time.monotonic() - drawn > SECONDS_BETWEEN):
            session.page_again()
        if shown is not None:
            st.markdown(t("time.stamp" if fixed else "inside.stamp", shown=number(shown.step),
                          now=number(status.step)))
        else:
            st.markdown(t("inside.waiting"))

    follow(look, True, key="inside.checkpoints")


def room(name: str, folder: RunFolder, height: int) -> Callable[[], DeltaGenerator]:
    """Where a view goes, as a function to use with `with`.

    The first view of a run takes a while: a skeleton holds its place. After that the view stays
    until the next one is there, so that moments follow each other without flicker.
    """
    seen = session.recall(f"inside.{name}", None)
    session.remember(f"inside.{name}", folder.id)
    if seen == folder.id:
        kept = st.container()
        return lambda: kept
    place = st.empty()
    place.skeleton(height=height)
    return place.container
