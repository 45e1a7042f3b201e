"""What stands beside the run's cell: fresh networks of the same size, read once for all visitors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_ui.cell.bench import Bench

if TYPE_CHECKING:
    from rnnlm_core.insight.cell_compare import Pressed
    from rnnlm_core.insight.cell_step import CellReading, CellStep

CELLS = ("rnn", "gru", "lstm")


@dataclass(frozen=True)
class Compared:
    """By cell."""

    times: dict[str, int]  # blocks of parameters
    parameters: dict[str, int]  # of the layer
    kept: dict[str, float]  # share of the old state on the straight line


def compared(bench: Bench) -> Compared:
    from rnnlm_core.insight.cell_compare import GATE_BLOCKS, cell_parameters, kept

    values = bench.step.values
    sizes = {cell: cell_parameters(cell, len(values["x"]), len(values["h"])) for cell in CELLS}
    return Compared(dict(GATE_BLOCKS), sizes, {cell: kept(step_of(bench, cell)) for cell in CELLS})


def step_of(bench: Bench, cell: str) -> CellStep:
    """The run's own step, or that of a fresh network with another cell."""
    from rnnlm_core.insight.cell_step import cell_step

    if cell == bench.scene.config.cell:
        return bench.step
    return cell_step(_fresh(bench.scene.path, bench.scene.digest, bench.reading.text, cell,
                            len(bench.vocabulary), bench.reading), bench.layer, bench.place)


@st.cache_resource(max_entries=12, show_spinner=False)
def _fresh(path: str, digest: str, text: str, cell: str, vocabulary: int, _reading: CellReading
           ) -> CellReading:
    from rnnlm_core.insight.cell_compare import read_fresh

    return read_fresh(_reading, cell, vocabulary)  # type: ignore[arg-type]


def pressed_of(bench: Bench) -> Pressed:
    """The sums of the chosen gate."""
    return _pressed(bench.scene.path, bench.scene.digest, bench.reading.text, bench.layer,
                    bench.place, bench.gate, bench.reading)


@st.cache_data(max_entries=256, show_spinner=False)
def _pressed(path: str, digest: str, text: str, layer: int, place: int, gate: str,
             _reading: CellReading) -> Pressed:
    from rnnlm_core.insight.cell_compare import pressed

    return pressed(_reading, layer, place, gate)
