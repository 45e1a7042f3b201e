"""Cells: RNN, GRU and LSTM at the same step, so that one sees what a gate adds."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.cell import BLOCKS
from rnnlm_core.figures.cell_compare import COMPARED, NEW, compared_canvas
from rnnlm_core.figures.cell_drawing import Vector, scale_of
from rnnlm_core.figures.states import Scale
from rnnlm_ui.cell import bench as choice
from rnnlm_ui.cell import cells_curves, cells_formulas
from rnnlm_ui.cell.bench import Bench, Wish
from rnnlm_ui.cell.cells_beside import CELLS, compared, step_of
from rnnlm_ui.cell.stage import on_stage
from rnnlm_ui.cell.symbols import forward_scale, forward_symbol
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, percent, t
from rnnlm_ui.toolbox import Scene

_BOX = {"h": "candidate"}  # where the one block of an RNN is drawn


def show(scene: Scene, answer: DeltaGenerator) -> None:
    on_stage(scene, answer, "cells", finding, _draw, losses=False, distances=False)


def _draw(bench: Bench) -> Wish:
    wish: Wish = {}
    for cell, column in zip(CELLS, st.columns(len(CELLS), gap="medium"), strict=True):
        with column:
            wish |= _one(bench, cell)
    st.markdown(t("cell_cells.legend"))
    cells_curves.show(bench)
    cells_formulas.conventions(bench)
    return wish


def _one(bench: Bench, cell: str) -> Wish:
    """A cell with its heading, its drawing, what it costs, and its equations."""
    own = cell == bench.scene.config.cell
    count = compared(bench)
    times, parameters = count.times[cell], count.parameters[cell]
    whose = "own" if own else "fresh"
    st.markdown(t(f"cell_cells.{whose}", cell=cell.upper()))
    gate = _BOX.get(bench.gate, bench.gate)
    canvas = compared_canvas(cell, vectors(bench, cell), gate if own else None, bench.narrow)
    events = live_plot(canvas.figure(), key=f"cell.beside.{cell}", height=int(canvas.height),
                       on=("click",), alt=t(f"cell_cells.alt_{cell}"))
    st.markdown(t("cell_cells.count", times=times, formula=_formula(bench, times),
                  n=number(parameters)))
    st.latex(cells_formulas.equations(cell, bench.scene.config.activation))
    point = events.click
    if own and point is not None and point.trace < len(canvas.clicked):
        clicked = canvas.clicked[point.trace]
        if clicked in BLOCKS[cell]:
            return {choice.GATE: clicked}
    return {}


def _formula(bench: Bench, times: int) -> str:
    """G · H · (D + H + 2) in numbers."""
    hidden, inputs = len(bench.step.values["h"]), len(bench.step.values["x"])
    return f"{times} · {number(hidden)} · ({number(inputs)} + {number(hidden)} + 2)"


def vectors(bench: Bench, cell: str) -> dict[str, Vector]:
    """The strips of a cell, named by what they do: `f keeps`."""
    step, found = step_of(bench, cell), {}
    config = replace(bench.scene.config, cell=cell)  # type: ignore[arg-type]
    for name in COMPARED[cell].places:
        if name == "1-z":
            entries, scale = 1 - step.values["z"], Scale(1.0, False)
        else:
            entries = step.values["h" if name == "candidate" else name]
            scale = forward_scale("h" if name == "candidate" else name, entries, config)
        if name in ("x", "h_before", "c_before", "c", "h"):
            symbol = forward_symbol(name, config).split(" = ")[0]
        elif name == "candidate":
            symbol = forward_symbol("h", config).split(" = ")[1]
        else:
            role = t(f"cell_cells.role.{cell}_{'w' if name == '1-z' else name}")
            letter = "1 − z" if name == "1-z" else name
            symbol = f"<b>{letter}</b> {role}" if name in NEW[cell] else f"{letter} {role}"
        found[name] = Vector(name, symbol, entries, scale if name != "x" else scale_of(entries))
    return found


def finding(bench: Bench) -> str:
    """How much of the old state goes straight through each, and what the gates cost."""
    count, cell = compared(bench), bench.scene.config.cell
    return t(f"cell_cells.answer_{cell}", gru=percent(count.kept["gru"]),
             lstm=percent(count.kept["lstm"]), n=number(count.parameters[cell]),
             rnn=number(count.parameters["rnn"]))
