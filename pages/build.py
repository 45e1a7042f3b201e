"""How is the network built? Choose cell and sizes; see the drawing, the equations, the arrays."""

import streamlit as st

from rnnlm_core.presets import matching
from rnnlm_ui import build_drawing, build_start, build_view, config_form, preset_view, session
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault, head, how_to_read, next_link


def cell_and_text() -> None:
    with st.container(width=300):
        config_form.cell_field(label_visibility="collapsed")
    with st.container(width=290):
        config_form.corpus_field(label_visibility="collapsed")


head(t("build.title"), actions=cell_and_text)
config = session.draft()
sizes, missing = build_view.text_sizes(config)
if missing is not None:
    fault(missing)
if (problem := build_view.too_large(config, sizes)) is not None:
    fault(problem)
st.markdown(build_view.finding(config, sizes))
build_view.fields()
if matching(config) is not None:
    preset_view.note("build")
picture, side = st.columns([2.1, 1], gap="medium")
with picture:
    build_drawing.drawing(config, sizes)
    build_view.table(config, sizes.vocabulary)
with side:
    build_start.equations(config)
    build_start.section(config)
    build_view.size_facts(config, sizes)
next_link("train", t("build.next"))
how_to_read(t("build.how_to_read"))
