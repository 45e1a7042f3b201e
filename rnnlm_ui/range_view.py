"""The learning-rate range test on the Train page: its button, its chart, the rates it suggests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.range_test import RangeWords, Suggestion, range_figure
from rnnlm_core.insight.range_test import STEPS, RangeResult, range_config, read_range
from rnnlm_ui import deeds, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import RunTail, series
from rnnlm_ui.loss_units import to_unit
from rnnlm_ui.tokens import named
from rnnlm_ui.training_view import LOSS_HEIGHT


def button(start: Callable[[RunConfig], None]) -> None:
    """Starts a range test of the present settings where it is pressed."""
    st.button(t("range.start"), icon=":material/speed:", type="tertiary",
              key="range.start", help=t("range.help", n=STEPS),
              on_click=lambda: start(range_config(session.draft())))


def is_test(config: RunConfig) -> bool:
    return config.schedule == "range"


def result(tail: RunTail) -> RangeResult:
    return read_range(tail.column("learning_rate"), tail.column("loss"))


def rounded(rate: float) -> float:
    """To two digits: the test does not know it any better."""
    return float(f"{rate:.1e}")


def finding(tail: RunTail, active: bool) -> str:
    """The answer: the two rates by name, or that the curve shows none."""
    if not tail.last_step:
        return t("train.finding_nothing")
    found = result(tail)
    if active:
        return t("range.running", rate=f"{tail.column('learning_rate')[-1]:.2g}",
                 step=number(tail.last_step))
    if found.steepest is None:
        return t("range.none")
    steepest = f"{rounded(found.steepest):g}"
    if found.rises is None or found.tenth is None:
        return t("range.finding_falls", steepest=steepest)
    return t("range.finding", steepest=steepest, rises=f"{rounded(found.rises):g}",
             tenth=f"{rounded(found.tenth):g}")


def chart(tail: RunTail, config: RunConfig, unit: str, revision: object) -> None:
    """Loss against the learning rate, in the place of the loss over the steps."""
    def draw() -> Any:
        found, convert = result(tail), to_unit(unit)
        figure = range_figure(
            series(found.rates, convert(found.losses)), series(found.rates, convert(found.smooth)),
            _suggestions(found), config.cell,
            RangeWords(t(f"train.axis.{unit}", one=named(config).one), t("range.axis")),
            LOSS_HEIGHT)
        figure.update_layout(uirevision=f"{tail.folder.id} {unit}")
        return figure

    live_plot(draw, key="train.range", alt=t("range.alt"), height=LOSS_HEIGHT,
              rev=(tail.folder.id, tail.visible, unit, revision))
    st.markdown(":gray[" + t("range.source") + "]")


def _suggestions(found: RangeResult) -> list[Suggestion]:
    kinds = (("steepest", found.steepest, True), ("tenth", found.tenth, True),
             ("rises", found.rises, False))
    return [Suggestion(rate, t(f"range.mark.{name}", rate=f"{rounded(rate):g}"),
                       f"{rounded(rate):g}", main) for name, rate, main in kinds if rate]


def take_over(tail: RunTail) -> None:
    """Each suggested rate as a button that puts it into the settings of the next run."""
    found = result(tail)
    with st.container(horizontal=True, gap="small"):
        for name, rate in (("steepest", found.steepest), ("tenth", found.tenth)):
            if rate is not None:
                st.button(t(f"range.use.{name}", rate=f"{rounded(rate):g}"), key=f"range.{name}",
                          icon=":material/check:",
                          on_click=lambda rate=rate: deeds.press("rate", rounded(rate)))
    if deeds.carry_out("rate", float, lambda rate: session.set_draft(
            replace(session.draft(), learning_rate=rate))):
        session.page_again()  # the whole page: the settings stand outside the part that moves
