"""What clipping leaves as it was: how far back a gradient reaches, nearly all of Adam's step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.gradients import Reach, ReachWords, reach_figure
from rnnlm_ui import look_inside, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients import reach
from rnnlm_ui.gradients.clip_gradient import model_and_text
from rnnlm_ui.gradients.reach_words import half_life_text, horizon_text, rate_text
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.clipped_gradient import Step
    from rnnlm_core.insight.gradients import LagCurve

FACTORS = ("0.5", "0.1", "0.01")
_FACTOR, _HEIGHT = "clip_factor", 380


def show(scene: Scene, answer: DeltaGenerator) -> None:
    factor = st.segmented_control(
        t("gradients_clip.factor"), FACTORS, key=session.choice(_FACTOR, FACTORS, FACTORS[1]),
        required=True, format_func=lambda f: f"× {f}") or FACTORS[1]
    if not scene.digest:
        answer.markdown(t("gradients_clip.limits_wait"))
        return
    steps = _steps(scene.path, scene.step, scene.digest, float(factor))
    picture, side = st.columns([1.7, 1], gap="medium")
    told, curves = "", None
    try:
        curves = _curves(scene, float(factor))
        told = _same_reach(*curves, factor)
    except UnrollError as error:  # a CNN, or too little text: the optimizer's half still holds
        picture.markdown(look_inside.note(error))
    answer.markdown(joined([told, optimizer_text(steps, factor)]))
    if curves is not None:
        with picture:
            _chart(scene, curves, factor)
    with side:
        st.markdown(_table(steps, curves))


@st.cache_data(max_entries=64, show_spinner=False)
def _steps(path: str, step: int | None, digest: str, factor: float) -> dict[str, Step]:
    """`digest` is a part of the key, nothing more."""
    from rnnlm_core.insight.clipped_gradient import BATCHES, batch_gradients, rescaled_steps

    return rescaled_steps(batch_gradients(*model_and_text(path, step, BATCHES)), factor)


def _curves(scene: Scene, factor: float) -> tuple[LagCurve, LagCurve]:
    """Of h, as it is and with every gradient multiplied."""
    from rnnlm_core.insight.clipped_gradient import rescaled_curve

    lags = reach.lags_of(reach.text_length(scene.folder)[0])
    found, _ = reach.trained_at(scene.folder, scene.step, scene.digest,
                                100 if 100 in lags else lags[-1])[-1]
    return found.h, rescaled_curve(found.h, factor)


# -- words ----------------------------------------------------------------------------------------
def _same_reach(plain: LagCurve, scaled: LagCurve, factor: str) -> str:
    return t("gradients_clip.same_reach", factor=factor, before=horizon_text(plain),
             after=horizon_text(scaled))


def optimizer_text(steps: dict[str, Step], factor: str) -> str:
    if not steps:
        return t("gradients_clip.no_gradient")
    return t("gradients_clip.optimizers", sgd=_share(steps["sgd"].length),
             adam=_share(steps["adam"].difference), factor=factor)


def _share(value: float) -> str:
    """In percent, however small."""
    percent = 100 * value
    return f"{percent:.3g} %" if percent >= 1 else \
        f"{percent:.2g} %" if percent >= 0.001 else f"{percent:.0e} %"


def _table(steps: dict[str, Step], curves: tuple[LagCurve, LagCurve] | None) -> str:
    """What is the same and what is not, in numbers."""
    lines = [t("gradients_clip.limits_table"), "|:--|--:|--:|"]
    if curves is not None:
        for name, tell in (("rate", rate_text), ("half_life", half_life_text),
                           ("horizon", horizon_text)):
            cells = [tell(curve) for curve in curves]
            lines.append(f"| {t(f'gradients_clip.row.{name}')} | {cells[0]} | {cells[1]} |")
        cells = [curve.value_text(0) for curve in curves]
        lines.append(f"| {t('gradients_clip.row.size')} | {cells[0]} | {cells[1]} |")
    for name, step in steps.items():
        lines.append(f"| {t(f'gradients_clip.row.{name}')} | 100 % | {_share(step.length)} |")
    return "\n".join(lines)


# -- drawing --------------------------------------------------------------------------------------
def _chart(scene: Scene, curves: tuple[LagCurve, LagCurve], factor: str) -> None:
    names = t("gradients_clip.as_it_is"), f"× {factor}"

    def draw() -> Any:
        drawn = [Reach(name, scene.config.cell, curve.mean, curve.low, curve.high,
                       [curve.value_text(k) for k in range(len(curve.mean))], curve.horizon,
                       curve.is_floored(-1), kind)
                 for name, curve, kind in zip(names, curves, ("trained", "untrained"), strict=True)]
        return reach_figure(drawn, False, ReachWords(
            t("gradients.lag", **words_of(scene.config)), t("gradients.norm_absolute"),
            t("gradients.horizon_line"), "<1e-300"), _HEIGHT)

    live_plot(draw, key="clip.limits", height=_HEIGHT, on=(), rev=(scene.digest, factor),
              alt=t("gradients_clip.limits_alt"))
