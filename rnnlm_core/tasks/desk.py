"""Where trials are ordered: one process a visitor, a limit for all, finished results for everyone.

The training itself is `tasks.worker`, in a process of its own that talks through a folder. No torch
here. What is finished is kept by its settings, so that the next who asks for the same has it.
"""

from __future__ import annotations

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
from rnnlm_core.run import process
from rnnlm_core.tasks.trials import Trial

Point = tuple[int, list[float | None]]  # a step, the score of each seed; None: no number any more
KEPT = 1_000  # finished trials
_PACED = 0.02  # of the work, after which the pace is known
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

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = tuple(trials)
        self.results: dict[str, Result] = {}
        self.failed = False
        self.begun = time.monotonic()
        self._folder = Path(tempfile.mkdtemp(prefix="unroll-trials-"))
        self._at = 0
        own = os.getpid()
        order = {"parent": own, "started": process.process_started(own),
                 "trials": [asdict(trial) for trial in self.trials]}
        (self._folder / "order.json").write_text(json.dumps(order), "utf-8")
        (self._folder / "alive").touch()
        with open(self._folder / "worker.log", "wb") as log:
            self._child = subprocess.Popen(
                process.command(_MODULE, self._folder), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=process.environment())

    @property
    def unfinished(self) -> list[Trial]:
        return [trial for trial in self.trials
                if trial.key not in self.results or not self.results[trial.key].done]

    @property
    def seconds_left(self) -> float:
        """At most, at the pace so far; before there is one, at that of an ordinary machine."""
        shares = {key: found.step for key, found in self.results.items()}
        spent = sum(one.expected_seconds * shares.get(one.key, 0) / one.max_steps
                    for one in self.trials)
        left = sum(one.expected_seconds * (1 - shares.get(one.key, 0) / one.max_steps)
                   for one in self.unfinished)
        past = time.monotonic() - self.begun
        return left * past / spent if spent > _PACED * (spent + left) else left

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def look(self) -> None:
        """Read what is new, and tell the worker that somebody looks."""
        ended = not self.running
        if not self._folder.exists():
            return
        (self._folder / "alive").touch()
        self._read()
        if ended:
            self.failed = self._child.returncode != 0
            shutil.rmtree(self._folder, ignore_errors=True)

    def stop(self) -> None:
        """End it now; what it has said stays."""
        if self._folder.exists():
            self._read()
        process.end_by_force(self.pid)
        self._child.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self) -> None:
        try:
            with open(self._folder / "progress.jsonl", "rb") as file:
                file.seek(self._at)
                new = file.read()
        except FileNotFoundError:  # it is still starting
            return
        whole = new[:new.rfind(b"\n") + 1]  # a last line without its end is still being written
        self._at += len(whole)
        for line in map(json.loads, whole.splitlines()):
            self.results.setdefault(line["trial"], Result()).add(line)


class Desk:
    """All orders of this server. Safe from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._orders: dict[str, Order] = {}
        self._kept: dict[str, Result] = {}
        self._lock = threading.Lock()

    def start(self, visitor: str, trials: Sequence[Trial]) -> None:
        """Train what is not known yet, in this order; an earlier order of this visitor ends.

        Raises `BadInput` where so many others train that there is no place.
        """
        with self._lock:
            others = sum(order.running for name, order in self._orders.items() if name != visitor)
            self._end(visitor)
            wanted = self.missing(list(dict.fromkeys(trials)))
            if not wanted:
                return
            if others >= self._limit:
                raise BadInput("trials.busy", value=others)
            self._orders[visitor] = Order(wanted)

    def look(self, visitor: str, trials: Sequence[Trial]) -> dict[str, Result]:
        """What is known of these trials, by their keys: finished ones, and those of this visitor.

        Raises `BadInput`, once, where the training process has failed.
        """
        with self._lock:
            order = self._orders.get(visitor)
            if order is not None:
                order.look()
                self._keep(order)
                if order.failed:
                    del self._orders[visitor]
                    raise BadInput("trials.failed")
            partly = order.results if order is not None else {}
            keys = [trial.key for trial in trials]
            return {key: found for key in keys
                    if (found := self._kept.get(key) or partly.get(key)) is not None}

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
