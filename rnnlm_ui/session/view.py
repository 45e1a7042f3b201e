"""The choices of a view, which its URL names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import streamlit as st

from rnnlm_ui.session import script

_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,9})?")
_CHOICES = "unroll.choices"


def choice(key: str, options: Sequence[str], default: str) -> str:
    """For the widget with this key, whose option the URL names: call it before it is drawn.

    (`bind="query-params"` would write the option as it reads in the reader's language.)
    """
    named, state = chosen(), st.session_state
    if key not in state or script.goes_back():  # the first time, after the page was left, by Back
        asked = _asked(key)
        state[key] = asked if asked in options else default
    named[key] = (state[key], default)
    return key


def choices(key: str, options: Sequence[str], default: Sequence[str]) -> str:
    """As `choice`, for a widget of several options; in the URL they are divided by dots."""
    named, state = chosen(), st.session_state
    if key not in state or script.goes_back():
        asked = _asked(key)
        known = [option for option in dict.fromkeys(asked.split(".")) if option in options]
        state[key] = known or list(default)
    named[key] = (".".join(state[key]), ".".join(default))
    return key


def number(key: str, low: float, high: float, step: float, default: float) -> str:
    """As `choice`, for a slider or a field of a number; what is none of its range is ignored, and a
    field that was emptied asks for nothing."""
    named, state = chosen(), st.session_state
    if key not in state or script.goes_back():
        text = _asked(key)
        found = float(text) if _NUMBER.fullmatch(text) else math.nan
        state[key] = round(low + step * round((found - low) / step), 6) \
            if low <= found <= high else default
    named[key] = (_number_text(default if state[key] is None else state[key]),
                  _number_text(default))
    return key


def _number_text(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def news(key: str) -> str | None:
    """For what a page chooses without a widget of its own, or not always: what the URL asks for the
    first time, or by Back; "" where it asks for nothing, None where it says nothing new."""
    return st.query_params.get(key, "") if key not in chosen() or script.goes_back() else None


def stand(key: str, value: str) -> None:
    """From now on the URL has this; nothing where it is ""."""
    chosen()[key] = (value, "")


def asked(key: str) -> str | None:
    """What the address says of this choice, be it an option or not, until it is first drawn."""
    return None if key in st.session_state else st.query_params.get(key)


def _asked(key: str) -> str:
    """What is to be shown: what was chosen; in a link, or by going back, what the address says."""
    named = chosen()
    return named[key][0] if key in named and not script.goes_back() \
        else st.query_params.get(key, "")


def chosen() -> dict[str, tuple[str, str]]:
    """By key: what is chosen, and what would be without a choice."""
    found: dict[str, tuple[str, str]] = st.session_state.setdefault(_CHOICES, {})
    return found
