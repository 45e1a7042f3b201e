"""The curves of a run, and what can be read off them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.records import StepMetrics

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """The curves of a run, one entry a logged step; NaN where nothing was measured. Nats."""

    step: Floats
    loss: Floats
    validation: Floats
    gradient_norm: Floats
    clipped_norm: Floats
    learning_rate: Floats

    @classmethod
    def of(cls, rows: Sequence[StepMetrics]) -> Course:
        def column(name: str) -> Floats:
            values = [getattr(row, name) for row in rows]
            return np.array([math.nan if v is None else v for v in values], np.float64)
        return cls(*(column(name) for name in cls.__dataclass_fields__))

    @cached_property
    def curve(self) -> tuple[Floats, Floats]:
        """Steps and losses: the evaluations; where there are few, the training loss in 20 bins."""
        seen = np.isfinite(self.validation)
        if seen.sum() >= 5:
            return self.step[seen], self.validation[seen]
        good = np.isfinite(self.loss)
        bins = [b for b in np.array_split(np.flatnonzero(good), 20) if len(b)]
        return (np.array([self.step[b].mean() for b in bins]),
                np.array([self.loss[b].mean() for b in bins]))

    @property
    def validated(self) -> bool:
        return bool(np.isfinite(self.validation).sum() >= 5)

    @property
    def second_half(self) -> NDArray[np.bool_]:
        late: NDArray[np.bool_] = self.step > self.step[-1] / 2
        return late

    @cached_property
    def training(self) -> float:
        """The training loss at the end: the mean over the last twentieth of the steps."""
        good = self.loss[np.isfinite(self.loss)]
        return float(good[-max(10, len(good) // 20):].mean()) if len(good) else math.nan

    @cached_property
    def first(self) -> float:
        """The loss of the first step, before any change: about ln V."""
        good = self.loss[np.isfinite(self.loss)]
        return float(good[0]) if len(good) else math.nan

    @cached_property
    def fallen_late(self) -> float:
        """What the curve lost in the second half of the steps."""
        at, losses = self.curve
        return float(np.interp(at[-1] / 2, at, losses) - losses[-1])

    @cached_property
    def first_share(self) -> float:
        """Share of the whole fall in the first half of the learning rate's sum: ½ is a line."""
        at, losses = self.curve
        learnt = np.interp(at, self.step, np.cumsum(self.learning_rate))
        middle = np.interp(learnt[-1] / 2, learnt, losses)
        fall = losses[0] - losses[-1]
        return float((losses[0] - middle) / fall) if fall > 0 else math.nan

    @cached_property
    def jumps(self) -> float:
        """All rises of validation together, over its whole fall. Rises after the best count only
        where training has not gone on falling: else it is memorising. 0 without validation, for
        training loss rises and falls with its text."""
        if not self.validated:
            return 0.0
        _, losses = self.curve
        until = len(losses) if self.training > losses.min() else int(np.argmin(losses)) + 1
        rises = np.maximum(0, np.diff(losses[:until])).sum()
        return float(rises / max(losses[0] - losses.min(), 1e-9))

    @cached_property
    def swing(self) -> float:
        """Standard deviation of single steps' loss around its course, over the second half."""
        late = self.loss[self.second_half]
        late = late[np.isfinite(late)]
        return float(np.diff(late).std() / math.sqrt(2)) if len(late) > 10 else 0.0

    @cached_property
    def clipped(self) -> float:
        """Share of the second half's steps that were clipped."""
        late = self.second_half
        return float(np.mean(self.clipped_norm[late] < self.gradient_norm[late]))
