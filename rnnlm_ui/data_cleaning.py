"""What cleaning did to the text, step by step, and what it could do besides."""

from __future__ import annotations

import unicodedata
from dataclasses import fields
from typing import Any

import streamlit as st

from rnnlm_core.data.cleaning import REQUESTS, Cleaning, clean, replaced_characters
from rnnlm_core.data.corpus import Corpus, keep_cleaned
from rnnlm_core.errors import CorpusError
from rnnlm_ui.data_text import corpus_name, refuse, store, use
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed

_PAIRS = 8  # replacements of NFKC that are named
_FEW = 2  # steps of which every kept place is shown, of more the first


def cleaning(corpus: Corpus) -> None:
    """The steps with their counts, the first places before and after, the steps on request."""
    # a label with a count in it would close the panel whenever the count changes
    panel = st.expander(t("data.cleaning.title"), icon=":material/cleaning_services:",
                        type="compact", key="data.cleaning", on_change="rerun")
    if not panel.open:
        return
    with panel:
        steps, places = st.columns([1, 2.1], gap="medium")
        with steps:
            _steps(corpus.manifest.cleaning)
            st.markdown(":gray[" + t("data.cleaning.on_request") + "]")
            for request in REQUESTS:
                _request(corpus, request)
        with places:
            _places(corpus.manifest.changes)


def _steps(counts: dict[str, int]) -> None:
    """Numbered in their order; what changed something is bold."""
    lines = []
    for step in (field.name for field in fields(Cleaning)):
        n = counts.get(step, 0)
        if n or step not in REQUESTS:
            text = t("data.cleaning.count", step=t(f"data.step.{step}"), n=number(n))
            lines.append(f"1. **{text}**" if n else f"1. :gray[{text}]")
    st.markdown("\n".join(lines))


def _places(changes: list[dict[str, Any]]) -> None:
    if not changes:
        st.markdown(":gray[" + t("data.cleaning.none_shown") + "]")
        return
    first = {change["step"]: change for change in reversed(changes)}
    for change in changes if len(first) <= _FEW else reversed(first.values()):
        st.markdown(t("data.cleaning.at", step=t(f"data.step.{change['step']}"),
                      at=number(change["at"])))
        for column, side in zip(st.columns(2, gap="small"), ("before", "after"), strict=True):
            with column:
                st.markdown(":gray[" + t(f"data.cleaning.{side}") + "]")
                st.code(change[side], language=None, wrap_lines=True)
    st.markdown(":gray[" + t("data.cleaning.signs") + "]")


def _request(corpus: Corpus, request: str) -> None:
    """What a step would do to this text, and the button that does it."""
    n, pairs = _would(corpus.manifest.sha256, request, corpus)
    if not n:
        st.markdown(":gray[" + t(f"data.cleaning.{request}_none") + "]")
        return
    named = [t("data.cleaning.pair", old=plain(listed([old])), new=plain(listed([new])),
              n=number(times))
             for (old, new), times in list(pairs.items())[:_PAIRS]]
    st.markdown(t(f"data.cleaning.{request}_does", n=number(n),
                  pairs=t("data.list_separator").join(named)))
    if lost := sum(times for (old, _), times in pairs.items() if _is_wide_punctuation(old)):
        st.markdown(":orange[:material/warning: "
                    + t("data.cleaning.compatibility_punctuation", n=number(lost)) + "]")
    st.button(t(f"data.cleaning.{request}_use"), key=f"data.request.{request}",
              on_click=_do, args=(corpus, request))


@st.cache_data(max_entries=16, show_spinner=False)
def _would(sha256: str, request: str, _corpus: Corpus) -> tuple[int, dict[tuple[str, str], int]]:
    if request == "compatibility":
        pairs = replaced_characters(_corpus.text)
        return sum(pairs.values()), pairs
    return clean(_corpus.text, (request,))[1].collapsed, {}


def _is_wide_punctuation(character: str) -> bool:
    return (unicodedata.east_asian_width(character) == "F"
            and unicodedata.category(character)[0] == "P")


def _do(corpus: Corpus, request: str) -> None:
    title = f"{corpus_name(corpus)} · {t(f'data.cleaning.{request}_mark')}"
    try:
        use(keep_cleaned(store(), corpus, request, title))
    except CorpusError as error:
        refuse(error)
    except OSError as error:
        refuse(CorpusError("corpus.not_kept", reason=type(error).__name__))
