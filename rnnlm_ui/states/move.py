"""Move: how the state moves through its space. Its path over a text, the clusters it goes through,
the loop that greedy writing falls into."""

from __future__ import annotations

from importlib import import_module

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_ui import session
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault
from rnnlm_ui.states.choice import settings
from rnnlm_ui.states.look import Look

VIEWS = ("path", "clusters", "loop")
_KEY = "move"


def show(look: Look, answer: DeltaGenerator) -> None:
    """One of the views, as it is chosen here or in a link (`?move=`)."""
    view = st.segmented_control(
        t("states_move.view"), VIEWS, key=session.choice(_KEY, VIEWS, VIEWS[0]), required=True,
        format_func=lambda name: t(f"states_move.view_name.{name}"),
        label_visibility="collapsed") or VIEWS[0]
    try:
        import_module(f"rnnlm_ui.states.move_{view}").show(look, answer)
    except UnrollError as error:  # of the held-out text, or of weights that are no numbers
        with answer:
            fault(error)
    settings(look.config, unit=view == "path")


def part_of(look: Look) -> str:
    """What moves: c where it is looked at, else h, also where a gate is."""
    return "c" if look.choice.part == "c" else "h"
