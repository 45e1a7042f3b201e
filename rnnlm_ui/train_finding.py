"""The answer to "Is it learning?": where a run stands among its yardsticks, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnlm_core.config import RunConfig
from rnnlm_core.records import XZ, Status, Yardstick
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.live import RunTail
from rnnlm_ui.loss_units import FLOOR, shown, to_unit, yardstick_name
from rnnlm_ui.milestones import passed_at, passed_text
from rnnlm_ui.tokens import Tokens

# in the unit that is shown: less to go than is written, to the best possible and to the others
_REACHED, _LEVEL = 0.0005, 0.005


@dataclass(frozen=True)
class Standing:
    """Where a loss stands among the yardsticks, each loss on the same positions as theirs."""

    loss: float
    passed: list[tuple[str, float]]  # the hardest last
    ahead: list[tuple[str, float]]  # the next to beat first


def standing(loss: float, yardsticks: list[Yardstick], whole: bool) -> Standing:
    values = [(y.name, y.full if whole else y.live) for y in yardsticks
              if y.name != FLOOR and (whole or y.name != XZ)]
    values.sort(key=lambda pair: -pair[1])
    return Standing(loss, [v for v in values if loss < v[1]], [v for v in values if loss >= v[1]])


def finding(status: Status, tail: RunTail, yardsticks: list[Yardstick], unit: str,
            tokens: Tokens | None = None) -> str:
    """The answer to "Is it learning?" in one sentence, recomputed at every look; and how far it is
    to the best possible, where that is known."""
    whole = status.final_validation is not None
    _, losses = tail.validation()
    if not whole and not len(losses):
        return _without_validation(tail, bool(yardsticks), unit, tokens)
    loss = status.final_validation if status.final_validation is not None else float(losses[-1])
    said = _among(loss, whole, status, tail, yardsticks, unit, tokens)
    best = next((y.full if whole else y.live for y in yardsticks if y.name == FLOOR), None)
    if best is None or status.state == "diverged":
        return said
    return joined([said, _to_the_best(loss, best, unit, tokens)])


def _to_the_best(loss: float, best: float, unit: str, tokens: Tokens | None) -> str:
    convert, its = to_unit(unit), shown(best, unit, tokens, brief=True)
    away = float(convert(np.array(loss)) - convert(np.array(best)))
    if away < _REACHED:
        return t("train.best_reached", best=its)
    return t("train.best_left", best=its, away=f"{away:.3f}")


def _among(loss: float, whole: bool, status: Status, tail: RunTail, yardsticks: list[Yardstick],
           unit: str, tokens: Tokens | None) -> str:
    """The loss among the yardsticks that can be passed."""
    place = standing(loss, yardsticks, whole)
    value = shown(loss, unit, tokens)
    where = t("train.on_all" if whole else "train.on_sample")
    if not yardsticks or status.state == "diverged":
        return t("train.finding_alone", value=value, where=where)
    if not place.ahead and not any(y.name.startswith("kn") for y in yardsticks):
        return t("train.finding_waiting", value=value, where=where,
                 passed=yardstick_name(place.passed[-1][0]))
    if not place.ahead:
        return t("train.finding_all", value=value, where=where,
                 name=_with_moment(place.passed[-1][0], yardsticks, tail),
                 its=shown(place.passed[-1][1], unit, tokens))
    next_name, next_loss = place.ahead[0]
    convert = to_unit(unit)
    away = float(convert(np.array(loss)) - convert(np.array(next_loss)))
    values = {"value": value, "where": where, "next": yardstick_name(next_name),
              "away": f"{away:.2f}"}
    level = "_level" if away < _LEVEL else ""
    if not place.passed:
        return t(f"train.finding_none{level}", **values)
    return t(f"train.finding{level}", passed=_with_moment(place.passed[-1][0], yardsticks, tail),
             **values)


def _with_moment(name: str, yardsticks: list[Yardstick], tail: RunTail) -> str:
    """A yardstick by name; of an n-gram also when it was passed. The others go in no time."""
    own = yardstick_name(name)
    live = next((y.live for y in yardsticks if y.name == name), None)
    when = passed_at(tail, live) if live is not None and name.startswith("kn") else None
    return own if when is None else passed_text(own, when)


def _without_validation(tail: RunTail, held_out: bool, unit: str, tokens: Tokens | None) -> str:
    losses = tail.column("loss")
    losses = losses[np.isfinite(losses)]
    if not len(losses):
        return t("train.finding_nothing")
    value = shown(float(losses[-50:].mean()), unit, tokens)
    return t("train.finding_early" if held_out else "train.finding_training_only", value=value)


def final_facts(status: Status, config: RunConfig, unit: str, tokens: Tokens) -> str:
    """What the end measured besides: without a carried state, and on the test part."""
    found = []
    if status.final_validation is not None and status.final_reset is not None:
        found.append(t("train.final_reset", carried=shown(status.final_validation, unit, tokens),
                       reset=shown(status.final_reset, unit, tokens),
                       length=config.sequence_length, many=tokens.many))
    if status.final_test is not None:
        found.append(t("train.final_test", value=shown(status.final_test, unit, tokens)))
    return ":gray[" + " · ".join(found) + "]" if found else ""
