"""The run of a page's script: by whom it was begun, and how it is begun again."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_OWN_ACCORD = "unroll.own_accord"


def goes_back() -> bool:
    """Whether the reader has gone back or forth in the browser: the address is what they want."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def alone() -> bool:
    """Whether only a fragment runs."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def again() -> None:
    """Draw anew what is being drawn: the fragment where only that runs, else the whole page."""
    if alone():
        st.rerun(scope="fragment")
    page_again()


def page_again() -> None:
    """Draw the whole page anew, of its own accord: what the reader was told stays."""
    st.session_state[_OWN_ACCORD] = True
    st.rerun()


def of_its_own_accord() -> bool:
    """Whether this run was begun by `page_again`, and not by the reader: asked once."""
    begun: bool = st.session_state.pop(_OWN_ACCORD, False)
    return begun
