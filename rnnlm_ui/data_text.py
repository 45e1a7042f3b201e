"""The text of the next run: loaded, divided, counted; another one taken or refused."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.corpus import HUB, Corpus, load_corpus, stored_manifests
from rnnlm_core.data.hub import HubSpec
from rnnlm_core.data.own_parts import on_text
from rnnlm_core.data.parts import Parts, divide
from rnnlm_core.data.split import Fit, fit_to_text
from rnnlm_core.data.statistics import (
    TextStatistics,
    TokenStatistics,
    text_statistics,
    token_statistics,
)
from rnnlm_core.data.stretches import Progress
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import CorpusError, UnrollError
from rnnlm_ui import session
from rnnlm_ui.runs import corpus_title

_FAULT = "data.fault"


class Counted(NamedTuple):
    """A text in numbers, and as these settings divide it into tokens."""

    numbers: TextStatistics
    ids: Tokenizer
    tokens: TokenStatistics


def store() -> Path:
    return launch.runs_root() / "corpora"


def draft_corpus(config: RunConfig) -> Corpus:
    """The text of these settings, without ever asking the hub.

    Raises `CorpusError`, corpus.not_here for a dataset that has not been read yet.
    """
    source, limit = config.corpus, config.max_characters
    if source.startswith(HUB):
        spec = HubSpec.parse(source)
        if not any((m.source, m.max_characters) == (source, limit)
                   for m in stored_manifests(store())):
            raise CorpusError("corpus.not_here", id=spec.id)
    return _loaded(source, limit, str(store()), platform.python_version())


# few, because a text may take two hundred megabytes; what is counted in it is kept apart
@st.cache_resource(max_entries=2, show_spinner=False)
def _loaded(source: str, max_characters: int, store_path: str, python: str) -> Corpus:
    return load_corpus(source, Path(store_path), max_characters)


def parts(corpus: Corpus, config: RunConfig) -> Parts:
    """As these settings divide the text."""
    return _parts(corpus.manifest.sha256, config.of_text(), corpus)


@st.cache_resource(max_entries=1, show_spinner=False)
def _parts(sha256: str, config: RunConfig, _corpus: Corpus) -> Parts:
    return divide(_corpus.text, config, _corpus.manifest.parts)


def statistics(corpus: Corpus, config: RunConfig) -> TextStatistics:
    return _statistics(corpus.manifest.sha256, config.of_text(), corpus)


@st.cache_data(max_entries=32, show_spinner=False)
def _statistics(sha256: str, config: RunConfig, _corpus: Corpus) -> TextStatistics:
    return text_statistics(_corpus.text, parts(_corpus, config))


def tokenizer(corpus: Corpus, config: RunConfig, progress: Progress | None = None) -> Tokenizer:
    """As these settings divide the text. Raises `CorpusError` where no piece is frequent enough."""
    return _tokenizer(corpus.manifest.sha256, config.of_text(), corpus, progress)


@st.cache_resource(max_entries=8, show_spinner=False)
def _tokenizer(sha256: str, config: RunConfig, _corpus: Corpus, _progress: Progress | None
               ) -> Tokenizer:
    return tokenizers.fit(config.tokenizer, parts(_corpus, config).training,
                          config.max_vocabulary, config.min_frequency, config.marks, _progress)


def token_numbers(corpus: Corpus, config: RunConfig, progress: Progress | None = None
                  ) -> TokenStatistics:
    return _token_numbers(corpus.manifest.sha256, config.of_text(), corpus, progress)


@st.cache_data(max_entries=32, show_spinner=False)
def _token_numbers(sha256: str, config: RunConfig, _corpus: Corpus, _progress: Progress | None
                   ) -> TokenStatistics:
    return token_statistics(parts(_corpus, config), tokenizer(_corpus, config), _progress)


def counted(corpus: Corpus, config: RunConfig) -> Counted:
    """All of it. Raises as `tokenizer`."""
    return Counted(statistics(corpus, config), tokenizer(corpus, config),
                   token_numbers(corpus, config))


def fits(numbers: TokenStatistics, config: RunConfig) -> Fit | CorpusError:
    """Batch and sequence as they fit the training part, or why it is too short for them."""
    try:
        return fit_to_text(numbers.training, config.batch, config.sequence_length)
    except CorpusError as error:
        return error


def corpus_name(corpus: Corpus) -> str:
    return corpus_title(corpus.manifest.source, corpus.manifest.title)


def use(corpus: Corpus) -> None:
    """This text from now on, on every page."""
    manifest = corpus.manifest
    chosen = on_text(session.draft(), manifest.source, manifest.parts)
    if manifest.source.startswith(HUB):
        chosen = replace(chosen, max_characters=manifest.max_characters)
    session.set_draft(chosen)
    session.forget("data.place")


def refuse(error: UnrollError) -> None:
    """The text stays as it is; why is told once."""
    session.tell(_FAULT, error)


def refusal() -> UnrollError | None:
    """Why the text the reader wanted is not there."""
    error: UnrollError | None = session.told(_FAULT)
    return error
