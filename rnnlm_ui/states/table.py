"""A table as markdown: Streamlit's own would import pandas for a few words."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def table(columns: dict[str, Sequence[str]]) -> None:
    """Columns by their heads; all of it markdown, foreign text escaped by `page.plain`."""
    rows = [list(columns), ["---"] * len(columns), *zip(*columns.values(), strict=True)]
    st.markdown("\n".join("| " + " | ".join(row) + " |" for row in rows))
