"""Move: the state's way through the two directions in which it varies most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.data.marks import short
from rnnlm_core.figures.states import PathWords, path_figure, visible
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import t
from rnnlm_ui.states.choice import MEANS, settings
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.picture import BEFORE
from rnnlm_ui.states.reading import read

if TYPE_CHECKING:
    from rnnlm_core.insight.states import PrincipalPath


@st.cache_data(max_entries=64, show_spinner=False)
def path_of(path: str, step: int | None, digest: str, text: str, part: str, layer: int,
            without_means: bool) -> PrincipalPath:
    from rnnlm_core.insight.states import principal_path

    reading = read(path, step, digest, text)
    values = reading.c if part == "c" and reading.c is not None else reading.h
    return principal_path(values[layer], 2, reading.ids if without_means else None)


def show(look: Look, answer: DeltaGenerator) -> None:
    picture, side = st.columns([2.1, 1], gap="medium", vertical_alignment="center")
    with side:
        st.markdown(t("states.path_text", name=look.name, **look.words))
        st.toggle(t("states.means", **look.words), key=MEANS, persist_state="session")
    with picture:
        _picture(look, answer)
    settings(look.config)


def _picture(look: Look, answer: DeltaGenerator) -> None:
    without = bool(session.widget(MEANS, False))
    part = "c" if look.choice.part == "c" else "h"
    path, explained = path_of(look.path, look.step, look.digest, look.reading.text,
                              part, look.choice.layer, without)
    answer.markdown(t("states.path_title", share=f"{float(explained.sum()):.0%}"))

    def draw() -> Any:
        shown = [visible(short(piece)) for piece in look.reading.pieces]
        hovers = [f"…{''.join(shown[max(0, i - 8):i])[-BEFORE:]}[{piece}]"
                  for i, piece in enumerate(shown)]
        words = PathWords(t("states.first", share=f"{explained[0]:.0%}"),
                          t("states.second", share=f"{explained[1]:.0%}"), look.name)
        figure = path_figure(path, look.values[:, look.choice.unit], look.scale, hovers, words,
                             look.place)
        figure.update_layout(uirevision=f"{look.reading.text} {part} {without}")
        return figure

    point = live_plot(draw, key="states.path", height=380, alt=t("states.path_alt", **look.words),
                      rev=(*look.revision, without)).click
    if point is not None and point.index is not None and point.trace == 1:
        look.go_to(point.index)
        st.rerun()
