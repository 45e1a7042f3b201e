"""Clip: exploding gradients and what is done about them, in five parts, one at a time."""

from __future__ import annotations

from importlib import import_module

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import session
from rnnlm_ui.i18n import t
from rnnlm_ui.toolbox import Scene

# each a module `clip_NAME` beside this one with `show(scene, answer)`
PARTS = ("norms", "arrows", "cliff", "pair", "limits")
_PART = "clip"


def show(scene: Scene, answer: DeltaGenerator) -> None:
    with answer:
        part = st.segmented_control(
            t("gradients_clip.part"), PARTS, key=session.choice(_PART, PARTS, PARTS[0]),
            required=True, format_func=lambda name: t(f"gradients_clip.part_name.{name}"),
            label_visibility="collapsed") or PARTS[0]
        sentence = st.container()
    import_module(f"rnnlm_ui.gradients.clip_{part}").show(scene, sentence)
