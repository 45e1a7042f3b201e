"""The runs that wait, as their folders say it: the mark `queued.json`, and what a run asks for.

A run waits as long as the mark is in its folder. Whoever removes it has the run in hand: the
scheduler, to start its worker, or a person, to start it at once or to cancel it. So each run goes
to one of them, whatever is killed in between.
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rnnlm_core.errors import RunError
from rnnlm_core.records import FINAL_STATES, Status
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder

MARK = "queued.json"
_START_SECONDS = 5.0  # about what a worker needs before its first step and after its last


@dataclass(frozen=True)
class Job:
    """A run in the queue: what it asks for, and what became of it."""

    run: str  # id of its folder, which makes submitting it twice the same as once
    user: str = ""
    submitted: float = 0.0  # seconds since 1970
    turn: int = 0  # among those submitted together
    places: int = 1  # cores
    megabytes: float = 0.0
    seconds: float | None = None  # its budget in time, where it has one
    tokens: int | None = None  # its budget in tokens, where it has one
    state: Literal["queued", "running", "paused"] = "queued"  # a paused one needs no core
    attempts: int = 0
    claimed: float = 0.0  # when it got a worker
    pid: int = 0  # of that worker
    process_started: float = 0.0

    def lives(self) -> bool:
        """Whether the worker that the queue started is still there."""
        began = process.process_started(self.pid) if self.pid else None
        return began is not None and abs(began - self.process_started) < 1.0


def cores() -> int:
    """How many cores this process may use: the number of places."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def is_marked(folder: RunFolder) -> bool:
    return (folder.path / MARK).is_file()


def mark(folder: RunFolder, job: Job) -> bool:
    """Let the run wait. False where it does already. Raises `OSError` and then leaves no mark."""
    path = folder.path / MARK
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(json.dumps(dataclasses.asdict(job)))
    except FileExistsError:
        return False
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    return True


def take(folder: RunFolder) -> bool:
    """Take the run out of the queue. True for exactly one of those who try."""
    try:
        (folder.path / MARK).unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def marked_jobs(root: Path) -> list[Job]:
    """Every run that waits, in the order of submission; a torn mark is one all the same."""
    found, names = [], {f.name for f in dataclasses.fields(Job)}
    for path in root.glob(f"*/{MARK}"):
        values: dict[str, Any] = {"submitted": _changed(path)}
        with contextlib.suppress(OSError, ValueError, TypeError):
            values |= {k: v for k, v in json.loads(path.read_bytes()).items() if k in names}
        found.append(Job(**{**values, "run": path.parent.name, "state": "queued"}))
    return sorted(found, key=lambda job: (job.submitted, job.turn, job.run))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def living_jobs(root: Path) -> list[Job]:
    """Every run with a living worker on this machine: each takes places."""
    found = []
    for path in root.glob("*/status.json"):
        folder = RunFolder(path.parent)
        with contextlib.suppress(RunError):  # gone meanwhile, or damaged
            said = folder.status(time.time())
            if said.pid and said.state not in (*FINAL_STATES, "lost"):
                found.append(_living_job(folder, said))
    return found


def _living_job(folder: RunFolder, said: Status) -> Job:
    config = folder.config()
    return Job(folder.id, submitted=said.process_started, places=min(config.threads, cores()),
               state="paused" if said.state == "paused" else "running", attempts=1,
               claimed=said.process_started, pid=said.pid, process_started=said.process_started)


# -- how long -------------------------------------------------------------------------------------
def duration(job: Job, speed: float | None) -> float | None:
    """About how many seconds a job takes, from its budgets; None where that cannot be said.

    `speed` is tokens a second, of what runs now.
    """
    known = [] if job.seconds is None else [job.seconds]
    if job.tokens is not None and speed:
        known.append(job.tokens / speed)
    return min(known) + _START_SECONDS if known else None


def seconds_to_wait(ahead: list[tuple[int, float | None]], busy: list[tuple[int, float | None]],
                    job_places: int, places: int) -> float | None:
    """When a job gets its `job_places` cores: all (cores, seconds) of those ahead start first.

    `busy` runs now, for so many seconds more. None where one of them cannot be foretold.
    """
    ends: list[tuple[float, int]] = []
    for cores_of_it, seconds in busy:
        if seconds is None:
            return None
        heapq.heappush(ends, (seconds, cores_of_it))
    now, free = 0.0, places - sum(cores_of_it for cores_of_it, _ in busy)
    for needed, seconds in [*ahead, (job_places, 0.0)]:
        if seconds is None:
            return None
        while ends and free < needed:
            now, given = heapq.heappop(ends)
            free += given
        heapq.heappush(ends, (now + seconds, needed))
        free -= needed
    return now
