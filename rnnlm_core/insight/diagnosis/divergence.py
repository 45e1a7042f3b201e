"""Of a run that diverged: which part of the network went first, and what to change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rnnlm_core.insight.diagnosis.case import Case
from rnnlm_core.insight.diagnosis.finding import (
    FEWEST_STEPS,
    Evidence,
    Finding,
    large_start,
    lower,
)
from rnnlm_core.records import StepMetrics

GROWN = 10.0  # times its usual size; the highest peak of healthy runs was 2 (LSTM) to 11 (ReLU)


def diverged(case: Case) -> Finding:
    """Which layer went first, from the last good weights."""
    config, course, health = case.config, case.course, case.health
    evidence, last = [], int(course.step[-1]) if len(course.step) else 0
    if health is not None and health.first_broken is not None:
        evidence.append(Evidence(f"broken_{health.broken_in}", {"part": health.first_broken}))
    if health is not None and health.grew_first is not None:
        part, step, factor = health.grew_first
        evidence.append(Evidence("grew_first", {"part": part, "step": step, "factor": factor}))
    norms = course.gradient_norm[np.isfinite(course.gradient_norm)]
    grew = len(norms) > 1 and norms[-1] > 10 * np.median(norms)
    if len(norms) >= 10:
        evidence.append(Evidence("last_norm", {
            "norm": float(norms[-1]), "median": float(np.median(norms))}))
    free = config.clip_norm == 0 and config.clip_value == 0
    sudden = free and grew and len(norms) > FEWEST_STEPS
    change = {"clip_norm": 1.0} if sudden else {"learning_rate": lower(config.learning_rate, 10)}
    if last < FEWEST_STEPS and large_start(config):
        change = {"gain": 1.0}
    at, losses = course.curve
    best = int(at[np.nanargmin(losses)]) if len(losses) else 0
    return Finding("diverged", "clear", {"step": last}, tuple(evidence), change,
                   best if sudden else 0)


def grew_first(rows: Sequence[StepMetrics], names: Sequence[str]) -> tuple[str, int, float] | None:
    """The part whose gradient was the first to leave its usual size: step, and times its median.

    Looks at the last 200 logged steps. None where none grew, or the run did not log its layers.
    """
    rows = [row for row in rows[-200:] if len(row.layer_norms) == len(names) > 0]
    if len(rows) < 4:
        return None
    norms = np.array([[math.nan if v is None else v for v in row.layer_norms] for row in rows])
    usual = np.nanmedian(norms[:max(3, len(norms) // 2)], axis=0)
    times = norms / np.maximum(usual, 1e-30)
    for row, grown in zip(rows, np.nan_to_num(times, nan=np.inf), strict=True):
        if grown.max() > GROWN:
            part = int(np.argmax(grown))
            return names[part], row.step, float(grown[part])
    return None
