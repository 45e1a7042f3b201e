"""Steer: reach into the network while it writes, and see what it does otherwise.

Three reaches: another character is forced into the text, a unit is held, the state is exchanged for
that of another beginning. Each stands beside the untouched text on the same random numbers, and
beside a control.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.generate import steer_force, steer_hold, steer_swap
from rnnlm_ui.generate.steer_text import numbers_row
from rnnlm_ui.i18n import t
from rnnlm_ui.toolbox import Scene

REACHES = {"force": steer_force.show, "hold": steer_hold.show, "swap": steer_swap.show}
_KEY = "steer"


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """As a fragment: a changed setting repaints only this tool."""
    place = answer.empty()
    st.fragment(lambda: _whole(scene, place), key="steer.all")()


def _whole(scene: Scene, answer: DeltaGenerator) -> None:
    names = tuple(REACHES)
    reach = st.segmented_control(
        t("generate_steer.reach"), names, key=session.choice(_KEY, names, names[0]), required=True,
        format_func=lambda name: t(f"generate_steer.reaches.{name}"),
        label_visibility="collapsed") or names[0]
    table, settings = st.container(), st.container()
    with settings:
        numbers_row()
    try:
        with table:
            run = runs.opened(scene.folder, scene.step)
            REACHES[reach](scene, run, answer)
    except UnrollError as error:
        with answer:
            look_inside.why_nothing(error)
    session.address_now()
