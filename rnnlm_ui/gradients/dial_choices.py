"""The memory dial's choices, which a link brings, and the cells of the grid that they make."""

from __future__ import annotations

import os
import secrets
import statistics
from dataclasses import dataclass, replace

import streamlit as st

from rnnlm_core.tasks.desk import Desk, Result
from rnnlm_core.tasks.starts import STARTS
from rnnlm_core.tasks.trials import TASKS, TaskName, Trial
from rnnlm_ui import session, warm
from rnnlm_ui.i18n import t

LAGS = ("5", "10", "20", "30", "60", "100")
WIDTHS, BUDGETS, COPIED = ("16", "32", "64"), ("500", "1000", "2000"), ("1", "3", "10")
FIRST_BUDGET = "500"
FIRST_LAGS, FIRST_ROWS = ("5", "10", "20", "30"), ("rnn_default", "gru_default", "lstm_default")
CLIP = "-clip"  # after the name of a start: the same with its gradient clipped
ROWS = tuple(name + end for name in STARTS for end in ("", CLIP))
TASK, LAG, WIDTH, BUDGET, WORD, ROW = (
    f"dial_{name}" for name in ("task", "lags", "width", "steps", "copied", "rows"))
FEW_SOLVED, MOST_SOLVED = 1, 4  # of five seeds: not solved, solved
_CLIP_NORM = 1.0
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Cell:
    """One start at one lag: `trial` is its training, `found` what is known of it."""

    row: str
    trial: Trial
    reach: float  # r₀, geometric mean over the seeds
    found: Result | None

    @property
    def done(self) -> bool:
        return self.found is not None and self.found.done

    @property
    def solved(self) -> int:
        return 0 if self.found is None else self.found.solved

    @property
    def is_solved(self) -> bool:
        return self.solved >= MOST_SOLVED

    @property
    def median(self) -> int:
        """Steps until half of the solved seeds were solved."""
        at = [] if self.found is None else [s for s in self.found.solved_at if s is not None]
        return round(statistics.median(at)) if at else 0


@dataclass(frozen=True)
class Choices:
    """What is trained: every row at every lag."""

    task: TaskName
    rows: tuple[str, ...]
    lags: tuple[int, ...]
    hidden: int
    max_steps: int
    copied: int

    def trial(self, row: str, lag: int) -> Trial:
        return Trial(row.removesuffix(CLIP), lag, hidden=self.hidden, max_steps=self.max_steps,
                     task=self.task, copied=self.copied,
                     clip_norm=_CLIP_NORM if row.endswith(CLIP) else 0.0)

    def trials(self, rows: tuple[str, ...] | None = None) -> list[Trial]:
        """Short lags first: they are quick, and the grid fills from its left."""
        return [self.trial(row, lag) for lag in self.lags for row in rows or self.rows]


def choices() -> Choices:
    """As they are chosen, or named by the link; before the widgets are drawn, too."""
    task = session.widget(session.choice(TASK, tuple(TASKS), "recall"), "recall") or "recall"
    rows = session.widget(session.choices(ROW, ROWS, FIRST_ROWS), []) or FIRST_ROWS
    lags = session.widget(session.choices(LAG, LAGS, FIRST_LAGS), []) or FIRST_LAGS
    width, budget, word = (int(session.widget(session.choice(key, options, first), first) or first)
                           for key, options, first in
                           ((WIDTH, WIDTHS, "32"), (BUDGET, BUDGETS, FIRST_BUDGET),
                            (WORD, COPIED, "1")))
    return Choices(task, tuple(rows), tuple(sorted(map(int, lags))), width, budget,
                   word if task == "copy" else 10)  # the same trial, whatever is chosen for copy


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """One for the server."""
    return Desk(limit=max(2, os.cpu_count() or 2))


def visitor() -> str:
    """Who this tab is, for the desk."""
    name = session.recall("dial.visitor", "")
    if not name:
        name = secrets.token_hex(8)
        session.remember("dial.visitor", name)
    return name


def cells(chosen: Choices) -> list[list[Cell]]:
    """By row and lag, as far as they are known now."""
    known = desk().look(visitor(), chosen.trials())
    return [[Cell(row, trial, reach(replace(trial, max_steps=1, clip_norm=0.0)),
                  known.get(trial.key))
             for trial in (chosen.trial(row, lag) for lag in chosen.lags)] for row in chosen.rows]


@st.cache_data(max_entries=1_000, show_spinner=False)
def reach(trial: Trial) -> float:
    """r₀; neither the budget nor clipping has a part in it."""
    warm.ready()
    from rnnlm_core.tasks.training import initial_reach

    ratios = initial_reach(trial)
    return statistics.geometric_mean(ratios) if min(ratios) > 0 else 0.0


# -- words ----------------------------------------------------------------------------------------
def row_name(row: str) -> str:
    name = t(f"gradients_dial.row.{row.removesuffix(CLIP)}")
    return t("gradients_dial.clipped", row=name) if row.endswith(CLIP) else name


def short_name(row: str) -> str:
    name = t(f"gradients_dial.short.{row.removesuffix(CLIP)}")
    return t("gradients_dial.clipped_short", row=name) if row.endswith(CLIP) else name


def cell_name(cell: Cell) -> str:
    return t("gradients_dial.cell", row=row_name(cell.row), lag=cell.trial.lag)


def reach_text(value: float) -> str:
    """Two digits from a thousandth on, else one and a power of ten; never a silent zero."""
    if value <= 0:
        return "<1e-300"
    if value >= 1e-3:
        return f"{value:.2g}"
    return f"{value:.0e}".partition("e")[0] + "·" + power_text(value)


def power_text(value: float) -> str:
    """Only the power of ten below a hundredth."""
    if value >= 1e-2:
        return f"{value:.1g}"
    return "10" + str(int(f"{max(value, 1e-300):.0e}".partition("e")[2])).translate(_RAISED)
