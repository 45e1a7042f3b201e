"""What may change while a run trains: some settings, and the temperature of its samples."""

from __future__ import annotations

from typing import Any

from rnnlm_core.config import DROPOUTS, FIELDS, number_problems
from rnnlm_core.errors import Problem

KNOBS = ("learning_rate", "clip_norm", "clip_value", *DROPOUTS)
SAMPLE_KNOB, SAMPLE_TEMPERATURE = "sample_temperature", 0.8  # no setting


def knob_problem(name: str, value: Any) -> Problem | None:
    """What is wrong with this value of a knob, None where nothing is."""
    if name == SAMPLE_KNOB:
        found = number_problems(name, value, float, 0.0, 10.0)
    elif name in KNOBS:
        limits = FIELDS[name].metadata
        found = number_problems(name, value, float, limits["low"], limits["high"])
    else:
        found = [Problem("config.unknown_field", {"field": name})]
    return found[0] if found else None
