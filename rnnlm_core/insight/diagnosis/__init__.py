"""What could be better about a run, each with its evidence and one change to try.

Pure functions over what a run folder holds. The curves alone are enough for half of it and cost
a millisecond; what has to be measured in the weights (`insight.health`) makes the rest. Needs no
torch. A finding is a reading of signs, not a proof: each says how sure it is, and the suggested
change is an experiment.

Thresholds were set between 16 healthy and 21 spoilt runs on 60,000 characters of Unicode names
(LSTM, GRU, RNN; H = 32, 400 steps of 16 × 32 characters): the figures beside them.
"""

from __future__ import annotations

from collections.abc import Callable

from rnnlm_core.insight.diagnosis.case import Activity, Case, Copying, Health, LayerNorms
from rnnlm_core.insight.diagnosis.course import Course
from rnnlm_core.insight.diagnosis.divergence import diverged, grew_first
from rnnlm_core.insight.diagnosis.finding import (
    FEWEST_STEPS,
    Evidence,
    Finding,
    fastest_part,
    update_of,
)
from rnnlm_core.insight.diagnosis.from_curves import (
    batch_small,
    exploding,
    memorising,
    rate_high,
    rate_low,
    still_learning,
    too_small,
)
from rnnlm_core.insight.diagnosis.from_weights import dead, saturated, stuck, vanishing

__all__ = [
    "Activity", "Case", "Copying", "Course", "Evidence", "Finding", "Health", "LayerNorms",
    "diagnose", "grew_first"]

# in the order of their weight
RULES: tuple[Callable[[Case], Finding | None], ...] = (
    exploding, rate_high, memorising, rate_low, dead, stuck, saturated, vanishing, too_small,
    batch_small, still_learning)
_TOO_FAST = {"rate_high", "rate_wild", "exploding"}


def diagnose(case: Case) -> list[Finding]:
    """The strongest first. One finding, `fine`, where nothing is wrong; none of a run too short."""
    if case.state == "diverged":
        return [diverged(case)]
    if not len(case.course.step) or case.course.step[-1] < FEWEST_STEPS:
        return []
    found = [finding for rule in RULES if (finding := rule(case)) is not None]
    codes = {finding.code for finding in found}
    # one cause, one finding: what another finding explains is left out
    if codes & {*_TOO_FAST, "rate_low", "memorising", "apart"}:
        found = [f for f in found if f.code not in ("still_learning", "too_small")]
    if codes & _TOO_FAST:
        found = [f for f in found if f.code not in ("vanishing", "saturated", "rate_low")]
    ranks = ("clear", "likely", "possible")
    return sorted(found, key=lambda f: ranks.index(f.sure)) or [_fine(case)]


def _fine(case: Case) -> Finding:
    """What was looked at and is as it should be."""
    course, health = case.course, case.health
    now = float(course.curve[1][-1])
    evidence = [Evidence("fine_curve", {"jumps": course.jumps, "late": course.fallen_late})]
    if course.validated:
        evidence.append(Evidence("fine_gap", {"now": now, "training": course.training}))
    if health is not None and (fastest := fastest_part(case)) is not None:
        evidence.append(update_of(fastest))
    if health is not None and health.copying is not None and health.copying.held_out is not None:
        evidence.append(Evidence("copies_fine", {
            "written": health.copying.written, "held_out": health.copying.held_out}))
    return Finding("fine", "likely", {}, tuple(evidence))
