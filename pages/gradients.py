"""How far back does learning reach? Gradients by lag, of this run and of untrained networks."""

import streamlit as st

from rnnlm_core.errors import UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
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
from rnnlm_ui.page import fault, head, how_to_read, next_link


def view(folder: RunFolder, digest: str, step: int | None) -> None:
    """The answer, the chart with its numbers beside it, the settings."""
    config = folder.config()
    place = st.container()
    length, lost = text_length(folder)
    choices = lags_of(length)
    picture, side = st.columns([1.7, 1], gap="medium")
    settings(choices, has_trained=bool(digest))
    reaches = compared(folder, digest, session.widget(LAG, choices[-1]))
    place.markdown(answer(reaches, config, untrained=step == 0))
    if lost is not None:
        place.markdown(t("gradients.own_text"))
    rows = rows_of(reaches, session.widget(SHOW, "both"))
    with picture:
        chart(rows, reaches, session.widget(RELATIVE, "yes") == "yes",
              (folder.id, digest, reaches.lags))
    with side:
        table(rows)
        st.markdown(t("gradients.caption", n=reaches.windows, hidden=config.hidden))


folder = runs.current()
head(t("gradients.title"), actions=runs.picker)
look_inside.missing_run()
stamp, place = st.container(), st.empty()
shown, config = None, None
try:
    shown = look_inside.newest(folder)
    digest = shown.sha256 if shown is not None else ""
    if look_inside.first_time("gradients", (folder.id, digest)):
        place.skeleton(height=520)
    config = folder.config()
    with place.container():
        view(folder, digest, None if shown is None else shown.step)
except UnrollError as error:
    with place.container():
        fault(error)
with stamp:
    look_inside.follow_checkpoints(folder, shown)
next_link("generate", t("gradients.next"))
how_to_read(t("gradients.how_to_read",
              forget_bias=f"{config.forget_bias:g}" if config is not None else "1"))
