"""The learning-rate range test: let the rate rise over a short run and see where the loss falls.

The rate rises exponentially, the schedule "range". Two rates are read off the smoothed loss: the
one at its steepest fall, and a tenth of the one where it begins to rise. Both are rules of thumb:
the test says where training moves fast, not which rate ends lowest.

Source: Smith 2017 (arXiv 1506.01186, section 3.3; there the rate rises linearly and accuracy is
read). The exponential rise and the two rules are those of fastai's `lr_find`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.config import FIELDS, RunConfig

Floats = NDArray[np.float64]

STEPS = 200
_HALF_WINDOW = 0.25  # decades of the learning rate on each side of a point
_HIGHEST = {"sgd": 100.0, "momentum": 10.0}  # 1 for those that scale the gradient themselves
_ADAPTIVE_HIGHEST = 1.0
_FEWEST = 12  # points of a curve that says anything
_DEVIATIONS = 4.0  # a change must exceed so many standard errors of the smoothed loss
_CUT = 1.25  # of the first loss: how high it shoots up afterwards must not bend the minimum


@dataclass(frozen=True)
class RangeResult:
    """What the curve says. `smooth` in nats at `rates`; a rate is None where it shows none."""

    rates: Floats  # (N,), rising
    losses: Floats  # (N,), as measured, in nats
    smooth: Floats  # (N,)
    steepest: float | None  # where the loss falls most with the logarithm of the rate
    rises: float | None  # where it begins to rise again

    @property
    def tenth(self) -> float | None:
        return None if self.rises is None else self.rises / 10


def range_config(draft: RunConfig) -> RunConfig:
    """A range test of these settings: 200 steps up to the highest rate that can make sense.

    Nothing that would hold the loss down or end the run early stays on: no clipping, no averaging,
    no stop rule but the steps.
    """
    highest = min(_HIGHEST.get(draft.optimizer, _ADAPTIVE_HIGHEST),
                  FIELDS["learning_rate"].metadata["high"])
    return replace(draft, schedule="range", learning_rate=highest, warm_up_steps=0, max_steps=STEPS,
                   max_seconds=0.0, target_loss=0.0, patience=0, clip_norm=0.0, clip_value=0.0,
                   averaging=0.0)


def read_range(rates: Floats, losses: Floats) -> RangeResult:
    """Rates (N,) and losses (N,) in nats of the steps of a range test → where it falls and rises.

    Losses that are not finite are left out. A local straight line over half a decade smooths them,
    to both sides, so that the curve does not lag behind the rate as a running mean would.
    """
    good = np.isfinite(losses) & np.isfinite(rates) & (rates > 0)
    rates, losses = rates[good], losses[good]
    if len(rates) < _FEWEST:
        return RangeResult(rates, losses, losses.copy(), None, None)
    at = np.log10(rates)
    first = losses[:max(3, len(losses) // 10)]
    start, start_error = float(first.mean()), float(first.std(ddof=1) / np.sqrt(len(first)))
    smooth, slopes, errors = _local_lines(at, np.minimum(losses, _CUT * max(start, 1e-9)))
    lowest = int(smooth.argmin())
    if start - smooth[lowest] <= _margin(start_error, float(errors[lowest])):
        return RangeResult(rates, losses, smooth, None, None)  # it never fell
    steepest = int(slopes[:lowest + 1].argmin())
    highest = lowest + int(smooth[lowest:].argmax())
    rises = bool(smooth[highest] - smooth[lowest]
                 > _margin(float(errors[highest]), float(errors[lowest])))
    return RangeResult(rates, losses, smooth, float(rates[steepest]),
                       float(rates[lowest]) if rises else None)


def _margin(one: float, other: float) -> float:
    """How far two values with these standard errors must differ to count as different."""
    return max(_DEVIATIONS * float(np.hypot(one, other)), 1e-12)


def _local_lines(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Value and slope at each x (N,) of the least-squares line through its neighbours, and the
    standard error of that value, which is twice as large at the ends, where the neighbours all
    lie on one side."""
    value, slope, error = np.empty_like(y), np.empty_like(y), np.empty_like(y)
    for i, middle in enumerate(x):
        near = np.abs(x - middle) <= _HALF_WINDOW
        if near.sum() < 3:
            near = np.zeros(len(x), bool)
            near[max(0, i - 1):i + 2] = True
        dx, seen = x[near] - middle, y[near]
        line = np.polynomial.polynomial.polyfit(dx, seen, 1)
        value[i], slope[i] = line
        left = seen - np.polynomial.polynomial.polyval(dx, line)
        variance = np.square(left).sum() / max(1, len(seen) - 2)
        spread = np.square(dx - dx.mean()).sum()
        error[i] = np.sqrt(variance * (1 / len(seen) + dx.mean() ** 2 / spread))
    return value, slope, error
