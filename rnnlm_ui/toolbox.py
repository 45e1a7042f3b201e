"""A page with several tools: one question each, and only the chosen one is imported and drawn.

A tool is a module of the page's package with a function `show`. It writes its finding, one
sentence, into the container it is given, and draws below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import streamlit as st

from rnnlm_ui import session
from rnnlm_ui.i18n import t


def chosen(key: str, tools: Sequence[str]) -> str:
    """The tool that the switch shows, before it is drawn: the reader's, or that of a link
    (`?key=tool`), else the first."""
    return session.widget(session.choice(key, tools, tools[0]), tools[0]) or tools[0]


def switch(key: str, tools: Sequence[str], name: Callable[[str], str]) -> str:
    """The row of tools; the chosen one."""
    return st.segmented_control(
        t("common.tools"), tools, key=session.choice(key, tools, tools[0]), required=True,
        format_func=name, label_visibility="collapsed") or tools[0]


def function_of(package: str, tool: str, name: str = "show") -> Callable[..., Any] | None:
    """A function of the tool's module; None where it has none of this name."""
    found: Callable[..., Any] | None = getattr(import_module(f"{package}.{tool}"), name, None)
    return found
