"""What only the weights tell: dead units, stuck gates, how far back the gradient reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnlm_core.insight.diagnosis.case import Activity, Case
from rnnlm_core.insight.diagnosis.finding import (
    Evidence,
    Finding,
    large_start,
    lower,
    ngram_ahead,
)

SATURATED = 0.5  # share of |tanh| > 0.97: 0.65–0.95; healthy 0.08–0.21
DEAD = 0.1  # of the units: 0.12–0.38; healthy 0–0.03 (Lu et al. 2019, arXiv 1903.06733)
STUCK = 0.5  # of the units: 1.0; healthy 0–0.12


def dead(case: Case) -> Finding | None:
    worst = max((a.dead for a in _activity(case)), default=0.0)
    if worst < DEAD:
        return None
    return Finding("dead", "clear", {"share": worst, "layer": _layer(case, "dead")},
                   (), {"learning_rate": lower(case.config.learning_rate, 3)}, 0)


def stuck(case: Case) -> Finding | None:
    found = [(share, gate, index + 1) for index, layer in enumerate(_activity(case))
             for gate, share in layer.stuck.items()]
    share, gate, layer = max(found, default=(0.0, "", 0))
    if share < STUCK:
        return None
    config = case.config
    change: dict[str, Any] = {"learning_rate": lower(config.learning_rate, 3)}
    if gate == "f" and config.forget_bias != 1.0:
        change = {"forget_bias": 1.0}
    elif gate == "z" and config.update_bias != 0.0:
        change = {"update_bias": 0.0}
    return Finding("stuck", "likely", {"share": share, "gate": gate, "layer": layer}, (), change, 0)


def saturated(case: Case) -> Finding | None:
    worst = max((a.saturated for a in _activity(case)), default=0.0)
    config = case.config
    if worst < SATURATED or config.cell != "rnn":
        return None  # h of a GRU or LSTM near ±1 is memory: their gradient has another way
    horizon = case.health.horizon if case.health else None
    evidence = (Evidence("horizon", {"horizon": horizon}),) if horizon is not None else ()
    change = {"gain": 1.0} if large_start(config) else {
        "learning_rate": lower(config.learning_rate, 3)}
    return Finding("saturated", "possible", {"share": worst, "layer": _layer(case, "saturated")},
                   evidence, change, 0)


def vanishing(case: Case) -> Finding | None:
    """An n-gram that looks further back than the gradient reaches does better."""
    horizon, config = case.health.horizon if case.health else None, case.config
    ahead = None if horizon is None else ngram_ahead(case, horizon + 1)
    if horizon is None or ahead is None or horizon * 2 > config.sequence_length:
        return None
    if config.cell == "rnn" and config.activation == "sigmoid":
        change: dict[str, Any] = {"activation": "tanh"}  # σ' ≤ ¼: ‖J‖ ≤ σ_max / 4
    elif config.cell == "rnn":
        change = {"cell": "lstm"}
    else:
        change = {"chrono_steps": config.sequence_length}
    return Finding("vanishing", "likely", {"horizon": horizon, "length": config.sequence_length},
                   (Evidence("ngram_further", {"order": ahead[0], "loss": ahead[1],
                                               "back": ahead[0] - 1}),), change, 0)


def _activity(case: Case) -> Sequence[Activity]:
    return case.health.activity if case.health else ()


def _layer(case: Case, name: str) -> int:
    """The layer (from 1) in which it is worst."""
    return int(np.argmax([getattr(a, name) for a in _activity(case)])) + 1
