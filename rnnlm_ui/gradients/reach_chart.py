"""The chart of a gradient by lag, and the numbers of its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.gradients import Kind, Reach, ReachWords, reach_figure
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.reach_words import (
    Reaches,
    decades_text,
    half_life_text,
    horizon_text,
    rate_text,
)
from rnnlm_ui.i18n import t
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagCurve, LagProfile


@dataclass(frozen=True)
class Row:
    """One curve and what it is called."""

    name: str
    cell: str
    curve: LagCurve
    kind: Kind
    of_cell_state: bool = False


def rows_of(reaches: Reaches, show: str) -> list[Row]:
    """The curves that are shown, this run first, with what theory says of it where asked for."""
    rows: list[Row] = []
    if reaches.trained is not None and show != "untrained":
        rows += _of(reaches.trained, True)
    if reaches.trained is not None and show == "theory":
        return rows + _theory(reaches, reaches.trained.cell)
    if show != "trained" or reaches.trained is None:
        for profile in reaches.untrained.values():
            rows += _of(profile, False)
    return rows


def _of(profile: LagProfile, trained: bool) -> list[Row]:
    cell: str = profile.cell.upper()
    kind: Kind = "trained" if trained else "untrained"
    if profile.c is None:
        name = t("gradients.this_run") if trained else cell
        return [Row(name, profile.cell, profile.h, kind)]
    both = []
    for part, curve in (("h", profile.h), ("c", profile.c)):
        name = t("gradients.this_run_part", part=part) if trained else f"{cell} {part}"
        both.append(Row(name, profile.cell, curve, kind, part == "c"))
    return both


def _theory(reaches: Reaches, cell: str) -> list[Row]:
    theory = reaches.theory
    if theory is None:
        return []
    named: list[tuple[str, LagCurve | None, Kind]] = [
        ("bound", theory.bound, "bound"), ("mean_field", theory.mean_field, "estimate"),
        (f"direct_{cell}", theory.direct, "path")]
    return [Row(t(f"gradients_reach.theory_name.{name}"), cell, curve, kind)
            for name, curve, kind in named if curve is not None]


def curves_of(rows: Sequence[Row]) -> list[Reach]:
    return [Reach(row.name, row.cell, row.curve.mean, row.curve.low, row.curve.high,
                  [row.curve.value_text(k) for k in range(len(row.curve.mean))],
                  row.curve.horizon, row.curve.is_floored(-1), row.kind, row.of_cell_state)
            for row in rows]


def chart(rows: Sequence[Row], config: RunConfig, relative: bool, revision: object) -> None:
    def draw() -> Any:
        words = ReachWords(
            t("gradients.lag", **words_of(config)),
            t("gradients.norm_relative" if relative else "gradients.norm_absolute"),
            t("gradients.horizon_line"), "<1e-300")
        figure = reach_figure(curves_of(rows), relative, words)
        figure.update_layout(uirevision=f"{revision}")
        return figure

    live_plot(draw, key="gradients.reach", height=430, on=(),
              alt=t("gradients.chart_alt", **words_of(config)),
              rev=(revision, relative, tuple(row.name for row in rows)))


def table(rows: Sequence[Row]) -> None:
    """The fitted numbers of each curve."""
    columns = [t(f"gradients.{name}") for name in
               ("network", "rate", "half_life", "decades", "horizon")]
    body = [[f"**{row.name}**" if row.kind == "trained" else row.name, rate_text(row.curve),
             half_life_text(row.curve), decades_text(row.curve), horizon_text(row.curve)]
            for row in rows]
    st.table({column: [line[i] for line in body] for i, column in enumerate(columns)},
             border="horizontal", hide_index=True)
