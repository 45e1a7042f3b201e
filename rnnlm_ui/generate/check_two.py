"""Two models: which of two networks is less surprised by the text, and where."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import runs
from rnnlm_ui.generate.check_text import Checked
from rnnlm_ui.i18n import t
from rnnlm_ui.states.compare import Moment, choose_other, difference_of, names_of, surprises
from rnnlm_ui.toolbox import Scene

_KEYS = ("check_two_run", "check_two_step")


def show(scene: Scene, checked: Checked, answer: DeltaGenerator) -> None:
    run, moment = st.columns([2, 1], gap="small")
    if scene.shown is None:
        return
    other = choose_other(scene.folder, run, moment, _KEYS, with_state=False,
                         first=runs.shipped_alike(scene.folder),
                         own=partial(halfway, without=scene.shown.step))
    if other is None:
        return
    folder, entry = other
    this = Moment(scene.path, scene.shown.step, scene.digest)
    that = Moment(str(folder.path), entry.step, entry.sha256)
    if this == that:
        answer.markdown(t("states_compare.same"))
        return
    found = difference_of(this, that, checked.text, checked.by_itself and not checked.beginning)
    surprises(found, names_of((scene.folder, scene.shown), other), answer)


def halfway(steps: Sequence[int], without: int) -> int:
    """The moment nearest to half of all steps, but for the one that is looked at: what both know is
    alike enough to compare, as nothing is with an untrained network."""
    others = [step for step in steps if step != without] or list(steps)
    return min(others, key=lambda step: abs(step - max(steps) / 2))
