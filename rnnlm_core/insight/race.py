"""A race of cells, moment by moment: what was measured of each, merged and compared.

Pure arithmetic on what `gradients.lag_profile` and `answers.answers_by_lag` found; imports no
torch. Where chance could be the reason of an order, no order is claimed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnnlm_core.config import Cell

if TYPE_CHECKING:
    from rnnlm_core.insight.answers import ByLag
    from rnnlm_core.insight.gradients import LagCurve, LagProfile

ABOUT = 0.1  # horizons that differ by less, or by a single lag, count as alike
LIKE_CHANCE = 2.0  # standard errors


@dataclass(frozen=True)
class Moment:
    """A racer at one kept step; no profile and no answers where its weights are no numbers."""

    step: int
    profile: LagProfile | None
    answers: ByLag | None


@dataclass(frozen=True, order=True)
class Reach:
    """A memory horizon in lags; `beyond`: not within the `lags` that were measured. `spread` is
    where it comes to lie with other windows (K + 1: beyond), as far as that is known."""

    lags: int
    beyond: bool = False
    spread: tuple[int, int] | None = field(default=None, compare=False)

    def like(self, other: Reach) -> bool:
        """Whether the two are too close to call one the farther."""
        if self.spread is not None and other.spread is not None and \
                self.spread[0] <= other.spread[1] and other.spread[0] <= self.spread[1]:
            return True
        far = max(self.lags, other.lags)
        apart = far - min(self.lags, other.lags)
        return (self.beyond and other.beyond) or (
            self.beyond == other.beyond and apart <= max(1, ABOUT * far))


def reach_of(curve: LagCurve) -> Reach:
    measured = len(curve.mean) - 1
    return Reach(measured, True, curve.horizon_spread) if curve.horizon is None else \
        Reach(curve.horizon, False, curve.horizon_spread)


def farthest(profile: LagProfile) -> Reach:
    """By h, or for an LSTM by the farther of h and c: h alone understates its memory."""
    found = [reach_of(profile.h)] + ([reach_of(profile.c)] if profile.c is not None else [])
    return max(found, key=lambda reach: (reach.beyond, reach.lags))


# -- merging ---------------------------------------------------------------------------------------
def shared_steps(kept: Iterable[Collection[int]]) -> list[int]:
    """The steps at which at least two racers have a moment, rising; of a single racer all of its.

    Moments that stay are kept at the same steps of every run (`run.history.is_mark`), so up to
    where the slowest has come these are steps of all, and none is lost when another one starts.
    """
    sets = [set(steps) for steps in kept if steps]
    counted = Counter(step for steps in sets for step in steps)
    return sorted(step for step, count in counted.items() if count >= min(2, len(sets)))


def at_step(moments: Mapping[int, Moment], step: int | None) -> Moment | None:
    """The moment of exactly this step; the newest where it is None. None where there is none."""
    if step is None:
        return moments[max(moments)] if moments else None
    return moments.get(step)


@dataclass(frozen=True)
class Course:
    """Memory horizons over the steps of training."""

    steps: list[int]
    h: list[Reach]
    c: list[Reach]  # of an LSTM, else empty


def course(moments: Iterable[Moment]) -> Course:
    """In order of steps, however they came; moments without numbers are left out."""
    seen = {moment.step: moment.profile for moment in moments if moment.profile is not None}
    ordered = [(step, seen[step]) for step in sorted(seen)]
    return Course([step for step, _ in ordered], [reach_of(p.h) for _, p in ordered],
                  [reach_of(p.c) for _, p in ordered if p.c is not None])


# -- who is ahead ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """One racer at the moment that is looked at."""

    cell: Cell
    reach: Reach
    before: Reach | None  # untrained
    right: ByLag | None
    loss: float | None  # nats a character, on held-out text
    step: int = 0  # of the profile
    even: float | None = None  # loss of guessing evenly, nats a character

    @property
    def broken(self) -> bool:
        """Worse than guessing evenly: it has diverged, and its reach says nothing."""
        return self.loss is not None and self.even is not None and not self.loss <= self.even


def of_one_kind(standings: Sequence[Standing]) -> list[Standing]:
    """Those that may be ranked: none that has diverged, none untrained beside trained ones."""
    whole = [s for s in standings if not s.broken]
    return [s for s in whole if s.step] or whole


@dataclass(frozen=True)
class Verdict:
    """Who is ahead, and who cannot be told from them. `learnt`: by what is right where the text
    says what must be known, else by the loss; empty where nobody learnt, or nothing is known."""

    farthest: tuple[Cell, ...]
    learnt: tuple[Cell, ...]
    by_answers: bool
    nobody: bool  # all answer as if they guessed

    @property
    def agree(self) -> bool:
        """Whether some racer is ahead in both."""
        return bool(set(self.farthest) & set(self.learnt))


def verdict(standings: Sequence[Standing]) -> Verdict:
    """Of at least one racer."""
    best = max((s.reach for s in standings), key=lambda reach: (reach.beyond, reach.lags))
    far = tuple(s.cell for s in standings if s.reach.like(best))
    answers = {s.cell: s.right for s in standings
               if s.right is not None and s.right.kind != "fed"}
    if answers:
        nobody = not any(_above_chance(found) for found in answers.values())
        top = max(answers.values(), key=lambda found: found.whole)
        learnt = tuple(c for c, found in answers.items() if not _apart(found, top))
        return Verdict(far, () if nobody else learnt, True, nobody)
    losses = {s.cell: round(s.loss / math.log(2), 2) for s in standings if s.loss is not None}
    low = min(losses.values(), default=0.0)
    return Verdict(far, tuple(c for c, loss in losses.items() if loss == low), False, False)


def _cases(found: ByLag) -> int:
    return int(found.cases.sum() if found.kind == "distance" else found.cases[-1])


def _above_chance(found: ByLag) -> bool:
    """By more than two standard errors of guessing (normal approximation of the binomial)."""
    error = math.sqrt(found.chance * (1 - found.chance) / _cases(found))
    return found.whole > found.chance + LIKE_CHANCE * error


def _apart(one: ByLag, other: ByLag) -> bool:
    """Whether two shares differ by more than two standard errors of their difference."""
    variance = sum(f.whole * (1 - f.whole) / _cases(f) for f in (one, other))
    return abs(one.whole - other.whole) > LIKE_CHANCE * math.sqrt(variance)
