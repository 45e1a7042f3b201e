"""The backward formula: the tutorial's beside the right one, derived line by line, and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_textbook import cosines_figure
from rnnlm_ui import session, warm
from rnnlm_ui.claims import readable
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.textbook_formulas import ARRAYS, DERIVATION, RIGHT, TUTORIAL
from rnnlm_ui.i18n import percent, t
from rnnlm_ui.page import primary_label

LINES = tuple(DERIVATION)
MENDS = ("tutorial", "earlier", "bias", "prediction", "output", "slope", "transpose")
_SHOWN = "textbook.lines"


@dataclass(frozen=True)
class Tried:
    """The formulas on the example, against finite differences of the loss."""

    cosines: list[float]  # of the tutorial's formula, and after each mend; the last is the right
    by_array: dict[str, tuple[float, float, float, float]]  # cosine, error; of the right: as well
    error: float  # of the right rule, over the same arrays as the cosines: those that δ reaches
    autograd: float  # the right rule against PyTorch
    sweeps: int  # that the tutorial's formula takes to settle
    entries: int
    checks: dict[str, float]  # the lines of the derivation
    cells: dict[str, float]  # each cell's rule written out, against PyTorch


@st.cache_data(show_spinner=False)
def tried() -> Tried:
    warm.ready()
    from rnnlm_core.insight.textbook import RIGHT as right
    from rnnlm_core.insight.textbook import TUTORIAL as theirs
    from rnnlm_core.insight.textbook import deltas, gradients, mended
    from rnnlm_core.insight.textbook_checks import cells_checked, checked
    from rnnlm_core.insight.textbook_network import ARRAYS as names
    from rnnlm_core.insight.textbook_network import THROUGH_DELTA, example, read
    from rnnlm_core.insight.textbook_truth import by_autograd, by_differences, nearness

    network, tokens = example()
    reading, truth = read(network, tokens), by_differences(network, tokens)
    ours, wrong = gradients(right, reading), gradients(theirs, reading)
    stages = [nearness(gradients(rule, reading), truth, THROUGH_DELTA) for rule in mended()]
    rows = {}
    for name in names:
        one, other = nearness(wrong, truth, [name]), nearness(ours, truth, [name])
        rows[name] = (one.cosine or 0.0, one.error, other.cosine or 0.0, other.error)
    return Tried([stage.cosine or 0.0 for stage in stages], rows,
                 nearness(ours, truth, THROUGH_DELTA).error,
                 nearness(ours, by_autograd(network, tokens), THROUGH_DELTA).error,
                 deltas(theirs, reading)[1],
                 sum(truth[name].numel() for name in THROUGH_DELTA), checked(network, tokens),
                 {str(cell): error for cell, error in cells_checked().items()})


def prepare() -> None:
    """What takes a while the first time; a skeleton is shown meanwhile."""
    tried()


def show(answer: DeltaGenerator) -> None:
    found = tried()
    answer.markdown(t("textbook.backward_answer", theirs=f"{found.cosines[0]:.2f}".replace(
        "-", "−"), right=f"{found.cosines[-1]:.2f}", error=readable(found.error),
        n=found.entries))
    theirs, right = st.columns(2, gap="medium")
    with theirs, st.container(border=True):
        st.markdown(t("textbook.tutorial_says", where="3.3.2"))
        st.latex(TUTORIAL)
        st.markdown(t("textbook.tutorial_note"))
    with right, st.container(border=True):
        st.markdown(t("textbook.right_is"))
        st.latex(RIGHT)
        st.markdown(t("textbook.right_note"))
    derivation, run = st.columns([1, 1.1], gap="medium")
    with derivation:
        _derivation(found)
    with run:
        _run(found)


def _derivation(found: Tried) -> None:
    """As many lines as the reader asked for, each with what it settles and its check."""
    shown = session.recall(_SHOWN, 1)
    st.markdown(t("textbook.derived", n=shown, total=len(LINES)))
    for line in LINES[:shown]:
        st.markdown(t(f"textbook.line.{line}"))
        st.latex(DERIVATION[line])
        st.markdown(t("textbook.line_checked" if line != "whole" else "textbook.whole_checked",
                      error=readable(found.checks[line])))
    if shown == len(LINES):
        st.markdown(t("textbook.arrays"))
        st.latex(ARRAYS)
    with st.container(horizontal=True):
        if shown < len(LINES):
            st.button(primary_label(t("textbook.next_line"), "arrow_downward"), type="primary",
                      key="textbook.next", on_click=_show_lines, args=(shown + 1,))
            st.button(t("textbook.all_lines"), key="textbook.all", on_click=_show_lines,
                      args=(len(LINES),))
        if shown > 1:
            st.button(t("textbook.from_start"), key="textbook.first", type="tertiary",
                      on_click=_show_lines, args=(1,))


def _show_lines(count: int) -> None:
    session.remember(_SHOWN, count)


def _run(found: Tried) -> None:
    st.markdown(t("textbook.mended", best=f"{max(found.cosines[:5]):.2f}",
                  slope=f"{found.cosines[5]:.2f}"))

    def draw() -> Any:
        return cosines_figure([t(f"textbook.mend.{name}") for name in MENDS], found.cosines,
                              t("textbook.cosine_axis"))

    live_plot(draw, key="textbook.cosines", height=314, on=(), alt=t("textbook.cosines_alt"),
              rev="example")
    head = [t(f"textbook.column.{name}") for name in ("array", "theirs", "off", "right", "error")]
    columns: list[list[str]] = [[] for _ in head]
    for name, (theirs, off, right, error) in found.by_array.items():
        cells = (f"{theirs:.2f}".replace("-", "−"), percent(off)) if name != "W_o" else ("–", "–")
        for column, text in zip(columns, (t(f"textbook.array.{name}"), *cells, f"{right:.6f}",
                                          readable(error)), strict=True):
            column.append(text)
    st.table(dict(zip(head, columns, strict=True)), border="horizontal", hide_index=True)
    st.markdown(t("textbook.run_note", sweeps=found.sweeps, autograd=readable(found.autograd)))
    st.markdown(t("textbook.cells_note", **{cell: readable(error)
                                            for cell, error in found.cells.items()}))
