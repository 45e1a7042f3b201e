"""What may change while a run trains: a popover beside Pause, one field a knob."""

from __future__ import annotations

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import FIELDS, RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.knobs import KNOBS, SAMPLE_KNOB, SAMPLE_TEMPERATURE
from rnnlm_core.records import Event
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import session
from rnnlm_ui.i18n import error_text, number, t
from rnnlm_ui.milestones import knob_name
from rnnlm_ui.page import plain

_STEP = {"clip_norm": 0.1, "clip_value": 0.1, SAMPLE_KNOB: 0.1}
_PROBLEM = "knobs.problem"


def popover(folder: RunFolder, config: RunConfig) -> None:
    """The fields take effect with the next step, each change as an event of the run."""
    with st.popover(t("train.knobs"), icon=":material/tune:"):
        st.markdown(":gray[" + t("train.knobs_help") + "]")
        changes = last_changes(folder)
        names = [n for n in (*KNOBS, SAMPLE_KNOB) if n != "layer_dropout" or config.layers > 1]
        sides = st.columns(2)
        for index, name in enumerate(names):
            with sides[index % 2]:
                _field(folder, name, now(folder, config, name), planned(config, name),
                       changes.get(name))
        if (problem := session.recall(_PROBLEM, "")):
            st.error(plain(problem), icon=":material/error:")


def now(folder: RunFolder, config: RunConfig, name: str) -> float:
    """The value that is wished for."""
    return float(folder.control().knobs.get(name, planned(config, name)))


def planned(config: RunConfig, name: str) -> float:
    """The value it began with."""
    return float(SAMPLE_TEMPERATURE if name == SAMPLE_KNOB else getattr(config, name))


def last_changes(folder: RunFolder) -> dict[str, Event]:
    """The newest change of each knob."""
    return {str(e.values.get("name")): e for e in folder.events()[0] if e.kind == "knob"}


def _field(folder: RunFolder, name: str, value: float, usual: float, changed: Event | None
           ) -> None:
    # The browser makes the field when the popover is opened, from `value`; session state set here
    # would not be there then, and set at each look would write over what is being typed.
    key = f"knob.{folder.id}.{name}"
    limits = FIELDS[name].metadata if name in FIELDS else {"low": 0.0, "high": 10.0}
    step = _STEP.get(name, 0.05 if name.endswith("dropout") else max(usual / 10, 1e-6))
    st.number_input(knob_name(name), float(limits["low"]), float(limits["high"]), value, step=step,
                    format="%.4g", key=key, on_change=lambda: _turn(folder, name, key, value))
    if changed is not None:
        before = changed.values.get("before")
        was = f"{before:g}" if isinstance(before, (int, float)) else "–"
        st.markdown(":gray[" + t("train.knob_changed", step=number(changed.step), before=was) + "]")


def _turn(folder: RunFolder, name: str, key: str, value: float) -> None:
    session.forget(_PROBLEM)
    try:
        launch.turn(folder, name, session.widget(key, value))
    except BadInput as error:
        session.remember(_PROBLEM, error_text(error))
