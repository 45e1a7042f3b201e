"""What texts usually claim about gradients, and what came out: the rows of docs/claims.json."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_ui import session
from rnnlm_ui.claims import TOPICS, VERDICTS, Claim, loaded, readables, source_text
from rnnlm_ui.gradients import tools
from rnnlm_ui.i18n import language, t

_KEY = "claims"
_BADGE = {"reproduced": ("green", "check"), "contradicted": ("red", "close"),
          "depends": ("orange", "balance")}


def show(answer: DeltaGenerator) -> None:
    claims = loaded()
    counts = {verdict: sum(claim.verdict == verdict for claim in claims) for verdict in VERDICTS}
    answer.markdown(t("claims.answer", total=len(claims), **counts))
    topic = st.segmented_control(
        t("claims.topics"), TOPICS, key=session.choice(_KEY, TOPICS, TOPICS[0]),
        required=True, format_func=lambda name: t(f"claims.topic.{name}"),
        label_visibility="collapsed") or TOPICS[0]
    for claim in claims:
        if claim.topic == topic:
            _row(claim)
    st.markdown(t("claims.note"))


def _row(claim: Claim) -> None:
    colour, icon = _BADGE[claim.verdict]
    with st.container(border=True):
        claimed, measured = st.columns([1, 1.6], gap="medium")
        with claimed:
            st.markdown("**" + t(f"claims.said.{claim.name}") + "**")
            st.badge(t(f"claims.verdict.{claim.verdict}"), color=colour,  # type: ignore[arg-type]
                     icon=f":material/{icon}:")
        with measured:
            st.markdown(t(f"claims.found.{claim.name}", **readables(claim)))
            with st.container(horizontal=True, vertical_alignment="center"):
                if claim.lab in tools.TOOLS:
                    st.button(t("claims.see",
                                tool=t(f"gradients.tool_name.{claim.lab}")),
                              key=f"claims.see.{claim.name}", type="tertiary",
                              icon=":material/arrow_forward:", on_click=_go, args=(claim,))
                st.markdown(t("claims.behind", source=source_text(claim.source, language()),
                              run=claim.run))


def _go(claim: Claim) -> None:
    """To the tool, and to the part of it, where the claim can be seen run."""
    for key, value in {"lab": claim.lab, **claim.view}.items():
        session.set_widget(key, value)
