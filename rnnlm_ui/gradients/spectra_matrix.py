"""The recurrent matrix of the Spectra tool: eigenvalues in the plane, ρ and σ_max over training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import RunError
from rnnlm_core.figures import gradients_matrix
from rnnlm_core.figures.gradients_matrix import Circle, Course
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.spectra_views import Look, names
from rnnlm_ui.i18n import number, t
from rnnlm_ui.time_machine import offered
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.recurrent_weights import Radii
    from rnnlm_ui.gradients.spectra import Found

STEP = "J"  # in the place of a block: the Jacobian of one step
_BLOCK = "block"
_MOMENTS = ((128, 40), (256, 20), (1024, 10))  # (H up to, moments): eigenvalues cost H³


def matrix(look: Look, found: Found, before: Found | None) -> None:
    block = _block(look.config)
    left, right = st.columns(2, gap="medium")
    with left:
        _plane(look, block, before is not None)
    with right:
        if block == STEP:
            st.markdown(t("gradients_spectra.step_text", **words_of(look.config)))
        else:
            _course(look, block)
    kind = "step" if block == STEP else "rnn" if look.config.cell == "rnn" else "gates"
    st.markdown(t(f"gradients_spectra.means.{kind}", block=_block_name(block)))


def _block(config: RunConfig) -> str:
    from rnnlm_core.insight.recurrent_weights import blocks_of

    blocks = (*blocks_of(config.cell), STEP)
    if session.widget(_BLOCK, None) not in (None, *blocks):  # of another cell
        session.set_widget(_BLOCK, blocks[0])
    return st.segmented_control(
        t("gradients_spectra.block"), blocks, key=session.choice(_BLOCK, blocks, blocks[0]),
        required=True, format_func=_block_name, label_visibility="collapsed") or blocks[0]


def _block_name(block: str) -> str:
    if block == STEP:
        return t("gradients_spectra.step_name")
    gate = block.removeprefix("U_")
    return block if gate == block else t("gradients_spectra.block_name", block=block,
                                         gate=t(f"gradients_spectra.gate.{gate}"))


def _plane(look: Look, block: str, with_start: bool) -> None:
    scene = look.scene
    points = _eigenvalues(scene.path, scene.step, scene.digest, look.layer, block)
    start = _eigenvalues(scene.path, None, "", look.layer, block) if with_start else None
    outside = int((np.abs(points) > 1).sum())
    st.markdown(t("gradients_spectra.plane_title", block=_block_name(block), outside=outside,
                  n=len(points), rho=f"{abs(points[0]):.3f}"))
    circles = _circles(look.config, block)
    live_plot(lambda: gradients_matrix.plane_figure(
                  points, start, circles, look.config.cell,
                  (t("gradients_spectra.real"), t("gradients_spectra.imaginary")), names()),
              key="gradients_spectra.plane", height=gradients_matrix.HEIGHT, on=(),
              alt=t("gradients_spectra.plane_alt", block=_block_name(block)),
              rev=(*look.revision, block))


def _circles(config: RunConfig, block: str) -> list[Circle]:
    from rnnlm_core.insight.recurrent_weights import largest_slope

    unit = t("gradients_spectra.unit_circle")
    if block == STEP:
        return [Circle(1.0, unit)]
    radius = 1 / largest_slope(config, block)
    if radius == 1:
        return [Circle(1.0, t("gradients_spectra.both_circles"))]
    return [Circle(1.0, unit), Circle(radius, t("gradients_spectra.slope_circle",
                                                value=f"{radius:g}"), "dash")]


@st.cache_data(max_entries=128, show_spinner=False)
def _eigenvalues(path: str, step: int | None, digest: str, layer: int, block: str
                 ) -> NDArray[np.complex128]:
    """Without a digest: of the untrained network."""
    from rnnlm_core.insight import recurrent_weights, spectra
    from rnnlm_core.nets.cells import layer_weights

    run = runs.opened(RunFolder(path), step)
    model = run.model if digest else run.untrained
    if block == STEP:
        ids = run.tokenizer.encode(look_inside.text_of(run)[0])
        return spectra.step_eigenvalues(model, ids, layer)
    return recurrent_weights.eigenvalues(recurrent_weights.block_of(
        layer_weights(model, layer).W_hh, run.config.cell, block))


# -- over training --------------------------------------------------------------------------------
def _course(look: Look, block: str) -> None:
    from rnnlm_core.insight.recurrent_weights import largest_slope

    kept = offered(look.scene.folder)
    moments = _spread(kept, next(most for hidden, most in _MOMENTS if look.config.hidden <= hidden))
    measured = [(entry.step, _radii(look.scene.path, entry.step, entry.sha256, look.layer, block))
                for entry in moments]
    known = [(step, radii) for step, radii in measured if radii is not None]
    if len(known) < 2:
        st.markdown(t("gradients_spectra.course_none"))
        return
    steps, courses = [step for step, _ in known], [radii for _, radii in known]
    first, last = courses[0], courses[-1]
    st.markdown(t("gradients_spectra.course_title", step=number(steps[0]), last=number(steps[-1]),
                  rho=f"{first.spectral:.2f}", rho_last=f"{last.spectral:.2f}",
                  sigma=f"{first.largest:.2f}", sigma_last=f"{last.largest:.2f}"))
    limit = 1 / largest_slope(look.config, block)
    at = look.scene.shown.step if look.scene.shown is not None else None

    def draw() -> Any:
        return gradients_matrix.course_figure(
            steps, [Course("σ_max", [r.largest for r in courses]),
                    Course("ρ", [r.spectral for r in courses], "dash")],
            Circle(limit, "1/γ", "dot"), at, look.config.cell,
            (t("gradients_spectra.step"), t("gradients_spectra.radius")))

    live_plot(draw, key="gradients_spectra.course", height=gradients_matrix.HEIGHT, on=(),
              alt=t("gradients_spectra.course_alt", block=_block_name(block)),
              rev=(*look.revision, block, tuple(steps)))
    left_out, lost = len(kept) - len(moments), len(measured) - len(known)
    if left_out:
        st.markdown(t("gradients_spectra.course_some", n=len(moments), all=len(kept)))
    if lost:
        st.markdown(t("gradients_spectra.course_lost", n=lost))


def _spread(kept: Sequence[Entry], most: int) -> list[Entry]:
    """At most so many, the first and the last always."""
    if len(kept) <= most:
        return list(kept)
    return [kept[i] for i in np.unique(np.linspace(0, len(kept) - 1, most).round().astype(int))]


@st.cache_data(max_entries=2048, show_spinner=False)
def _radii(path: str, step: int, digest: str, layer: int, block: str) -> Radii | None:
    """None where training diverged and left no numbers. `digest` is a part of the key."""
    from rnnlm_core.insight import recurrent_weights

    try:
        return recurrent_weights.radii(
            recurrent_weights.kept_block(RunFolder(path), step, layer, block))
    except RunError as error:
        if error.code != "run.no_numbers":
            raise
        return None
