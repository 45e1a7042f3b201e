"""Predict first, then reveal: a guess for these settings, whether it was right, and the score.

A guess belongs to its settings: with other ones it is asked for again, and what was guessed before
stays known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import session
from rnnlm_ui.gradients import guess_first
from rnnlm_ui.gradients.room_parts import slider_key
from rnnlm_ui.i18n import t

FIRST, _GUESSES, _CASE = "room.guess_first", "room.guesses", "room.case"
Case = dict[str, float]  # what sliders are set to


def switch() -> None:
    guess_first.switch(FIRST)


def revealed(answer: DeltaGenerator, experiment: str, settings: tuple[object, ...],
             options: Sequence[str], truth: str, cases: Sequence[Case],
             name: Callable[[str], str], steps: int) -> bool:
    """Whether the answer may be shown. Asks in `answer` while there is no guess for `settings`.

    `truth` is one of `options`, what comes of it after so many `steps`.
    """
    if not session.widget(FIRST, False):
        return True
    place = (experiment, settings)
    guess = _guesses().get(place, (None, ""))[0]
    with answer, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if guess is None:
            st.markdown(t(f"room.ask.{experiment}", n=steps), width="content")
            for option in options:
                st.button(name(option), key=f"room.guess_{option}",
                          on_click=_guessed, args=(place, option, truth))
        else:
            told = "right" if guess == truth else "wrong"
            st.markdown(t(f"room.{told}", guess=name(guess)), width="content")
            st.button(t("room.another"), key="room.another", icon=":material/casino:",
                      on_click=_deal, args=(experiment, tuple(cases)))
        st.markdown(_score(), width="content")
    if guess is None:
        answer.markdown(t("room.hint"))
    return guess is not None


def _guesses() -> dict[tuple[object, ...], tuple[str, str]]:
    """By experiment and settings: what was guessed, and what is true."""
    return session.recall(_GUESSES, {})


def _guessed(place: tuple[object, ...], option: str, truth: str) -> None:
    session.remember(_GUESSES, {**_guesses(), place: (option, truth)})


def _score() -> str:
    right = sum(guess == truth for guess, truth in _guesses().values())
    return t("room.score", right=right, n=len(_guesses())) if _guesses() else ""


def _deal(experiment: str, cases: Sequence[Case]) -> None:
    """Set the sliders to the next case of the experiment."""
    dealt = session.recall(f"{_CASE}.{experiment}", 0)
    session.remember(f"{_CASE}.{experiment}", dealt + 1)
    for slider, value in cases[dealt % len(cases)].items():
        session.set_widget(slider_key(slider), value)
