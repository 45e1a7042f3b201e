"""Spot the mistake: formulas with one fault or none, and what happens when they are run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnnlm_core.insight.textbook import Rule, gradients
from rnnlm_core.insight.textbook_losses import of_delta, steps_to_turn
from rnnlm_core.insight.textbook_network import THROUGH_DELTA, example, read
from rnnlm_core.insight.textbook_training import NEAR, Curves, Source, compare, leak
from rnnlm_core.insight.textbook_truth import Nearness, by_differences, nearness

FATES = ("passes", "hides", "shows")
EXACT = 1e-9  # relative error up to which finite differences agree
CONFIDENT = 0.001
Fate = Literal["passes", "hides", "shows"]


@dataclass(frozen=True)
class Exercise:
    """`rule` is the formula, trained with on `source`; None: it is no rule, see `answer_of`."""

    name: str
    rule: Rule | None = None
    source: Source = "chain"


EXERCISES: tuple[Exercise, ...] = (
    Exercise("transpose", Rule(carry="straight")),
    Exercise("no_slope", Rule(slope="none"), "pairs"),
    Exercise("squares", Rule()),
    Exercise("slope_of_h", Rule(slope="h")),
    Exercise("no_carry", Rule(carry="none")),
    Exercise("no_carry_pairs", Rule(carry="none"), "pairs"),
    Exercise("no_output", Rule(output=False), "pairs"),
    Exercise("sign", Rule(error="y-p")),
    Exercise("mean", Rule(mean=True), "pairs"),
    Exercise("delta_loss"),
    Exercise("squared_error"),
    Exercise("test_text"))


@dataclass(frozen=True)
class Outcome:
    """Of a rule: against finite differences on the example, and what training by it does."""

    near: Nearness
    truth: list[float]  # every entry of the arrays that δ reaches, by finite differences
    found: list[float]  # the same, by the rule
    curves: Curves

    @property
    def fate(self) -> Fate:
        """Right; or wrong, and the loss curve ends within 0.1 nats of the right one's, or not."""
        if self.near.error <= EXACT:
            return "passes"
        return "hides" if self.curves.apart <= NEAR else "shows"


def run(rule: Rule, source: Source) -> Outcome:
    network, tokens = example()
    truth, found = by_differences(network, tokens), gradients(rule, read(network, tokens))
    return Outcome(nearness(found, truth, THROUGH_DELTA),
                   [value for name in THROUGH_DELTA for value in truth[name].flatten().tolist()],
                   [value for name in THROUGH_DELTA for value in found[name].flatten().tolist()],
                   compare(rule, source))


def answer_of(name: str) -> int:
    """Which of the three answers to an exercise without a rule is right: measured, not noted."""
    if name == "delta_loss":  # a number as any; no number at some steps; infinite
        values = of_delta().true
        return 1 if min(values) < 0 else 2 if min(values) == 0 else 0
    if name == "squared_error":  # as many steps; up to 10 times; more
        ratio = steps_to_turn(CONFIDENT, "squared") / steps_to_turn(CONFIDENT, "cross_entropy")
        return 0 if ratio <= 1.5 else 1 if ratio <= 10 else 2
    found = leak()  # both fall; test falls and untouched rises; both stay
    fell, rose = found.test[-1] < found.test[0], found.untouched[-1] > found.untouched[0]
    return (1 if rose else 0) if fell else 2
