"""Whether the reader looks at a phone, which the server cannot know by itself."""

from __future__ import annotations

import streamlit as st

from rnnlm_ui import session
from rnnlm_ui.components.shared import FOLDER, ignore_event

WIDTH = 640  # pixels; below it Streamlit stacks its columns
_NARROW = "viewport.narrow"
_component = st.components.v2.component(
    "unroll_viewport", html="<span hidden></span>",
    js=(FOLDER / "viewport.js").read_text(encoding="utf-8"), isolate_styles=False)


def is_narrow() -> bool:
    """What the browser said last in this tab; at first, no."""
    return session.recall(_NARROW, False)


def watch() -> None:
    """Listen to the browser; a narrow window causes one more run. At a page's end: it takes a line.

    Outside of fragments.
    """
    known = is_narrow()
    result = _component(key="viewport", data={"narrow": known, "width": WIDTH},
                        on_narrow_change=ignore_event)
    said = result.get("narrow")
    if isinstance(said, bool) and said != known:
        session.remember(_NARROW, said)
        session.page_again()
