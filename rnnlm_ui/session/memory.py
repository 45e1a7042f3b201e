"""Anything else a page wants to keep while the browser tab lives, and the values of widgets."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def recall(name: str, default: T) -> T:
    """What `remember` kept under this name, while this browser tab lives."""
    kept: T = st.session_state.get(f"keep.{name}", default)
    return kept


def remember(name: str, value: object) -> None:
    st.session_state[f"keep.{name}"] = value


def forget(name: str) -> None:
    st.session_state.pop(f"keep.{name}", None)


def once_per(name: str, revision: Hashable, make: Callable[[], T]) -> T:
    """`make()`, or what it gave last time if the revision is still the same (one slot a name)."""
    slot = f"made.{name}"
    made: tuple[Hashable, Any] | None = st.session_state.get(slot)
    if made is None or made[0] != revision:
        made = (revision, make())
        st.session_state[slot] = made
    value: T = made[1]
    return value


def preset(key: str, value: object) -> None:
    """First value of the widget with this key. (`value=` beside it would log a warning.)"""
    if key not in st.session_state:
        st.session_state[key] = value


def set_widget(key: str, value: object) -> None:
    """Change the widget with this key; only before it is drawn, or in a callback."""
    st.session_state[key] = value


def widget(key: str, default: T) -> T:
    """The present value of the widget with this key."""
    value: T = st.session_state.get(key, default)
    return value
