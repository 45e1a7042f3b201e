"""Calibration: of all that it gave 30 %, did 30 % come?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.generate_check import CURVE_HEIGHT, CurveWords, calibration_figure
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.calibration import Reliability

OF = ("best", "every")
_OF = "check_guess"


@st.cache_data(max_entries=64, show_spinner=False)
def calibration_of(path: str, step: int | None, digest: str) -> tuple[Reliability, Reliability]:
    """On held-out text: of the best guess, and of every candidate."""
    from rnnlm_core.insight.calibration import calibration

    run = runs.opened(RunFolder(path), step)
    return calibration(run.model, run.tokenizer.encode(look_inside.text_of(run)[0]))


def show(scene: Scene, answer: DeltaGenerator) -> None:
    many = words_of(scene.config)
    of = st.segmented_control(
        t("generate_check.calibration.of"), OF, key=session.choice(_OF, OF, OF[0]), required=True,
        format_func=lambda name: t(f"generate_check.calibration.of_{name}", **many),
        label_visibility="collapsed") or OF[0]
    with st.spinner(t("generate_check.calibration.reading")):
        best, every = calibration_of(scene.path, scene.step, scene.digest)
    found = best if of == "best" else every
    answer.markdown(_answer(found, of, many))
    picture, side = st.columns([2.1, 1], gap="medium", vertical_alignment="center")
    with picture:
        live_plot(lambda: _figure(found, of, scene, many), key=f"check.calibration.{of}",
                  height=CURVE_HEIGHT, on=(), alt=t("generate_check.calibration.alt", **many),
                  rev=(scene.folder.id, scene.digest, of))
    with side:
        st.markdown(t("generate_check.calibration.error", error=_points(found.error),
                      chance=_points(found.chance)))
        st.markdown(t(f"generate_check.calibration.text_{of}", **many))
        st.markdown(t("generate_check.calibration.places", n=number(found.places), **many))
        if look_inside.text_of(runs.opened(scene.folder, scene.step))[1] is not None:
            st.markdown(t("states_gates.own_text"))


def _answer(found: Reliability, of: str, many: dict[str, str]) -> str:
    if of == "every":
        return t(f"generate_check.calibration.{'true' if found.off <= 1 else 'bent'}",
                 off=number(found.off), within=number(found.groups - found.off),
                 groups=number(found.groups), error=_points(found.error),
                 chance=_points(found.chance), **many)
    given = float(np.nansum(found.given * found.count) / found.count.sum())
    values = {"given": _points(given), "came": _points(given - found.lean),
              "band": _points(found.lean_band), **many}
    if found.honest:
        return t("generate_check.calibration.honest", **values)
    return t(f"generate_check.calibration.{'bold' if found.lean > 0 else 'shy'}", **values)


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _figure(found: Reliability, of: str, scene: Scene, many: dict[str, str]) -> Any:
    words = CurveWords(*(t(f"generate_check.calibration.{name}", **many) for name in (
        f"given_{of}", f"came_{of}", "diagonal", f"count_{of}")))
    figure = calibration_figure(found.given, found.came, found.low, found.high, found.count,
                                found.edges, scene.config.cell, words, of == "every")
    figure.update_layout(uirevision=f"{scene.folder.id} {of}")
    return figure
