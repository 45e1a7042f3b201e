"""The second distance backwards: what this step adds to a gate's matrices, δ times what was read.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from rnnlm_core.figures.cell_drawing import Values, Vector, scale_of
from rnnlm_core.figures.cell_product import Column, Sheet, product_canvas
from rnnlm_core.figures.numbers import three
from rnnlm_ui.cell.bench import Bench, Wish
from rnnlm_ui.cell.forward_gate import follow, row_names, size_note
from rnnlm_ui.cell.symbols import (
    back_symbol,
    forward_scale,
    function_sign,
    matrix_symbol,
    norm,
    vector_symbol,
)
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t


def show(bench: Bench) -> Wish:
    block, config = bench.step.blocks[bench.gate], bench.scene.config
    sheets = []
    for factor, delta in zip(block.factors, deltas(bench), strict=True):
        symbol = matrix_symbol(factor.matrix, bench.gate)
        through = f"{symbol}<sup>T</sup>{'e' if bench.gate == 's' else 'δ'}"
        back = factor.W.T @ delta
        sheets.append(Sheet(
            factor.matrix, f"∂L/∂{symbol}", np.outer(delta, factor.v),
            Vector(f"above.{factor.vector}", vector_symbol(factor.vector), factor.v,
                   forward_scale(factor.vector, factor.v, config)),
            Vector(f"below.{factor.vector}", through, back, scale_of(back))))
    canvas = product_canvas(sheets, _columns(bench), bench.page, bench.element, row_names(bench),
                            bench.narrow)
    events = live_plot(canvas.figure(), key="cell.outer", height=int(canvas.height),
                       alt=finding(bench), on=("click",))
    st.markdown(":gray[" + size_note(bench) + "]")
    return follow(bench, events, canvas.clicked)


def deltas(bench: Bench) -> list[Values]:
    """δ as each of the block's matrices meets it."""
    if bench.gate == "s":
        return [bench.back.values["s"]]
    return [bench.back.values[f"a.{bench.gate}"], bench.back.hidden_side[bench.gate]]


def _columns(bench: Bench) -> list[Column]:
    gate = bench.gate
    if gate == "s":
        p, e = bench.step.prediction.p, bench.back.values["s"]
        return [Column(Vector("p", "p", p, scale_of(p, 1.0, False)), ""),
                Column(Vector("s", "p − y", e, scale_of(e)), "→")]
    over = bench.back.values[gate]
    found = [Column(Vector(gate, "∂L/∂h" if gate == "h" else f"∂L/∂{gate}", over,
                           scale_of(over)), "")]
    both = deltas(bench)
    found.append(Column(Vector(f"a.{gate}", back_symbol(f"a.{gate}"), both[0], scale_of(both[0])),
                        "→"))
    if gate == "n":  # r multiplies after the product: its other side has another δ
        found.append(Column(Vector("r*delta", "r ⊙ δ<sub>n</sub>", both[1], scale_of(both[1])),
                            "→"))
    return found


def finding(bench: Bench) -> str:
    values, gate = bench.back.values, bench.gate
    if gate == "s":
        e = values["s"]
        return t("cell_back.output_answer", share=three(100 * (1 + float(e[
            bench.step.prediction.target]))), length=three(norm(e)), n=number(len(e)))
    delta, over = norm(values[f"a.{gate}"]), norm(values[gate])
    hidden = bench.back.hidden_side[gate]
    grown = norm(hidden) * norm(bench.step.values["h_before"])
    # an RNN has no gates
    return t("cell_back.state_answer" if gate == "h" else "cell_back.gate_answer", gate=gate,
             delta=three(delta), over=three(over),
             function=function_sign(bench.step.blocks[gate].function),
             share=three(100 * delta / over) if over else "0", weights=three(grown))
