"""The grid of the memory dial, which fills while it trains, and the cell that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rnnlm_core.figures.gradients_dial import (
    CURVE,
    Axes,
    Box,
    Row,
    curve_figure,
    grid_figure,
    grid_height,
)
from rnnlm_core.tasks.starts import STARTS
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.dial_choices import (
    CLIP,
    Cell,
    Choices,
    cell_name,
    power_text,
    reach_text,
    row_name,
    short_name,
)
from rnnlm_ui.i18n import language, t

LOOKED, FOLLOW = "dial.looked", ":"
_ROOMY = 4  # lags whose boxes hold "r₀ 2·10⁻²¹" on a phone


def show(cells: Sequence[Sequence[Cell]], chosen: Choices, seen: bool) -> None:
    """`seen`: the results may be shown; before a guess there is only r₀."""
    picture, side = st.columns([1.75, 1], gap="medium")
    cell = _looked(cells, chosen)
    with picture:
        grid(cells, chosen, seen, cell)
    with side:
        _choose(chosen)
        if seen:
            curve(cell)


def picked(chosen: Choices) -> tuple[str, int] | None:
    """Row and lag of the cell that the reader looks at; None: whatever is trained."""
    row, _, lag = session.widget(LOOKED, FOLLOW).rpartition(":")
    if row in chosen.rows and lag.isdecimal() and int(lag) in chosen.lags:
        return row, int(lag)
    return None


def _looked(cells: Sequence[Sequence[Cell]], chosen: Choices) -> Cell:
    every = [cell for row in cells for cell in row]
    if (own := picked(chosen)) is not None:
        return next(cell for cell in every if (cell.row, cell.trial.lag) == own)
    moving = [cell for cell in every if cell.found is not None and not cell.done]
    return next(iter(moving), every[-1])


def _choose(chosen: Choices) -> None:
    """The same by keyboard as a click on the grid."""
    names = {FOLLOW: t("gradients_dial.follow")} | {
        f"{row}:{lag}": t("gradients_dial.cell", row=row_name(row), lag=lag)
        for row in chosen.rows for lag in chosen.lags}
    if session.widget(LOOKED, FOLLOW) not in names:
        session.set_widget(LOOKED, FOLLOW)
    st.selectbox(t("gradients_dial.looked"), list(names), key=LOOKED,
                 label_visibility="collapsed", format_func=names.__getitem__)


# -- the grid -------------------------------------------------------------------------------------
def grid(cells: Sequence[Sequence[Cell]], chosen: Choices, seen: bool, looked: Cell) -> None:
    boxes = [[_box(cell, seen, len(row) > _ROOMY) for cell in row] for row in cells]
    at = chosen.rows.index(looked.row), chosen.lags.index(looked.trial.lag)

    def draw() -> Any:
        rows = [Row(row_name(r), short_name(r), STARTS[r.removesuffix(CLIP)].cell)
                for r in chosen.rows]
        figure = grid_figure(rows, [str(lag) for lag in chosen.lags], boxes, at,
                             t(f"gradients_dial.lag_axis.{chosen.task}", n=chosen.copied))
        figure.update_layout(uirevision=f"{len(rows)}")
        return figure

    events = live_plot(draw, key="dial.grid_plot", height=grid_height(len(chosen.rows)),
                       alt=t("gradients_dial.grid_alt"), rev=(chosen, at, str(boxes)))
    if events.click is not None and events.click.row is not None:
        clicked = f"{chosen.rows[events.click.row]}:{chosen.lags[events.click.column or 0]}"
        if clicked != session.widget(LOOKED, FOLLOW):
            session.set_widget(LOOKED, clicked)
            session.page_again()  # the clip button is for the cell that is looked at


def _box(cell: Cell, seen: bool, tight: bool) -> Box:
    note = t("gradients_dial.reach", reach=reach_text(cell.reach))
    brief = power_text(cell.reach) if tight else note
    said = t("gradients_dial.hover", cell=cell_name(cell), reach=reach_text(cell.reach))
    found, seeds = cell.found, len(cell.trial.seeds)
    if found is None or not seen:
        text = t("gradients_dial.guess_box") if not seen else "–"
        return Box(text, text, "", note, brief, said, None)
    short = t("gradients_dial.solved_short", n=found.solved, seeds=seeds)
    said += " " + state(cell)
    if not found.done:
        when = t("gradients_dial.at_step", step=found.step)
    elif found.diverged and not found.solved:
        when = t("gradients_dial.diverged_box")
    else:
        when = t("gradients_dial.in_steps", step=cell.median if found.solved else found.step)
    return Box(t("gradients_dial.solved", n=found.solved, seeds=seeds), short, when, note, brief,
               said, found.solved / seeds, moving=not found.done)


def state(cell: Cell) -> str:
    """What became of the five seeds, in a sentence."""
    found, seeds = cell.found, len(cell.trial.seeds)
    if found is None:
        return t("gradients_dial.untrained")
    at = [step for step in found.solved_at if step is not None]
    parts = []
    if at:
        parts.append(t("gradients_dial.some_solved", n=len(at), seeds=seeds, first=min(at),
                       last=max(at)))
    else:
        parts.append(t("gradients_dial.none_solved", seeds=seeds, step=found.step))
    if found.diverged:
        parts.append(t("gradients_dial.diverged", n=found.diverged))
    return ("" if language() == "zh" else " ").join(parts)


# -- one cell -------------------------------------------------------------------------------------
def curve(cell: Cell) -> None:
    """The scores of its five seeds while they train."""
    st.markdown(t("gradients_dial.of_cell", cell=cell_name(cell), state=state(cell)))
    found, task = cell.found, cell.trial.what
    nothing = t("gradients_dial.constant" if task.numbers else "gradients_dial.chance")
    points = found.curve if found is not None else []
    steps = [step for step, _ in points]
    longest = max(steps[-1], 50) if found is not None and found.done and steps \
        else cell.trial.max_steps

    def draw() -> Any:
        scores = [[values[seed] for _, values in points] for seed in range(len(cell.trial.seeds))]
        figure = curve_figure(
            steps, scores, cell.trial.begin.cell,
            (task.chance, nothing), (task.solved, t("gradients_dial.solved_line")), longest,
            Axes(t("gradients_dial.step_axis"),
                 t("gradients_dial.explained" if task.numbers else "gradients_dial.accuracy")))
        figure.update_layout(uirevision=cell.trial.key)
        return figure

    live_plot(draw, key="dial.curve", height=CURVE, on=(), alt=t("gradients_dial.curve_alt"),
              rev=(cell.trial.key, len(points), longest))
