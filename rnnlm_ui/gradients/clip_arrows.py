"""By norm against by value: as arrows in the plane, and for a run's gradient in all dimensions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.gradients_clip import (
    ARROWS_HEIGHT,
    TURN_HEIGHT,
    Arrow,
    TurnWords,
    arrows_figure,
    turn_figure,
)
from rnnlm_core.insight.clipping import angle, by_norm, by_value
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.clip_gradient import batch_gradient
from rnnlm_ui.gradients.clip_norms import percent, size
from rnnlm_ui.i18n import number, t
from rnnlm_ui.look_inside import note
from rnnlm_ui.toolbox import Scene

_KEPT = np.round(np.arange(1.0, 0.04, -0.025), 3)  # shares of the length
_EXAMPLE = {"g1": 3.0, "g2": 4.0, "norm": 1.0, "value": 0.5}


def show(scene: Scene, answer: DeltaGenerator) -> None:
    picture, side = st.columns([1.5, 1], gap="medium")
    with side:
        g = np.array([_slider("g1", -5.0, 5.0, 0.1), _slider("g2", -5.0, 5.0, 0.1)])
        norm, value = _slider("norm", 0.1, 6.0, 0.1), _slider("value", 0.1, 6.0, 0.1)
    normed, valued = by_norm(g, norm), by_value(g, value)
    answer.markdown(finding(g, normed, valued))
    names = {name: t(f"gradients_clip.arrow.{name}") for name in ("before", "norm", "value")}
    arrows = [Arrow(*g, names["before"], "ngram", True), Arrow(*normed, names["norm"]),
              Arrow(*valued, names["value"], "hot", right=True)]
    with picture:
        live_plot(lambda: arrows_figure(arrows, norm, value), key="clip.arrows",
                  height=ARROWS_HEIGHT, alt=t("gradients_clip.arrows_alt"), on=(),
                  rev=(tuple(g), norm, value))
    with side:
        st.markdown(_table(names, g, normed, valued))
    _of_run(scene)


def _slider(name: str, low: float, high: float, step: float) -> float:
    key = f"clip.arrow_{name}"
    session.preset(key, _EXAMPLE[name])
    return float(st.slider(t(f"gradients_clip.slider.{name}"), low, high, key=key, step=step,
                           persist_state="session"))


def finding(g: NDArray[np.float64], normed: NDArray[np.float64], valued: NDArray[np.float64]
            ) -> str:
    turned = angle(g, valued)
    if turned is None:
        return t("gradients_clip.no_gradient")
    values = {"norm": _pair(normed), "value": _pair(valued), "degrees": f"{turned:.2f}"}
    if np.array_equal(g, normed) and np.array_equal(g, valued):
        return t("gradients_clip.arrows_left", g=_pair(g))
    return t("gradients_clip.arrows_turned" if turned >= 0.005 else "gradients_clip.arrows_same",
             **values)


def _pair(vector: NDArray[np.float64]) -> str:
    """To three decimals; PyTorch's 10⁻⁶ against a division by zero is below them."""
    return "(" + ", ".join(f"{round(float(v), 3) + 0:g}" for v in vector) + ")"


def _table(names: dict[str, str], *vectors: NDArray[np.float64]) -> str:
    lines = [t("gradients_clip.arrows_table"), "|:--|--:|--:|--:|"]
    for name, vector in zip(names.values(), vectors, strict=True):
        turned = angle(vectors[0], vector)
        lines.append(f"| {name} | {_pair(vector)} | {np.linalg.norm(vector):.3f} | "
                     + ("–" if turned is None else f"{turned:.2f}°") + " |")
    return "\n".join(lines)


# -- the gradient of a batch -----------------------------------------------------------------------
class Turns(NamedTuple):
    """Of one batch's gradient, by the share of its length that clipping leaves."""

    count: int
    norm: float
    degrees: NDArray[np.float64]
    cut: NDArray[np.float64]  # share of the entries
    limits: NDArray[np.float64]


@st.cache_data(max_entries=32, show_spinner=False)
def _turns(path: str, step: int | None, digest: str) -> Turns:
    """`digest` is a part of the key, nothing more."""
    from rnnlm_core.insight.clipping import turn

    gradient = batch_gradient(path, step)
    found = [turn(gradient, float(kept)) for kept in _KEPT]
    return Turns(len(gradient), float(np.linalg.norm(gradient)),
                 np.array([one.degrees for one in found]), np.array([one.cut for one in found]),
                 np.array([one.limit for one in found]))


def _of_run(scene: Scene) -> None:
    """The same question, asked of the run that is looked at."""
    if not scene.digest:
        st.markdown(f":gray[:material/info: {t('gradients_clip.no_checkpoint')}]")
        return
    try:
        turns = _turns(scene.path, scene.step, scene.digest)
    except UnrollError as error:
        st.markdown(note(error))
        return
    session.preset("clip.kept", 50)
    said = st.container()
    kept = int(st.slider(t("gradients_clip.kept"), 5, 100, key="clip.kept", step=5, format="%d %%",
                         persist_state="session"))
    at = int(np.abs(_KEPT - kept / 100).argmin())
    said.markdown(t("gradients_clip.turned_run", kept=kept, degrees=f"{turns.degrees[at]:.0f}",
                    cosine=f"{np.cos(np.radians(turns.degrees[at])):.3f}",
                    n=number(turns.count), cut=percent(float(turns.cut[at])),
                    norm=size(turns.norm), limit=size(float(turns.limits[at]))))
    words = TurnWords(t("gradients_clip.kept_axis"), t("gradients_clip.degrees_axis"),
                      t("gradients_clip.arrow.value"), t("gradients_clip.arrow.norm"))
    live_plot(lambda: turn_figure(_KEPT, turns.degrees, (kept / 100, float(turns.degrees[at])),
                                  words),
              key="clip.turn", height=TURN_HEIGHT, alt=t("gradients_clip.turn_alt"), on=(),
              rev=(scene.digest, kept))
