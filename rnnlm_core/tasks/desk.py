"""Where trials are ordered: one process a visitor, a limit for all, finished results for everyone.

The training itself is `tasks.worker`, in a process of its own that talks through a folder. No torch
here. What is finished is kept by its settings, so that the next who asks for the same has it.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnnlm_core.errors import BadInput
from rnnlm_core.files import replace_file
from rnnlm_core.run import process
from rnnlm_core.tasks.trials import Trial
from rnnlm_core.tasks.worker import LEFT

Point = tuple[int, list[float | None]]  # a step, the score of each seed; None: no number any more
KEPT = 1_000  # finished trials
PATIENCE = 15.0  # seconds without a look: the page was left, or its tab closed
_SETTLING = 10.0  # seconds at the pace of an ordinary machine that an estimate begins with
_MODULE = "rnnlm_core.tasks.worker"


@dataclass
class Result:
    """What is known of a trial so far; `done`: all of it."""

    step: int = 0
    seconds: float = 0.0  # CPU time of its training
    solved_at: list[int | None] = field(default_factory=list)
    diverged: int = 0  # seeds
    done: bool = False
    curve: list[Point] = field(default_factory=list)

    @property
    def solved(self) -> int:
        return sum(at is not None for at in self.solved_at)

    def add(self, line: dict[str, Any]) -> None:
        """A line of the worker."""
        self.step, self.seconds = line["step"], line["seconds"]
        self.solved_at, self.diverged = line["solved_at"], line["diverged"]
        self.curve += [(step, scores) for step, scores in line["points"]]
        self.done = line["done"]


class Order:
    """A training process and what it has said so far."""

    def __init__(self, trials: Sequence[Trial], patience: float = PATIENCE) -> None:
        self.trials: tuple[Trial, ...] = ()
        self._asked: dict[str, Trial] = {}  # ever, by key: also those of earlier orders
        self.results: dict[str, Result] = {}
        self.failed = False
        self._first: tuple[float, float] | None = None  # when it first said something, and how far
        self.folder = Path(tempfile.mkdtemp(prefix="unroll-trials-"))
        self.read_to = 0
        self._patience, self._number = patience, 0
        self.change(trials)
        (self.folder / "alive").touch()
        with open(self.folder / "worker.log", "wb") as log:
            self._child = subprocess.Popen(
                process.command(_MODULE, self.folder), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=process.environment())

    def change(self, trials: Sequence[Trial]) -> None:
        """From now on do these; what it is at and is not first among them goes on later."""
        self.trials, self._number = tuple(trials), self._number + 1
        self._asked |= {trial.key: trial for trial in trials}
        own = os.getpid()
        order = {"parent": own, "started": process.process_started(own), "number": self._number,
                 "patience": self._patience, "trials": [asdict(trial) for trial in trials]}
        replace_file(self.folder / "order.json", json.dumps(order).encode())

    @property
    def unfinished(self) -> list[Trial]:
        return [trial for trial in self.trials
                if trial.key not in self.results or not self.results[trial.key].done]

    @property
    def seconds_left(self) -> float:
        """About, at the pace so far; less where seeds are done early."""
        left = sum(one.expected_seconds * (1 - self._share(one)) for one in self.unfinished)
        if self._first is None:
            return left
        return at_pace(left, time.monotonic() - self._first[0], self._spent() - self._first[1])

    def _spent(self) -> float:
        """How long what is done would have taken on an ordinary machine."""
        return sum(one.expected_seconds * self._share(one) for one in self._asked.values())

    def _share(self, trial: Trial) -> float:
        found = self.results.get(trial.key)
        return 0.0 if found is None else found.step / trial.max_steps

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def ended_too_soon(self) -> bool:
        """A newer order came when it had just done the one before."""
        return self._child.returncode == 0 and bool(self.unfinished)

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def look(self) -> None:
        """Read what is new, and tell the worker that somebody looks."""
        ended = not self.running
        if not self.folder.exists():
            return
        (self.folder / "alive").touch()
        self._read()
        if ended:
            self.failed = self._child.returncode not in (0, LEFT)
            shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """End it now; what it has said stays."""
        if self.folder.exists():
            self._read()
        process.end_by_force(self.pid)
        self._child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> None:
        try:
            with open(self.folder / "progress.jsonl", "rb") as file:
                file.seek(self.read_to)
                new = file.read()
        except FileNotFoundError:  # it is still starting
            return
        whole = new[:new.rfind(b"\n") + 1]  # a last line without its end is still being written
        self.read_to += len(whole)
        for line in map(json.loads, whole.splitlines()):
            self.results.setdefault(line["trial"], Result()).add(line)
        if whole and self._first is None:
            self._first = time.monotonic(), self._spent()


def at_pace(left: float, past: float, done: float) -> float:
    """Seconds for what would take `left` of them on an ordinary machine, after `past` seconds in
    which it would have done `done`. The pace of an ordinary machine counts for the first seconds,
    so that the estimate comes to the measured pace without a jump."""
    return left * (past + _SETTLING) / (done + _SETTLING)


class Desk:
    """All orders of this server. Safe from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._orders: dict[str, Order] = {}
        self._kept: dict[str, Result] = {}
        self._lock = threading.Lock()
        atexit.register(self.close)

    def close(self) -> None:
        """End everything."""
        for order in self._orders.values():
            order.stop()

    def start(self, visitor: str, trials: Sequence[Trial]) -> None:
        """Train what is not known yet, in this order, in place of an earlier order of this visitor.

        Raises `BadInput` where so many others train that there is no place.
        """
        with self._lock:
            wanted = self.missing(list(dict.fromkeys(trials)))
            order = self.running(visitor)
            if order is not None and wanted:
                order.change(wanted)
                return
            self._end(visitor)
            if wanted and self.busy >= self._limit:
                raise BadInput("trials.busy", value=self.busy)
            if wanted:
                self._orders[visitor] = Order(wanted)

    def look(self, visitor: str, trials: Sequence[Trial]) -> dict[str, Result]:
        """What is known of these trials, by key: finished ones, and those of this visitor."""
        with self._lock:
            order = self._orders.get(visitor)
            if order is not None:
                order.look()
                self._keep(order)
                if order.ended_too_soon:
                    order = self._orders[visitor] = Order(order.unfinished)
            partly = order.results if order is not None else {}
            keys = [trial.key for trial in trials]
            return {key: found for key in keys
                    if (found := self._kept.get(key) or partly.get(key)) is not None}

    def failure(self, visitor: str) -> BadInput | None:
        """Where the last training of this visitor has ended by a fault, until the next start."""
        order = self._orders.get(visitor)
        return BadInput("trials.failed") if order is not None and order.failed else None

    @property
    def busy(self) -> int:
        """How many train now."""
        return sum(order.running for order in self._orders.values())

    def missing(self, trials: Sequence[Trial]) -> list[Trial]:
        """Those that are not finished for anybody."""
        return [trial for trial in trials if trial.key not in self._kept]

    def running(self, visitor: str) -> Order | None:
        """What is being trained for this visitor now."""
        order = self._orders.get(visitor)
        return order if order is not None and order.running else None

    def stop(self, visitor: str) -> None:
        """End the training of this visitor at once; what it has found so far stays in sight."""
        with self._lock:
            self._end(visitor)

    def _end(self, visitor: str) -> None:
        order = self._orders.get(visitor)
        if order is not None:
            order.stop()
            self._keep(order)
        for name, other in list(self._orders.items()):
            if name != visitor and not other.running:  # left: nobody looks at it any more
                other.look()  # its last words, and its folder goes
                self._keep(other)
                if len(self._orders) > KEPT:
                    del self._orders[name]

    def _keep(self, order: Order) -> None:
        self._kept |= {key: found for key, found in order.results.items() if found.done}
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
