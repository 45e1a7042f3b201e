"""Two models: which of two networks is less surprised by the text, and where."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui.generate.check_text import Checked
from rnnlm_ui.i18n import t
from rnnlm_ui.states.compare import Moment, choose_other, difference_of, names_of, surprises
from rnnlm_ui.toolbox import Scene


def show(scene: Scene, checked: Checked, answer: DeltaGenerator) -> None:
    run, moment = st.columns([2, 1], gap="small")
    other = choose_other(scene.folder, run, moment, with_state=False)
    if other is None or scene.shown is None:
        return
    folder, entry = other
    this = Moment(scene.path, scene.shown.step, scene.digest)
    that = Moment(str(folder.path), entry.step, entry.sha256)
    if this == that:
        answer.markdown(t("states_compare.same"))
        return
    found = difference_of(this, that, checked.text, checked.by_itself and not checked.beginning)
    surprises(found, names_of((scene.folder, scene.shown), other), answer)
