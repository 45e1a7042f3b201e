"""A sweep as parallel coordinates: each run a line through its settings to its loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from rnnlm_core.comparison import differing
from rnnlm_core.figures.compare import Spoke, Trial, sweep_figure
from rnnlm_ui import session
from rnnlm_ui.compare_runs import Row, in_group, setting_name
from rnnlm_ui.compare_table import toggle
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.components.viewport import is_narrow
from rnnlm_ui.config_form import shown
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain


def section(listed: Sequence[Row], chosen: Sequence[Row]) -> None:
    """Drawn where the compared runs are of one sweep, as soon as two of it have a loss."""
    groups = {row.group for row in chosen
              if row.facts.origin and row.facts.origin.kind == "sweep"}
    members = in_group(listed, groups.pop()) if len(groups) == 1 else []
    losses = {row.id: loss for row in members if (loss := _bits(row)) is not None}
    members = [row for row in members if row.id in losses]
    names = differing([row.facts.config for row in members])
    if len(members) < 2 or not names:
        return
    st.subheader(t("compare.sweep_title"), anchor=False)
    if is_narrow():
        st.markdown(_as_table(members, names, losses))
        return
    st.markdown(":gray[" + t("compare.sweep_text") + "]")
    _picture(members, names, losses, [row.id for row in chosen])


def _bits(row: Row) -> float | None:
    """A character, on the whole validation text where the run has come to it."""
    status = row.status
    nats = status.best_validation if status.final_validation is None else status.final_validation
    return None if nats is None else nats / (row.facts.characters or 1.0) / math.log(2)


def _picture(members: Sequence[Row], names: Sequence[str], losses: dict[str, float],
             chosen: list[str]) -> None:
    values = {name: sorted({getattr(row.facts.config, name) for row in members})
              for name in names}
    some = any(row.id not in chosen for row in members)  # of all, none stands out
    spokes = [Spoke(t(f"config.{name}"), [shown(name, value) for value in values[name]])
              for name in names]
    trials = [Trial(row.id, [values[name].index(getattr(row.facts.config, name))
                             for name in names],
                    losses[row.id], row.facts.config.cell,
                    f"{setting_name(row.facts.config, names)}: {losses[row.id]:.3f}",
                    some and row.id in chosen) for row in members]
    clicked = live_plot(lambda: sweep_figure(spokes, trials, t("compare.bits_short")),
                        key="compare.sweep", alt=t("compare.sweep_alt", n=len(members)),
                        height=320, on=("click",),
                        rev=(tuple(losses.items()), tuple(chosen))).click
    if clicked is not None:
        run = trials[clicked.trace].id
        toggle(chosen, {run: run not in chosen})
        session.page_again()


def _as_table(members: Sequence[Row], names: Sequence[str], losses: dict[str, float]) -> str:
    head = [*(t(f"config.{name}") for name in names), t("compare.bits_short")]
    lines = ["| " + " | ".join(plain(cell) for cell in head) + " |",
             "|" + "--:|" * len(head)]
    for row in sorted(members, key=lambda row: losses[row.id]):
        cells = [plain(shown(name, getattr(row.facts.config, name))) for name in names]
        lines.append("| " + " | ".join([*cells, f"{losses[row.id]:.3f}"]) + " |")
    return "\n".join(lines)
