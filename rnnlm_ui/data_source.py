"""Where the text comes from: built in, from the hub, the reader's own."""

from __future__ import annotations

import platform

import streamlit as st

from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.corpus import HUB, OWN
from rnnlm_core.data.generated import family_of
from rnnlm_ui import config_form, data_teaching, session
from rnnlm_ui.data_hub import hub_chooser
from rnnlm_ui.data_own import own_chooser
from rnnlm_ui.i18n import t

SOURCES = ("builtin", "hub", "own")
_READ_HERE = ("manual", "source")  # differ by Python version


def source_switch() -> str:
    """Where the text comes from; opens on what the draft has."""
    corpus = session.draft().corpus
    session.preset("data.source", "hub" if corpus.startswith(HUB) else
                   "own" if corpus.startswith(OWN) else "builtin")
    return st.segmented_control(
        t("data.source_label"), SOURCES, key="data.source", required=True,
        format_func=lambda s: t(f"data.source.{s}"), label_visibility="collapsed",
        persist_state="session") or SOURCES[0]


def chooser(source: str) -> None:
    if source == "hub":
        hub_chooser()
    elif source == "own":
        own_chooser()
    else:
        left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
        with left:
            config_form.corpus_field(label_visibility="collapsed")
            data_teaching.parameter_slider()
        right.markdown(":gray[" + about(session.draft().corpus) + "]")


def about(source: str) -> str:
    """Where a text comes from, in one sentence of markdown."""
    if source in _READ_HERE:
        return t(f"data.about.{source}", version=platform.python_version())
    if family_of(source) is not None:
        return data_teaching.about(source)
    if source in BUILTIN:
        return t(f"data.about.{source}")
    return t("data.about.hub" if source.startswith(HUB) else "data.about.own")
