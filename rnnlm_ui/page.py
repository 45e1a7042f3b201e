"""The lines that every page has: title and answer, the primary button, what is next, a fault."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from rnnlm_core.errors import Problem, UnrollError
from rnnlm_ui import session, vector_repairs
from rnnlm_ui.i18n import error_text, t


def head(title: str, finding: str | None = None,
         actions: Callable[[], object] | None = None) -> None:
    """The question, right of it what can be chosen or done, below it the answer in one sentence.

    `title` is plain text, `finding` markdown; the bold part comes first.
    """
    _enter_through_app()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(title, anchor=False, width="content")
        if actions is not None:
            st.space("stretch")
            actions()
    if finding:
        st.markdown(finding)
    if (problem := session.draft_error()) is not None:
        fault(problem)  # of the settings in a link
        vector_repairs.offer(problem, "head", link=title != t("data.title"))


def _enter_through_app() -> None:
    """Start again through app.py if Streamlit has run this page by itself.

    A folder named pages/ means Streamlit's older kind of navigation to it, until `st.navigation`
    has been called once in the process: a link to a page of a freshly started server would show
    that page without menu, language or settings.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()  # still the run that the reader asked for


def primary_label(text: str, icon: str, disabled: bool = False) -> str:
    """The label of the page's one primary button.

    Streamlit writes white on it in both themes, unreadable on the dark theme's light primary. The
    theme's violet text colour is set to the right ink, and the icon goes along inside the label.
    A disabled button is not filled: that ink could not be read on it, so it keeps its own.
    """
    label = f":material/{icon}: {text}"
    return label if disabled else f":violet[{label}]"


def next_link(page: str, label: str) -> None:
    """"Next: …" at a page's end; the reader's language, run and settings go along."""
    st.page_link(f"pages/{page}.py", label=label, icon=":material/arrow_forward:",
                 icon_position="right", query_params=session.url_parameters())


def how_to_read(text: str) -> None:
    """"How to read this", closed, as the last line of a page. `text` is markdown."""
    with st.expander(t("common.how_to_read"), icon=":material/help:", type="compact"):
        st.markdown(text)


def fault(error: UnrollError | Problem) -> None:
    """What went wrong and the way out, in the place of the answer sentence."""
    st.error(plain(error_text(error)), icon=":material/error:")


def plain(text: str) -> str:
    """Foreign text for markdown, shown letter by letter: no emphasis, link, picture or formula."""
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    return re.sub(r"\s+", " ", escaped)
