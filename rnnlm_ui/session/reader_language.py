"""The reader's language."""

from __future__ import annotations

import streamlit as st

LANGUAGES = {"en": "English", "zh": "中文"}
_LANGUAGE, _SWITCH = "unroll.language", "unroll.language_switch"


def language() -> str:
    """`en` or `zh`: as chosen in the sidebar or the URL, else what the browser asks for."""
    chosen = st.session_state.get(_LANGUAGE)
    return chosen if chosen in LANGUAGES else _browser_language()


def chosen_language() -> str | None:
    """None while nobody has chosen one."""
    found: str | None = st.session_state.get(_LANGUAGE)
    return found


def choose_language(code: str) -> None:
    if code in LANGUAGES:
        st.session_state[_LANGUAGE] = code


def language_switch(label: str) -> None:
    """The widget that chooses the language."""
    st.session_state[_SWITCH] = language()
    st.segmented_control(
        label, list(LANGUAGES), format_func=LANGUAGES.__getitem__, key=_SWITCH, required=True,
        on_change=lambda: choose_language(st.session_state[_SWITCH]), width="stretch")


def _browser_language() -> str:
    return "zh" if str(st.context.locale or "").lower().startswith("zh") else "en"
