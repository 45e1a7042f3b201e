"""A long text is counted and its tokenizer fitted beside the page, which says how far that is."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import Corpus
from rnnlm_ui import config_form, data_text, session
from rnnlm_ui.beside import Beside, beside
from rnnlm_ui.data_tokens import place_shown
from rnnlm_ui.i18n import duration, number, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import plain

LONG = 1_000_000  # characters: a shorter text is counted in a second or two
_STEPS = ("counting", "fitting", "tokens")
_SHARE_TO_TELL = 0.05  # of a step, before its end can be foretold


def going_on(corpus: Corpus, config: RunConfig) -> Beside | None:
    """The count of a long text while it goes on; None where its numbers are there.

    Raises what ended it: `CorpusError` where no piece is frequent enough.
    """
    if len(corpus.text) <= LONG:
        return None
    key = (corpus.manifest.sha256, config.of_text())
    count = beside("data.count", key, partial(_count, corpus, config))
    return None if count.done else count


def _count(corpus: Corpus, config: RunConfig, count: Beside) -> None:
    """All of it goes into the caches of `data_text`."""
    count.step("counting", 0)
    data_text.statistics(corpus, config)
    parts = data_text.parts(corpus, config)
    count.step("fitting", len(parts.training))
    data_text.tokenizer(corpus, config, count.told)
    count.step("tokens", len(parts.training) + len(parts.validation))
    data_text.token_numbers(corpus, config, count.told)


def waiting(corpus: Corpus, config: RunConfig, count: Beside) -> None:
    """What is being done, and what can be seen and changed meanwhile."""
    follow(partial(_progress, config.tokenizer, count), True, key="data.counting")
    at, text = place_shown(corpus)
    st.markdown("**" + plain(data_text.corpus_name(corpus)) + "** · "
                + (t("data.beginning") if at == 0 else t("data.place", at=number(at))))
    st.code(text, language=None, wrap_lines=True)
    config_form.group_popover("text")


def _progress(kind: str, count: Beside) -> None:
    """Ends with a run of the whole page."""
    if count.done:
        session.page_again()
        return
    at, whole, begun = count.at, count.whole, count.begun
    name = "merging" if kind == "bpe" and at and at == whole and count.name == "fitting" else \
        count.name
    step = _STEPS.index(count.name) + 1 if count.name else 1
    text = t("data.count.step", n=step, of=len(_STEPS), what=t(f"data.count.{name or 'counting'}"))
    share = at / whole if whole else 0.0
    if name in ("fitting", "tokens"):
        text += " · " + t("data.count.of", at=number(at), whole=number(whole))
        if share > _SHARE_TO_TELL:
            left = (time.monotonic() - begun) * (1 - share) / share
            text += " · " + t("data.count.left", left=duration(left))
    st.progress(min(1.0, share), text=text)
