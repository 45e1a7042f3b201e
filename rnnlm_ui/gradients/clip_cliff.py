"""A walk down the loss surface of one recurrent unit, over its cliff or along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_cliff import (
    HEIGHT,
    STEPS_HEIGHT,
    CliffWords,
    Path,
    cliff_figure,
    norms_figure,
)
from rnnlm_core.insight.cliff import B_RANGE, W_RANGE, loss_and_gradient, walk
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import Point, live_plot
from rnnlm_ui.gradients.clip_norms import size
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.cliff import Walk

STEPS = 60
WALKERS = ("free", "clipped")
_WALKER, _CLICKED = "clip_walker", "clip.cliff_clicked"
_FIRST = {"w": 5.5, "b": -2.6, "rate": 0.5, "limit": 0.1}
_W, _B = (np.round(np.arange(low, high + 0.01, 0.02), 2) for low, high in (W_RANGE, B_RANGE))
_STEP = 0.05  # of the sliders of the start
_SMALL = 0.01  # a loss below it: the unit ends within 0.1 of where it should


@st.cache_data(max_entries=1, show_spinner=False)
def surface() -> NDArray[np.float32]:
    """The loss at every place that is drawn, (b, w)."""
    return loss_and_gradient(_W[None, :], _B[:, None])[0].astype(np.float32)


def show(_scene: Scene, answer: DeltaGenerator) -> None:
    _take_over_click()
    picture, side = st.columns([1.7, 1], gap="medium")
    with side:
        start = _slider("w", *W_RANGE, _STEP), _slider("b", *B_RANGE, _STEP)
        rate, limit = _slider("rate", 0.1, 2.0, 0.1), _slider("limit", 0.02, 1.0, 0.02)
        walker = st.segmented_control(
            t("gradients_clip.walker"), WALKERS, key=session.choice(_WALKER, WALKERS, WALKERS[0]),
            required=True, format_func=lambda name: t(f"gradients_clip.walk.{name}")) or WALKERS[0]
    free, clipped = walk(start, rate, STEPS), walk(start, rate, STEPS, limit)
    answer.markdown(finding(free, clipped, limit))
    paths = [_path(found, name, name == walker)
             for found, name in ((free, "free"), (clipped, "clipped"))]
    words = CliffWords("w", "b", t("gradients_clip.cliff_loss"), t("gradients_clip.cliff_step"),
                       t("gradients_clip.norm"), t("gradients_clip.limit_line"))
    settings = (start, rate, limit)
    with picture:
        clicked = live_plot(lambda: cliff_figure(_W, _B, surface(), paths, words),
                            key="clip.cliff", height=HEIGHT, alt=t("gradients_clip.cliff_alt"),
                            on=("click",), rev=(settings, walker)).click
    live_plot(lambda: norms_figure(paths, limit, words), key="clip.cliff_norms",
              height=STEPS_HEIGHT, alt=t("gradients_clip.cliff_norms_alt"), on=(), rev=settings)
    if clicked is not None and clicked.column is not None and clicked.row is not None:
        _click(clicked)


def _slider(name: str, low: float, high: float, step: float) -> float:
    key = f"clip.cliff_{name}"
    session.preset(key, _FIRST[name])
    return float(st.slider(t(f"gradients_clip.cliff_slider.{name}"), low, high, key=key, step=step,
                           persist_state="session"))


def _click(at: Point) -> None:
    """Start from the place that was pointed at; the sliders are drawn by now."""
    assert at.column is not None and at.row is not None
    session.remember(_CLICKED, [round(round(float(value) / _STEP) * _STEP, 2)
                                for value in (_W[at.column], _B[at.row])])
    session.page_again()


def _take_over_click() -> None:
    place = session.recall(_CLICKED, None)
    if place is not None:
        for name, value in zip("wb", place, strict=True):
            session.set_widget(f"clip.cliff_{name}", value)
        session.forget(_CLICKED)


def _path(found: Walk, name: str, walked: bool) -> Path:
    hovers = [t("gradients_clip.at_step", n=n, norm=size(float(norm)))
              for n, norm in enumerate(found.norms)]
    gone = ""
    if found.left_at:
        w, b = found.places[found.left_at]
        gone = t("gradients_clip.thrown", w=_place(w), b=_place(b))
    return Path(found.places, found.norms, t(f"gradients_clip.walk.{name}"), hovers,
                name == "clipped", walked, gone)


# -- words ----------------------------------------------------------------------------------------
def finding(free: Walk, clipped: Walk, limit: float) -> str:
    """What became of the walk without clipping and of that with it."""
    return joined([_fate(free, "free"), _fate(clipped, "clipped", limit=f"{limit:g}")])


def _fate(found: Walk, name: str, **values: str) -> str:
    first, last = found.losses[0], found.losses[-1]
    values |= {"first": f"{first:.3f}", "last": f"{last:.4f}", "n": str(STEPS)}
    if (step := found.left_at) is not None:
        w, b = found.places[step]
        # steps made, as along the chart: the last one from inside met the gradient that threw it
        return t(f"gradients_clip.{name}_left", met=str(step - 1), step=str(step),
                 norm=size(float(found.norms[step - 1])), w=_place(w), b=_place(b), **values)
    kind = "down" if last < _SMALL and last < first else "stays"
    return t(f"gradients_clip.{name}_{kind}", **values)


def _place(value: float) -> str:
    return size(value).replace("-", "−") if abs(value) >= 100 else f"{value:.2f}".replace("-", "−")
