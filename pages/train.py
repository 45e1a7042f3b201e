"""Is it learning? Choose, start, watch the loss fall among its yardsticks, read what it writes."""

from collections.abc import Callable

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.records import Status
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import (
    config_form,
    deeds,
    diagnosis_view,
    fork_view,
    knobs_view,
    preset_view,
    range_view,
    runs,
    session,
    time_machine,
    vector_repairs,
)
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import follow, tail_of
from rnnlm_ui.look_inside import missing_run
from rnnlm_ui.loss_units import chosen_unit, unit_switch
from rnnlm_ui.page import fault, head, how_to_read, next_link, plain, primary_label
from rnnlm_ui.tokens import tokens_of, words_on
from rnnlm_ui.train_finding import final_facts, finding
from rnnlm_ui.training_view import (
    LOSS_HEIGHT,
    facts,
    loss_chart,
    newest_sample,
    norm_chart,
    progress_share,
    progress_text,
    queue_text,
    timeline,
)


def begun(config: RunConfig) -> str:
    """Make the run folder and start its worker; the run's id."""
    folder = launch.create_run(config, launch.runs_root())
    launch.start(folder)
    return folder.id


def gone_on(folder: RunFolder) -> str:
    """The same run, from its last checkpoint."""
    launch.start(folder)
    return folder.id


def look_at(deed: str, do: Callable[..., str]) -> None:
    """Do what was pressed and look at the run; what is wrong is told right below the button."""
    try:
        if deeds.carry_out(deed, do, session.choose_run):
            session.page_again()  # the whole page is drawn anew, with the run's controls
    except BadInput as error:
        fault(error)
        vector_repairs.offer(error, "train")


def setup() -> None:
    """The settings, then the page's one primary button."""
    config_form.open_fields()
    left, right = st.columns([1.1, 2], vertical_alignment="center")
    with left, st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(primary_label(t("common.start"), "play_arrow"), type="primary",
                  key="train.start", on_click=lambda: deeds.press("start", session.draft()))
        range_view.button(lambda config: deeds.press("start", config))
        preset_view.popover(t("preset.short"))
    with right:
        config_form.popovers()
    look_at("start", begun)


def controls(folder: RunFolder, status: Status, config: RunConfig) -> None:
    """Pause, one step and stop beside the progress; while starting, what is happening."""
    paused, started = status.state == "paused", status.state in ("running", "paused")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label, icon = (t("train.resume"), "play_arrow") if paused else (t("train.pause"), "pause")
        # the palette's ink on the primary colour cannot be read on a disabled button
        st.button(primary_label(label, icon, not started), type="primary",
                  key="train.pause", disabled=not started,
                  on_click=lambda: launch.wish(folder, "run" if paused else "pause"))
        st.button(t("train.one_step"), icon=":material/skip_next:", disabled=not paused,
                  key="train.step", on_click=lambda: launch.wish(folder, "step"))
        st.button(t("common.stop"), icon=":material/stop:", key="train.stop",
                  on_click=lambda: launch.cancel(folder))
        if started:
            knobs_view.popover(folder, config)
        st.progress(progress_share(status), text=line(folder, status))


def line(folder: RunFolder, status: Status) -> str:
    """The words over the progress bar."""
    if status.state == "queued":
        return ":material/hourglass_empty: " + queue_text(folder)
    if status.state == "running":
        # the last evaluation, after the last step
        return t("train.stopping") if status.activity == "finishing" else progress_text(status)
    if status.state == "paused":
        return ":material/pause: " + t("train.paused", progress=progress_text(status))
    if status.state == "not_responding":
        return ":material/hourglass_empty: " + t("train.not_responding")
    return t(f"train.activity.{status.activity or 'launching'}")


def ended(folder: RunFolder, status: Status) -> None:
    """One line on how the run ended, and the way out where there is one."""
    if status.state == "diverged" and range_view.is_test(folder.config()):
        st.markdown(t("range.diverged", step=number(status.step)))
    elif status.error is not None:
        fault(UnrollError(status.error["code"], **status.error["values"]))
    if status.state in ("stopped", "lost", "failed"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            never = status.state == "stopped" and not status.heartbeat  # had no worker yet
            st.markdown(t("train.ended.never") if never else
                        t(f"train.ended.{status.state}", step=number(status.step)))
            st.button(t("common.start" if never else "train.resume"),
                      icon=":material/play_arrow:", key="train.go_on",
                      on_click=lambda: deeds.press("go_on", folder))
        look_at("go_on", gone_on)


def live(folder: RunFolder, active: bool, unit: str) -> None:
    """Everything that moves, in one fragment. A run that is gone is told by the page as a whole."""
    try:
        moving(folder, active, unit)
    except UnrollError as error:
        if not folder.exists():
            session.page_again()
        fault(error)


def moving(folder: RunFolder, active: bool, unit: str) -> None:
    """Controls, answer and pictures; ends with a full run when the training has ended."""
    status, tail = launch.status(folder), tail_of(folder.path).refresh()
    if active and not runs.is_active(status.state):
        session.page_again()
    config, yardsticks = folder.config_now(), folder.yardsticks()
    if active:
        controls(folder, status, folder.config())
    else:
        ended(folder, status)
    step = time_machine.moment(folder)
    testing = range_view.is_test(config)
    st.markdown(range_view.finding(tail, active) if testing
                else finding(status, tail, yardsticks, unit, tokens_of(folder)) if step is None
                else time_machine.finding(tail, step, unit))
    st.markdown(facts(folder, config))
    if measured := final_facts(status, config, unit, tokens_of(folder)):
        st.markdown(measured)
    if not tail.last_step:
        if active:
            st.skeleton(height=LOSS_HEIGHT)
        return
    picture, side = st.columns([2.1, 1], gap="medium")
    decorate, added = fork_view.decoration(folder, unit)
    revision, samples = (status.state, status.resumes), time_machine.written_before(
        tail.samples, step)
    with picture:
        if testing:
            range_view.chart(tail, config, unit, revision)
            range_view.take_over(tail)
        else:
            loss_chart(tail, yardsticks, config, unit, (revision, added), decorate)
    with side:
        newest_sample(samples)
        norm_chart(tail, config, revision)
    timeline(samples)
    if not testing:
        diagnosis_view.could_be_better(folder, status, tail, config, yardsticks, unit)


folder = runs.current()
active = runs.is_active(launch.status(folder).state)


def actions() -> None:
    unit_switch()
    runs.picker()


head(t("train.title"), None if active else t("train.setup", run=plain(runs.title(folder))),
     actions=actions)
missing_run()
if not active:
    setup()
fork_view.row(folder)
follow(lambda: live(folder, active, chosen_unit()), active,
       key="train.live")
time_machine.walk(folder)
next_link("states", t("train.next"))
how_to_read(t("train.how_to_read", **words_on(folder)))
