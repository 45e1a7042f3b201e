"""A place of the text, character by character, and as the ids that the network gets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.corpus import Corpus
from rnnlm_core.data.statistics import TokenStatistics, character_name, passage
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.figures.data import Token, TokenWords, token_figure, token_width
from rnnlm_core.figures.palette import LIGHT, SURPRISE_TOP, fade, surprise_fill, surprise_gradient
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t

TOKENS = 61  # sixty inputs and the last one's target
_LONG_TOKEN = 30  # characters: so many tokens' worth of text is encoded for them
_TURNS = (fade(LIGHT["posfill"], 0.35), fade(LIGHT["negfill"], 0.35))  # one piece, the next
_PASSAGE, _LINES = 320, 4


def place_shown(corpus: Corpus) -> tuple[int, str]:
    return passage(corpus.text, session.recall("data.place", 0), _PASSAGE, _LINES)


def spoken(character: str) -> str:
    """What a character is called: white space in the reader's words, all else as in Unicode."""
    words = {" ": "space", "\n": "newline", "\t": "tab"}
    return t(f"component.{words[character]}") if character in words else character_name(character)


def preview(corpus: Corpus, numbers: TokenStatistics, ids: Tokenizer, by_character: bool) -> None:
    """A few lines: each character filled by how rare it is, or other tokens in turn."""
    at, text = place_shown(corpus)
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
    parts, fills, tips = _pieces(text, numbers, ids, by_character)
    # the dot stands in for the space one to one, so fills and tips keep their places
    coloured_text([part.replace(" ", "·") if dots else part for part in parts], fills,
                  key="data.preview", tips=tips, size="1.05rem", label=t("data.preview_label"),
                  legend=(t("data.common"), t("data.rare"), surprise_gradient())
                  if by_character else None)
    if not by_character:
        st.markdown(":gray[" + t("data.in_turn") + "]")


def _pieces(text: str, numbers: TokenStatistics, ids: Tokenizer, by_character: bool
            ) -> tuple[list[str], list[str], list[str]]:
    """The characters of a passage, or its graphemes where these are the tokens; a fill and a tip
    for each."""
    parts: list[str] = []
    fills, tips = [], []
    for turn, (piece, tokens) in enumerate(divided(text, ids)):
        bits = sum(numbers.surprise.get(i, math.inf) for i in tokens)
        unknown = ids.unknown_id in tokens
        if by_character:
            fill = surprise_fill([bits])[0]
        else:
            fill = surprise_fill([SURPRISE_TOP])[0] if unknown else _TURNS[turn % 2]
        name = t("data.unknown_piece") if unknown else \
            spoken(piece) if len(piece) == 1 else piece.replace("\n", "⏎")
        shown = [piece] if ids.kind == "graphemes" else list(piece)
        parts += shown
        fills += [fill] * len(shown)
        tips += [t("data.tip", name=name, id=" ".join(map(str, tokens)),
                   bits=f"{bits:.2f}")] * len(shown)
    return parts, fills, tips


def divided(text: str, ids: Tokenizer) -> list[tuple[str, list[int]]]:
    """The shortest parts of a text that are whole tokens, each with its ids.

    Of bytes, the characters, each with several; of all else the pieces, `<unk>` among them.
    """
    if isinstance(ids, tokenizers.PieceTokenizer):
        pieces = list(ids.divide(text))
        return [(p, [int(i)]) for p, i in zip(pieces, ids.encode(text), strict=True)]
    tokens = ids.encode(text).tolist()
    _, owners = ids.owners(tokens)
    found, start, first = [], 0, 0
    for end in (*np.flatnonzero(np.diff(owners)) + 1, len(owners)) if len(owners) else ():
        last = int(owners[end - 1]) + 1
        found.append((text[start:end], tokens[first:last]))
        start, first = int(end), last
    return found


def token_strip(corpus: Corpus, ids: Tokenizer) -> None:
    """The same place as the network gets it: ids, and the target shifted by one."""
    at, _ = place_shown(corpus)
    part = ids.encode(corpus.text[at:at + TOKENS * _LONG_TOKEN])[:TOKENS].tolist()
    tokens = [Token(ids.pieces[i], t("data.unknown_piece") if i == ids.unknown_id else
                    spoken(ids.pieces[i]) if len(ids.pieces[i]) == 1 else "", i) for i in part]
    words = TokenWords((t("data.input"), t("data.input_short")),
                       (t("data.target"), t("data.target_short")), t("data.id"))

    def draw() -> Any:
        figure = token_figure(tokens, words)
        figure.update_layout(uirevision=f"{corpus.manifest.sha256} {at}")
        return figure

    live_plot(draw, key="data.tokens", alt=t("data.tokens_alt"), height=184,
              cell=token_width(tokens), rev=(corpus.manifest.sha256, at, ids.kind, ids.size))
