"""Forward: one step of the cell, from what was read to the next token."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui.runs import cell_title
from rnnlm_ui.toolbox import Scene


def show(scene: Scene, answer: DeltaGenerator) -> None:
    answer.markdown(f"**{cell_title(scene.config)}**")
    st.latex(r"h_t = \varphi(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})")
