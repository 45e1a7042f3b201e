"""Dial: which starts learn to remember how far? Small networks trained in seconds, five at a time.

The training is a process of its own (`rnnlm_core.tasks.desk`); what is drawn here follows it.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.tasks.desk import Desk
from rnnlm_core.tasks.starts import STARTS
from rnnlm_core.tasks.trials import TASKS, Trial
from rnnlm_ui import deeds, session
from rnnlm_ui.gradients import dial_choices as own
from rnnlm_ui.gradients import dial_grid, dial_guess, dial_lesson
from rnnlm_ui.gradients.dial_choices import Choices
from rnnlm_ui.i18n import duration, percent, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import fault, primary_label

RESCUES = ("rnn_orthogonal", "rnn_identity", "gru_update_5", "gru_chrono", "lstm_forget_1",
           "lstm_forget_5", "lstm_chrono")
_DEED, _ADDED = "dial", "dial.added"


def show(answer: DeltaGenerator) -> None:
    chosen = own.choices()
    desk, visitor = own.desk(), own.visitor()
    problem = _carry_out(desk, visitor, chosen)
    active = desk.running(visitor) is not None
    with answer:
        if problem is not None:
            fault(problem)
        follow(lambda: _answer(chosen, active), active, "dial.answer")
    guessed = _controls(chosen, active)
    follow(lambda: dial_grid.show(own.cells(chosen), chosen, guessed), active, "dial.grid")
    _rescues(chosen)
    follow(lambda: dial_lesson.show(own.cells(chosen), chosen, guessed), active, "dial.lesson")
    session.forget(_ADDED)  # the page is whole: the browser knows the rows by now


def _carry_out(desk: Desk, visitor: str, chosen: Choices) -> UnrollError | None:
    """What was pressed; the problem where it could not be done."""
    def start(*wanted: Trial) -> None:
        order = desk.running(visitor)
        desk.start(visitor, [*wanted, *(order.unfinished if order is not None else ())])

    try:
        deeds.carry_out(_DEED, start, lambda _: None)
    except UnrollError as error:
        return error
    order = desk.running(visitor)
    if order is not None and not set(order.unfinished) & set(chosen.trials()):
        desk.stop(visitor)  # other settings: nobody waits for these
    return None


def _answer(chosen: Choices, was_active: bool) -> None:
    """The finding."""
    cells = own.cells(chosen)
    order = own.desk().running(own.visitor())
    if was_active and order is None:
        session.page_again()  # the whole page: Start comes back, and nothing moves any more
    if (problem := own.desk().failure(own.visitor())) is not None:
        fault(problem)
    if dial_guess.given(chosen):
        st.markdown(dial_lesson.finding(cells, chosen, dial_guess.told(cells, chosen)))
    else:
        st.markdown(t("gradients_dial.answer_guess", lag=dial_guess.lag_of(chosen)))


def _left(chosen: Choices) -> None:
    """How long it still takes, about."""
    order = own.desk().running(own.visitor())
    if order is None:
        return
    trials = chosen.trials()
    done = len(trials) - len(own.desk().missing(trials))
    st.markdown(t("gradients_dial.left", time=duration(max(1, round(order.seconds_left))),
                  done=done, cells=len(trials)), width="content")


# -- what is chosen and pressed -------------------------------------------------------------------
def _controls(chosen: Choices, active: bool) -> bool:
    """Task, start and stop, the settings; whether the results may be seen."""
    names = {name: t(f"gradients_dial.task.{name}") for name in TASKS}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            t("gradients_dial.task_label"), tuple(TASKS), key=own.TASK, required=True,
            label_visibility="collapsed", format_func=names.__getitem__)
        missing = own.desk().missing(chosen.trials())
        guessed = dial_guess.given(chosen)
        if active:
            st.button(t("gradients_dial.stop"), key="dial.stop", icon=":material/stop:",
                      on_click=lambda: own.desk().stop(own.visitor()))
            follow(lambda: _left(chosen), active, "dial.left")
        elif missing:
            st.button(primary_label(t("gradients_dial.start"), "play_arrow", not guessed),
                      type="primary", key="dial.start", disabled=not guessed,
                      on_click=lambda: deeds.press(_DEED, *missing))
            st.markdown(t("gradients_dial.expected", time=duration(
                max(1, round(sum(trial.expected_seconds for trial in missing))))), width="content")
        with st.popover(t("gradients_dial.settings"), icon=":material/tune:", type="tertiary"):
            _settings(chosen)
        dial_guess.switch()
    st.markdown(t(f"gradients_dial.about.{chosen.task}", **_yardstick(chosen)))
    if not guessed:
        dial_guess.ask(chosen)
    return guessed


def _yardstick(chosen: Choices) -> dict[str, object]:
    trial = chosen.trial(chosen.rows[0], chosen.lags[-1])
    return {"chance": percent(trial.what.chance, 1), "n": trial.copied,
            "loss": f"{trial.constant_loss:.3f}", "lag": trial.lag}


def _settings(chosen: Choices) -> None:
    st.pills(t("gradients_dial.lags"), own.LAGS, key=own.LAG, selection_mode="multi")
    if chosen.task == "copy":
        st.segmented_control(t("gradients_dial.copied"), own.COPIED, key=own.WORD, required=True)
    st.segmented_control(t("gradients_dial.width"), own.WIDTHS, key=own.WIDTH, required=True)
    st.segmented_control(t("gradients_dial.steps"), own.BUDGETS, key=own.BUDGET, required=True)
    names = {row: own.row_name(row) for row in own.ROWS}
    st.multiselect(t("gradients_dial.rows"), own.ROWS, key=own.ROW, format_func=names.__getitem__)
    st.markdown(t("gradients_dial.fixed"))


def _rescues(chosen: Choices) -> None:
    """A press adds a row, which trains at once beside the one that it rescues."""
    st.markdown(t("gradients_dial.rescue_lead"))
    with st.container(horizontal=True, gap="small"):
        for name in RESCUES:
            _rescue(name, t(f"gradients_dial.rescue.{name}"), chosen)
        looked = (dial_grid.picked(chosen) or (chosen.rows[0], 0))[0].removesuffix(own.CLIP)
        _rescue(looked + own.CLIP, t("gradients_dial.rescue_clip", row=own.short_name(looked)),
                chosen, "clip")


def _rescue(row: str, label: str, chosen: Choices, key: str = "") -> None:
    start = row.removesuffix(own.CLIP)
    untouched = start if row.endswith(own.CLIP) else f"{STARTS[start].cell}_default"

    def add() -> None:
        """Of presses in quick succession a later one comes before the page has drawn the rows of
        an earlier one, and the browser then still says that they are not chosen."""
        now, added = own.choices(), session.recall(_ADDED, ())
        added = tuple(dict.fromkeys([*added, untouched, row]))
        session.remember(_ADDED, added)
        session.set_widget(own.ROW, list(dict.fromkeys([*now.rows, *added])))
        session.set_widget(dial_grid.LOOKED, dial_grid.FOLLOW)
        deeds.add(_DEED, *now.trials((row,)), *now.trials((untouched,)))

    st.button(label, key=f"dial.rescue.{key or row}", on_click=add,
              disabled=row in chosen.rows)
