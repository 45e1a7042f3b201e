"""`python -m rnnlm_core.tasks.worker FOLDER`: train the trials of an order, one after the other.

The folder, made by `tasks.desk`, which is the other side:

    order.json      replaced by it      `parent` (process id), `started` (of it), `patience`,
                                        `trials`, `number`, which grows with each new order
    alive           touched by the desk while somebody looks
    progress.jsonl  appended here       a line for each look at a trial, see `Line`
    worker.log      what this process prints; for people

It ends by itself when all is done, when the process that ordered it is gone (then it takes the
folder away, too) or when nobody has looked for `patience` seconds. A newer order comes at once:
what it does not begin with is put off, and goes on later where it was.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rnnlm_core.run.process import process_started, sleep_while_waiting
from rnnlm_core.tasks.trials import Progress, Trial

LEFT = 3  # exit status where nobody is there any more
EVERY = 0.2  # seconds between two lines
_CHECK = 0.5  # seconds between two looks at who is still there
_THINNED = 5  # steps between two points of a curve: the score is a mean over about ten


def main(folder: Path) -> None:
    sleep_while_waiting()
    import torch

    from rnnlm_core.tasks.training import train

    torch.set_num_threads(1)  # two would wait for each other at this size
    watch = _Watch(folder)
    courses: dict[str, _Course] = {}  # begun, and put off for something newer
    finished: set[str] = set()
    with open(folder / "progress.jsonl", "a", encoding="utf-8") as lines:
        while trial := next((one for one in watch.trials() if one.key not in finished), None):
            course = courses.setdefault(trial.key, _Course(trial, train(trial)))
            if _follow(course, lines, watch):
                finished.add(trial.key)
                del courses[trial.key]


@dataclass
class _Course:
    """A training, which may be put off, and how far it is."""

    trial: Trial
    steps: Iterator[Progress]
    progress: Progress | None = None


def _follow(course: _Course, lines: TextIO, watch: _Watch) -> bool:
    """Until it is finished (True), or there is something else to do first."""
    points: list[tuple[int, list[float | None]]] = []
    written, trial = time.monotonic(), course.trial
    for progress in course.steps:
        course.progress = progress
        if progress.step % _THINNED == 0 or progress.step == 1:
            points.append((progress.step, _finite(progress.scores)))
        if time.monotonic() - written > EVERY:
            _write(lines, trial, progress, points, False)
            points, written = [], time.monotonic()
        if not watch.goes_on():
            _write(lines, trial, progress, points, False)
            return False
    last = course.progress
    assert last is not None  # every trial has a step
    if last.step % _THINNED and last.step != 1:
        points.append((last.step, _finite(last.scores)))
    _write(lines, trial, last, points, True)
    return True


def _write(lines: TextIO, trial: Trial, progress: Progress,
           points: list[tuple[int, list[float | None]]], done: bool) -> None:
    line: dict[str, Any] = {
        "trial": trial.key, "step": progress.step, "seconds": round(progress.seconds, 3),
        "solved_at": progress.solved_at, "diverged": progress.diverged, "done": done,
        "points": points}
    lines.write(json.dumps(line, allow_nan=False) + "\n")
    lines.flush()


def _finite(scores: tuple[float, ...]) -> list[float | None]:
    return [round(score, 4) if math.isfinite(score) else None for score in scores]


class _Watch:
    """What is ordered, whether the one who ordered it still lives, whether somebody still looks."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0
        self._checked, self._begun = 0.0, time.time()

    def trials(self) -> list[Trial]:
        order = self._order()
        self._number = order["number"]
        return [Trial.from_json(trial) for trial in order["trials"]]

    def goes_on(self) -> bool:
        """False where there is a newer order. Looked at twice a second."""
        if time.monotonic() - self._checked < _CHECK:
            return True
        self._checked = time.monotonic()
        order = self._order()
        began = process_started(order["parent"])
        if began is None or abs(began - order["started"]) > 1.0:  # another one has its number now
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SystemExit(LEFT)
        looked = max((self._folder / "alive").stat().st_mtime, self._begun)
        if time.time() - looked > order["patience"]:
            raise SystemExit(LEFT)
        return bool(order["number"] == self._number)

    def _order(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self._folder / "order.json").read_text("utf-8"))
        except FileNotFoundError:  # the desk has taken the folder away
            raise SystemExit(LEFT) from None
        return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
