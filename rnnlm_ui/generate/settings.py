"""How it writes: temperature, what is kept, pace, length, seed; and the button that lets it."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import session
from rnnlm_ui.generate.pen import PACES
from rnnlm_ui.generate.shelf import WRITING
from rnnlm_ui.generate.wishes import DEFAULTS, DOCUMENTS, PACE, travel, turned, wish
from rnnlm_ui.generate.writing import MOST, Writing
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import primary_label
from rnnlm_ui.tokens import words_of

KEEP = ("all", "top_k", "top_p")
LENGTHS = (1, 1_000)
_MOST_DOCUMENTS = 100
_MOST_SEED = 2**53 - 1  # what a browser can count to


def controls(folder: RunFolder, narrow: bool, along: bool = False) -> DeltaGenerator:
    """Temperature, what is kept, pace; the rest behind "More". On a phone all behind one button.
    `along`: only what counts where the model finishes a reader's line.

    Returns the place at the end of the row.
    """
    config = folder.config()
    names = words_of(config)
    if narrow:
        with st.container(horizontal=True, gap="small"):
            with st.popover(t("generate.settings"), icon=":material/tune:"):
                _common(names, "stretch", None if along else "stretch")
                _more(names, config, along)
            return st.container(horizontal=True, gap="xsmall", width="content")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _common(names, 260, None if along else 150)
        with st.popover(t("generate.more"), icon=":material/tune:"):
            _more(names, config, along)
        st.space("stretch")
        return st.container(horizontal=True, vertical_alignment="center", gap="xsmall",
                            width="content")


def history(writing: Writing) -> None:
    """Undo and redo of every step, in the place that `controls` left for them."""
    for back, steps, icon in ((True, writing.history.past, "undo"),
                              (False, writing.history.future, "redo")):
        name = "back" if back else "forth"
        st.button(t(f"generate.{name}"), icon=f":material/{icon}:", key=f"generate.{name}",
                  disabled=not steps, on_click=travel, args=(back,),
                  help=t(f"generate.{name}_help", n=len(steps)))


def _common(names: dict[str, str], width: Any, pace_width: Any) -> None:
    st.slider(t("generate.temperature"), 0.0, 2.0, DEFAULTS["temperature"], step=0.05,
              key="temperature", width=width, on_change=turned, bind="query-params",
              help=t("generate.temperature_help", **names))
    keep = st.segmented_control(
        t("generate.keep"), KEEP, key=session.choice("keep", KEEP, KEEP[0]), required=True,
        on_change=turned, format_func=lambda k: t(f"generate.kept.{k}"),
        help=t("generate.keep_help", **names))
    if keep == "top_k":
        st.number_input(t("generate.k"), 1, 20_000, DEFAULTS["top_k"], key="top_k", width=110,
                        on_change=turned, bind="query-params")
    elif keep == "top_p":
        st.number_input(t("generate.p"), 0.01, 1.0, DEFAULTS["top_p"], step=0.05, key="top_p",
                        width=110, on_change=turned, bind="query-params")
    if pace_width is None:
        return
    st.select_slider(t("generate.pace"), list(PACES), PACE, key="pace", width=pace_width,
                     format_func=lambda p: t(f"generate.paces.{p}"), persist_state="session")


def _more(names: dict[str, str], config: RunConfig, along: bool) -> None:
    if config.marks != "none" and not along:
        st.number_input(t(f"generate.documents.{config.marks}"), 0, _MOST_DOCUMENTS,
                        DOCUMENTS[config.marks], key="documents", step=1, on_change=turned,
                        bind="query-params", help=t("generate.documents_help", **names))
    if not along:
        st.number_input(t("generate.length", **names), *LENGTHS, DEFAULTS["length"], key="length",
                        step=20, on_change=turned, bind="query-params")
    st.number_input(t("generate.seed"), 0, _MOST_SEED, config.seed, key="draw", step=1,
                    on_change=turned, bind="query-params", help=t("generate.seed_help"))
    if not along:
        _anew()


def _anew() -> None:
    st.button(t("generate.another"), icon=":material/casino:", key="generate.another",
              on_click=_another)
    st.button(t("generate.no_beginning"), icon=":material/first_page:", key="generate.clear",
              on_click=wish, args=("prompt", ""))
    writing: Writing | None = session.recall(WRITING, None)
    if writing is not None and not writing.active:
        st.download_button(t("common.download"), writing.text, t("generate.file_name"),
                           icon=":material/download:", key="generate.download")


def _another() -> None:
    session.set_widget("draw", (int(session.widget("draw", 1)) + 1) % _MOST_SEED)
    wish("draw")


def main_button(active: bool) -> None:
    """The page's one primary button: stop, or go on."""
    writing: Writing | None = session.recall(WRITING, None)
    full = writing is not None and writing.full
    if active:
        st.button(primary_label(t("common.stop"), "stop"), type="primary", key="generate.stop",
                  on_click=lambda: wish("stop"))
    else:
        st.button(primary_label(t("generate.go_on"), "play_arrow", full), type="primary",
                  key="generate.go_on", on_click=lambda: wish("go_on"),
                  disabled=full, help=t("generate.full", n=number(MOST), **words_of(
                      writing.run.config)) if writing is not None and full else None)
