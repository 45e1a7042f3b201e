"""The frame of the Cell page's tools: a fragment with the text, the controls and the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_ui import session
from rnnlm_ui.cell import bench as choice
from rnnlm_ui.cell import controls, tiny
from rnnlm_ui.cell.bench import Bench, Wish
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.cell_step import CellReading


def on_stage(scene: Scene, answer: DeltaGenerator, tool: str, finding: Callable[[Bench], str],
             draw: Callable[[Bench], Wish], losses: bool,
             check: Callable[[Bench], None] | None = None, distances: bool = True) -> None:
    """As a fragment, so that a step repaints this alone; while it plays it goes on by itself.
    `distances` False: whole gates only, and not the output layer.

    Raises what the run itself cannot show; what is wrong with the reader's own text is said, and
    the run's own is shown.
    """
    choice.opened(scene, own=False)
    place, playing = answer.empty(), choice.is_playing()

    def once() -> None:
        if choice.is_playing() != playing:
            session.page_again()  # with or without the clock
        try:
            reading, problem = choice.opened(scene), None
        except UnrollError as error:
            reading, problem = choice.opened(scene, own=False), error
        _show(scene, reading, place, problem, finding, draw, losses, check,
              distances)
        session.address_now()

    st.fragment(once, key=f"cell.{tool}", run_every=choice.PACE if playing else None)()


def _show(scene: Scene, reading: CellReading, place: DeltaGenerator, problem: UnrollError | None,
          finding: Callable[[Bench], str], draw: Callable[[Bench], Wish], losses: bool,
          check: Callable[[Bench], None] | None, distances: bool) -> None:
    choice.play_on(reading)
    choice.take_over()
    controls.text_line(reading, scene)
    if problem is None:  # else it is told in the answer's place
        controls.left_out(scene)
    bench = choice.settle(scene, reading, output=distances)
    if problem is None:
        place.markdown(finding(bench))
    else:
        with place.container():
            fault(problem)
            st.markdown(t("cell_step.own_instead", **words_of(scene.config)))
    row, picture = st.container(), st.container()
    with picture:  # first, as it takes the browser longest
        wish = draw(bench)
    with row:
        controls.row(bench, losses, distances)
    if check is not None:
        check(bench)
    tiny.offer()  # for afterwards: in the row above it would cost the drawing a line
    if wish:
        choice.go_after(**wish)
