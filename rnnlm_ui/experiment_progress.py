"""How far the runs of an experiment are, and the way to end it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.errors import BadInput
from rnnlm_core.run import waiting
from rnnlm_ui import runs
from rnnlm_ui.compare_runs import Row
from rnnlm_ui.i18n import duration, t


def progress(members: Sequence[Row]) -> None:
    """`3 of 9 done, about 4 min left`, and the button that cancels the rest."""
    waits = [row for row in members if runs.is_active(launch.status(row.folder).state)]
    if not waits:
        return
    done, left = len(members) - len(waits), seconds_left(waits)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(t("experiment.cancel_all"), icon=":material/stop:", key="experiment.cancel_all",
                  on_click=_cancel, args=(waits,))
        text = t("experiment.done_of", done=done, n=len(members))
        if left is not None:
            text = t("experiment.done_of_left", done=done, n=len(members), time=duration(left))
        st.progress(done / len(members), text=text)


def _cancel(waits: Sequence[Row]) -> None:
    for row in waits:
        with contextlib.suppress(BadInput):
            launch.cancel(row.folder)


def seconds_left(waits: Sequence[Row]) -> float | None:
    """About until the last of these has ended; None where one cannot be foretold."""
    said = [launch.status(row.folder) for row in waits]
    speeds = [s.tokens_per_second for s in said if s.tokens_per_second]
    speed = sum(speeds) / len(speeds) if speeds else None
    busy: list[tuple[int, float | None]] = []
    ahead: list[tuple[int, float | None]] = []
    for row, status in zip(waits, said, strict=True):
        config = row.facts.config
        places = min(config.threads, waiting.cores())
        job = waiting.Job(row.id, places=places, seconds=config.max_seconds or None,
                          tokens=config.max_steps * config.batch * config.sequence_length or None)
        if status.state == "queued":
            ahead.append((places, waiting.duration(job, speed)))
        else:
            left = status.seconds_left
            busy.append((places, waiting.duration(job, speed) if left is None else left))
    return waiting.seconds_to_wait(ahead, busy, waiting.cores(), waiting.cores())
