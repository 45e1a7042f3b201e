"""Prediction by updating on the test text: what its loss says then, and what another text says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_textbook import Axes, Named, lines_figure
from rnnlm_ui import session, warm
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import t

if TYPE_CHECKING:
    from rnnlm_core.insight.textbook_training import Leak

_PASSES = "textbook.passes"


@st.cache_data(show_spinner=False)
def leaked() -> Leak:
    warm.ready()
    from rnnlm_core.insight.textbook_training import leak

    return leak()


def prepare() -> None:
    """What takes a while the first time; a skeleton is shown meanwhile."""
    leaked()


def show(answer: DeltaGenerator) -> None:
    found = leaked()
    most = len(found.test) - 1
    picture, side = st.columns([1.7, 1], gap="large")
    with side:
        session.preset(_PASSES, 0)
        passes = int(st.slider(t("textbook.passes"), 0, most, key=_PASSES,
                               persist_state="session"))
        st.markdown(t("textbook.prediction_try" if passes == 0 else "textbook.prediction_why"))
        st.markdown(t("textbook.dynamic", fixed=f"{found.fixed:.2f}",
                      dynamic=f"{found.dynamic:.2f}"))
    figures = {"n": passes, "test": f"{found.test[passes]:.2f}", "best": f"{found.best:.2f}",
               "other": f"{found.untouched[passes]:.2f}", "before": f"{found.test[0]:.2f}",
               "other_before": f"{found.untouched[0]:.2f}"}
    kind = ("before" if passes == 0 else
            "below" if found.test[passes] < found.best else "above")
    answer.markdown(t(f"textbook.leak_{kind}", **figures))

    def draw() -> Any:
        x = list(range(most + 1))
        seen = slice(0, passes + 1)
        lines = [
            Named(t("textbook.best_line"), x, [found.best] * len(x), "ngram", 1.6, "dash",
                  t("textbook.best_short")),
            Named(t("textbook.untouched_line"), x[seen], found.untouched[seen], "ink", 4, "solid",
                  t("textbook.untouched_short")),
            Named(t("textbook.test_line"), x[seen], found.test[seen], "error", 4, "solid",
                  t("textbook.test_short"))]
        axes = Axes(t("textbook.passes_axis"), t("textbook.loss_axis"), x_range=(-1, most + 1),
                    top=1.08 * max(*found.untouched, *found.test))  # fixed: the lines move
        return lines_figure(lines, axes, at=passes)

    with picture:
        live_plot(draw, key="textbook.leak", on=(), alt=t("textbook.leak_alt"), rev=passes)
        st.markdown(t("textbook.leak_note"))
