"""Guess first: the switch of every tool that has it, and a guess that is one of a few options."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from rnnlm_ui.i18n import t


def switch(key: str) -> bool:
    return st.toggle(t("common.guess_first"), key=key, persist_state="session")


def guess(tool: str, about: object, options: Sequence[str], question: str,
          name: Callable[[str], str]) -> str | None:
    """"" where nobody wants to guess, else the reader's guess; None while there is none yet.

    A guess is for what it is `about`: with other settings it is asked for again.
    """
    if not switch(f"{tool}.guess_first"):
        return ""
    return st.segmented_control(question, options, key=f"{tool}.guess.{about}", format_func=name)
