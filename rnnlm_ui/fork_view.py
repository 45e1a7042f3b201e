"""Forking a run at the moment looked at, training it for longer, and where a run is from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import FIELD_TYPES, FIELDS, GROUPS, RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.figures.moments import add_ghost, mark_moment
from rnnlm_core.figures.training import Series
from rnnlm_core.forks import FORK_FIXED
from rnnlm_core.records import Origin
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import config_form, deeds, runs, session, time_machine
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import Column, series, tail_of
from rnnlm_ui.loss_units import to_unit
from rnnlm_ui.page import fault, plain, primary_label

BUDGETS = ("same", "1", "2", "5", "double")  # minutes more, or twice the steps
_LIMITS = ("max_steps", "max_seconds")  # set by the budget
# the start is over; text and machine stay what they were
CHANGEABLE = [name for group in ("optimizer", "network", "batches", "stopping")
              for name in GROUPS[group] if name not in FORK_FIXED and name not in _LIMITS]
_CHANGES, _BUDGET = "fork.changes", "fork.budget"


# -- what a fork is made of ------------------------------------------------------------------------
def seconds_at(folder: RunFolder, step: int) -> float:
    """Of training, at the last logged step up to this one."""
    tail = tail_of(folder.path).refresh()
    seconds = tail.column("seconds")[tail.column("step") <= step]
    return float(seconds[-1]) if len(seconds) else 0.0


def budgets(config: RunConfig, step: int, seconds: float) -> list[str]:
    """What can be chosen: the run's own end where it is not reached, twice nothing is nothing."""
    ended = 0 < config.max_steps <= step or 0 < config.max_seconds <= seconds
    return [b for b in BUDGETS if not (b == "same" and ended) and not (b == "double" and step == 0)]


def with_budget(config: RunConfig, budget: str, step: int, seconds: float) -> RunConfig:
    """Limits count from the first step of all, so the time or steps so far are part of them."""
    if budget == "same":
        return config
    if budget == "double":
        return replace(config, max_steps=2 * step, max_seconds=0.0)
    return replace(config, max_steps=0, max_seconds=float(math.ceil(seconds + 60 * int(budget))))


def forked(folder: RunFolder, step: int | None, config: RunConfig) -> RunFolder:
    """Fork and start; raises `BadInput` where the settings do not go."""
    made = launch.fork(folder, step, config, launch.runs_root())
    launch.start(made)
    return made


def fork_what_was_pressed() -> None:
    """The fork, and the page anew, to look at it; or one sentence on why it does not go."""
    try:
        if deeds.carry_out("fork", forked, lambda made: time_machine.go_to(made, None)):
            session.page_again()
    except BadInput as error:
        fault(error)


# -- the panel -------------------------------------------------------------------------------------
def row(folder: RunFolder) -> None:
    """The time machine on the Train page, with what only this page can do: fork, train longer."""
    time_machine.slider(folder, lambda: _actions(folder))
    fork_what_was_pressed()
    _origin_line(folder)


def _actions(folder: RunFolder) -> None:
    if st.button(t("time.fork"), icon=":material/call_split:", key="time.fork"):
        session.set_widget(_CHANGES, [])  # each fork begins with none
        entry = time_machine.entry(folder)
        assert entry is not None  # the row is drawn where there are checkpoints
        title = t("time.fork_title", step=number(entry.step))
        st.dialog(title, icon=":material/call_split:")(panel)(folder, entry.step, entry.whole)
    if not runs.is_active(launch.status(folder).state):
        with st.popover(t("time.longer"), icon=":material/more_time:"):
            _longer(folder)


def panel(folder: RunFolder, step: int, whole: bool) -> None:
    """What comes along, what shall be different, for how long; one button."""
    config, seconds = folder.config(), seconds_at(folder, step)
    st.markdown(t("time.comes_whole" if whole else "time.comes_weights"))
    names = st.multiselect(
        t("time.changes"), [n for n in CHANGEABLE if _applies(n, config)], key=_CHANGES,
        format_func=lambda name: t(f"config.{name}"), placeholder=t("time.no_changes"),
        select_all=False)  # its words are Streamlit's own, in English
    for name in names:
        _field(name, getattr(config, name))
    choices = budgets(config, step, seconds)
    if session.widget(_BUDGET, None) not in choices:
        session.set_widget(_BUDGET, choices[0])
    budget = st.segmented_control(
        t("time.budget"), choices, key=_BUDGET, required=True, format_func=_budget_name)
    st.markdown(t("time.stretched" if budget != "same" else "time.same_end"))
    place = st.container()
    st.button(primary_label(t("time.fork_start"), "play_arrow"), type="primary", key="fork.start",
              on_click=lambda: deeds.press(
                  "fork", folder, step, with_budget(_chosen(config), _budget(), step, seconds)))
    with place:
        fork_what_was_pressed()


def _chosen(config: RunConfig) -> RunConfig:
    """With what the dialog's fields say at the moment of the press."""
    return replace(config, **{name: session.widget(f"fork.{name}", getattr(config, name))
                              for name in session.widget(_CHANGES, list[str]())})


def _budget() -> str:
    return session.widget(_BUDGET, BUDGETS[0])


def _longer(folder: RunFolder) -> None:
    """Four ways to go on from the newest checkpoint, as a new run."""
    step = time_machine.offered(folder)[-1].step
    config, seconds = folder.config(), seconds_at(folder, step)
    st.markdown(t("time.longer_text", step=number(step)))
    with st.container(horizontal=True, gap="small"):
        for budget in budgets(config, step, seconds):
            if budget != "same":
                st.button(_budget_name(budget), key=f"longer.{budget}",
                          on_click=lambda budget=budget: deeds.press(
                              "fork", folder, None, with_budget(config, budget, step, seconds)))


def _budget_name(budget: str) -> str:
    return t(f"time.budgets.{budget}") if budget in ("same", "double") else \
        t("time.budgets.minutes", n=budget)


def _applies(name: str, config: RunConfig) -> bool:
    """Dropout between layers needs layers to be between."""
    return name != "layer_dropout" or config.layers > 1


def _field(name: str, value: Any) -> None:
    """The widget of one setting, filled with the run's own value."""
    kind, meta, key = FIELD_TYPES[name], FIELDS[name].metadata, f"fork.{name}"
    label, explained = t(f"config.{name}"), t(f"config.help.{name}")
    if choices := get_args(kind):
        st.selectbox(label, choices, choices.index(value), key=key, help=explained,
                     format_func=lambda c: config_form.choice(name, c))
    elif kind is bool:
        st.toggle(label, value, key=key, help=explained)
    else:
        st.number_input(
            label, kind(meta["low"]), kind(meta["high"]), value, key=key, help=explained,
            step=1 if kind is int else max(abs(value) / 10, 1e-3),
            format="%d" if kind is int else "%.6g")


# -- where a run comes from ------------------------------------------------------------------------
def _fork_of(folder: RunFolder) -> tuple[Origin, RunFolder | None] | None:
    """The origin of a fork, and the run it was made of, where that still exists."""
    try:
        origin = folder.origin()
    except UnrollError:
        return None
    if origin is None or origin.kind != "fork":
        return None
    return origin, launch.find_run(origin.parent, launch.runs_root())


def _origin_line(folder: RunFolder) -> None:
    """Forked from which run at which step, with the way there, and what was changed."""
    found = _fork_of(folder)
    if found is None:
        return
    origin, parent = found
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if parent is None:
            st.markdown(":material/call_split: " + t("time.forked_gone",
                        step=number(origin.step)), width="content")
        else:
            st.button(t("time.forked", run=plain(runs.title(parent)), step=number(origin.step)),
                      icon=":material/call_split:", key="time.parent", type="tertiary",
                      on_click=lambda: time_machine.go_to(parent, origin.step))
        st.markdown(":gray[" + _changes_text(origin, parent) + "]", width="content")


def _changes_text(origin: Origin, parent: RunFolder | None) -> str:
    """`Learning rate 0.004 → 0.001`, each change; that it is exact where it is."""
    try:
        before = parent.config() if parent is not None else None
    except UnrollError:  # damaged since then
        before = None
    parts = []
    for name, value in origin.changed.items():
        if name not in FIELDS:
            continue
        was = f"{config_form.shown(name, getattr(before, name))} → " if before is not None else ""
        parts.append(f"{t(f'config.{name}')} {was}{config_form.shown(name, value)}")
    if origin.exact:
        parts.append(t("time.exact"))
    return plain(" · ".join(parts) or t("time.unchanged"))


def ghost_of(folder: RunFolder, unit: Callable[[Column], Column]) -> Series | None:
    """Validation of the run this one was forked from, from the fork on; None for any other run."""
    found = _fork_of(folder)
    if found is None or found[1] is None:
        return None
    steps, losses = tail_of(found[1].path).refresh().validation()
    start = max(0, int((steps <= found[0].step).sum()) - 1)
    return series(steps[start:], unit(losses[start:]))


def decoration(folder: RunFolder, unit: str) -> tuple[Callable[[Any], None], object]:
    """What to add to the loss chart, and a revision that changes when that does."""
    ghost, step = ghost_of(folder, to_unit(unit)), time_machine.moment(folder)

    def decorate(figure: Any) -> None:
        if ghost is not None:
            add_ghost(figure, ghost, folder.config().cell, t("time.ghost"))
        if step is not None:
            mark_moment(figure, step, t("time.mark", step=number(step)))

    return decorate, (step, len(ghost.x) if ghost is not None else 0)
