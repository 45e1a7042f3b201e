"""What is this? A network writing, one of its units, and three ways onward. Waits for no torch."""

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.errors import UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import home_view, runs
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault, head, how_to_read, next_link

names, dialogue = (RunFolder(launch.models_root() / name) for name in (runs.NAMES, runs.DIALOGUE))


def cards() -> None:
    writes, reads = (home_view.showcase(str(run.path)) for run in (names, dialogue))
    with st.grid(2, min_column_width=340, gap="small"):
        with st.container(border=True, height="stretch", gap="small"):
            home_view.writing_card(names)
        with st.container(border=True, height="stretch", gap="small"):
            home_view.unit_card(dialogue, reads)
    with st.grid(3, min_column_width=260, gap="small"):
        with st.container(border=True, height="stretch", gap="xsmall"):
            home_view.train_card(names)
        with st.container(border=True, height="stretch", gap="xsmall"):
            home_view.states_card(reads)
        with st.container(border=True, height="stretch", gap="xsmall"):
            home_view.gradients_card(writes)


head(t("home.title"))
try:
    home_view.go_on()
    st.markdown(home_view.finding(names))
    cards()
except UnrollError as error:
    fault(error)
next_link("data", t("home.next"))
how_to_read(t("home.how_to_read"))
