"""The reader's own texts: a short one stands in the URL, a longer one is kept by the tab alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from rnnlm_ui.session import script
from rnnlm_ui.session.memory import widget

LONGEST_TEXT = 300  # characters in the URL
_LINE_END = re.compile(r"\r\n?")
_NO_LETTER = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # half a pair is none, too
_TEXTS = "unroll.texts"


@dataclass(frozen=True)
class _Text:
    """What is known of a field of text when it has been made ready for drawing."""

    own: str  # what the reader wrote or a link brought, "" for nothing
    shown: str  # in the field
    default: str | None  # what stands in it where there is nothing of the reader's own
    long: str  # their last one that the URL could not have: an address without one means this one
    lines: bool = True

    @property
    def short(self) -> str:
        """As the URL has it, "" where it has nothing of it."""
        found = _readable(self.own, self.lines)
        return found if len(found) <= LONGEST_TEXT else ""


def text(key: str, default: str = "", lines: bool = True) -> str:
    """As `choice`, for a field of text; only what the reader wrote stands in the URL.

    Until they write, the field holds `default`, as it does where they emptied it and the default
    becomes another one, as another run's may. `lines` False: for a field of a single line. The
    field keeps a text whole, and its page says how much of it is read.
    """
    texts, state = all_texts(), st.session_state
    before = texts.get(key, _Text("", "", None, ""))
    own = before.own
    if key not in state or script.goes_back():
        own = _asked_text(key, lines)
        state[key] = own or default
    elif state[key] != before.shown:  # the reader has written
        own = state[key] or ""
    elif not own and before.default != default:
        state[key] = default
    own = "" if own == default else own
    long = before.long if 0 < len(own) <= LONGEST_TEXT else own
    texts[key] = _Text(own, state[key] or "", default, long, lines)
    return key


def own_text(key: str) -> str:
    """What the reader wrote into the field with this key, "" for nothing."""
    found = all_texts().get(key)
    return found.own if found is not None else ""


def clear_text(key: str) -> None:
    """Away with the reader's own: the field is filled with its default when it is drawn next."""
    all_texts()[key] = _Text("", widget(key, ""), None, "")


def _asked_text(key: str, lines: bool) -> str:
    known = all_texts().get(key)
    if known is not None and not script.goes_back():
        return known.own
    asked = _readable(st.query_params.get(key, ""), lines)
    return asked or (known.long if known is not None else "")


def _readable(text: str, lines: bool) -> str:
    """As a field can show it and a URL have it: all line ends alike, and no control character but a
    tab."""
    found = _NO_LETTER.sub("", _LINE_END.sub("\n", text))
    return found if lines else found.replace("\n", " ")


def all_texts() -> dict[str, _Text]:
    """By key."""
    found: dict[str, _Text] = st.session_state.setdefault(_TEXTS, {})
    return found
