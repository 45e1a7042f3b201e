"""`python -m rnnlm_core.tasks.worker FOLDER`: train the trials of an order, one after the other.

The folder, made by `tasks.desk`, which is the other side:

    order.json      once, by the desk   `parent` (process id), `started` (of it), `trials`
    alive           touched by the desk while somebody looks
    progress.jsonl  appended here       a line for each look at a trial, see `Line`
    worker.log      what this process prints; for people

It ends by itself when all is done, when the process that ordered it is gone (then it takes the
folder away, too) or when nobody has looked for `PATIENCE` seconds.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from rnnlm_core.run.process import process_started, sleep_while_waiting
from rnnlm_core.tasks.trials import Progress, Trial

PATIENCE = 15.0  # seconds without a look: the page was left, or its tab closed
EVERY = 0.2  # seconds between two lines
_CHECK = 0.5  # seconds between two looks at who is still there
_THINNED = 5  # steps between two points of a curve: the score is a mean over about ten


def main(folder: Path) -> None:
    sleep_while_waiting()
    import torch

    from rnnlm_core.tasks.training import train

    torch.set_num_threads(1)  # two would wait for each other at this size
    order = json.loads((folder / "order.json").read_text("utf-8"))
    watch = _Watch(folder, order["parent"], order["started"])
    with open(folder / "progress.jsonl", "a", encoding="utf-8") as lines:
        for trial in map(Trial.from_json, order["trials"]):
            _follow(trial, train(trial), lines, watch)


def _follow(trial: Trial, course: Iterator[Progress], lines: TextIO, watch: _Watch) -> None:
    points: list[tuple[int, list[float | None]]] = []
    written, progress = time.monotonic(), None
    for progress in course:
        if progress.step % _THINNED == 0 or progress.step == 1:
            points.append((progress.step, _finite(progress.scores)))
        if time.monotonic() - written > EVERY:
            _write(lines, trial, progress, points, False)
            points, written = [], time.monotonic()
        watch.end_if_alone()
    assert progress is not None
    if not points or points[-1][0] != progress.step:
        points.append((progress.step, _finite(progress.scores)))
    _write(lines, trial, progress, points, True)


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
    """Whether the one who ordered this still lives, and somebody still looks."""

    def __init__(self, folder: Path, parent: int, started: float) -> None:
        self._folder, self._parent, self._started = folder, parent, started
        self._checked = 0.0

    def end_if_alone(self) -> None:
        if time.monotonic() - self._checked < _CHECK:
            return
        self._checked = time.monotonic()
        began = process_started(self._parent)
        if began is None or abs(began - self._started) > 1.0:  # another one has its number now
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SystemExit
        try:
            silent = time.time() - (self._folder / "alive").stat().st_mtime
        except FileNotFoundError:  # the desk has taken the folder away
            raise SystemExit from None
        if silent > PATIENCE:
            raise SystemExit


if __name__ == "__main__":
    main(Path(sys.argv[1]))
