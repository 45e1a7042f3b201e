"""A network of four units, trained in about a second: small enough to be seen whole."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.presets import PRESETS
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import deeds, session, time_machine
from rnnlm_ui.cell.bench import TEXT
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault

CELLS = ("rnn", "gru", "lstm")
_CHARACTERS = 12_000  # of its text: more would be read for the yardsticks only


def offer() -> None:
    """One button a cell; the run is looked at as soon as it is begun."""
    with st.popover(t("cell_step.tiny"), type="tertiary", icon=":material/bolt:"):
        st.markdown(t("cell_step.tiny_what"))
        with st.container(horizontal=True, gap="small"):
            for cell in CELLS:
                st.button(cell.upper(), key=f"cell.tiny.{cell}", on_click=deeds.press,
                          args=("tiny", cell))
    try:
        if deeds.carry_out("tiny", _begun, _look_at):
            session.page_again()
    except BadInput as error:
        fault(error)


def _begun(cell: str) -> RunFolder:
    made = launch.create_run(tiny_config(cell), launch.runs_root())
    launch.start(made)
    return made


def tiny_config(cell: str) -> RunConfig:
    """The preset `tiny` on its own text, with this cell."""
    return replace(PRESETS["tiny"].applied(RunConfig()), cell=cell,  # type: ignore[arg-type]
                   max_characters=_CHARACTERS)


def _look_at(made: RunFolder) -> None:
    session.clear_text(TEXT)
    time_machine.go_to(made, None)
