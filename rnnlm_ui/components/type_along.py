"""`type_along`: a box to type in, with a completion behind the cursor that Tab takes over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from rnnlm_ui import session
from rnnlm_ui.components.shared import FOLDER, style

_HTML = ('<div class="type-along"><div class="back" aria-hidden="true"><span class="typed"></span>'
         '<span class="ghost"></span></div><textarea rows="5" spellcheck="false" '
         'autocapitalize="off" autocomplete="off"></textarea></div>'
         '<div class="type-along-foot"><button type="button" hidden></button>'
         '<span class="said"></span></div>')
_component = st.components.v2.component(
    "unroll_type_along", html=_HTML, css=style("type_along"),
    js=(FOLDER / "type_along.js").read_text(encoding="utf-8"), isolate_styles=False)


@dataclass(frozen=True)
class Typed:
    """What stands in the box, and which of the browser's questions that was."""

    number: int
    text: str


def type_along(start: str, answer: tuple[int, str, str], *, key: str, label: str, placeholder: str,
               take: str, said: str, on_typed: Callable[[Typed], None]) -> None:
    """Show the box, or what is new behind its cursor.

    `start` stands in it when it appears. `answer` belongs to a question: its number, the text that
    was typed then, and what goes on from it; it is shown as long as the reader types just that.
    `take` names the button that takes it over, as Tab does (the right arrow takes a word, Escape
    puts it away), `said` the time that an answer took, with `{ms}`.

    `on_typed` hears what was typed before the page is drawn, so that the answer comes with it.
    Keys that follow each other fast are told together.
    """
    number, base, ghost = answer
    words = (("placeholder", placeholder), ("take", take), ("said", said))
    def hear() -> None:
        if (typed := _typed(session.widget(key, None))) is not None:
            on_typed(typed)

    _component(
        key=key,
        # no list or dict inside: Streamlit would import pandas to see whether it is a table
        data={"start": _whole(start), "label": label, "words": words,
              "answer": (("number", number), ("base", _whole(base)), ("ghost", _whole(ghost)))},
        on_typed_change=hear)


def _typed(value: object) -> Typed | None:
    """What came back is a stranger's input."""
    value = value.get("typed") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        return None
    number, text = value.get("number"), value.get("text")
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(text, str):
        return None
    return Typed(number, _whole(text))


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which no message can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
