"""The text as it stands, each character with how surprising it was, and what to know about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import streamlit as st

from rnnlm_core.errors import Problem
from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.palette import LIGHT, surprise_fill, surprise_gradient
from rnnlm_core.records import SampledToken, WrittenSample
from rnnlm_ui import session, time_machine
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.generate.beginning import LONGEST_PROMPT
from rnnlm_ui.generate.place import own_place, shown_place
from rnnlm_ui.generate.shelf import SELECTED
from rnnlm_ui.generate.wishes import HURRY, PACE, SHOWN, wish
from rnnlm_ui.generate.writing import Writing
from rnnlm_ui.i18n import error_text, joined, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed, words_of


def text_of_sample(sample: WrittenSample) -> None:
    _coloured(sample.text, surprise_fill(sample.surprise), [], 0, None, False, None)


def show_text(writing: Writing) -> None:
    from rnnlm_core.generate import character_surprise

    start, shown = writing.start, writing.shown
    before, whole = len(start.shown), len(shown)
    fills, tips = surprise_fill(character_surprise(writing.tokens)), _tips(writing.tokens)
    lacking = t("generate.lacking")
    typed = None
    if writing.active and session.widget("pace", PACE) == PACE \
            and not session.recall(HURRY, False):
        typed = min(session.recall(SHOWN, 0), whole)
    session.remember(SHOWN, whole)
    # while it writes, the newest character is no choice: only the reader's own place is outlined
    place = own_place(writing) if writing.active else shown_place(writing)
    clicked = _coloured(
        shown, [""] * before + fills,
        [lacking if missing else "" for missing in start.lacking] + tips, before,
        place, writing.active, typed,
        [LIGHT["dim"] if missing else "" for missing in start.lacking])
    if clicked is not None:
        session.remember(SELECTED, clicked)


def _tips(tokens: list[SampledToken]) -> list[str]:
    """For each written character how likely it was; where several bytes make it, all of them."""
    template, tips, share = t("generate.tip"), list[str](), 1.0
    for token in tokens:
        share *= token.probability
        if token.text:
            bits = -math.log2(max(share, 1e-300))
            tips += [template.format(share=percent(share), bits=f"{bits:.1f}")] * len(token.text)
            share = 1.0
    return tips


def _coloured(text: str, fills: list[str], tips: list[str], prompt: int, selected: int | None,
              cursor: bool, typed: int | None, bands: Sequence[str] = ()) -> int | None:
    return coloured_text(
        text, fills, key="generate.text", tips=tips, prompt=prompt, bands=bands, selected=selected,
        cursor=cursor, stream_from=typed, size="1.3rem", label=t("generate.text_label"),
        legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient()))


def notes(writing: Writing) -> None:
    """What a reader should know about this text, where there is something."""
    notes = [*_of_beginning(writing), *_of_bytes(writing)]
    if (marks := writing.run.config.marks) != "none":
        notes.append(t(f"generate.marked.{marks}"))
    if writing.by_hand and not writing.active:
        notes.append(t("generate.by_hand"))
    _networks(writing)
    for note in notes:
        st.markdown(f":material/info: {note}")


def _networks(writing: Writing) -> None:
    """Which networks wrote it, where it is not the one that is looked at; that one writes on, and
    nothing is written anew unless the reader says so."""
    entry, steps = time_machine.entry(writing.run.folder), writing.branch.steps
    if writing.active or not steps or entry is None or steps == [entry.step]:
        return
    told = [_who_wrote(writing)]
    other = entry.step != steps[-1]
    if other:
        told.append(t("generate.newer" if entry.step > steps[-1] else "generate.next_by",
                      now=number(entry.step)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/info: {joined(told)}", width="content")
        if other:
            st.button(t("generate.write_with"), key="generate.write_with", type="tertiary",
                      on_click=wish, args=("draw",), help=t("generate.write_with_help"))


def _who_wrote(writing: Writing) -> str:
    parts = writing.branch.written()
    if len(parts) == 1:
        return t("generate.by_step", step=number(parts[0].step))
    ends = [part.at for part in parts[1:]] + [len(writing.tokens)]
    return t("generate.by_steps", parts=t("generate.then").join(
        t("generate.part", step=number(part.step),
          n=number(sum(len(token.text) for token in writing.tokens[part.at:end])))
        for part, end in zip(parts, ends, strict=True)))


def _of_beginning(writing: Writing) -> Iterator[str]:
    """What of it is not read, and what is read and not shown."""
    start = writing.start
    if writing.unread:
        yield t("generate.reading", n=number(writing.unread), **words_of(writing.run.config))
    if start.unknown:
        problem = Problem("prompt.unknown_characters", {"characters": listed(start.unknown)})
        yield joined([plain(error_text(problem)), t("generate.underlined")])
    if start.shown and not start.known:
        yield t("generate.nothing_known")
    if gone := writing.branch.gone:
        yield t("generate.cut_off", gone=number(gone), most=number(LONGEST_PROMPT))
    if start.hidden:
        yield t("generate.hidden", n=number(len(writing.prompt)), last=number(len(start.shown)))


def _of_bytes(writing: Writing) -> Iterator[str]:
    invalid, open_end = writing.broken
    if invalid:
        yield t("generate.invalid", n=invalid)
    if open_end and not writing.active:
        yield t("generate.open_end")
