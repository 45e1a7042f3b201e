"""Two real runs that differ in one setting: one diverges, the clipped one learns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core import launch
from rnnlm_core.clip_pair import EXPLODES, pair
from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.figures.gradients_clip import PAIR_HEIGHT, Course, pair_figure
from rnnlm_core.records import Status
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import deeds, experiment_view, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.clip_norms import size
from rnnlm_ui.gradients.clip_pairs import ENDED, Pair, goes_on, shown_pair
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.live import Column, RunTail, follow, tail_of, thinned
from rnnlm_ui.page import fault, primary_label
from rnnlm_ui.toolbox import Scene
from rnnlm_ui.training_view import progress_share, progress_text, queue_text

LIMITS = (0.1, 1.0, 10.0)
_POINTS = 1_000  # in the browser: on a logarithmic axis the first steps take the most room
_LAST = 30  # logged steps whose mean loss is told: one step alone jumps


@dataclass(frozen=True)
class One:
    """One of the two as it is now."""

    folder: RunFolder
    config: RunConfig
    status: Status
    tail: RunTail

    @property
    def clipped(self) -> bool:
        return self.config.clip_norm > 0

    @property
    def name(self) -> str:
        return t("gradients_clip.with_limit", limit=f"{self.config.clip_norm:g}") \
            if self.clipped else t("gradients_clip.without")

    @property
    def broke_at(self) -> int | None:
        if self.status.state != "diverged":
            return None
        return int((self.status.error or {}).get("values", {}).get("step", self.status.step + 1))


def show(_scene: Scene, answer: DeltaGenerator) -> None:
    folders, passed_over = shown_pair()
    _settings(folders is not None and goes_on(folders))
    try:
        if deeds.carry_out("clip.pair", started, session.compare):
            session.page_again()
    except UnrollError as error:
        fault(error)
    if folders is None:
        answer.markdown(t("gradients_clip.pair_guess"))
        return
    states = [launch.status(folder).state for folder in folders]
    active = goes_on(folders)

    def look() -> None:
        with suppress(UnrollError):
            launch.keep_queue_going(launch.runs_root())
        ones = [_one(folder) for folder in folders]
        if [one.status.state for one in ones] != states:
            session.page_again()
        _draw(ones)

    with answer:
        if passed_over:
            st.markdown(t("gradients_clip.pair_passed_over"))
        follow(look, active, key="clip.pair.live")
    _ways_on(folders)


# -- start ----------------------------------------------------------------------------------------
def _settings(active: bool) -> None:
    session.preset("clip.seed", 1)
    session.preset("clip.limit", 1.0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        start = t("gradients_clip.start_pair")
        # the white of a primary label is not to be seen on a button that is off
        st.button(f":material/play_arrow: {start}" if active else
                  primary_label(start, "play_arrow"), type="primary", key="clip.start",
                  on_click=_press, disabled=active,
                  help=t("gradients_clip.pair_goes_on") if active else None)
        st.segmented_control(t("gradients_clip.limit"), LIMITS, key="clip.limit", required=True,
                             format_func=lambda limit: f"{limit:g}", persist_state="session")
        st.number_input(t("config.seed"), 1, 9_999, key="clip.seed", width=130,
                        persist_state="session")
    st.markdown(":gray[" + t("gradients_clip.recipe", hidden=EXPLODES.hidden,
                             rate=f"{EXPLODES.learning_rate:g}", steps=EXPLODES.max_steps,
                             length=EXPLODES.sequence_length,
                             text=runs.corpus_title(EXPLODES.corpus)) + "]")


def _press() -> None:
    """A click may come after the pair was made and before the browser has drawn the button off."""
    folders, _ = shown_pair()
    if folders is None or not goes_on(folders):
        deeds.press("clip.pair", session.widget("clip.limit", 1.0) or 1.0,
                    session.widget("clip.seed", 1))


def started(limit: float, seed: int) -> list[str]:
    """Both runs, by the ids under which they are compared from now on."""
    return experiment_view.started("sweep", pair(limit, seed))


# -- live -----------------------------------------------------------------------------------------
def _one(folder: RunFolder) -> One:
    return One(folder, folder.config(), launch.status(folder), tail_of(folder.path).refresh())


def _draw(ones: list[One]) -> None:
    st.markdown(finding(*ones))
    with st.container():  # always a place, so that the charts below keep theirs
        _progress(ones)
    left, right = st.columns(2, gap="medium")
    revision = tuple((one.folder.id, one.tail.visible, one.status.state) for one in ones)
    for place, column, limit in ((left, "loss", None),
                                 (right, "gradient_norm", ones[1].config.clip_norm)):
        with place:
            live_plot(_drawing(ones, column, limit), key=f"clip.pair_{column}",
                      height=PAIR_HEIGHT, on=(), rev=revision,
                      alt=t(f"gradients_clip.pair_alt.{column}"))


def _drawing(ones: list[One], column: str, limit: float | None) -> Callable[[], Any]:
    def draw() -> Any:
        courses = [Course(thinned(*_finite(one.tail.column("step"), one.tail.column(column)),
                                  _POINTS), one.name, one.clipped, one.broke_at) for one in ones]
        figure = pair_figure(courses, ones[0].config.cell, t("gradients_clip.step_log"),
                             t(f"gradients_clip.pair_axis.{column}"), t("gradients_clip.broke"),
                             limit)
        figure.update_layout(uirevision=" ".join(one.folder.id for one in ones))
        return figure
    return draw


def _finite(steps: Column, values: Column) -> tuple[Column, Column]:
    good = np.isfinite(values)
    return steps[good], values[good]


def _progress(ones: list[One]) -> None:
    waits = [one for one in ones if runs.is_active(one.status.state)]
    if not waits:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(t("experiment.cancel_all"), icon=":material/stop:", key="clip.stop",
                  on_click=_cancel, args=([one.folder for one in waits],))
        one = waits[-1]
        text = queue_text(one.folder) if one.status.state == "queued" else progress_text(one.status)
        st.progress(progress_share(one.status), text=f"{one.name}: {text}")


def _cancel(folders: list[RunFolder]) -> None:
    for folder in folders:
        with suppress(BadInput):
            launch.cancel(folder)


# -- words ----------------------------------------------------------------------------------------
def finding(free: One, clipped: One) -> str:
    """What became of both, each in a sentence; where one was stopped, how to start again."""
    ones = (free, clipped)
    again = any(map(_was_broken_off, ones)) and not any(
        runs.is_active(one.status.state) for one in ones)
    return joined([*map(_fate, ones), t("gradients_clip.pair_again") if again else ""])


def _was_broken_off(one: One) -> bool:
    return one.status.state not in ENDED and not runs.is_active(one.status.state)


def _fate(one: One) -> str:
    losses = _finite(one.tail.column("step"), one.tail.column("loss"))[1]
    values = {"name": one.name[:1].upper() + one.name[1:], "n": number(one.status.step)}
    if one.broke_at is not None:
        if not len(losses):
            return t("gradients_clip.fate.at_once", **values, step=number(one.broke_at))
        norms = one.tail.column("gradient_norm")
        return t("gradients_clip.fate.diverged", **values, step=number(one.broke_at),
                 last=size(float(losses[-1])), norm=size(float(np.nanmax(norms))))
    if not len(losses):
        return t(f"gradients_clip.fate.{'never' if _was_broken_off(one) else 'waits'}", **values)
    values |= {"first": f"{losses[0]:.2f}", "now": size(float(losses[-_LAST:].mean()))}
    if one.status.state == "finished" and one.status.final_validation is not None:
        values["now"] = f"{one.status.final_validation:.2f}"
    kind = "stopped" if _was_broken_off(one) else "ended" if one.status.state in ENDED else "runs"
    return t(f"gradients_clip.fate.{kind}", **values)


def _ways_on(folders: Pair) -> None:
    """Each of the two on the other pages, and both on Compare."""
    parameters = session.url_parameters()
    with st.container(horizontal=True, gap="medium"):
        for folder, name in zip(folders, ("free", "clipped"), strict=True):
            st.page_link("pages/train.py", label=t(f"gradients_clip.open.{name}"),
                         icon=":material/open_in_new:",
                         query_params={**parameters, "run": folder.id})
        st.page_link("pages/compare.py", label=t("gradients_clip.open.both"),
                     icon=":material/compare_arrows:", query_params={
                         **parameters, "runs": ".".join(folder.id for folder in folders)})
