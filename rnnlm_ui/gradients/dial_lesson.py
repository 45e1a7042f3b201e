"""What the grid teaches: r₀ against what became of each cell, and the sentence that says it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import streamlit as st

from rnnlm_core.figures.gradients_dial import SCATTER, Axes, Dot, reach_figure
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.dial_choices import (
    FEW_SOLVED,
    Cell,
    Choices,
    cell_name,
    reach_text,
    row_name,
    short_name,
)
from rnnlm_ui.gradients.dial_grid import state
from rnnlm_ui.i18n import joined, t

FAR, NEAR = 1e-5, 1e-2  # of r₀: below nothing arrives, above enough; found by trying
HEIGHTS = ("solved", "steps")
_HEIGHT = "dial.height"
_NAMED = 3  # exceptions in the sentence
_UPSET = 2  # seeds: one more or less is chance


def done(cells: Sequence[Sequence[Cell]]) -> list[Cell]:
    return [cell for row in cells for cell in row if cell.done]


def finding(cells: Sequence[Sequence[Cell]], chosen: Choices, guess: str) -> str:
    """Which starts are solved at the lag that is known of most of them."""
    if not done(cells):
        return t("gradients_dial.answer_none")
    columns = [[row[i] for row in cells if row[i].done] for i in range(len(chosen.lags))]
    column = max(reversed(columns), key=len)  # of equal ones the longest lag
    solved = [row_name(cell.row) for cell in column if cell.is_solved]
    failed = [row_name(cell.row) for cell in column if not cell.is_solved]
    values = {"lag": column[0].trial.lag, "n": len(solved), "rows": len(column),
              "steps": chosen.max_steps}
    comma = t("gradients_dial.comma")
    if not solved:
        said = t("gradients_dial.answer_no", **values)
    elif not failed:
        said = t("gradients_dial.answer_all", **values)
    else:
        said = t("gradients_dial.answer_some", **values, solved=comma.join(solved),
                 failed=comma.join(failed))
    rest = len(cells) - len(column)
    return joined([said, t("gradients_dial.answer_rest", n=rest) if rest else "", guess])


# -- r₀ against what became of it -----------------------------------------------------------------
def show(cells: Sequence[Sequence[Cell]], chosen: Choices, seen: bool) -> None:
    trained = done(cells)
    if not trained or not seen:
        return
    st.markdown(lesson(trained, chosen))
    session.preset(_HEIGHT, HEIGHTS[0])
    names = {name: t(f"gradients_dial.height.{name}") for name in HEIGHTS}
    height = st.segmented_control(
        t("gradients_dial.height_label"), HEIGHTS, key=_HEIGHT, required=True,
        label_visibility="collapsed", persist_state="session",
        format_func=names.__getitem__) or HEIGHTS[0]
    live_plot(lambda: _figure(trained, height, chosen), key="dial.reach", height=SCATTER, on=(),
              alt=t("gradients_dial.reach_alt"),
              rev=(height, tuple(cell.trial.key for cell in trained)))


def exceptions(trained: Sequence[Cell]) -> list[Cell]:
    """Where r₀ and the outcome disagree: a gradient that arrives and no success, or the reverse."""
    return [cell for cell in trained if (cell.reach >= NEAR and cell.solved <= FEW_SOLVED)
            or (cell.reach < FAR and cell.is_solved)]


def upset(trained: Sequence[Cell]) -> tuple[Cell, Cell] | None:
    """Where the smaller r₀ learned more often, by two seeds or more: that cell, and the one with
    the larger r₀. The pair that is farthest apart, in seeds and then in r₀; None where there is
    none."""
    pairs = [(less, more) for less in trained for more in trained
             if less.reach < more.reach and less.solved - more.solved >= _UPSET]
    return max(pairs, default=None, key=lambda pair: (
        pair[0].solved - pair[1].solved, pair[1].reach / max(pair[0].reach, sys.float_info.min)))


def lesson(trained: Sequence[Cell], chosen: Choices) -> str:
    zones = {"near": [cell for cell in trained if cell.reach >= NEAR],
             "middle": [cell for cell in trained if FAR <= cell.reach < NEAR],
             "far": [cell for cell in trained if cell.reach < FAR]}
    # a gap before what follows: markdown does not see the end of bold between 。 and a letter
    said = ["**" + joined([t(f"gradients_dial.zone.{name}", n=len(zone),
                             a=sum(cell.is_solved for cell in zone))
                           for name, zone in zones.items() if zone]) + "** "]
    names = []
    for name in ("rnn", "gru", "lstm"):
        own = [cell for cell in trained if cell.trial.begin.cell == name]
        if own:
            names.append(t("gradients_dial.of_name", cell=name.upper(), n=len(own),
                           a=sum(c.is_solved for c in own)))
    said.append(t("gradients_dial.by_name", names=t("gradients_dial.comma").join(names)))
    odd = exceptions(trained)
    for kind, which in (("deaf", [c for c in odd if c.reach >= NEAR]),
                        ("late", [c for c in odd if c.reach < FAR])):
        if which:
            named = t("gradients_dial.semicolon").join(
                t("gradients_dial.odd", cell=cell_name(c), reach=reach_text(c.reach), n=c.solved,
                  seeds=len(c.trial.seeds)) for c in which[:_NAMED])
            more = t("gradients_dial.more", n=len(which) - _NAMED) if len(which) > _NAMED else ""
            reason = "late_adding" if kind == "late" and chosen.task == "adding" else kind
            said.append(t(f"gradients_dial.why_{reason}", named=named + more))
    if (pair := upset(trained)) is not None:
        less, more_left = (t("gradients_dial.odd", cell=cell_name(c), reach=reach_text(c.reach),
                             n=c.solved, seeds=len(c.trial.seeds)) for c in pair)
        said.append(t("gradients_dial.upset", less=less, more=more_left))
    return said[0] + joined(said[1:])


def _figure(trained: Sequence[Cell], height: str, chosen: Choices) -> Any:
    odd = {cell.trial.key for cell in exceptions(trained)}
    seeds = len(trained[0].trial.seeds)
    never = 1.15 * chosen.max_steps
    dots = []
    for cell in trained:
        at = float(cell.solved) if height == "solved" else float(cell.median or never)
        name = f"{short_name(cell.row)} {cell.trial.lag}" if cell.trial.key in odd else ""
        dots.append(Dot(cell.reach, at, cell.trial.begin.cell, t(
            "gradients_dial.hover", cell=cell_name(cell), reach=reach_text(cell.reach))
            + " " + state(cell), name))
    if height == "solved":
        ticks: tuple[list[float], list[str]] = (
            [float(n) for n in range(seeds + 1)], [str(n) for n in range(seeds + 1)])
        top = float(seeds)
    else:
        parts = [i * chosen.max_steps / 5 for i in range(6)]
        ticks = [*parts, never], [*(f"{part:.0f}" for part in parts), t("gradients_dial.never")]
        top = never
    edges = [(FAR, "r₀ = 10<sup>−5</sup>"), (NEAR, "r₀ = 0.01")]
    figure = reach_figure(dots, edges, top, ticks,
                          Axes(t("gradients_dial.reach_axis"),
                               t(f"gradients_dial.height_axis.{height}", seeds=seeds)))
    figure.update_layout(uirevision=height)
    return figure
