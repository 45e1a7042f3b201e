"""A batch drawn on the text: which rows are read at once, and where each goes on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import Corpus
from rnnlm_core.data.split import Fit
from rnnlm_core.figures.streams import WINDOW_WIDTH, StreamWords, streams_figure, streams_height
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.data_text import parts, tokenizer
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import words_of

STEPS, ROWS = 3, 6


def streams(corpus: Corpus, config: RunConfig, fit: Fit) -> None:
    """The first steps of a training with these settings, behind a switch: it needs torch."""
    session.preset("data.streams", False)
    if not st.toggle(t("data.streams"), key="data.streams", persist_state="session"):
        return
    words, rows = words_of(config), min(ROWS, fit.batch)
    st.markdown(t(f"data.streams_{_kind(config)}", batch=number(fit.batch),
                  length=number(fit.sequence_length), **words))
    if fit.batch < config.batch:
        st.markdown(":gray[" + t("data.streams_shrunk", batch=number(fit.batch),
                                 asked=number(config.batch)) + "]")
    more = fit.batch - rows

    def draw() -> Any:
        windows, carried = _first_windows(corpus, config, fit, rows)
        figure = streams_figure(windows, carried, config.cell, StreamWords(
            [t("data.streams_step", n=s + 1) for s in range(STEPS)],
            [t("data.streams_row", n=b + 1) for b in range(rows)],
            t("data.streams_more", n=number(more)) if more else ""))
        figure.update_layout(uirevision=corpus.manifest.sha256)
        return figure

    live_plot(draw, key="data.batch", alt=t("data.streams_alt", batch=number(fit.batch)),
              height=streams_height(rows, bool(more)), cell=WINDOW_WIDTH,
              rev=(corpus.manifest.sha256, config, fit))


def _kind(config: RunConfig) -> str:
    if config.windows == "random":
        return "random"
    return "emptied" if config.carry_length else "carried"


def _first_windows(corpus: Corpus, config: RunConfig, fit: Fit, rows: int
                   ) -> tuple[list[list[list[str]]], list[bool]]:
    """The pieces that each row reads at each step, and whether the state comes from before."""
    from rnnlm_core.data.batches import Streams

    ids = tokenizer(corpus, config)
    source = Streams(ids.encode(parts(corpus, config).training), fit.batch, fit.sequence_length,
                     config)
    windows, carried = [], []
    for _ in range(STEPS):
        window = source.next()
        windows.append([[ids.pieces[i] for i in row.tolist()]
                        for row in window.inputs[:rows, window.lead:]])
        carried.append(not window.fresh)
    return windows, carried
