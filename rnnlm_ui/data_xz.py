"""What the file compressor xz makes of the held-out text: worked out beside the page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.compression import xz_bits
from rnnlm_core.data.corpus import Corpus
from rnnlm_ui import session
from rnnlm_ui.beside import Beside, beside
from rnnlm_ui.data_text import parts
from rnnlm_ui.i18n import t
from rnnlm_ui.live import follow

_Split = tuple[str, float, float, int]


def fact(corpus: Corpus, config: RunConfig) -> None:
    """One of the facts: the same split as a run's, whatever its tokens. Needs held-out text."""
    split = (config.division, config.validation_share, config.test_share, config.gap)
    sha256 = corpus.manifest.sha256
    work = beside("data.xz", (sha256, split), lambda _: _bits(sha256, split, corpus, config))
    if not work.done:
        follow(partial(_waiting, work), True, key="data.xz")
        return
    _said(t("data.xz", bits=f"{_bits(sha256, split, corpus, config):.2f}"))


def _waiting(work: Beside) -> None:
    """Ends with a run of the whole page."""
    if work.done:
        session.page_again()
    else:
        _said(t("data.xz_waits"))


def _said(text: str) -> None:
    st.markdown(f":gray[{t('data.fact.xz')}]  \n{text}", help=t("data.xz_help"))


@st.cache_data(max_entries=64, show_spinner=False)
def _bits(sha256: str, split: _Split, _corpus: Corpus, _config: RunConfig) -> float:
    divided = parts(_corpus, _config)
    return xz_bits(divided.training, divided.validation)
