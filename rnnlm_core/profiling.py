"""How far the gradient reaches back while a run trains, as often as it is cheap.

A profile of 16 windows takes tens of milliseconds, so it is taken by the clock and not by the step:
the worker measures what profiles cost it and takes the next one when all of them together, that
one included, stay within 2 % of its time. They read a copy of the weights and draw from a generator
of their own: a run with profiles and one without are the same to the bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rnnlm_core.prepared import Prepared
from rnnlm_core.records import GradientReach
from rnnlm_core.trainer import Trainer

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagCurve, LagProfile

SHARE = 0.02  # of the seconds of training
CAUTION = 0.85  # of it is planned with: a profile may take longer than the one before
SPARSE = 1e-3  # of the training so far is the least between two: a week's file stays small
CHARACTERS = 24_000  # of the held-out text, as many as the pages read
LAGS, WINDOWS = 100, 16
WARM_UP = 100  # read before each window, as `lag_profiles` does
FEWEST_LAGS = 20  # fewer leave no line to fit a rate to


class Profiler:
    """Takes the profiles of one worker's life, and pays for them out of the time it has trained."""

    def __init__(self, trainer: Trainer, prepared: Prepared, seconds: float,
                 clock: Callable[[], float] = time.perf_counter) -> None:
        """`seconds`: trained before this life, which pays for nothing in it."""
        self._trainer, self._clock = trainer, clock
        ids = prepared.validation_ids if len(prepared.validation_ids) else prepared.train_ids
        self._ids = ids[:round(CHARACTERS / prepared.characters_per_token)]
        most = len(self._ids) // 2 - 2  # leaves room for windows to differ
        self._lags = min(LAGS, most) if most >= FEWEST_LAGS else 0
        self._began, self._began_at = seconds, trainer.steps
        self._last, self._step = seconds, -1  # when, and at which step, the last one was taken
        self._spent, self._costs = 0.0, 0.0  # by all, by the last one

    def is_due(self, seconds: float, ending: bool = False) -> bool:
        """Whether the next profile is within the means, after so many seconds of training."""
        if self._trainer.config.cell == "cnn" or not self._lags:
            return False
        if self._trainer.steps == self._step:
            return False
        costs, passed = self._costs or self._guess(seconds), seconds - self._last
        share = CAUTION * SHARE
        if not ending and (passed < SPARSE * seconds or costs > share * passed):
            return False  # each is paid by the time since the one before: they come evenly
        return self._spent + costs <= share * (seconds - self._began)

    def _guess(self, seconds: float) -> float:
        """What the first one may cost: as training takes for as many steps in time, or twice what
        it takes for as many tokens, whichever is less, and half as much again to be sure. Then it
        is known."""
        plan, lags = self._trainer.plan, self._lags
        each = (seconds - self._began) / max(self._trainer.steps - self._began_at, 1)
        return 1.5 * each * min((WARM_UP + 2 * lags) / plan.sequence_length,
                                2 * WINDOWS * (WARM_UP + lags)
                                / (plan.batch * plan.sequence_length))

    def take(self, seconds: float) -> list[GradientReach]:
        """One of each layer, lowest first."""
        begin = self._clock()
        from rnnlm_core.insight.gradients import lag_profiles

        profiles = lag_profiles(self._trainer.shown, self._ids, self._lags, WINDOWS)
        self._costs = self._clock() - begin
        self._spent += self._costs
        self._last, self._step = seconds, self._trainer.steps
        return [_record(profile, self._step, seconds, self._costs) for profile in profiles]


def _record(profile: LagProfile, step: int, seconds: float, cost: float) -> GradientReach:
    h, c = profile.h, profile.c
    return GradientReach(
        step, round(seconds, 3), profile.layer, profile.windows, _logs(h), h.horizon, h.rate,
        [] if c is None else _logs(c), None if c is None else c.horizon,
        None if c is None else c.rate, round(cost, 4))


def _logs(curve: LagCurve) -> list[float]:
    return [round(math.log10(value), 3) for value in curve.mean.tolist()]
