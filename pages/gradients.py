"""How far back does learning reach, and why? Several tools on one run, and some that need none."""

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_ui import runs, toolbox
from rnnlm_ui.gradients import tools
from rnnlm_ui.i18n import t
from rnnlm_ui.page import head, how_to_read, next_link
from rnnlm_ui.tokens import words_on


def forget_bias() -> str:
    """Of the run that is looked at; the default one where it cannot be read."""
    try:
        return f"{runs.current().config().forget_bias:g}"
    except UnrollError:
        return f"{RunConfig().forget_bias:g}"


tool = tools.chosen()
alone = tool in tools.WITHOUT_RUN
head(t(f"gradients.question.{tool}"), actions=None if alone else runs.picker)
if alone:
    tools.show(tools.switch(), st.container())
else:
    toolbox.of_run("gradients", runs.current(), tools.switch, tools.show)
if not tools.next_step(tool):
    next_link("generate", t("gradients.next"))
how_to_read(t(f"gradients.how.{tool}", **words_on(runs.current()), forget_bias=forget_bias()))
