"""How far back does learning reach? Gradients by lag, of this run and of untrained networks."""

import streamlit as st

from rnnlm_core.errors import UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session, time_machine
from rnnlm_ui.gradients_view import (
    LAG,
    RELATIVE,
    SHOW,
    answer,
    chart,
    compared,
    lags_of,
    rows_of,
    settings,
    table,
    text_length,
)
from rnnlm_ui.i18n import t
from rnnlm_ui.page import head, how_to_read, next_link
from rnnlm_ui.tokens import words_of, words_on


def view(folder: RunFolder, digest: str, step: int | None) -> None:
    """The answer, the chart with its numbers beside it, the settings."""
    config = folder.config()
    place = st.container()
    length, lost = text_length(folder)
    choices = lags_of(length)
    picture, side = st.columns([1.7, 1], gap="medium")
    settings(choices, bool(digest), config)
    reaches = compared(folder, time_machine.moment(folder), digest,
                       session.widget(LAG, choices[-1]))
    place.markdown(answer(reaches, config, untrained=step == 0))
    if lost is not None:
        place.markdown(t("gradients.own_text"))
    rows = rows_of(reaches, session.widget(SHOW, "both"))
    with picture:
        chart(rows, reaches, config, session.widget(RELATIVE, "yes") == "yes",
              (folder.id, digest, reaches.lags))
    with side:
        table(rows)
        st.markdown(t("gradients.caption", n=reaches.windows, hidden=config.hidden,
                      **words_of(config)))


folder = runs.current()
head(t("gradients.title"), actions=runs.picker)
look_inside.missing_run()
time_machine.slider(folder, lambda: time_machine.fork_link(folder))
stamp, shown, config = st.container(), None, None
room = look_inside.room("gradients", folder, height=520)
try:
    shown = time_machine.entry(folder)
    digest = shown.sha256 if shown is not None else ""
    config = folder.config()
    with room():
        view(folder, digest, None if shown is None else shown.step)
except UnrollError as error:
    with room():
        look_inside.why_nothing(error)
with stamp:
    look_inside.follow_checkpoints(folder, shown)
next_link("generate", t("gradients.next"))
how_to_read(t("gradients.how_to_read", **words_on(folder),
              forget_bias=f"{config.forget_bias:g}" if config is not None else "1"))
