"""A table as markdown (Streamlit's own would import pandas for a few words), and as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from rnnlm_ui.i18n import t


def table(columns: dict[str, Sequence[str]]) -> None:
    """Columns by their heads; all of it markdown, foreign text escaped by `page.plain`."""
    rows = [list(columns), ["---"] * len(columns), *zip(*columns.values(), strict=True)]
    st.markdown("\n".join("| " + " | ".join(row) + " |" for row in rows))


def csv_button(make: Callable[[], str], name: str, label: str = "") -> None:
    """Downloads what `make` gives, once it is pressed, as a `.csv` of this name."""
    st.download_button(label or t("states.table"), make, f"{name}.csv", "text/csv",
                       on_click="ignore", icon=":material/download:", type="tertiary")
