"""What the press of a button sets going: once, and never lost.

Wherever a script run touches Streamlit it may be interrupted by a newer one, which knows nothing of
a plain button that was pressed. So the press is kept by a callback, which comes before anything
that can be interrupted; the result is kept without touching Streamlit; and the press is forgotten
only when the result has been taken over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from rnnlm_core.errors import UnrollError
from rnnlm_ui import session
from rnnlm_ui.i18n import t


def press(name: str, *values: Any) -> None:
    """For a button's `on_click`. Further presses do nothing while this deed is being done."""
    if session.recall(_slot(name), None) is None:
        session.remember(_slot(name), {"values": values})


def add(name: str, *values: Any) -> None:
    """As `press`, but what was pressed before and is not begun yet is done as well, after it."""
    deed: dict[str, Any] | None = session.recall(_slot(name), None)
    earlier = deed["values"] if deed is not None and "result" not in deed else ()
    session.remember(_slot(name), {"values": (*values, *earlier)})


def carry_out(name: str, do: Callable[..., Any], take_over: Callable[[Any], object]) -> bool:
    """`take_over(do(*values))` where it was pressed, and then True: draw the page anew.

    `do` touches no Streamlit and is done once; `take_over` may come twice. What `do` raises (an
    `UnrollError`) is raised here, once.
    """
    deed: dict[str, Any] | None = session.recall(_slot(name), None)
    if deed is None:
        return False
    try:
        with st.spinner(t("train.preparing")):
            if "result" not in deed:
                deed["result"] = do(*deed["values"])
    except UnrollError:
        session.forget(_slot(name))
        raise
    take_over(deed["result"])
    session.forget(_slot(name))
    return True


def _slot(name: str) -> str:
    return f"deed.{name}"
