"""Whether a network's probabilities are true: of all it gave 30 %, did 30 % come?

Two questions over held-out text. `best`: its likeliest token at each place, how sure it was and
whether it was right. `every`: all V candidates at each place, most of them unlikely.
The error is Σ over bins |came − expected| / places; for the best guess that is the expected
calibration error of Guo et al. A network whose probabilities are exactly true has one by chance,
too: with Var = Σ p(1 − p) in a bin, √(2 Var / π) of it.

Source: Guo et al. 2017 (arXiv 1706.04599). Interval: Wilson 1927, J. Am. Stat. Assoc. 22.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.split import WARM_UP, ValidationRows
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.nets.language_model import LanguageModel

FEWEST = 100  # places: fewer say nothing of ten bins
BEST_EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
EVERY_EDGES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_MOST = 30_000_000  # probabilities that are looked at: a vocabulary of words is wide
_AT_ONCE = 2_000_000  # held at once
_Z = 1.959964  # 95 %

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """By bin of the probability that was given (B bins; an empty one has NaN)."""

    edges: tuple[float, ...]  # B + 1
    count: NDArray[np.int64]  # (B,) how often one was given
    given: Floats  # (B,) the mean of those
    came: Floats  # (B,) the share that came
    low: Floats  # (B,) 95 % interval of that share (Wilson)
    high: Floats
    error: float  # expected calibration error, a share of places
    chance: float  # what it would be in the mean with probabilities that are exactly true
    places: int
    lean: float  # mean given less share that came, over all
    lean_band: float  # 95 %: so much of it may be chance

    @property
    def honest(self) -> bool:
        """No lean beyond chance."""
        return abs(self.lean) <= self.lean_band

    @property
    def groups(self) -> int:
        """Bins that something is in."""
        return int((self.count > 0).sum())

    @property
    def off(self) -> int:
        """Bins of which a share came that differs from what was given by more than chance (5 % of
        bins would, of exactly true probabilities)."""
        return int(((self.given < self.low) | (self.given > self.high)).sum())


@dataclass
class Tally:
    """Adds up, for each bin, what was given and what came."""

    edges: tuple[float, ...]
    count: Floats = field(init=False)
    expected: Floats = field(init=False)
    came: Floats = field(init=False)
    variance: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.count, self.expected, self.came, self.variance = np.zeros((4, len(self.edges) - 1))

    def add(self, p: NDArray[np.floating], came: NDArray[np.bool_]) -> None:
        """Probabilities, and whether what they were given to came; any equal shape."""
        flat = np.asarray(p, np.float64).ravel()
        bins = np.searchsorted(self.edges[1:-1], flat, side="right")
        for total, weights in ((self.count, None), (self.expected, flat),
                               (self.came, came.ravel()), (self.variance, flat * (1 - flat))):
            total += np.bincount(bins, weights, len(total))

    def result(self, places: int) -> Reliability:
        with np.errstate(invalid="ignore", divide="ignore"):
            given, share = self.expected / self.count, self.came / self.count
        low, high = wilson(self.came, self.count)
        total = max(float(self.count.sum()), 1.0)
        return Reliability(
            self.edges, self.count.astype(np.int64), given, share, low, high,
            float(np.abs(self.came - self.expected).sum()) / places,
            float(np.sqrt(2 * self.variance / np.pi).sum()) / places, places,
            float((self.expected - self.came).sum()) / total,
            _Z * float(np.sqrt(self.variance.sum())) / total)


def wilson(came: Floats, count: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval of a share, `came` of `count`; NaN where there is no count."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = came / count
        middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
        half = _Z / (1 + _Z**2 / count) * np.sqrt(
            share * (1 - share) / count + _Z**2 / (4 * count**2))
    # never beyond what was seen by a rounding error, where nothing or all came
    return np.minimum(middle - half, share).clip(0), np.maximum(middle + half, share).clip(None, 1)


def calibration(model: LanguageModel, ids: NDArray[np.integer]
                ) -> tuple[Reliability, Reliability]:
    """Of the best guess, and of every candidate, over `ids` (T,) with all V outputs as trained.

    Read in rows side by side as validation is, each after its warm-up; of a wide vocabulary only
    the rows' beginnings. A CNN's as well. Errors: `text.too_short`, `run.no_numbers`.
    """
    rows = ValidationRows.cut(np.asarray(ids), WARM_UP + 1) if len(ids) > FEWEST else None
    if rows is None:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST + 1)
    best, every, places = Tally(BEST_EDGES), Tally(EVERY_EDGES), 0
    targets = rows.targets[:, :max(8, _MOST // (model.vocabulary * len(rows.targets)))]
    step = max(1, _AT_ONCE // (model.vocabulary * len(targets)))
    read = torch.from_numpy(rows.inputs).to(model.device)
    with torch.no_grad():
        _, carried = model.read(read[:, :rows.warm_up])
        for at in range(0, targets.shape[1], step):
            wanted = targets[:, at:at + step]
            start = rows.warm_up + at
            logits, carried = model(read[:, start:start + wanted.shape[1]], carried)
            p = torch.softmax(logits.float(), -1).cpu().numpy()[wanted >= 0]
            if not np.isfinite(p).all():
                raise RunError("run.no_numbers")
            true = wanted[wanted >= 0]
            places += len(true)
            chosen = p.argmax(1)
            best.add(p[np.arange(len(p)), chosen], chosen == true)
            every.add(p, np.arange(p.shape[1]) == true[:, None])
    return best.result(places), every.result(places)
