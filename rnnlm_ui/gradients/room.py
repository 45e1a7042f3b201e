"""Room: sliders and no training. What gain, input, gates and one unit do to a gradient, at once.

Which experiment it is, its choices and its sliders are in the link. The sliders and what they
change are one fragment: a slider that is moved draws nothing else anew.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import session
from rnnlm_ui.gradients import room_cells, room_gain, room_guess, room_maps
from rnnlm_ui.i18n import t

EXPERIMENTS = ("gain", "cells", "gate", "matrix", "unit")
_EXPERIMENT = "room"
_CHOICES: dict[str, Callable[[], None]] = {
    "gain": room_gain.choices, "gate": room_cells.choices, "unit": room_maps.choices}
_DRAWN: dict[str, Callable[[DeltaGenerator], None]] = {
    "gain": room_gain.draw, "cells": room_cells.draw_cells, "gate": room_cells.draw_gate,
    "matrix": room_maps.draw_matrix, "unit": room_maps.draw_unit}


def show(answer: DeltaGenerator) -> None:
    with answer:
        experiment = st.segmented_control(
            t("room.experiment"), EXPERIMENTS, required=True, label_visibility="collapsed",
            key=session.choice(_EXPERIMENT, EXPERIMENTS, EXPERIMENTS[0]),
            format_func=lambda e: t(f"room.name.{e}")) or EXPERIMENTS[0]
    with answer, st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        if experiment in _CHOICES:
            _CHOICES[experiment]()
        room_guess.switch()
    def draw() -> None:
        _DRAWN[experiment](st.container())
        session.address_now()

    st.fragment(draw, key=f"room.{experiment}")()
