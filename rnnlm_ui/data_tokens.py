"""A place of the text, character by character, and as the ids that the network gets."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.corpus import Corpus
from rnnlm_core.data.marks import short
from rnnlm_core.data.statistics import TokenStatistics, character_name, passage
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.data.tokenizer.spelling import divided
from rnnlm_core.figures.data import Token, TokenWords, token_figure, token_width
from rnnlm_core.figures.palette import LIGHT, SURPRISE_TOP, fade, surprise_fill, surprise_gradient
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import joined, number, t

TOKENS = 61  # sixty inputs and the last one's target
_LONG_TOKEN = 30  # characters: so many tokens' worth of text is encoded for them
_TURNS = (fade(LIGHT["posfill"], 0.35), fade(LIGHT["negfill"], 0.35))  # one piece, the next
_MARK = LIGHT["rule"]
_PASSAGE, _LINES = 320, 4


def place_shown(corpus: Corpus, ids: Tokenizer | None = None) -> tuple[int, str]:
    """Where the passage begins, and its text; no mark that stands for several characters is cut."""
    at, text = passage(corpus.text, session.recall("data.place", 0), _PASSAGE, _LINES)
    if isinstance(ids, tokenizers.MarkedTokenizer) and ids.documents == "paragraphs":
        end = at + len(text)
        while at and at < end and corpus.text[at] == "\n":
            at += 1
        while corpus.text[end:end + 1] == "\n":
            end += 1
        text = corpus.text[at:end]
    return at, text


def _begins(corpus: Corpus, ids: Tokenizer, at: int) -> bool:
    """Whether a document begins here: a passage in the midst of one has no start mark."""
    return not isinstance(ids, tokenizers.MarkedTokenizer) or at == 0 \
        or corpus.text.endswith(ids.separator, 0, at)


def spoken(character: str) -> str:
    """What a character is called: white space in the reader's words, all else as in Unicode."""
    words = {" ": "space", "\n": "newline", "\t": "tab"}
    return t(f"component.{words[character]}") if character in words else character_name(character)


def preview(corpus: Corpus, numbers: TokenStatistics, ids: Tokenizer, by_character: bool) -> None:
    """A few lines: each character filled by how rare it is, or other tokens in turn."""
    at, text = place_shown(corpus, ids)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(t("data.beginning") if at == 0 else t("data.place", at=number(at)))
        st.space("stretch")
        session.preset("data.dots", True)
        dots = st.toggle(t("data.mark_spaces"), key="data.dots", persist_state="session")
        if at:
            st.button(t("data.to_beginning"), key="data.to_beginning", type="tertiary",
                      icon=":material/first_page:", on_click=lambda: session.forget("data.place"))
        st.button(t("data.another_place"), key="data.another", icon=":material/casino:",
                  on_click=lambda: session.remember(
                      "data.place", session.recall("data.place", 0) + 1))
    found = divided(text, ids)[0 if _begins(corpus, ids, at) else 1:]
    parts, fills, tips = _pieces(found, numbers, ids, by_character)
    # the dot stands in for the space one to one, so fills and tips keep their places
    coloured_text([part.replace(" ", "·") if dots else part for part in parts], fills,
                  key="data.preview", tips=tips, size="1.05rem", label=t("data.preview_label"),
                  legend=(t("data.common"), t("data.rare"), surprise_gradient())
                  if by_character else None)
    if not by_character:
        marks = [] if ids.start_id is None else [t("data.in_turn_marks")]
        st.markdown(":gray[" + joined([t("data.in_turn"), *marks]) + "]")


def _pieces(found: list[tuple[str, list[int]]], numbers: TokenStatistics, ids: Tokenizer,
            by_character: bool) -> tuple[list[str], list[str], list[str]]:
    """The characters of a passage, or its graphemes where these are the tokens, marks as a sign of
    their own; a fill and a tip for each."""
    parts, fills, tips = list[str](), list[str](), list[str]()
    for turn, (piece, tokens) in enumerate(found):
        bits = sum(numbers.surprise.get(i, math.inf) for i in tokens)
        name = _name(ids, tokens, piece)
        if _is_mark(ids, tokens[0]):
            fill, piece = _MARK, short(ids.pieces[tokens[0]]) + piece
        elif by_character:
            fill = surprise_fill([bits])[0]
        else:
            unknown = ids.unknown_id in tokens
            fill = surprise_fill([SURPRISE_TOP])[0] if unknown else _TURNS[turn % 2]
        shown = [piece] if _whole(ids) and not _is_mark(ids, tokens[0]) else list(piece)
        parts += shown
        fills += [fill] * len(shown)
        tips += [t("data.tip", name=name, id=" ".join(map(str, tokens)),
                   bits=f"{bits:.2f}")] * len(shown)
    return parts, fills, tips


def _whole(ids: Tokenizer) -> bool:
    """Whether each token is one sign, however many characters make it."""
    inside = ids.base if isinstance(ids, tokenizers.MarkedTokenizer) else ids
    return inside.kind == "graphemes"


def _is_mark(ids: Tokenizer, token: int) -> bool:
    return token in (ids.start_id, ids.end_id)


def _name(ids: Tokenizer, tokens: list[int], piece: str) -> str:
    """What a piece of text, or the mark in its place, is called."""
    if _is_mark(ids, tokens[0]):
        return t("data.mark.start" if tokens[0] == ids.start_id else "data.mark.end")
    if ids.unknown_id in tokens:
        return t("data.unknown_piece")
    return spoken(piece) if len(piece) == 1 else piece.replace("\n", "⏎")


def token_strip(corpus: Corpus, ids: Tokenizer) -> None:
    """The same place as the network gets it: ids, and the target shifted by one."""
    at, _ = place_shown(corpus, ids)
    first = 0 if _begins(corpus, ids, at) else 1
    part = ids.encode(corpus.text[at:at + TOKENS * _LONG_TOKEN])[first:first + TOKENS].tolist()
    tokens = [Token(ids.pieces[i], _name(ids, [i], ids.pieces[i]) if named else "", i,
                    _is_mark(ids, i))
              for i in part for named in [len(ids.pieces[i]) == 1 or _is_mark(ids, i)]]
    words = TokenWords((t("data.input"), t("data.input_short")),
                       (t("data.target"), t("data.target_short")), t("data.id"))

    def draw() -> Any:
        figure = token_figure(tokens, words)
        figure.update_layout(uirevision=f"{corpus.manifest.sha256} {at}")
        return figure

    live_plot(draw, key="data.tokens", alt=t("data.tokens_alt"), height=184,
              cell=token_width(tokens), rev=(corpus.manifest.sha256, at, ids.kind, ids.size,
                                               ids.start_id))
