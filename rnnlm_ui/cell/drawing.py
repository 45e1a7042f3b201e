"""The first distance: the cell as a drawing; a click on a strip leads to its gate."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import streamlit as st

from rnnlm_core.figures.cell import CellWords, Outcome, cell_canvas
from rnnlm_core.figures.cell_drawing import MOST, Values
from rnnlm_core.figures.numbers import three
from rnnlm_core.figures.states import glyph
from rnnlm_ui.cell import bench as choice
from rnnlm_ui.cell.bench import Bench, Wish
from rnnlm_ui.cell.symbols import vectors
from rnnlm_ui.components.live_plot import PlotEvents, live_plot
from rnnlm_ui.i18n import t

_LIKELIEST = 5
_COLUMNS = ("read", "sum", "value", "product", "state", "prediction")


def cell_drawing(bench: Bench, values: Mapping[str, Values], back: bool, alt: str) -> Wish:
    """Every vector where it stands, `values` by the names of `insight.cell_step`."""
    columns = [t(f"cell_step.column.{name}") for name in _COLUMNS]
    nats = bench.step.prediction.loss
    loss = {"bits": three(nats / math.log(2)), "nats": three(nats)}
    if back:  # e is of the loss in nats, the bars stay shares
        columns[-1] = t("cell_back.error_column")
    words = CellWords(columns, t("cell_step.from_next" if back else "cell_step.to_next"),
                      t("cell_back.loss_is" if back else "cell_step.loss_is", **loss),
                      t("cell_back.held"))
    canvas = cell_canvas(bench.scene.config.cell, vectors(values, bench, back), outcome(bench),
                         words, bench.gate, bench.unit, back, bench.narrow)
    events = live_plot(canvas.figure(), key="cell.drawing", height=int(canvas.height), alt=alt,
                       on=("click",))
    if bench.scene.config.cell == "gru":
        st.markdown(":gray[" + t("cell_step.m_is", m="$m = U_n h_{t-1} + b_{hn}$") + "]")
    return _follow(bench, events, canvas.clicked)


def _follow(bench: Bench, events: PlotEvents, names: list[str]) -> Wish:
    """A gate's strip leads to the gate; any other strip of units chooses the unit there."""
    point = events.click
    if point is None or point.column is None or point.trace >= len(names):
        return {}
    name = names[point.trace]
    gate = name.removeprefix("a.")
    length = bench.scene.config.hidden if name == "c_total" else len(bench.step.values[name])
    element = str(min(length - 1, point.column * -(-length // MOST)))
    if gate in bench.step.blocks:
        return {choice.GATE: gate, choice.UNIT: element, choice.LEVEL: "gate"}
    return {choice.UNIT: element} if name not in ("x", "p", "s") and bench.gate != "s" else {}


def outcome(bench: Bench) -> Outcome:
    """The likeliest tokens, and the one that came among them."""
    found = bench.step.prediction
    best = [int(i) for i in np.argsort(-found.p)[:_LIKELIEST]]
    if found.target not in best:
        best = [*best[:-1], found.target]
    rows = [(float(found.p[i]), f"<b>{glyph(bench.vocabulary[i])}</b> {_share(float(found.p[i]))}")
            for i in best]
    return Outcome(rows, best.index(found.target))


def _share(value: float) -> str:
    return f"{value:.0%}".replace("%", " &#37;") if value >= 0.01 else f"{three(100 * value)} &#37;"
