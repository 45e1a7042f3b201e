"""`coloured_text`: text with a fill behind every character, to hover, click and walk through."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

from rnnlm_ui import session
from rnnlm_ui.components.shared import ignore_event, is_index, script, style
from rnnlm_ui.i18n import t

_SIZE = re.compile(r"[0-9.]+(rem|em|px)")
_GRADIENT = re.compile(r"linear-gradient\([0-9A-Za-z#%,. ]*\)")
_HTML = ('<div class="coloured-text" tabindex="0"><span class="coloured-cursor" hidden '
         'aria-hidden="true"></span></div>'
         '<div class="coloured-legend" hidden><span></span><i></i><span></span></div>'
         '<div class="coloured-tip" role="tooltip" hidden></div>')
_component = st.components.v2.component(
    "unroll_coloured_text", html=_HTML, css=style("coloured_text"),
    js=script("coloured_text", "brush"), isolate_styles=False)


def coloured_text(text: str | Sequence[str], fills: Sequence[str], *, key: str,
                  tips: Sequence[str] | None = None, size: str = "1.3rem", prompt: int = 0,
                  selected: int | None = None, marked: tuple[int, int] | None = None,
                  cursor: bool = False, stream_from: int | None = None,
                  legend: tuple[str, str, str] | None = None, label: str = "",
                  bands: Sequence[str] = (), link: str = "", owners: Sequence[int] = (),
                  lines: bool = False, over: Sequence[Sequence[str]] = ()) -> int | None:
    """Show a text, or recolour and extend the one with this key in place.

    A list of strings is a text of which each string counts as one character: graphemes, which
    stay whole (an emoji family is one picture, and not four with marks between).

    `fills` and `tips` have one entry a character (fewer: the rest has none); fills are hexes of the
    light palette. The first `prompt` characters are bold and grey, `selected` is outlined, those
    from the first of `marked` up to before its second are underlined.
    `stream_from`: the text from this index on is typed out in the browser, once. `legend` is what
    the two ends of the colour mean, and the gradient (`palette.value_gradient()`). `bands` are a
    second row of fills, along the foot of each character. With `link`, the token that is pointed at
    is marked in all views of the same link (see `live_plot`); `owners` has each character's token.
    `lines`: each line stays one, its break is not the text's own. `over` has for each token, by
    `owners`, the fills of all tokens while it is pointed at: recoloured in the browser.

    Returns the index of the character that was just clicked or walked to with the arrow keys, else
    None. The outline follows the reader at once, `selected` only has to agree later.
    """
    if selected is not None and (at := _clicked(session.widget(key, None), text)) is not None:
        selected = at  # the caller only learns of it now, and what is drawn is already beyond it
    result = _show(text, fills, key, tips, size, legend, label or t("component.text_label"),
                   prompt=prompt, selected=selected, cursor=cursor, stream=stream_from, lines=lines,
                   bands=bands, link=link, owners=owners, marked=marked, over=over)
    return _clicked(result, text)


def brushed_text(text: str, fills: Sequence[str], brush: tuple[int, int], *, key: str, label: str,
                 tips: Sequence[str] | None = None, size: str = "1.3rem",
                 legend: tuple[str, str, str] | None = None) -> tuple[int, int] | None:
    """As `coloured_text`, with a phrase brushed: `brush`, its first and last character.

    The reader drags over a phrase, clicks on its two ends, or walks with the arrow keys and holds
    Shift. Returns what was just brushed, else None.
    """
    result = _show(text, fills, key, tips, size, legend, label, brush=brush)
    ends = result.get("brush")
    if isinstance(ends, list) and len(ends) == 2 and all(is_index(end, len(text)) for end in ends):
        return min(ends), max(ends)
    return None


def _clicked(result: Any, text: str | Sequence[str]) -> int | None:
    clicked = None if result is None else result.get("click")
    return clicked if is_index(clicked, len(text)) else None


def _show(text: str | Sequence[str], fills: Sequence[str], key: str,
          tips: Sequence[str] | None, size: str,
          legend: tuple[str, str, str] | None, label: str, *, prompt: int = 0,
          selected: int | None = None, cursor: bool = False, stream: int | None = None,
          lines: bool = False, brush: tuple[int, int] | None = None, bands: Sequence[str] = (),
          link: str = "", owners: Sequence[int] = (), marked: tuple[int, int] | None = None,
          over: Sequence[Sequence[str]] = ()) -> Any:
    if not _SIZE.fullmatch(size):
        raise ValueError(f"size {size!r} must be a CSS length in rem, em or px")
    if legend is not None and not _GRADIENT.fullmatch(legend[2]):
        raise ValueError(f"legend gradient {legend[2]!r} must be a linear-gradient of hexes")
    # half of a surrogate pair would join its neighbour in the browser and shift every index
    whole = text.encode("utf-8", "replace").decode("utf-8") if isinstance(text, str) else None
    shown = whole if whole is not None else tuple(
        part.encode("utf-8", "replace").decode("utf-8") for part in text)
    words = tuple((name, t(f"component.{name}")) for name in ("space", "newline", "tab"))
    return _component(
        key=key,
        # no list or dict inside: Streamlit would import pandas to see whether it is a table
        data={"text": shown, "fills": tuple(fills), "bands": tuple(bands), "link": link,
              "owners": tuple(owners), "tips": None if tips is None else tuple(tips),
              "size": size, "prompt": prompt, "selected": selected, "marked": marked,
              "cursor": cursor, "stream": stream, "legend": legend, "label": label, "words": words,
              "lines": lines, "brush": brush, "over": tuple(tuple(row) for row in over)},
        on_click_change=ignore_event, on_brush_change=ignore_event)
