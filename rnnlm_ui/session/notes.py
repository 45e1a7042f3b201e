"""What the reader is told once: it stands on the page until they do something."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rnnlm_ui.session.script import of_its_own_accord

_TOLD = "unroll.told"


def tell(name: str, value: object) -> None:
    """Something to say under this name: it stands on the page until the reader does something."""
    st.session_state.setdefault(_TOLD, {})[name] = (value, False)


def told(name: str) -> Any:
    """What there is to say under this name, None for nothing; call it where it is said."""
    notes: dict[str, tuple[object, bool]] = st.session_state.get(_TOLD, {})
    if name not in notes:
        return None
    notes[name] = (notes[name][0], True)
    return notes[name][0]


def forget_told() -> None:
    """What was said is not said again, but where the page is only drawn anew of its own accord."""
    if not of_its_own_accord():
        notes: dict[str, tuple[object, bool]] = st.session_state.get(_TOLD, {})
        st.session_state[_TOLD] = {name: note for name, note in notes.items() if not note[1]}
