"""One place of the text: what else could have been written there, and going on from it."""

from __future__ import annotations

import streamlit as st

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import Problem
from rnnlm_core.figures.generate import MARKS, candidates_figure, candidates_height, with_written
from rnnlm_core.records import SampledToken
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate.shelf import SELECTED
from rnnlm_ui.generate.wishes import LONGEST_FORCED, REFUSED, force, put, wish
from rnnlm_ui.generate.writing import Writing
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed, words_of

_CONTEXT = 12  # characters named before a place


def own_place(writing: Writing) -> int | None:
    """The place that the reader clicked, while there is such a place."""
    selected: int | None = session.recall(SELECTED, None)
    return selected if selected is not None and selected < len(writing.shown) else None


def shown_place(writing: Writing) -> int | None:
    """The reader's place; while it writes the newest character, else the most surprising one."""
    own = own_place(writing)
    if own is not None or not writing.tokens:
        return own
    owners = writing.owners
    if not owners or owners[-1] < 0:
        return None  # nothing of what is written makes a character yet
    if writing.active:
        return owners.index(owners[-1])
    seen = sorted({index for index in owners if index >= 0})
    return owners.index(max(seen, key=lambda i: writing.tokens[i].surprise))


def first_of(writing: Writing, index: int) -> int:
    """The first of the tokens that make the characters of this one: several bytes may make one."""
    while index > 0 and not writing.tokens[index - 1].text:
        index -= 1
    return index


def where(writing: Writing, place: int) -> str:
    """The heading of a place: what stands before it."""
    before = "".join(MARKS.get(c, c) if c != " " else c
                     for c in writing.shown[max(0, place - _CONTEXT):place])
    cut = "…" if place > _CONTEXT else ""
    return t("generate.after", before=plain(cut + before)) if before else t("generate.at_start")


def panel(writing: Writing) -> None:
    """What else could have been written at the place that is looked at."""
    place = shown_place(writing)
    if place is None:
        return
    owners = writing.owners
    index = owners[place]
    if index >= 0:
        place = owners.index(index)  # where the token begins
    st.subheader(where(writing, place), anchor=False)
    if index < 0:
        st.markdown(t("generate.of_prompt"))
        return
    index = _of_several(writing, index)
    token, tokenizer = writing.tokens[index], writing.run.tokenizer
    piece = tokenizer.pieces[token.id]
    candidates = with_written(token.alternatives, piece, token.probability)
    part = writing.branch.part(index)
    # a penalty puts them in another order than that of the bars: which were cut is not told then
    kept = len(candidates) if part is not None and part.penalised else token.kept
    live_plot(lambda: candidates_figure(candidates, piece, kept, t("generate.written"),
                                        t("generate.cut")),
              key="generate.candidates", height=candidates_height(len(candidates)), on=(),
              alt=t("generate.candidates_alt", **words_of(writing.run.config)),
              rev=(tuple(candidates), piece, kept))
    st.markdown(t("generate.drawn_from", kept=number(token.kept),
                  v=number(_choices(tokenizer)),
                  **words_of(writing.run.config), entropy=f"{token.entropy:.2f}"))
    _instead(token, piece, index)
    if index < len(writing.tokens) - 1:
        st.button(t("generate.undo"), icon=":material/content_cut:", key="generate.undo",
                  on_click=wish, args=("keep", index + 1),
                  help=t("generate.undo_help", **words_of(writing.run.config)))


def _of_several(writing: Writing, index: int) -> int:
    """Of the bytes that make one character, the one to look at; else the token itself."""
    first = first_of(writing, index)
    if first == index:
        return index
    byte = st.segmented_control(
        t("generate.byte"), list(range(1, index - first + 2)), default=1, required=True,
        key=f"generate.byte.{index - first}", help=t("generate.byte_help"))
    return first + (byte or 1) - 1


def _choices(tokenizer: Tokenizer) -> int:
    """How many different tokens can come at a place that makes a character: all but those that are
    never written, and the start mark, which makes none."""
    return tokenizer.size - (tokenizer.unknown_id is not None) - (tokenizer.start_id is not None)


def _instead(token: SampledToken, written: str, index: int) -> None:
    """Buttons that go on from here with another token, and a line for one's own."""
    others = [piece for piece, _ in token.alternatives if piece != written]
    st.markdown(t("generate.instead"))
    with st.container(horizontal=True, gap="xsmall"):
        for rank, piece in enumerate(others):
            st.button(plain("".join(MARKS.get(c, c) for c in piece)), key=f"generate.put.{rank}",
                      on_click=put, args=(index, piece))
    # no `max_chars`: the browser would keep a longer text back without a word
    st.text_input(t("generate.force"), key="generate.force", placeholder=t("generate.force"),
                  label_visibility="collapsed", on_change=force, args=(index, "generate.force"))
    if (refused := session.recall(REFUSED, None)) is not None:
        lacking, some, cut = refused
        if cut:
            st.markdown(t("states.text_cut", n=LONGEST_FORCED))
        if lacking:
            problem = Problem("prompt.unknown_characters", {"characters": listed(lacking)})
            st.markdown(f":material/info: {plain(error_text(problem))}"
                        + ("" if some else t("generate.nothing_forced")))
