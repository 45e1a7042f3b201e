"""The moment at which a run is looked at: one slider on every page, over its kept checkpoints.

The chosen step is kept for each run in the tab and in the URL; without one the page shows the
newest checkpoint and follows a run that is training.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.errors import RunError, UnrollError
from rnnlm_core.records import WrittenSample
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry, entries, is_mark
from rnnlm_ui import runs, session
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.live import RunTail, tail_of
from rnnlm_ui.loss_units import chosen_unit
from rnnlm_ui.loss_units import shown as loss_text
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import Tokens, tokens_of

_NEAR = 0.1  # of the step: an evaluation so close to a moment is that of the moment, about
PACE = 1.2  # seconds that a moment stays in sight while they are walked through
_WIDTH = 330  # pixels: on a phone the slider has a line of its own; at 1280 px the row is one line
# with the tools of Generate and Cell, at 1152 px by itself
_SLIDER, _WALKING = "time.moment.{}", "time.walking"
_STANDS = "time.stands"  # the newest slider's run and step, and which slider it is


# -- which moment ----------------------------------------------------------------------------------
def moment(folder: RunFolder) -> int | None:
    """The step at which this run is looked at; None for its newest checkpoint.

    A step that was never kept, or is no longer, counts as none; the slider says so.
    """
    step = _asked(folder)
    return step if step is not None and _entry_at(folder, step) is not None else None


def entry(folder: RunFolder) -> Entry | None:
    """The checkpoint that is looked at; None where there is none yet. Raises as `entries`."""
    listed, step = entries(folder.checkpoints), _asked(folder)
    here = [e for e in listed if e.step == step]
    return (here or listed)[-1] if listed else None


def offered(folder: RunFolder) -> list[Entry]:
    """The moments to choose from, by step: those that stay, and the newest.

    While a run is training, its last whole checkpoints are soon replaced by others.
    """
    listed = entries(folder.checkpoints)
    if not runs.is_active(launch.status(folder).state):
        return listed
    return [e for e in listed if is_mark(e.step) or e.best or e is listed[-1]
            or e.step == _asked(folder)]


def best(listed: Sequence[Entry], losses: dict[int, float]) -> int | None:
    """The kept step with the lowest loss on the validation sample, where any was measured."""
    marked = [e.step for e in listed if e.best]
    if marked or not losses:
        return marked[-1] if marked else None
    near = {e.step: losses[min(losses, key=lambda at: abs(at - e.step))] for e in listed}
    return min(reversed(near), key=near.__getitem__)


def go_to(folder: RunFolder, step: int | None) -> None:
    """Look at this run at this step on every page; None for the newest, whatever it will be."""
    session.forget(_WALKING)
    session.choose_moment(folder.id, step)


def _asked(folder: RunFolder) -> int | None:
    return session.moment() if session.run_id() in (None, folder.id) else None


def _entry_at(folder: RunFolder, step: int) -> Entry | None:
    try:
        return next((e for e in entries(folder.checkpoints) if e.step == step), None)
    except UnrollError:
        return None


# -- what a moment means where there is no checkpoint to read ----------------------------------
def losses_of(tail: RunTail) -> dict[int, float]:
    """Nats on the validation sample, by step."""
    steps, losses = tail.validation()
    return {int(s): float(loss) for s, loss in zip(steps, losses, strict=True)}


def measured_before(tail: RunTail, step: int) -> tuple[int, float] | None:
    """The last evaluation up to a step: its step, and nats on the validation sample."""
    steps, losses = tail.validation()
    index = bisect_right(steps.tolist(), step) - 1
    return (int(steps[index]), float(losses[index])) if index >= 0 else None


def final_of(folder: RunFolder) -> tuple[int, float] | None:
    """The last step of a run that has ended, and nats on the whole validation text."""
    status = launch.status(folder)
    return None if status.final_validation is None else (status.step, status.final_validation)


def written_before(samples: Sequence[WrittenSample], step: int | None) -> list[WrittenSample]:
    """The samples up to a moment, the nearest last; all of them at the newest."""
    return [sample for sample in samples if step is None or sample.step <= step]


def finding(tail: RunTail, step: int, unit: str) -> str:
    """The answer to "Is it learning?" at an earlier moment, beside where the run is now."""
    final = final_of(tail.folder)
    if final is not None and final[0] == step:
        return t("time.finding_end", step=number(step),
                 value=loss_text(final[1], unit, tokens_of(tail.folder)))
    then, steps = measured_before(tail, step), tail.validation()[0]
    if then is None:
        return t("time.finding_none", step=number(step))
    at, loss = then
    tokens = tokens_of(tail.folder)
    newest = measured_before(tail, int(steps[-1]))
    assert newest is not None
    key = "time.finding" if at == step else "time.finding_near"
    return t(key, step=number(step), at=number(at), value=loss_text(loss, unit, tokens),
             last=number(newest[0]), now=loss_text(newest[1], unit, tokens))


# -- the widget ------------------------------------------------------------------------------------
def slider(folder: RunFolder, actions: Callable[[], object] | None = None) -> None:
    """One row: walk through, the moments, the best, the newest; `actions` come after them.

    Says what is wrong with a step that is not kept. Draws nothing where there is no choice.
    """
    try:
        listed = offered(folder)
    except UnrollError:
        return  # damaged: the page says so in the place of its answer
    _refuse(folder, listed)
    if len(listed) < 2:
        return
    now, losses = moment(folder), losses_of(tail_of(folder.path).refresh())
    steps, top = [e.step for e in listed], best(listed, losses)
    tokens, final, unit = tokens_of(folder), final_of(folder), chosen_unit()
    place = steps[-1] if now is None else now
    turn = _turn(folder, place)
    session.set_widget(_SLIDER.format(turn), place)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        walking = _is_walking(folder)
        st.button(t("time.pause" if walking else "time.walk"), key="time.walk",
                  icon=f":material/{'pause' if walking else 'play_arrow'}:", help=t("time.help"),
                  on_click=lambda: _toggle(folder, steps))
        st.select_slider(
            t("time.moment"), steps, key=_SLIDER.format(turn), width=_WIDTH,
            label_visibility="collapsed",
            format_func=lambda step: label(step, losses, tokens, final, unit),
            on_change=lambda: _moved(folder, turn, steps[-1]))
        st.button(t("time.best"), key="time.best", disabled=top is None or now == top,
                  on_click=lambda: go_to(folder, top))
        st.button(t("time.newest"), key="time.newest", disabled=now is None,
                  on_click=lambda: go_to(folder, None))
        if actions is not None:
            actions()


def label(step: int, losses: dict[int, float], tokens: Tokens,
          final: tuple[int, float] | None = None, unit: str = "bits") -> str:
    """`step 236 · 2.68 bits per character`, with ≈ where an evaluation was only near.

    At the end of a run, `final`, it is the exact loss on the whole validation text, and says so.
    """
    name = t("time.untrained") if step == 0 else t("time.mark", step=number(step))
    if final is not None and final[0] == step:
        return t("time.final", moment=name, value=loss_text(final[1], unit, tokens, brief=True))
    near = min(losses, key=lambda at: abs(at - step), default=None)
    if near is None or abs(near - step) > _NEAR * step:
        return name
    about = "" if near == step else "≈ "
    return f"{name} · {about}{loss_text(losses[near], unit, tokens, brief=True)}"


def fork_link(folder: RunFolder) -> None:
    """To the Train page, where a run is forked, with the moment kept."""
    if st.button(t("time.fork"), icon=":material/call_split:", key="time.fork", type="tertiary"):
        session.choose_run(folder.id)
        st.switch_page("pages/train.py")


def _turn(folder: RunFolder, place: int) -> int:
    """The number of the slider: another one wherever not the reader's hand has moved it.

    A busy browser says late where the slider stood before the run was chosen, a button pressed, or
    the walk gone on. That is of an older slider then, and chooses nothing.
    """
    run, step, turn = session.recall(_STANDS, ("", 0, 0))
    if (run, step) != (folder.id, place):
        turn += 1
        session.remember(_STANDS, (folder.id, place, turn))
    return turn


def _moved(folder: RunFolder, turn: int, last: int) -> None:
    if session.recall(_STANDS, ("", 0, 0))[2] != turn:
        return
    step = session.widget(_SLIDER.format(turn), last)
    session.remember(_STANDS, (folder.id, step, turn))
    go_to(folder, None if step == last else step)


def _refuse(folder: RunFolder, listed: Sequence[Entry]) -> None:
    step = _asked(folder)
    if step is None or not listed or any(e.step == step for e in listed):
        return
    problem = RunError("run.no_such_moment", value=number(step),
                       choices=", ".join(number(e.step) for e in listed))
    st.error(f"{plain(error_text(problem))} {t('time.way_out')}", icon=":material/error:")


# -- walking through -------------------------------------------------------------------------------
def _is_walking(folder: RunFolder) -> bool:
    return bool(session.recall(_WALKING, None) == folder.id)


def _toggle(folder: RunFolder, steps: Sequence[int]) -> None:
    if _is_walking(folder):
        session.forget(_WALKING)
        return
    if moment(folder) in (None, steps[-1]):
        session.choose_moment(folder.id, steps[0])
    session.remember(_WALKING, folder.id)


def walk(folder: RunFolder) -> bool:
    """Whether the moments are being walked through; then goes on to the next one after a while.

    Call it where a page ends: the time runs from when this moment was drawn, so a page that takes
    long is never hurried into the next before anyone has seen it.
    """
    if not _is_walking(folder):
        return False
    drawn = time.monotonic()

    def tick() -> None:
        if time.monotonic() - drawn >= PACE:
            _step_on(folder)
            session.page_again()

    st.fragment(tick, run_every=PACE / 2, key="time.tick")()
    return True


def _step_on(folder: RunFolder) -> None:
    steps, now = [e.step for e in offered(folder)], moment(folder)
    later = [step for step in steps if now is not None and step > now]
    if len(later) > 1:
        session.choose_moment(folder.id, later[0])
    else:  # the last one is the newest
        go_to(folder, None)
