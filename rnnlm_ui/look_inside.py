"""What the pages that look inside a run share: its newest checkpoint, a text, following both."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.errors import RunError, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs, session
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import fault

if TYPE_CHECKING:
    from rnnlm_core.lab import Run
    from rnnlm_core.run.checkpoint import Entry

LONGEST = 24_000  # characters that a page reads of a run's text
SECONDS_BETWEEN = 4.0  # a fast run keeps several checkpoints a second at its beginning


def newest(folder: RunFolder) -> Entry | None:
    """The newest checkpoint; None while there is none. Imports torch."""
    from rnnlm_core.run.checkpoint import entries

    listed = entries(folder.checkpoints)
    return listed[-1] if listed else None


def text_of(run: Run) -> tuple[str, UnrollError | None]:
    """Held-out text; where it is gone, what the model wrote itself, and the error that says so."""
    try:
        return run.validation_text[:LONGEST], None
    except UnrollError as error:
        return "\n".join(sample.text for sample in reversed(run.samples))[:LONGEST], error


def missing_run() -> None:
    """Say so where the address names a run that does not exist (any more)."""
    lost = runs.missing()
    if lost is not None:
        fault(RunError("run.missing", folder=lost))


def follow_checkpoints(folder: RunFolder, shown: Entry | None) -> None:
    """While a run is training: which step is shown, and a new view for each newer checkpoint."""
    if not runs.is_active(launch.status(folder).state):
        return
    drawn = time.monotonic()

    def look() -> None:
        status = launch.status(folder)
        try:
            now = newest(folder)
        except UnrollError:
            now = shown
        newer = now is not None and (shown is None or now.sha256 != shown.sha256)
        if not runs.is_active(status.state) or (
                newer and time.monotonic() - drawn > SECONDS_BETWEEN):
            st.rerun()
        if shown is not None:
            st.markdown(t("inside.stamp", shown=number(shown.step), now=number(status.step)))
        else:
            st.markdown(t("inside.waiting"))

    follow(look, True, key="inside.checkpoints")


def first_time(name: str, revision: object) -> bool:
    """Whether this view of the tab has not been computed yet: a skeleton then holds its place."""
    seen = session.recall(f"inside.{name}", None)
    session.remember(f"inside.{name}", revision)
    return bool(seen != revision)
