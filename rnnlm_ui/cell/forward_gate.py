"""The second distance: a gate's matrices meet their vectors."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rnnlm_core.figures.cell_drawing import MOST, Values, Vector, scale_of
from rnnlm_core.figures.cell_product import ROWS, Column, Sheet, product_canvas
from rnnlm_core.figures.numbers import three
from rnnlm_ui import session
from rnnlm_ui.cell import bench as choice
from rnnlm_ui.cell.bench import Bench, Wish
from rnnlm_ui.cell.symbols import (
    forward_scale,
    forward_symbol,
    function_sign,
    matrix_symbol,
    tokens,
    vector_symbol,
)
from rnnlm_ui.components.live_plot import PlotEvents, live_plot
from rnnlm_ui.i18n import number, t

SHOWN = ("weights", "products")


def show(bench: Bench) -> Wish:
    gate, block = bench.gate, bench.step.blocks[bench.gate]
    session.choice(choice.ENTRIES, SHOWN, SHOWN[0])
    products = session.widget(choice.ENTRIES, SHOWN[0]) == "products"
    sheets = [
        Sheet(factor.matrix, matrix_symbol(factor.matrix, gate),
              factor.W * factor.v if products else factor.W,
              Vector(f"above.{factor.vector}", vector_symbol(factor.vector), factor.v,
                     forward_scale(factor.vector, factor.v, bench.scene.config)))
        for factor in block.factors]
    canvas = product_canvas(sheets, columns(bench), bench.page, bench.element, row_names(bench),
                            bench.narrow)
    events = live_plot(canvas.figure(), key="cell.product", height=int(canvas.height),
                       alt=finding(bench), on=("click",))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.segmented_control(t("cell_forward.entries"), SHOWN, key=choice.ENTRIES, required=True,
                             label_visibility="collapsed",
                             format_func=lambda s: t(f"cell_forward.entries_name.{s}"))
        st.markdown(":gray[" + size_note(bench) + "]")
    return follow(bench, events, canvas.clicked)


def columns(bench: Bench) -> list[Column]:
    """Each matrix' product, the biases, their sum, the value; of a GRU's candidate r, too."""
    block, config = bench.step.blocks[bench.gate], bench.scene.config
    found, gate = [], bench.gate
    for number_, factor in enumerate(block.factors):
        symbol = f"{matrix_symbol(factor.matrix, gate)} {'x' if number_ == 0 else 'h'}"
        if factor.matrix == "W_o":
            symbol = "W<sub>o</sub> h"
        found.append(_column(f"product.{number_}", symbol, factor.W @ factor.v,
                             "+" if number_ else "="))
    gained = [factor for factor in block.factors if factor.gain is not None]
    if gained:
        factor = gained[0]
        found[-1] = _column("m", "m", factor.W @ factor.v + factor.b, "+")
        assert factor.gain is not None
        found.append(Column(Vector("r", "r", factor.gain, scale_of(factor.gain, 1.0, False)), "⊙"))
        found.append(_column("b", "b", block.factors[0].b, "+"))
    else:
        found.append(_column("b", "b", np.sum([factor.b for factor in block.factors], 0), "+"))
    last = block.value
    symbol = "p" if gate == "s" else "h" if gate == "h" else gate
    found.append(_column(f"a.{gate}", "s" if gate == "s" else forward_symbol(
        f"a.{gate}", config), block.a, "="))
    found.append(Column(Vector(gate, symbol, last, forward_scale(
        "p" if gate == "s" else gate, last, config)), "→"))
    return found


def _column(name: str, symbol: str, values: Values, sign: str) -> Column:
    return Column(Vector(name, symbol, values, scale_of(values)), sign)


def row_names(bench: Bench) -> list[str]:
    if bench.gate != "s":
        return []
    first = bench.page * ROWS
    return tokens(bench, slice(first, first + ROWS))


def size_note(bench: Bench) -> str:
    """How much of large matrices is in sight, and what a click does."""
    rows = len(bench.step.blocks[bench.gate].a)
    widest = max(factor.W.shape[1] for factor in bench.step.blocks[bench.gate].factors)
    told = [t("cell_step.click_row")]
    if rows > ROWS:
        first = bench.page * ROWS
        told.insert(0, t("cell_step.rows_shown", first=number(first),
                         last=number(min(rows, first + ROWS) - 1), rows=number(rows)))
    if widest > MOST:
        told.append(t("cell_step.blocked", n=-(-widest // MOST)))
    return " ".join(told)


def follow(bench: Bench, events: PlotEvents, names: list[str]) -> Wish:
    """A click on a row leads to its sum; on the vectors beside the matrices it does nothing."""
    point = events.click
    if point is None or point.row is None or point.trace >= len(names):
        return {}
    if names[point.trace].startswith(("above.", "below.")):
        return {}
    element = bench.page * ROWS + point.row
    if element >= len(bench.step.blocks[bench.gate].a):
        return {}
    return {choice.UNIT: str(element), choice.LEVEL: "element"}


def finding(bench: Bench) -> str:
    """What the gate does, over all its units."""
    block = bench.step.blocks[bench.gate]
    values, weights = block.value, sum(f.W.size for f in block.factors)
    products = sum(f.W.shape[1] for f in block.factors)
    if bench.gate == "s":
        return t("cell_forward.output_answer", n=number(len(values)), weights=number(weights),
                 share=three(100 * float(values.max())))
    # an RNN has no gates, even with a sigmoid
    key = "gate_answer" if block.function == "sigmoid" and bench.gate != "h" else "candidate_answer"
    if len(values) == 1:
        return t(f"cell_forward.{key}_one", gate=bench.gate, products=number(products),
                 function=function_sign(block.function), value=three(float(values[0])))
    return t(f"cell_forward.{key}", gate=bench.gate, n=number(len(values)),
             function=function_sign(block.function), products=number(products),
             low=three(float(values.min())), high=three(float(values.max())),
             mean=three(float(values.mean())))
