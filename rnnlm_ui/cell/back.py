"""Back: the same step with the gradient flowing the other way, held against autograd."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.numbers import three
from rnnlm_ui.cell import back_element, back_gate
from rnnlm_ui.cell import bench as choice
from rnnlm_ui.cell.bench import Bench, Wish
from rnnlm_ui.cell.drawing import cell_drawing
from rnnlm_ui.cell.stage import on_stage
from rnnlm_ui.cell.symbols import norm
from rnnlm_ui.i18n import t
from rnnlm_ui.toolbox import Scene

AGREES = 1e-9  # float64: rounding alone stays far below


def show(scene: Scene, answer: DeltaGenerator) -> None:
    on_stage(scene, answer, "back", finding, _draw, losses=True, check=_check)


def _draw(bench: Bench) -> Wish:
    if bench.level == "cell":
        return cell_drawing(bench, bench.back.values, back=True, alt=finding(bench))
    if bench.level == "gate":
        return back_gate.show(bench)
    back_element.show(bench)
    return {}


def _check(bench: Bench) -> None:
    """Last, so that the picture need not wait for it."""
    off = choice.difference(bench)
    st.markdown(t("cell_back.agrees" if off < AGREES else "cell_back.differs", off=three(off)))


def finding(bench: Bench) -> str:
    if bench.level == "gate":
        return back_gate.finding(bench)
    if bench.level == "element":
        return back_element.finding(bench)
    values = bench.back.values
    # totals on both sides of the step, so that their quotient is one of like with like
    here, before = norm(values["h"]), norm(bench.back.before["h"])
    if here == 0:
        return t("cell_back.answer_nothing")
    told = dict(here=three(here), before=three(before), factor=three(before / here))
    if "c" in values:
        over_c, before_c = norm(values["c"]), norm(bench.back.before["c"])
        return t("cell_back.answer_cell", c=three(over_c), c_before=three(before_c),
                 c_factor=three(before_c / over_c) if over_c else "0",
                 direct=three(norm(values["c_before"])), **told)
    return t("cell_back.answer", **told)
