"""The units that were found to hold something, to choose from."""

from __future__ import annotations

import streamlit as st

from rnnlm_ui import session
from rnnlm_ui.i18n import t
from rnnlm_ui.states.choice import FOUND, choose
from rnnlm_ui.states.findings import Choice, detail, doubt, entry, finding_of, is_memory, tried
from rnnlm_ui.states.look import Look


def found_list(look: Look) -> None:
    """The units that remember something, to choose from; the others behind a popover."""
    memories = [f for f in look.findings if is_memory(f)]
    rest = [f for f in look.findings if not is_memory(f)]
    own = finding_of([*memories, *rest], look.choice, session.recall("states.label", ""))
    st.subheader(t("states.found"), anchor=False)
    if memories:
        session.set_widget(FOUND, memories.index(own) if own in memories else None)

        def picked() -> None:
            if (index := session.widget(FOUND, None)) is not None:
                finding = memories[index]
                session.remember("states.label", finding.label)
                choose(Choice(finding.part, finding.layer, finding.unit))

        st.radio(t("states.found"), range(len(memories)), key=FOUND, on_change=picked,
                 label_visibility="collapsed",
                 format_func=lambda i: entry(memories[i], look.config))
    if rest:
        with st.popover(t("states.rest", n=len(rest)), type="tertiary"):
            for finding in rest:
                st.markdown(f"{entry(finding, look.config)}  \n:material/warning: {doubt(finding)}")
    if own is not None:
        st.markdown(detail(own, look.config))
    st.markdown(t("states.tried", **tried(look.findings, look.config)))
