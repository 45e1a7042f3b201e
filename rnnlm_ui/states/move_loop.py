"""The loop that greedy writing falls into, as a path and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.data.marks import short
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.states import visible
from rnnlm_core.figures.states_move import HEIGHT, PathWords, loop_figure
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.long_reading import long_reading
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.move import part_of
from rnnlm_ui.states.move_path import DRAWN
from rnnlm_ui.states.reading import read

if TYPE_CHECKING:
    from rnnlm_core.insight.cycles import GreedyPath

BEFORE, SHORTEST, LONGEST = 60, 150, 600  # characters: of the text read, of what was written
NAMED = 60  # characters of a loop
_FILL = 0.22


@st.cache_resource(max_entries=24, show_spinner=False)
def greedy(path: str, step: int | None, digest: str, text: str, untrained: bool = False
           ) -> GreedyPath:
    """Written from the end of a text by the network at a moment, or before its first step."""
    from rnnlm_core.insight.cycles import write_greedily

    run = runs.opened(RunFolder(path), step)
    ids = read(path, step, digest, text).ids
    return write_greedily(run.untrained if untrained else run.model, run.tokenizer, ids)


def show(look: Look, answer: DeltaGenerator) -> None:
    with st.spinner(t("states_move.writing")):
        found = greedy(look.path, look.step, look.digest, look.reading.text)
        control = greedy(look.path, look.step, look.digest, look.reading.text, untrained=True)
    answer.markdown(joined([told(found, look.words), _control(control, look)]))
    picture, side = st.columns([2.1, 1], gap="medium", vertical_alignment="center")
    with picture:
        plot(found, Plane(look.path, look.step, look.digest, part_of(look), look.choice.layer),
             look.config.cell, look.reading.text)
    with side:
        st.markdown(t("states_move.loop_text", **look.words))
    written(found, look.run.tokenizer, look.reading.text, look.config.cell)


def told(found: GreedyPath, many: dict[str, str]) -> str:
    """Where greedy writing ended up, in a sentence; `many`: what tokens are called."""
    if found.period is not None and found.enters is not None:
        once = found.pieces[found.enters:found.enters + found.period]
        loop = plain(visible("".join(map(short, once))))
        loop = loop if len(loop) <= NAMED else loop[:NAMED - 1].rstrip("\\") + "…"
        said = t("states_move.loop_fixed" if found.period == 1 else "states_move.loop_found",
                 period=number(found.period), enters=number(found.enters + 1), loop=loop,
                 **many)
        if found.text_enters is not None and found.text_enters + found.period < found.enters:
            said = joined([said, t("states_move.loop_text_first",
                                   text_enters=number(found.text_enters + 1), **many)])
        return said
    if found.text_period is not None and found.text_enters is not None:
        return t("states_move.loop_text_only", period=number(found.text_period),
                 enters=number(found.text_enters + 1), steps=number(len(found.ids)), **many)
    return t("states_move.loop_none", steps=number(len(found.ids)), **many)


def _control(control: GreedyPath, look: Look) -> str:
    if control.period is None:
        return t("states_move.loop_control_none")
    return t("states_move.loop_control", period=number(control.period),
             enters=number((control.enters or 0) + 1), **look.words)


class Plane(NamedTuple):
    """The plane of a network's states over the held-out text: whose, at which moment, which part.
    """

    path: str
    step: int | None
    digest: str
    part: str
    layer: int


def plot(found: GreedyPath, where: Plane, cell: str, text: str) -> None:
    """The way into the loop and the loop, in that plane."""
    live_plot(lambda: _figure(found, where, cell, text), key="move.loop", height=HEIGHT, on=(),
              alt=t("states_move.loop_alt"), rev=(*where, text))


def _figure(found: GreedyPath, where: Plane, cell: str, text: str) -> Any:
    from rnnlm_core.insight.plane import plane_of

    long = long_reading(where.path, where.step, where.digest, where.part, where.layer)
    plane = plane_of(long.values)
    states = found.c if where.part == "c" and found.c is not None else found.h
    words = PathWords(*(t(f"states.{name}", share=f"{share:.0%}") for name, share in
                        zip(("first", "second"), plane.explained, strict=True)), "")
    figure = loop_figure(plane.of(states[where.layer]), found.pieces, found.enters or 0,
                         found.period, cell, words,
                         plane.of(long.values[::-(-len(long.values) // DRAWN)]))
    figure.update_layout(uirevision=f"{text} {where.part} {where.layer}")
    return figure


def written(found: GreedyPath, tokenizer: Tokenizer, text: str, cell: str) -> None:
    """The end of what was read, then what was written, with one round of the loop filled."""
    period, enters = (found.period, found.enters) if found.period is not None \
        else (found.text_period, found.text_enters)
    more, owners = tokenizer.owners(found.ids)
    begin, count = text[-BEFORE:], len(found.ids)
    start, end = (count, count) if period is None or enters is None else (enters, enters + period)
    filled = (owners >= start) & (owners < end)
    # three rounds are plenty; a loop that is entered late is shown, too
    until = int(np.searchsorted(owners, end + 2 * (end - start)))
    until = min(len(more), max(until, SHORTEST), LONGEST if period is None else len(more))
    since = max(0, until - LONGEST)
    shown, marks = more[since:until], filled[since:until]
    head = begin if not since else "…"
    tail = "…" if until < len(more) else ""
    hue = fade(LIGHT[cell], _FILL)
    coloured_text(head + shown + tail,
                  [*[""] * len(head), *(hue if inside else "" for inside in marks)],
                  key="move.written", prompt=len(head), size="1.1rem",
                  label=t("states_move.written_label"))
