"""The dials of the tool, what a setting is called, and the beginning that it goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_ui import session
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings

LONGEST_TEXT = 300  # characters that a reader may type
MOST_SEED = 2**31 - 1
# by the key of its widget: which setting it is, and its value at first
DIALS: dict[str, tuple[str, Any]] = {
    "cut_penalty": ("repetition_penalty", 1.0), "cut_t": ("temperature", 0.8),
    "cut_k": ("top_k", 0), "cut_p": ("top_p", 0.9), "cut_min": ("min_p", 0.0)}
TEXT, SEED = "cut_text", "cut_seed"


def dials(config: RunConfig, narrow: bool) -> None:
    """One for each rule, in the order in which they act. On a phone behind one button."""
    if narrow:
        with st.popover(t("generate.settings"), icon=":material/tune:"):
            _dials(words_of(config), "stretch", "stretch")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _dials(words_of(config), 190, 120)


def _dials(names: dict[str, str], width: Any, number_width: Any) -> None:
    first = {key: value for key, (_, value) in DIALS.items()}
    st.slider(t("generate_cuts.dial.repetition_penalty"), 1.0, 2.0, first["cut_penalty"], step=0.05,
              key="cut_penalty", width=width, bind="query-params",
              help=t("generate_cuts.help.repetition_penalty", **names))
    st.slider(t("generate_cuts.dial.temperature"), 0.0, 2.0, first["cut_t"], step=0.05, key="cut_t",
              width=width, bind="query-params", help=t("generate_cuts.help.temperature", **names))
    st.number_input(t("generate_cuts.dial.top_k"), 0, 20_000, first["cut_k"], key="cut_k",
                    width=number_width, bind="query-params",
                    help=t("generate_cuts.help.top_k", **names))
    st.slider(t("generate_cuts.dial.top_p"), 0.01, 1.0, first["cut_p"], step=0.01, key="cut_p",
              width=width, bind="query-params", help=t("generate_cuts.help.top_p", **names))
    st.slider(t("generate_cuts.dial.min_p"), 0.0, 1.0, first["cut_min"], step=0.01, key="cut_min",
              width=width, bind="query-params", help=t("generate_cuts.help.min_p", **names))


def dialled(**more: Any) -> SamplingSettings:
    """As the dials stand; a field that was emptied counts as its first value."""
    from rnnlm_core.generate import SamplingSettings

    values = {}
    for key, (name, value) in DIALS.items():
        now = session.widget(key, value)
        values[name] = value if now is None else now
    return SamplingSettings(**values, **more)


def setting_name(settings: SamplingSettings) -> str:
    """`T 0.5`, `top-k 5 + min-p 0.1`, `greedy`; without a rule `T 1`."""
    from rnnlm_core.insight.cuts import rules_of

    rules = rules_of(settings)
    names = [rule_name(rule, settings) for rule in rules]
    return " + ".join(names) if names else rule_name("temperature", settings)


def rule_name(rule: str, settings: SamplingSettings) -> str:
    """A rule with its value, in a few letters."""
    if rule == "model":
        return t("generate_cuts.rule.model")
    value = getattr(settings, rule)
    if rule == "temperature" and value == 0:
        return t("generate_cuts.rule.greedy")
    return t(f"generate_cuts.rule.{rule}", value=f"{value:g}")


def beginning_box(place: Any, label: str, narrow: bool) -> str:
    """The text that a reader goes on from; "" where they have typed none."""
    with place.container(width="stretch" if narrow else 380, gap="xsmall"):
        # no `max_chars`: the browser would keep a longer text back without a word
        typed = st.text_input(label, key=session.text(TEXT, lines=False), persist_state="session",
                              placeholder=t("generate_cuts.placeholder")) or ""
        if len(typed) > LONGEST_TEXT:
            st.markdown(t("states.text_cut", n=number(LONGEST_TEXT)))
    return typed[:LONGEST_TEXT]
