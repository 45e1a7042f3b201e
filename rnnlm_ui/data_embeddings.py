"""What each token begins with: random numbers, vectors made here, or a table of the reader's."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.config import FIELD_TYPES, RunConfig
from rnnlm_core.data.corpus import Corpus
from rnnlm_core.data.hub_vectors import VectorSpec
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.data.vector_reading import MAX_BYTES, read_uploaded
from rnnlm_core.data.vector_table import Coverage, keep_vectors, papers_of
from rnnlm_core.embedding_start import (
    file_coverage,
    refuse_other_size,
    start_vectors,
    with_kept_table,
)
from rnnlm_core.errors import BadInput, ConfigError, CorpusError, UnrollError
from rnnlm_core.figures.embeddings import HEIGHT, map_figure
from rnnlm_core.figures.states import visible
from rnnlm_core.insight.embeddings import Neighbour, neighbours, plane
from rnnlm_core.nets.pretrained import Pretrained
from rnnlm_ui import config_form, data_vectors, session, vector_repairs
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.data_text import parts, store
from rnnlm_ui.embeddings_view import NEAREST, neighbour_table
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.page import fault, plain

MOST = 60  # tokens on the map: words are longer than letters
_SOURCE, _UPLOAD, _TOKEN = (f"embeddings.{name}" for name in ("source", "upload", "token"))


# -- what is computed once for all visitors ---------------------------------------------------
@st.cache_data(max_entries=8, show_spinner=False)
def _start(sha256: str, text: RunConfig, start: tuple[str, str, int, int], _config: RunConfig,
           _corpus: Corpus, _ids: Tokenizer
           ) -> tuple[Pretrained | None, NDArray[np.int64], Coverage | None]:
    """The rows a run of these settings begins with, how often each token occurs in the training
    part, and of a table, what it covers. The first three arguments say what it depends on."""
    training = _ids.encode(parts(_corpus, _config).training)
    found = start_vectors(_config, training, _ids, store())
    covered = file_coverage(_config, training, _ids, store()) \
        if _config.embedding_source == "file" else None
    return found, np.bincount(training, minlength=_ids.size), covered


# -- the choice -------------------------------------------------------------------------------
def _use_upload() -> None:
    """Into the store and into the draft, or the one sentence on why not."""
    file = session.widget(_UPLOAD, None)
    if file is None:  # it was taken out of the widget again
        return
    try:
        read = read_uploaded(file.getvalue(), file.name)
        config_form.change("vectors", keep_vectors(store(), read, file.name).sha256)
    except BadInput as error:
        data_vectors.refuse(error)
    except OSError as error:
        data_vectors.refuse(CorpusError("corpus.not_kept", reason=type(error).__name__))


def _choose() -> None:
    config_form.change("embedding_source", session.widget(_SOURCE, "scratch"))


def _choice(config: RunConfig) -> None:
    session.set_widget(_SOURCE, config.embedding_source)
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        st.segmented_control(
            t("config.embedding_source"), get_args(FIELD_TYPES["embedding_source"]), key=_SOURCE,
            format_func=lambda s: t(f"choice.embedding_source.{s}"), required=True,
            on_change=_choose)
        with st.container(width=170):
            config_form.field("embedding")
        if config.embedding_source != "scratch":
            with st.container(width=260):
                config_form.field("freeze_embedding")
    if config.embedding_source == "file":
        left, right = st.columns(2, gap="medium")
        with left:
            config_form.field("vectors")
        with right:
            st.file_uploader(t("embeddings.upload", limit=MAX_BYTES // 1_000_000), key=_UPLOAD,
                             type=["vec", "txt", "npz"], on_change=_use_upload,
                             max_upload_size=MAX_BYTES // 1_000_000)
        data_vectors.hub_chooser()


def _problem(config: RunConfig) -> UnrollError | None:
    """Why no start can be made of these settings."""
    about = {"config.pretrained_one_hot", "config.no_vectors", "config.frozen_tied"}
    if found := [p for p in config.problems() if p.code in about]:
        return ConfigError(found)
    try:
        refuse_other_size(with_kept_table(config, store()), store())
    except BadInput as error:
        return error
    return None


def _repair(error: UnrollError, config: RunConfig) -> None:
    """One click, where there is one."""
    vector_repairs.offer(error, "embeddings", link=False)
    if error.code == "vectors.not_here":
        st.button(t("embeddings.repair_read"), key="embeddings.repair_read",
                  icon=":material/download:", on_click=_read_named, args=(config.vectors,))


def _read_named(source: str) -> None:
    """The table that a link names."""
    try:
        data_vectors.fetch(VectorSpec.parse(source))
    except BadInput as error:
        data_vectors.refuse(error)


# -- what it looks like -----------------------------------------------------------------------
def section(corpus: Corpus, ids: Tokenizer, config: RunConfig) -> None:
    """The choice, how many tokens have a vector, and who begins near whom."""
    st.subheader(t("embeddings.title"), anchor=False)
    answer = st.container()
    _choice(config)
    if (refused := data_vectors.refusal()) is not None:
        fault(refused)
    if (error := _problem(config)) is not None:
        lacking = error.code in vector_repairs.NO_TABLE
        if lacking and data_vectors.present() is not None:
            return  # it is on its way
        if not lacking or refused is None:  # else why there is none has just been told
            fault(error)
        _repair(error, config)
        return
    config = with_kept_table(config, store())
    if config.embedding_source == "scratch":
        answer.markdown(t("embeddings.scratch"))
        return
    try:
        with st.spinner(t("embeddings.making")):
            found, counts, covered = _start(
                corpus.manifest.sha256, config.of_text(),
                (config.embedding_source, config.vectors, config.embedding, config.seed),
                config, corpus, ids)
    except UnrollError as caught:
        fault(caught)
        return
    assert found is not None  # only a start from scratch has none
    with answer:
        _answer(found, counts, covered, config)
    shown = np.argsort(-np.where(found.known, counts, -1), kind="stable")[:MOST]
    shown = shown[found.known[shown] & (shown != (-1 if ids.unknown_id is None
                                                  else ids.unknown_id))]
    if len(shown) >= 3:  # else no cloud to speak of
        names = ["".join(visible(c) for c in ids.pieces[token]) for token in shown]
        rows = found.vectors[shown].astype(np.float64)
        # rare tokens are longer, so that a few would push all others into one spot
        units = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        _picture(units, names, corpus, config)


def _answer(found: Pretrained, counts: NDArray[np.int64], covered: Coverage | None,
            config: RunConfig) -> None:
    of_text = counts[found.known].sum() / counts.sum()
    st.markdown(joined([t("embeddings.known", known=number(found.known.sum()),
                          v=number(len(found.known)), share=f"{of_text:.1%}"),
                        t(f"embeddings.from.{config.embedding_source}")]))
    if config.embedding_source == "file" and (said := data_vectors.about(
            papers_of(store(), config.vectors))):
        st.markdown(":gray[" + said + "]")
    if covered is not None and covered.missing:
        lacking = t("data.list_separator").join(
            f"{plain(''.join(visible(c) for c in piece))} ({number(n)})"
            for piece, n in covered.missing)
        st.markdown(":gray[" + t("embeddings.missing", pieces=lacking) + "]")


def _picture(vectors: NDArray[np.float64], names: list[str], corpus: Corpus, config: RunConfig
             ) -> None:
    """The map of the directions (N, E), and the neighbours of the token that was clicked; at first
    of the commonest one with a letter."""
    name = session.recall(_TOKEN, None)
    first = next((i for i, shown in enumerate(names) if shown.isalpha()), 0)
    chosen = names.index(name) if name in names else first
    near: list[Neighbour] = neighbours(vectors, chosen, NEAREST)
    found = plane(vectors)
    picture, side = st.columns([2.1, 1], gap="medium")
    revision = (corpus.manifest.sha256, config.embedding_source, config.vectors, config.embedding,
                config.seed, tuple(names))

    def draw() -> Any:
        extent = float(np.abs(found.points).max()) or 1.0
        figure = map_figure(found.points, names, extent, t("time.map_axis"), chosen,
                            [one.row for one in near])
        figure.update_layout(uirevision=str(revision[:5]))
        return figure

    with picture:
        click = live_plot(draw, key="embeddings.start", height=HEIGHT, alt=t("time.map_alt"),
                          rev=(*revision, chosen)).click
    with side:
        st.markdown(t("embeddings.plane", share=f"{found.explained:.0%}", n=len(names)))
        neighbour_table(names, chosen, near)
        st.markdown(":gray[" + t("embeddings.later") + "]")
    if click is not None and click.trace == 0 and click.index is not None:
        session.remember(_TOKEN, names[click.index])
        session.page_again()
