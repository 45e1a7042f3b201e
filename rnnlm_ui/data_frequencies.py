"""How often each character and each token occurs."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from rnnlm_core.data.corpus import Corpus
from rnnlm_core.data.statistics import TextStatistics, TokenStatistics
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.figures.data import (
    Bar,
    FrequencyWords,
    Ranked,
    character_figure,
    glyph,
    rank_figure,
)
from rnnlm_core.figures.states import visible
from rnnlm_core.figures.template import esc
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.data_tokens import spoken
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain

SCALES = ("linear", "log", "rank")
BARS = 40
_POINTS = 300  # of the curve by rank, evenly spread on its axis


def frequencies(corpus: Corpus, numbers: TextStatistics, tokens: TokenStatistics,
                ids: Tokenizer) -> None:
    """How often each character occurs as bars (linear or logarithmic), each token by rank."""
    session.preset("data.scale", SCALES[0])
    by_token = session.widget("data.scale", SCALES[0]) == "rank" and ids.kind != "characters"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_token_title(tokens, ids) if by_token else _frequency_title(numbers))
        st.space("stretch")
        scale = st.segmented_control(
            t("data.scale_label"), SCALES, key="data.scale", required=True,
            format_func=lambda s: t(f"data.scale.{s}"), label_visibility="collapsed",
            persist_state="session") or SCALES[0]
    # the bars are of characters: where these are the tokens, <unk> is one of the equally frequent
    even = tokens.vocabulary if ids.kind == "characters" else numbers.different
    share = t("data.share_tokens" if by_token else "data.share")
    words = FrequencyWords(share, t("data.rest"), t("data.rest_name", n=number(
        max(0, numbers.different - BARS))), t("data.uniform", v=number(even)),
        t("data.times"), t("data.rank"), t("data.zipf"))

    def draw() -> Any:
        total = numbers.characters
        if scale == "rank":
            figure = rank_figure(_ranked(tokens, ids), tokens.training + tokens.validation,
                                 tokens.zipf, words)
        else:
            bars = [Bar(c, spoken(c), n, n / total) for c, n in numbers.counts[:BARS]]
            rest = sum(n for _, n in numbers.counts[BARS:])
            figure = character_figure(bars, rest, total, 1 / even, scale == "log",
                                      words)
        figure.update_layout(uirevision=f"{corpus.manifest.sha256} {scale}")
        return figure

    live_plot(draw, key="data.characters", height=250,
              alt=t("data.rank_alt") if scale == "rank" else
              t("data.characters_alt", n=min(BARS, numbers.different)),
              rev=(corpus.manifest.sha256, tokens.vocabulary, ids.kind, scale))


def _ranked(tokens: TokenStatistics, ids: Tokenizer) -> list[Ranked]:
    """All of them, or so many that the curve looks the same."""
    ranks = np.unique(np.geomspace(1, len(tokens.counts), _POINTS).round().astype(int))
    return [Ranked(int(rank), _rank_name(ids.pieces[i]), n)
            for rank in ranks for i, n in [tokens.counts[rank - 1]]]


def _rank_name(piece: str) -> str:
    shown = "".join(map(glyph, piece))
    return f"{shown} {esc(spoken(piece))}" if len(piece) == 1 else shown


def _frequency_title(numbers: TextStatistics) -> str:
    character, count = numbers.counts[0]
    return t("data.frequency_title", name=_quoted(character),
             share=f"{count / numbers.characters:.1%}")


def _token_title(tokens: TokenStatistics, ids: Tokenizer) -> str:
    token, count = tokens.counts[0]
    name = plain("<unk>") if token == ids.unknown_id else plain(ids.pieces[token]) \
        if token in (ids.start_id, ids.end_id) else _quoted(ids.pieces[token])
    return t("data.frequency_title_tokens", name=name,
             share=f"{count / (tokens.training + tokens.validation):.1%}")


def _quoted(piece: str) -> str:
    blank = len(piece) == 1 and piece.isspace()
    return plain(spoken(piece) if blank else f"“{visible(piece)}”")
