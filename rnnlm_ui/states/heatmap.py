"""The chosen unit among the others, all over the same text."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.figures.states import HeatWords, cell_width, heat_height, heatmap_figure
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.states.choice import EXPECTED, ORDER, ORDERS, PAGE, choose
from rnnlm_ui.states.findings import Choice
from rnnlm_ui.states.look import Look

ROWS = 24  # of the heatmap, the chosen unit among them
LIKELIEST = 3  # tokens that stand above each place


def heat_picture(look: Look) -> None:
    """The chosen unit's row on top of the others; a click chooses its row and its column."""
    from rnnlm_core.insight.states import order_units

    order = session.widget(ORDER, ORDERS[0])
    page_key = f"{PAGE}.{look.folder.id}.{order}"  # each begins on its first page
    units, pages = shown_rows(order_units(look.values, order), look.choice.unit,
                              session.widget(page_key, 1))
    place = look.place
    expected = LIKELIEST if session.widget(EXPECTED, False) else 0

    def draw() -> Any:
        words = HeatWords(t("states.unit"), t("states.value"), t("states.expected_row"))
        figure = heatmap_figure(look.values[:, units].T, units, look.reading.pieces, look.scale,
                                words, place, look.reading.alternatives, expected)
        figure.update_layout(uirevision=look.reading.text)
        return figure

    point = live_plot(draw, key="states.heat", height=heat_height(len(units), expected),
                      cell=cell_width(look.reading.pieces),
                      alt=t("states.heat_alt", name=look.name, **look.words),
                      rev=(*look.revision, tuple(units), expected), link=look.link).click
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(t("states.pages", n=number(look.config.hidden)), width="content")
            st.pagination(pages, key=page_key, max_visible_pages=5)
    if point is not None and point.row is not None and point.column is not None:
        look.go_to(point.column)
        if point.trace == 0 and units[point.row] != look.choice.unit:
            choose(Choice(look.choice.part, look.choice.layer, units[point.row]))
        session.again()


def shown_rows(order: NDArray[np.int64], unit: int, page: int) -> tuple[list[int], int]:
    """The units of a page of the heatmap, the chosen one first; and how many pages there are."""
    others = [int(u) for u in order if u != unit]
    pages = max(1, -(-len(others) // (ROWS - 1)))
    page = min(max(1, page), pages)
    return [unit, *others[(page - 1) * (ROWS - 1):page * (ROWS - 1)]], pages
