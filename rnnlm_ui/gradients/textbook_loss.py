"""Two losses that the tutorial names: squared error, and −Σ log(y_t · δ_t)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_textbook import Axes, Named, lines_figure
from rnnlm_ui import session, warm
from rnnlm_ui.claims import readable
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.textbook_formulas import DELTA_LOSS, PULLS, TRUE_LOSS
from rnnlm_ui.i18n import number, t

if TYPE_CHECKING:
    from rnnlm_core.insight.textbook_losses import Loss, OfDelta

LOSSES = ("squared", "delta")
EPSILONS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0001, 0.00001)
_KEY, _EPSILON = "textbook_loss", "textbook.epsilon"
_CURVE = np.logspace(-5, math.log10(0.5), 60)


@st.cache_data(max_entries=64, show_spinner=False)
def steps_to_turn(epsilon: float, loss: Loss) -> int:
    warm.ready()
    from rnnlm_core.insight import textbook_losses

    return textbook_losses.steps_to_turn(epsilon, loss)


@st.cache_data(show_spinner=False)
def of_delta() -> OfDelta:
    warm.ready()
    from rnnlm_core.insight import textbook_losses

    return textbook_losses.of_delta()


def prepare() -> None:
    """What takes a while the first time; a skeleton is shown meanwhile."""
    of_delta()


def show(answer: DeltaGenerator) -> None:
    loss = st.segmented_control(
        t("textbook.which_loss"), LOSSES, key=session.choice(_KEY, LOSSES, LOSSES[0]),
        required=True, label_visibility="collapsed",
        format_func=lambda name: t(f"textbook.loss_name.{name}")) or LOSSES[0]
    (_squared if loss == "squared" else _delta)(answer)


# -- squared error --------------------------------------------------------------------------------
def _squared(answer: DeltaGenerator) -> None:
    warm.ready()
    from rnnlm_core.insight.textbook_losses import pull

    picture, side = st.columns([1.7, 1], gap="large")
    with side:
        session.preset(_EPSILON, 0.001)
        epsilon = st.select_slider(t("textbook.epsilon"), EPSILONS, key=_EPSILON,
                                   format_func=lambda e: f"{e:g}", persist_state="session")
        st.latex(PULLS)
        squared, entropy = (steps_to_turn(epsilon, loss) for loss in ("squared", "cross_entropy"))
        st.markdown(t("textbook.turns", squared=number(squared), entropy=number(entropy)))
        st.markdown(t("textbook.squared_why"))
    pulls = pull(epsilon, "squared"), pull(epsilon, "cross_entropy")
    answer.markdown(t("textbook.squared_answer", epsilon=f"{epsilon:g}",
                      squared=_digits(pulls[0]), entropy=f"{pulls[1]:.5g}",
                      ratio=number(round(pulls[1] / pulls[0]))))

    def draw() -> Any:
        lines = [Named(t("textbook.cross_entropy"), _CURVE, [pull(e, "cross_entropy")
                                                             for e in _CURVE], "ink"),
                 Named(t("textbook.squared_error"), _CURVE, [pull(e, "squared") for e in _CURVE],
                       "error", 4, "dash")]
        return lines_figure(lines, Axes(t("textbook.epsilon_axis"), t("textbook.pull_axis"),
                                        x_log=True, y_log=True), at=epsilon)

    with picture:
        live_plot(draw, key="textbook.pulls", on=(), alt=t("textbook.pulls_alt"), rev=epsilon)


def _digits(value: float) -> str:
    return f"{value:.4g}" if value >= 1e-4 else readable(value)


# -- the loss of δ --------------------------------------------------------------------------------
def _delta(answer: DeltaGenerator) -> None:
    found = of_delta()
    answer.markdown(t("textbook.delta_answer", n=found.undefined, total=len(found.true)))
    theirs, right = st.columns(2, gap="medium")
    with theirs, st.container(border=True):
        st.markdown(t("textbook.tutorial_says", where="3.3.3"))
        st.latex(DELTA_LOSS)
        st.markdown(t("textbook.delta_note", least=_signed(min(found.true))))
    with right, st.container(border=True):
        st.markdown(t("textbook.right_is"))
        st.latex(TRUE_LOSS)
        st.markdown(t("textbook.true_loss_note", loss=f"{found.loss:.3f}"))
    head = [t(f"textbook.delta_column.{name}") for name in ("step", "delta", "log", "p", "loss")]
    lines = [f"| {' | '.join(head)} |", "|--:|--:|--:|--:|--:|"]
    for step, (value, p) in enumerate(zip(found.true, found.probabilities, strict=True), 1):
        log = f"{math.log(value):.3f}".replace("-", "−") if value > 0 else t("textbook.undefined")
        lines.append(f"| {step} | {_signed(value)} | {log} | {p:.3f} | {-math.log(p):.3f} |")
    table, blind = st.columns(2, gap="medium")
    table.markdown("\n".join(lines))
    blind.markdown(t("textbook.delta_blind", own=f"{found.own_loss:.6f}",
                  elsewhere=f"{found.own_loss_elsewhere:.6f}", true=f"{found.loss:.3f}",
                  true_elsewhere=f"{found.loss_elsewhere:.3f}"))


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
