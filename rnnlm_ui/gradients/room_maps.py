"""Two small systems: a 2 × 2 matrix that grows before it shrinks, and one unit as a cobweb."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_maps import circle_figure, cobweb_figure
from rnnlm_core.figures.gradients_room import (
    Axes,
    Line,
    Values,
    by_lag_figure,
    by_setting_figure,
    power_text,
)
from rnnlm_ui.gradients import room_guess
from rnnlm_ui.gradients import room_parts as parts
from rnnlm_ui.i18n import joined, t

if TYPE_CHECKING:
    from rnnlm_core.insight.activations import Slope
    from rnnlm_core.insight.small_maps import Powers

COURSES, PHIS = ("falls", "grows_first", "grows"), ("tanh", "sigmoid")
_PHI, _POWERS, _STEPS = "room_unit", 100, 50
_WALKED = 40  # powers that the picture of the circle goes through
_MATRIX_CASES: tuple[room_guess.Case, ...] = tuple(
    {"diagonal": diagonal, "corner": corner} for diagonal, corner in (
        (0.9, 10.0), (0.5, 0.5), (0.95, 1.0), (1.0, 1.0), (0.5, 10.0), (0.8, 0.0), (1.05, 0.0)))
_UNIT_CASES: tuple[room_guess.Case, ...] = tuple(
    {"weight": weight, "start": start} for weight, start in (
        (1.0, 0.5), (1.5, 0.5), (1.5, 0.0), (3.0, 0.5), (0.9, 0.5), (-1.0, 0.0), (1.0, 0.0)))


# -- a matrix that grows before it shrinks --------------------------------------------------------
def draw_matrix(answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.small_maps import powers

    hand, picture, side = st.columns(parts.WIDTHS, gap="medium")
    with hand:
        diagonal = parts.slide("diagonal", 0.0, 1.1, 0.9, 0.05)
        corner = parts.slide("corner", 0.0, 10.0, 2.0, 0.5)
        st.latex(rf"W = \begin{{pmatrix}} {diagonal:g} & {corner:g} \\ 0 & {diagonal:g} "
                 r"\end{pmatrix}")
    found = powers(diagonal, corner, _POWERS)
    course = _course(found)
    by_step = Axes(t("room.steps"), t("room.norm"), (-5.0, 4.0))
    if not room_guess.revealed(answer, "matrix", (diagonal, corner), COURSES, course,
                               _MATRIX_CASES, lambda c: t(f"room.course.{c}"), _POWERS):
        with picture:
            st.markdown(t("room.norm_title"))
            parts.hidden("room.matrix", by_step, (0, _POWERS))
        return
    top = int(found.norms.argmax())
    answer.markdown(t(
        f"room.matrix.{course}", radius=f"{diagonal:g}", top=f"{found.norms[top]:.3g}", at=top,
        first=f"{found.norms[1]:.3g}", end=power_text(_log10(found.norms[-1])),
        corner=f"{found.corners[top]:.4g}"))
    with picture:
        st.markdown(t("room.norm_title"))
        parts.plot("room.matrix", lambda: by_lag_figure(
            [Line("‖Wᵏ‖", np.array([_log10(n) for n in found.norms]), main=True, colour="rnn",
                  dash="solid", value=power_text(_log10(found.norms[-1]))),
             Line(t("room.radius"), np.array([_log10(n) for n in found.radius]), dash="dot")],
            by_step, _POWERS, edge=True), (diagonal, corner), t("room.matrix_alt"), "room.matrix")
    with side:
        st.markdown(t("room.circle_title"))
        parts.plot("room.circle", lambda: circle_figure(
            found.images[:_WALKED + 1], _tips(found, diagonal)[:_WALKED + 1],
            [f"k = {k}   ‖Wᵏ‖ = {n:.3g}" for k, n in enumerate(found.norms)],
            ("x₁", "x₂")), (diagonal, corner), t("room.circle_alt"), "room.matrix")


def _tips(found: Powers, diagonal: float) -> Values:
    """Wᵏ (0, 1)ᵀ: the right column."""
    return np.stack([found.corners, diagonal ** np.arange(len(found.corners))], 1)


def _course(found: Powers) -> str:
    """Which of COURSES: after the last step it is below 1 or not, and was it ever above."""
    if found.norms[-1] >= 1:
        return "grows"
    return "grows_first" if found.norms.max() > 1 else "falls"


def _log10(value: float) -> float:
    return float(np.log10(value)) if value > 0 else -np.inf


# -- one unit -------------------------------------------------------------------------------------
def choices() -> None:
    parts.choose(_PHI, PHIS, t("room.activation"), lambda a: t(f"room.phi.{a}"))


def draw_unit(answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.small_maps import scalar_map

    activation = cast("Slope", parts.chosen(_PHI, PHIS))
    columns = st.columns(2, gap="medium")
    with columns[0]:
        w = parts.slide("weight", -3.0, 4.0, 1.5, 0.1)
    with columns[1]:
        start = parts.slide("start", -1.0, 1.0, 0.5, 0.1)
    settings = (activation, w, start)
    course, logs = scalar_map(w, start, _STEPS, activation)
    log10 = logs / np.log(10)
    by_step = Axes(t("room.unit_steps"), t("room.unit_size"), (-60.0, 10.0))
    by_weight = Axes(t("room.weight"), t("room.unit_after"), (-80.0, 30.0))
    web, product, over = st.columns(3, gap="medium")
    if not room_guess.revealed(answer, "unit", settings, parts.FATES, parts.fate(log10[-1]),
                               _UNIT_CASES, lambda f: t(f"room.fate.{f}"), _STEPS):
        with product:
            st.markdown(t("room.product_title"))
            parts.hidden("room.slopes", by_step, (0, _STEPS))
        with over:
            st.markdown(t("room.weights_title"))
            parts.hidden("room.weights", by_weight, (-3, 4))
    else:
        answer.markdown(_unit_finding(activation, w, start, course, log10))
        with product:
            st.markdown(t("room.product_title"))
            parts.plot("room.slopes", lambda: by_lag_figure(
                [Line("", log10, main=True, colour="rnn", dash="solid",
                      value=power_text(log10[-1]))], by_step, _STEPS, edge=True, linked=2),
                settings, t("room.slopes_alt"), "room.unit")
        with over:
            st.markdown(t("room.weights_title"))
            parts.plot("room.weights", lambda: _over_weights(w, start, activation, by_weight),
                       settings, t("room.weights_alt"))
    with web:
        st.markdown(t("room.cobweb_title"))
        parts.plot("room.unit", lambda: _cobweb(w, course, activation), settings,
                   t("room.cobweb_alt"), "room.unit")


def _cobweb(w: float, course: Values,
            activation: Slope) -> object:
    from rnnlm_core.insight.activations import phi
    from rnnlm_core.insight.small_maps import cobweb

    x = np.linspace(-1.1, 1.1, 111)
    stairs = cobweb(course)
    names = [f"t = {(i + 1) // 2}   h = {course[(i + 1) // 2]:.3f}" for i in range(len(stairs))]
    return cobweb_figure((x, phi(w * x, activation)), stairs, names, ("hₜ", "hₜ₊₁"))


def _over_weights(w: float, start: float, activation: Slope, axes: Axes) -> object:
    from rnnlm_core.insight.small_maps import slope_sizes

    weights = np.round(np.arange(-3, 4.01, 0.1), 1)
    sizes = slope_sizes(weights, start, _STEPS, activation) / np.log(10)
    return by_setting_figure(weights, sizes.tolist(), [], w, axes, "rnn", log=True)


def _unit_finding(activation: Slope, w: float, start: float, course: Values, log10: Values
                  ) -> str:
    if np.isneginf(log10[-1]):
        return t("room.unit_nothing", h=f"{course[-1]:.3f}")
    return joined([
        t(f"room.unit_{parts.fate(log10[-1])}", size=power_text(log10[-1]), h=f"{course[-1]:.3f}"),
        t(f"room.unit_why.{_unit_why(activation, w, start)}", w=f"{w:g}",
          slope=parts.factor_text(10 ** float(log10[-1] - log10[-2])))])


def _unit_why(activation: Slope, w: float, start: float) -> str:
    """The reason, by where the unit comes to rest and how steep its curve is there."""
    if activation == "sigmoid":
        return "sigmoid"
    if start == 0:
        return "at_rest"
    return "small" if abs(w) < 1 else "edge" if abs(w) == 1 else "flat"
