"""The text and the row of controls that all tools of the Cell page begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.figures.palette import SURPRISE_TOP, surprise_fill, surprise_gradient
from rnnlm_core.figures.states import visible
from rnnlm_ui import runs, session
from rnnlm_ui.cell import bench as choice
from rnnlm_ui.cell.bench import Bench
from rnnlm_ui.cell.symbols import gate_name
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.picture import unknown_note
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.cell_step import CellReading

_UNIT_WIDGET = "cell.unit_widget"


def text_line(reading: CellReading, scene: Scene) -> None:
    """The text, filled by surprise; a click or the arrow keys choose the step that is looked at.

    Comes before everything that is drawn of the place, so that a click needs one run only.
    """
    place, owners = choice.place_of(reading), reading.owners
    bits = np.nan_to_num(reading.surprise)
    tip = t("cell_step.tip")
    clicked = coloured_text(
        # line ends as signs: every line would cost the drawing below its place on the screen
        [visible(character) if character == "\n" else character for character in reading.text],
        surprise_fill(bits[owners]), key="cell.text", size="1.15rem",
        tips=[tip.format(token=visible(reading.pieces[i]), bits=f"{bits[i]:.1f}") for i in owners],
        selected=min(int(np.searchsorted(owners, place)), len(owners) - 1),
        legend=(t("states.bits", n=0), t("states.bits", n=number(SURPRISE_TOP)),
                surprise_gradient()),
        label=t("cell_step.text_label", **words_of(scene.config)))
    if clicked is not None:
        choice.go(**{choice.PLACE: str(min(int(owners[clicked]), reading.places - 1))})


def row(bench: Bench, losses: bool, distances: bool = True) -> None:
    """Step back, on, play; how near; which gate, element and layer; for the way back, which loss.

    `distances` False: for a tool that looks at whole gates only.
    """
    config = bench.scene.config
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _steps(bench)
        if distances:
            st.segmented_control(
                t("cell_step.level"), choice.LEVELS, key=choice.LEVEL, required=True,
                label_visibility="collapsed", format_func=lambda level: _level_name(bench, level))
        st.selectbox(t("cell_step.gate_label"), choice.gates_of(config, output=distances),
                     key=choice.GATE, width=170, label_visibility="collapsed",
                     format_func=lambda gate: gate_name(gate, config))
        if distances:
            _unit(bench, with_range=not losses)  # else the row would not fit a projector
        if config.layers > 1:
            st.selectbox(t("states.layer"), [str(i) for i in range(config.layers)],
                         key=choice.LAYER, width=120, label_visibility="collapsed",
                         format_func=lambda i: t("cell_step.layer", n=int(i) + 1))
        if losses:
            st.segmented_control(t("cell_step.loss"), choice.LOSSES, key=choice.LOSS, required=True,
                                 label_visibility="collapsed",
                                 format_func=lambda loss: t(f"cell_step.loss_name.{loss}"))
        _more()


def _steps(bench: Bench) -> None:
    last = bench.reading.places - 1
    st.button("", key="cell.before", icon=":material/chevron_left:", disabled=bench.place == 0,
              help=t("cell_step.before"), on_click=choice.go,
              kwargs={choice.PLACE: str(max(0, bench.place - 1))})
    st.button("", key="cell.after", icon=":material/chevron_right:", disabled=bench.place == last,
              help=t("cell_step.after"), on_click=choice.go,
              kwargs={choice.PLACE: str(min(last, bench.place + 1))})
    playing = choice.is_playing()
    st.button("", key="cell.play", help=t("cell_step.pause" if playing else "cell_step.play"),
              icon=":material/pause:" if playing else ":material/play_arrow:",
              on_click=choice.toggle, args=(bench,))


def _unit(bench: Bench, with_range: bool) -> None:
    rows = len(bench.step.blocks[bench.gate].a)
    session.set_widget(_UNIT_WIDGET, bench.element)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.number_input(t("cell_step.token" if bench.gate == "s" else "cell_step.unit",
                          last=number(rows - 1)),
                        0, rows - 1, key=_UNIT_WIDGET, step=1, width=140,
                        label_visibility="collapsed", on_change=lambda: choice.go(
                            **{choice.UNIT: str(session.widget(_UNIT_WIDGET, 0))}))
        if with_range:  # in sight, as the field takes no other number and does not say why
            st.markdown(t("cell_step.range", last=number(rows - 1)), width="content")


def _level_name(bench: Bench, level: str) -> str:
    if level == "gate":
        kind = {"s": "output", "h": "state"}.get(bench.gate, "gate")
        return t(f"cell_step.level_{kind}", gate=bench.gate)
    if level == "element":
        return t("cell_step.level_token" if bench.gate == "s" else "cell_step.level_element",
                 n=bench.element,
                 token=plain(visible(bench.vocabulary[bench.element])) if bench.gate == "s" else "")
    return t("cell_step.level_cell")


def _more() -> None:
    """The reader's own text."""
    with st.popover(t("cell_step.text"), type="tertiary", icon=":material/edit:"):
        # no `max_chars`: the browser would keep a longer text back without a word; `left_out` says
        st.text_area(t("cell_step.own_text", n=choice.LONGEST_TEXT), key=choice.TEXT, height=120,
                     width=380, persist_state="session")
        if session.own_text(choice.TEXT):
            st.button(t("cell_step.run_text"), key="cell.run_text", type="tertiary",
                      icon=":material/undo:", on_click=session.clear_text,
                      args=(choice.TEXT,))


def left_out(scene: Scene) -> None:
    """What of the reader's text is not read: what is too much, what the network never saw."""
    written = session.widget(choice.TEXT, "") or ""
    if len(written) > choice.LONGEST_TEXT:
        st.markdown(t("states.text_cut", n=number(choice.LONGEST_TEXT)))
    tokenizer = runs.opened(scene.folder, scene.step).tokenizer
    unknown_note(tokenizer.unknown_in(written[:choice.LONGEST_TEXT]))
