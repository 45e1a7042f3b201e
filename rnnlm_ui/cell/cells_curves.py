"""The activation functions, and where the chosen gate's sums lie on its own."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rnnlm_core.figures.activations import Curve, activations_figure, activations_height
from rnnlm_ui.cell.bench import Bench
from rnnlm_ui.cell.cells_beside import pressed_of
from rnnlm_ui.cell.symbols import function_sign
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t

FUNCTIONS = ("sigmoid", "tanh", "relu")
_POINTS = 241


def show(bench: Bench) -> None:
    told = finding(bench)
    st.subheader(told, anchor=False)
    st.markdown(t("cell_cells.curves_legend"))
    live_plot(lambda: activations_figure(curves(bench), bench.scene.config.cell,
                                         t("cell_cells.unit"), bench.narrow),
              key="cell.curves", on=(), alt=told, height=activations_height(bench.narrow),
              rev=bench.revision("curves"))


def curves(bench: Bench) -> list[Curve]:
    from rnnlm_core.insight.activations import LARGEST_SLOPE, derivative, phi
    from rnnlm_core.insight.cell_compare import limits_of

    found, made = pressed_of(bench), []
    for name in FUNCTIONS:
        own = name == found.function
        reach = found.reach if own else 6.0
        x = np.linspace(-reach, reach, _POINTS)
        made.append(Curve(
            t("cell_cells.curve", f=function_sign(name), top=f"{LARGEST_SLOPE[name]:g}"), x,
            phi(x, name), derivative(x, name), limits_of(name), reach,  # type: ignore[arg-type]
            (found.a, phi(found.a, found.function)) if own else None,
            found.counts if own else None))
    return made


def finding(bench: Bench) -> str:
    found = pressed_of(bench)
    key = "saturated" if len(found.a) > 1 else "saturated_one"
    return t(f"cell_cells.{key}", here=_percent(found.here), n=number(len(found.a)),
             gate=t(f"cell_cells.gate.{bench.scene.config.cell}_{bench.gate}"),
             text=_percent(found.text))


def _percent(share: float) -> str:
    """Few are not none."""
    value = 100 * share
    return (f"{value:.0f}" if value >= 1 or value == 0 else f"{value:.2g}") + \
        "\N{NO-BREAK SPACE}%"
