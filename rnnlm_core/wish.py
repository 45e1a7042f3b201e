"""What a person wants of a running worker: `control.json`, and the signals that ask it to stop."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Literal

from rnnlm_core.errors import RunError
from rnnlm_core.records import Control
from rnnlm_core.run.directory import RunFolder

LOOK_SECONDS = 0.05


class Wish:
    """The wish as it was last seen; looked at by the clock, so that a step never waits for it."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._control = Control()
        self._looked = 0.0
        self._steps_done = 0  # single steps that were carried out
        self.stop_signal = False

    def begin(self) -> None:
        """Single steps that were asked for until now were an earlier worker's."""
        self._steps_done = self._folder.control().single_steps

    @property
    def knobs(self) -> dict[str, float]:
        return self._control.knobs

    def is_stop(self) -> bool:
        """Looks at the wish when it is time to; one that cannot be read changes nothing."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            with contextlib.suppress(RunError):
                self._control = self._folder.control()
        return self.stop_signal or self._control.wish == "stop"

    def answer(self) -> Literal["go", "one step", "wait", "stop"]:
        """Whether to make the next step; a single step is given out once."""
        if self.is_stop():
            return "stop"
        if self._control.wish == "run":
            return "go"
        if self._control.single_steps > self._steps_done:
            self._steps_done += 1
            return "one step"
        return "wait"


@contextlib.contextmanager
def stopped_by_signals(wish: Wish) -> Iterator[None]:
    """SIGTERM and Ctrl-C become the wish to stop."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals; the wish stops it still
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        wish.stop_signal = True

    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
