"""Check: how good is what it writes? One look at a time, each beside a yardstick."""

from __future__ import annotations

from importlib import import_module

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_ui import look_inside, session
from rnnlm_ui.generate.check_text import checked_text
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault
from rnnlm_ui.toolbox import Scene

VIEWS = ("surprise", "repeats", "loop", "copied", "two", "calibration")
_VIEW = "check"
# limits of a text, and no fault
_LIMITS = frozenset({"text.too_short", "text.few_characters", "text.little_in_common",
                     "text.all_unknown"})


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """One of the views, as it is chosen here or in a link (`?check=`)."""
    line = st.container(horizontal=True, gap="medium")  # of the view, and of the text beside it
    view = line.segmented_control(
        t("generate_check.view"), VIEWS, key=session.choice(_VIEW, VIEWS, VIEWS[0]), required=True,
        format_func=lambda name: t(f"generate_check.view_name.{name}"),
        label_visibility="collapsed", wrap=True) or VIEWS[0]
    draw = import_module(f"rnnlm_ui.generate.check_{view}").show
    try:
        if view == "calibration":  # of the network, and not of a text
            draw(scene, answer)
        elif (checked := checked_text(scene, line)) is not None:
            draw(scene, checked, answer)
        else:
            answer.markdown(t("generate_check.empty"))
    except UnrollError as error:
        with answer:
            if error.code in _LIMITS:
                st.markdown(look_inside.note(error))
            else:
                fault(error)
