"""What a run wrote of its gradient's reach while it trained, read as it comes. Without torch."""

from __future__ import annotations

import threading
from typing import NamedTuple

from rnnlm_core.records import GradientReach
from rnnlm_core.run.directory import RunFolder

_BLOCK = 1_000_000  # bytes read at once
FLOOR = -300.0  # log₁₀ of the smallest gradient that is told from zero: see `GradientReach`


class ReachPoint(NamedTuple):
    """One profile's numbers, without its curves: see `GradientReach`. `c_…` of an LSTM only."""

    step: int
    seconds: float
    h_horizon: int | None
    h_rate: float | None
    c_horizon: int | None
    c_rate: float | None
    lags: int
    cost: float


class ReachTail:
    """Everything read so far of `profiles.jsonl`; only what was appended since is read again.

    `points[layer]` by step, without those where no gradient arrived that could reach anywhere;
    `newest[layer]` whole with its curves; both empty in a run without the
    file. Threads may share one.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder, self._at, self._lock = folder, 0, threading.Lock()
        self.points: dict[int, list[ReachPoint]] = {}
        self.newest: dict[int, GradientReach] = {}

    def refresh(self) -> ReachTail:
        """Read on. A file that a resume has cut is read from its beginning."""
        with self._lock:
            while True:
                found, at = self._folder.profiles(self._at, _BLOCK)
                if at < self._at or (found and found[0].step < self._last):
                    self.points, self.newest, self._at = {}, {}, 0
                    found, at = self._folder.profiles(0, _BLOCK)
                for record in found:
                    self._add(record)
                if at == self._at:
                    return self
                self._at = at

    @property
    def _last(self) -> int:
        return max((record.step for record in self.newest.values()), default=0)

    def _add(self, record: GradientReach) -> None:
        self.newest[record.layer] = record
        if record.h[0] <= FLOOR:
            return
        self.points.setdefault(record.layer, []).append(ReachPoint(
            record.step, record.seconds, record.h_horizon, record.h_rate, record.c_horizon,
            record.c_rate, record.lags, record.cost))
