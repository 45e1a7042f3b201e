"""Cuts: what temperature, top-k, top-p, min-p and the repetition penalty do. At one place, rule by
rule; to a whole text, on the same noise; and what comes of always taking the likeliest."""

from __future__ import annotations

from importlib import import_module

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_ui import look_inside, session, toolbox
from rnnlm_ui.components import viewport
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault
from rnnlm_ui.toolbox import Scene

VIEWS = ("place", "texts", "beam")
_KEY = "cuts"
_LIMITS = frozenset({"text.too_short"})  # no fault, so said calmly


def question() -> str:
    """What the view that is chosen here or in a link asks."""
    return t(f"generate_cuts.question.{toolbox.chosen(_KEY, VIEWS)}")


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """One of the views, as it is chosen here or in a link (`?cuts=`)."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    view = line.segmented_control(
        t("generate_cuts.view"), VIEWS, key=session.choice(_KEY, VIEWS, VIEWS[0]), required=True,
        format_func=lambda name: t(f"generate_cuts.view_name.{name}"),
        label_visibility="collapsed", wrap=True) or VIEWS[0]
    narrow = viewport.is_narrow()
    try:
        import_module(f"rnnlm_ui.generate.cuts_{view}").show(scene, answer, line, narrow)
    except UnrollError as error:
        with answer:
            if error.code in _LIMITS:
                st.markdown(look_inside.note(error))
            else:
                fault(error)
    viewport.watch()
