"""The equations of the three cells, and the two conventions of the GRU."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rnnlm_core.figures.numbers import three
from rnnlm_ui.cell.bench import Bench
from rnnlm_ui.cell.cells_beside import step_of
from rnnlm_ui.i18n import t

_SIGN = {"tanh": r"\tanh", "sigmoid": r"\sigma", "relu": r"\mathrm{ReLU}"}
_EQUATIONS = {
    "gru": (r"z &= \sigma(W_z x_t + U_z h_{t-1} + b_z)",
            r"r &= \sigma(W_r x_t + U_r h_{t-1} + b_r)",
            r"n &= \tanh(W_n x_t + b_n + r\odot(U_n h_{t-1} + b'_n))",
            r"h_t &= z\odot h_{t-1} + (1-z)\odot n"),
    "lstm": (r"f &= \sigma(W_f x_t + U_f h_{t-1} + b_f)",
             r"i &= \sigma(W_i x_t + U_i h_{t-1} + b_i)",
             r"g &= \tanh(W_g x_t + U_g h_{t-1} + b_g)",
             r"o &= \sigma(W_o x_t + U_o h_{t-1} + b_o)",
             r"c_t &= f\odot c_{t-1} + i\odot g", r"h_t &= o\odot\tanh c_t")}
_CANDIDATE = {"pytorch": r"n = \tanh(W_n x_t + b_n + r\odot(U_n h_{t-1} + b'_n))",
              "cho": r"n = \tanh(W_n x_t + U_n(r\odot h_{t-1}))",
              "chung": r"n = \tanh(W_n x_t + U_n(r\odot h_{t-1}))"}
_STATE = {"pytorch": r"h_t = z\odot h_{t-1} + (1-z)\odot n",
          "cho": r"h_t = z\odot h_{t-1} + (1-z)\odot n",
          "chung": r"h_t = (1-z)\odot h_{t-1} + z\odot n"}


def equations(cell: str, activation: str) -> str:
    rows = _EQUATIONS.get(cell, (
        rf"h_t &= {_SIGN[activation]}(W x_t + U h_{{t-1}} + b)",))
    return r"\small\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def conventions(bench: Bench) -> None:
    """Each with what it would make of the same weights: one number, how far h moves."""
    from rnnlm_core.insight.cell_compare import gru_conventions

    states = gru_conventions(step_of(bench, "gru"))
    own = bench.scene.config.cell == "gru"
    off = {name: float(np.abs(h - states["pytorch"]).max()) for name, h in states.items()}
    st.subheader(t("cell_cells.conventions"), anchor=False)
    st.markdown(t("cell_cells.conventions_own" if own else "cell_cells.conventions_fresh",
                  cho=three(off["cho"]), chung=three(off["chung"])))
    for name, column in zip(states, st.columns(len(states), gap="medium"), strict=True):
        with column:
            st.markdown(t(f"cell_cells.convention.{name}"))
            st.latex(rf"\small\begin{{aligned}}&{_CANDIDATE[name]}\\&{_STATE[name]}\end{{aligned}}")
