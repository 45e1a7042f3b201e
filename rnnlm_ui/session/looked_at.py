"""The run that is looked at, its moment, and the runs that are compared."""

from __future__ import annotations

import re

import streamlit as st

RUN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
STEP = re.compile(r"[0-9]{1,9}")
MOST_COMPARED = 12
_LONGEST_NAME = 80  # of what a link says in a run's place
_RUN, _NO_RUN, _STEPS, _COMPARED, _NO_RUNS = (
    f"unroll.{name}" for name in ("run", "no_run", "steps", "compared", "no_runs"))


# -- one -------------------------------------------------------------------------------------------
def run_id() -> str | None:
    """The id of the run to look at. Well formed, but it need not exist (any more)."""
    found: str | None = st.session_state.get(_RUN)
    return found


def no_run() -> str:
    """What a link named in its place that can be no run's id, until somebody chooses; else ""."""
    named: str = st.session_state.get(_NO_RUN, "")
    return named


def choose_run(run: str | None) -> None:
    """Look at this run from now on; None goes back to the shipped one."""
    st.session_state.pop(_NO_RUN, None)
    if run is None:
        st.session_state.pop(_RUN, None)
    elif RUN_ID.fullmatch(run):
        st.session_state[_RUN] = run
    else:
        raise ValueError(f"run id {run!r} must match {RUN_ID.pattern}")


def moment() -> int | None:
    """The step at which the run is looked at, None for its newest. It need not exist (any more).

    Each run has its own; without a chosen run it is that of the run the page shows by itself.
    """
    steps: dict[str, int] = st.session_state.get(_STEPS, {})
    return steps.get(run_id() or "")


def choose_moment(run: str, step: int | None) -> None:
    """Look at this run at this step on every page; None follows its newest checkpoint."""
    st.session_state.get(_STEPS, {}).pop("", None)
    choose_run(run)
    _keep_moment(step)


def _keep_moment(step: int | None) -> None:
    steps = dict(st.session_state.get(_STEPS, {}))
    steps.pop(run_id() or "", None)
    if step is not None:
        steps[run_id() or ""] = step
    st.session_state[_STEPS] = steps


def take_run(run: str, step: str) -> None:
    """The run and the moment of a link, as far as they can be some."""
    if RUN_ID.fullmatch(run):
        st.session_state[_RUN] = run
    st.session_state[_NO_RUN] = "" if RUN_ID.fullmatch(run) else run[:_LONGEST_NAME]
    if STEP.fullmatch(step):
        _keep_moment(int(step))


# -- several ---------------------------------------------------------------------------------------
def compared() -> list[str]:
    """Ids, well formed; none where nobody has chosen. They need not exist (any more)."""
    found: list[str] = st.session_state.get(_COMPARED, [])
    return found


def no_runs() -> list[str]:
    """What the link named beside them that can be no run's id, until somebody chooses."""
    found: list[str] = st.session_state.get(_NO_RUNS, [])
    return found


def compare(runs: list[str]) -> None:
    """Compare these from the next run on, the first twelve; none goes back to the page's choice."""
    st.session_state[_COMPARED], st.session_state[_NO_RUNS] = _ids(runs), []


def _ids(runs: list[str]) -> list[str]:
    return list(dict.fromkeys(run for run in runs if RUN_ID.fullmatch(run)))[:MOST_COMPARED]


def take_compared(runs: str) -> None:
    """Those of a link, the first time."""
    if _COMPARED not in st.session_state:
        named = runs.split(".")
        compare(named)
        st.session_state[_NO_RUNS] = [run for run in named if run and not RUN_ID.fullmatch(run)]
