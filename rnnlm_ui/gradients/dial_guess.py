"""Predict first: which rows will be solved? Asked before the training, compared with it after."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rnnlm_ui import session
from rnnlm_ui.gradients import guess_first
from rnnlm_ui.gradients.dial_choices import Cell, Choices, row_name
from rnnlm_ui.i18n import t

_FIRST, _PICKED, _GIVEN = "dial.guess_first", "dial.guess", "dial.guessed"
_CLASSROOM = 30  # the lag that is guessed, where it is among those chosen


def switch() -> None:
    guess_first.switch(_FIRST)


def lag_of(chosen: Choices) -> int:
    return _CLASSROOM if _CLASSROOM in chosen.lags else chosen.lags[-1]


def given(chosen: Choices) -> bool:
    """Whether the results may be seen: nobody wants to guess, or has guessed for these settings."""
    return not session.widget(_FIRST, False) or _guess(chosen) is not None


def ask(chosen: Choices) -> None:
    lag, names = lag_of(chosen), {row: row_name(row) for row in chosen.rows}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        picked = st.pills(t("gradients_dial.guess", lag=lag), chosen.rows, key=_PICKED,
                          selection_mode="multi", format_func=names.__getitem__)
        st.button(t("gradients_dial.guess_done"), key="dial.guess_done", icon=":material/check:",
                  on_click=lambda: session.remember(_GIVEN, (
                      _settings(chosen), {row: row in picked for row in chosen.rows})))


def told(cells: Sequence[Sequence[Cell]], chosen: Choices) -> str:
    """How good the guess was, as soon as all rows that were guessed are trained; else ""."""
    guess = _guess(chosen)
    if guess is None or not session.widget(_FIRST, False):
        return ""
    at = {row[0].row: cell for row in cells for cell in row if cell.trial.lag == lag_of(chosen)}
    if not all(row in at and at[row].done for row in guess):
        return ""
    right = sum(at[row].is_solved == said for row, said in guess.items())
    return t("gradients_dial.guessed", right=right, n=len(guess), lag=lag_of(chosen))


def _guess(chosen: Choices) -> dict[str, bool] | None:
    """By row; rows that came later were not guessed."""
    settings, guess = session.recall(_GIVEN, (None, None))
    return guess if settings == _settings(chosen) else None


def _settings(chosen: Choices) -> tuple[object, ...]:
    return (chosen.task, lag_of(chosen), chosen.hidden, chosen.max_steps, chosen.copied)
