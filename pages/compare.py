"""Which setting makes the difference? Several runs over each other, and ways to start several."""

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.errors import UnrollError
from rnnlm_ui import (
    compare_table,
    compare_view,
    experiment_progress,
    experiment_view,
    runs,
    session,
    sweep_view,
)
from rnnlm_ui.compare_runs import chosen, in_group, missing, rows
from rnnlm_ui.components import viewport
from rnnlm_ui.i18n import t
from rnnlm_ui.live import follow
from rnnlm_ui.page import fault, head, how_to_read, next_link

listed = rows()
compared = chosen(listed)
# the newest experiment that is still at work, whether it is looked at or not
group = next((row.group for row in listed if row.group and runs.is_active(row.status.state)), "")
watched = {row.id: row for row in [*compared, *in_group(listed, group)]}.values()
active = any(runs.is_active(row.status.state) for row in watched)


def live() -> None:
    """Everything that moves. Where a run starts or ends, the whole page is drawn anew."""
    try:
        launch.keep_queue_going(launch.runs_root())
        if any(launch.status(row.folder).state != row.status.state for row in watched):
            session.page_again()
        with st.container():  # always a place, so that the chart below keeps its own, and its zoom
            experiment_progress.progress(in_group(listed, group))
        compare_view.picture(compared, session.widget("axis", "seconds"))
    except UnrollError as error:
        fault(error)


head(t("compare.title"), actions=compare_view.axis_switch)
compare_table.missing_note(missing(listed))
experiment_view.row(listed)
follow(live, active, key="compare.live")
sweep_view.section(listed, compared)
compare_table.section(listed, compared)
next_link("states", t("compare.next"))
how_to_read(t("compare.how_to_read"))
viewport.watch()
