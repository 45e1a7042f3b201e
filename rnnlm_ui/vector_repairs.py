"""One press each for what is wrong with the start of the embedding, wherever it is told."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from rnnlm_core.errors import Problem, UnrollError
from rnnlm_ui import session
from rnnlm_ui.i18n import t

NO_TABLE = ("config.no_vectors", "vectors.not_here", "vectors.lost")


def offer(error: UnrollError | Problem, place: str, link: bool = True) -> None:
    """The buttons for this error, none for others. `link` leads to the page where tables are."""
    if error.code == "config.vectors_size":
        size = int(str(error.values["value"]))
        _button(t("embeddings.set_size", n=size), f"{place}.set_size", embedding=size)
    if error.code not in NO_TABLE:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _button(t("embeddings.repair_scratch"), f"{place}.repair_scratch",
                embedding_source="scratch")
        if link:
            st.page_link("pages/data.py", label=t("embeddings.repair_choose"),
                         icon=":material/arrow_forward:", query_params=session.url_parameters())


def _button(label: str, key: str, **changes: Any) -> None:
    st.button(label, key=key, icon=":material/build:", on_click=partial(_change, changes))


def _change(changes: dict[str, Any]) -> None:
    session.set_draft(replace(session.draft(), **changes))
