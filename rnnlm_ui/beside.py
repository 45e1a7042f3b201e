"""Work that takes long, beside a page that stays alive: one thread for whoever waits for the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

from rnnlm_ui import session

_PATIENCE = 0.3  # seconds: work that is done by then, or was done before, shows no sign of it


class Unwanted(Exception):
    """Nobody waits for it any more."""


class Beside:
    """The work goes on in a thread that only writes to this object; the page polls it.

    `work` says which `step` it is at and, with `told`, how far; `told` ends what nobody wants.
    """

    def __init__(self, work: Callable[[Beside], object]) -> None:
        self.name, self.at, self.whole = "", 0, 0
        self.begun = time.monotonic()  # of the step
        self.error: Exception | None = None
        self.waiting = 1  # tabs; set before the thread looks
        self._work, self._done = work, threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def step(self, name: str, whole: int) -> None:
        self.name, self.at, self.whole, self.begun = name, 0, whole, time.monotonic()

    def told(self, at: int) -> None:
        self.at = at
        if self.waiting <= 0:
            raise Unwanted

    def wait(self, seconds: float) -> None:
        self._done.wait(seconds)

    def _run(self) -> None:
        try:
            self._work(self)
        except Exception as error:  # raised again by the page that asks for what it brought
            self.error = error
        self._done.set()


_lock = threading.Lock()
_going_on: dict[Hashable, Beside] = {}


def beside(slot: str, key: Hashable, work: Callable[[Beside], object]) -> Beside:
    """The work `key`, begun now or going on; it takes the place of what this tab had in `slot`.

    Raises what ended it.
    """
    kept: tuple[Hashable, Beside] | None = session.recall(slot, None)
    if kept is None or kept[0] != key:
        with _lock:
            if kept is not None:
                kept[1].waiting -= 1
            for name in [name for name, other in _going_on.items() if other.done]:
                del _going_on[name]
            known = _going_on.get((slot, key))
            if known is not None and known.waiting > 0:
                found = known
                found.waiting += 1
            else:
                found = Beside(work)
            _going_on[slot, key] = found
        session.remember(slot, (key, found))
        found.wait(_PATIENCE)
    else:
        found = kept[1]
    if found.error is not None:
        raise found.error
    return found
