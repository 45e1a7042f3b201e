"""Check the textbook: a tutorial's formulas beside the right ones, derived and run."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import session, toolbox
from rnnlm_ui.i18n import t

PARTS = ("backward", "spot", "loss", "prediction", "claims")
_KEY, _PACKAGE = "textbook", "rnnlm_ui.gradients"


def show(answer: DeltaGenerator) -> None:
    """Which part, and that part; only the chosen one is imported."""
    part = st.segmented_control(
        t("textbook.parts"), PARTS, key=session.choice(_KEY, PARTS, PARTS[0]), required=True,
        format_func=lambda p: t(f"textbook.part.{p}"), label_visibility="collapsed") or PARTS[0]
    place = st.empty()
    if session.recall(f"textbook.ready.{part}", None) is None:  # the first time, it is computed
        place.skeleton(height=420)
        if (prepare := toolbox.function_of(_PACKAGE, f"textbook_{part}", "prepare")) is not None:
            prepare()
        session.remember(f"textbook.ready.{part}", True)
        place.empty()
    toolbox.draw(_PACKAGE, f"textbook_{part}", answer)
