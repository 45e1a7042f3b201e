"""Seconds of training without pauses, over all the lives of a run, and its speed."""

from __future__ import annotations

import time


class TrainingClock:
    """Stands until the first step, and while the run is paused."""

    def __init__(self) -> None:
        self._before = 0.0  # seconds of training until it last stood
        self._since: float | None = None
        self.measure_from(0)

    def set(self, seconds: float) -> None:
        """What an earlier process, or the run that this one is a fork of, had trained."""
        self._before, self._since = seconds, None

    def go(self) -> None:
        if self._since is None:
            self._since = time.perf_counter()

    def stand(self) -> None:
        self.set(self.seconds)

    @property
    def stands(self) -> bool:
        return self._since is None

    @property
    def seconds(self) -> float:
        since = self._since
        return self._before + (0.0 if since is None else time.perf_counter() - since)

    def measure_from(self, tokens: int) -> None:
        """The speed is that since now."""
        self._measured, self._tokens, self._speed = time.perf_counter(), tokens, 0.0

    def speed(self, tokens: int) -> float:
        """Tokens a second over the last second or so, everything included."""
        now = time.perf_counter()
        past = now - self._measured
        speed = (tokens - self._tokens) / max(past, 1e-6)
        if past > 1.0:
            self._measured, self._tokens = now, tokens
        if past > 1.0 or not self._speed:
            self._speed = speed
        return self._speed
