"""Start a run at once, or let it wait for a place; cancel and stop."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from rnnlm_core.errors import RunError, storage_error
from rnnlm_core.launch.workers import detached, refuse_taken, reopen, start_worker, status, wish
from rnnlm_core.nets.parameters import training_megabytes
from rnnlm_core.prepared import tokenizer as tokenizer_of
from rnnlm_core.records import FINAL_STATES, Status
from rnnlm_core.run import process, waiting
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.queue import Queue

SECONDS_TO_STOP = 10.0
SECONDS_TO_END = 2.0  # after force
SCHEDULER_LOCK = "queue.lock"
SCHEDULER_STAYS = 3.0  # seconds at least: one that was started just now need not be looked for
_SECONDS_TO_TRY_AGAIN = 10.0  # after a scheduler that failed
_TORCH_MEGABYTES = 350.0  # of a worker before it has a model
# schedulers started here and when, by folder of runs: the newest last, before it those that end
# just now
_schedulers: dict[Path, list[tuple[subprocess.Popen[bytes], float]]] = {}


def start(folder: RunFolder) -> None:
    """Start a worker on a new, waiting, stopped or lost run, in a process of its own, at once.

    The worker outlives this process. A folder that is being trained refuses a second worker.
    """
    try:
        waited = waiting.is_marked(folder)
        reopen(folder)
        if waited:
            if not waiting.take(folder):
                return  # its turn came in this very moment
            _forget(folder)
        start_worker(folder)
    except OSError as error:
        raise storage_error(error) from error


def enqueue(folders: list[RunFolder], user: str = "") -> None:
    """Let new, stopped or lost runs of one folder wait for a place, in this order.

    Those that wait already keep their place. Raises `RunError` where one of them is being trained
    or has finished, where the disk refuses or the queue is locked; then none is queued.
    """
    fresh = [folder for folder in dict.fromkeys(folders) if not waiting.is_marked(folder)]
    for folder in fresh:
        refuse_taken(folder)
    marked, now = {}, time.time()
    try:
        for turn, folder in enumerate(fresh):
            folder.write_control(replace(folder.control(), wish="run"))
            job = _job(folder, user, now, turn)
            if waiting.mark(folder, job):
                marked[folder] = job
        for root in {folder.path.parent for folder in marked}:
            Queue(root).submit([j for f, j in marked.items() if f.path.parent == root])
    except (OSError, RunError) as error:
        for folder in marked:
            waiting.take(folder)
        raise storage_error(error) if isinstance(error, OSError) else error from None
    for root in {folder.path.parent for folder in folders}:
        keep_queue_going(root)


def _job(folder: RunFolder, user: str, submitted: float, turn: int) -> waiting.Job:
    config = folder.config()
    tokens = config.max_steps * config.batch * config.sequence_length
    return waiting.Job(
        folder.id, user, submitted, turn, min(config.threads, waiting.cores()),
        _TORCH_MEGABYTES + training_megabytes(config, tokenizer_of(folder).size),
        config.max_seconds or None, tokens or None)


def cancel(folder: RunFolder) -> None:
    """Take a waiting run out of the queue, or ask its worker to stop. `start` revives it.

    The wish comes first: if its turn comes in this very moment, its worker reads that.
    """
    if not folder.exists():
        raise RunError("run.missing", folder=folder.id)
    try:
        wish(folder, "stop")
    except OSError as error:
        raise storage_error(error) from error
    if waiting.take(folder):
        _forget(folder)


def _forget(folder: RunFolder) -> None:
    """Tidy the index at once; a scheduler would find out by itself when the turn comes."""
    with contextlib.suppress(RunError):
        Queue(folder.path.parent, patience=1.0).remove(folder.id)


def in_queue(root: Path, which: Literal["all", "waiting"] = "all") -> list[RunFolder]:
    """The runs that the queue has started, then those that wait, the next one first."""
    queue = Queue(root)
    if queue.is_empty():
        return []
    started = queue.started() if which == "all" else []
    folders = [RunFolder(root / job.run) for job in [*started, *queue.waiting()]]
    return [folder for folder in folders if folder.exists()]


@dataclass(frozen=True)
class QueuePlace:
    """Where a run stands in the queue: 1 is the next."""

    place: int
    of: int
    seconds: float | None  # to wait, about; None where that cannot be said


def queue_place(folder: RunFolder) -> QueuePlace | None:
    """The place of a waiting run, None for any other. Sees to it that the queue goes on."""
    if not waiting.is_marked(folder):
        return None
    queue = Queue(folder.path.parent)
    jobs = queue.waiting()
    if folder.id not in (job.run for job in jobs):
        queue.follow_folders()
        jobs = queue.waiting()
    keep_queue_going(folder.path.parent)
    place = next((i for i, job in enumerate(jobs) if job.run == folder.id), None)
    if place is None:
        return None  # its turn came in this very moment
    return QueuePlace(place + 1, len(jobs), _seconds_to_wait(queue, jobs, place))


def _seconds_to_wait(queue: Queue, jobs: list[waiting.Job], place: int) -> float | None:
    started = [job for job in queue.started() if job.state == "running"]
    said = {job.run: Status("lost") for job in started}
    for job in started:
        with contextlib.suppress(RunError):
            said[job.run] = status(RunFolder(queue.root / job.run))
    speeds = [s.tokens_per_second for s in said.values() if s.tokens_per_second]
    speed = sum(speeds) / len(speeds) if speeds else None
    left = [(job.places, waiting.duration(job, speed) if said[job.run].seconds_left is None
             else said[job.run].seconds_left) for job in started]
    ahead = [(job.places, waiting.duration(job, speed)) for job in jobs[:place]]
    return waiting.seconds_to_wait(ahead, left, jobs[place].places, waiting.cores())


def keep_queue_going(root: Path) -> None:
    """Start a scheduler where runs wait and none is at work; else only one small file is read.

    Raises `RunError` where the queue is locked or the disk refuses.
    """
    root = root.resolve()
    if Queue(root).is_empty():
        return
    known = _schedulers.setdefault(root, [])
    known[:-1] = [one for one in known[:-1] if one[0].poll() is None]
    if known:
        child, began = known[-1]
        ended = child.poll()  # None while it lives, negative where it was killed
        wait = SCHEDULER_STAYS - 1.0 if ended is None else _SECONDS_TO_TRY_AGAIN if ended > 0 else 0
        if time.time() - began < wait:
            return
    try:
        with FileLock(root / SCHEDULER_LOCK, timeout=0):
            pass
        known.append((detached("rnnlm_core.scheduler", root, root / "queue.log"), time.time()))
    except Timeout:
        return  # one is at work
    except OSError as error:
        raise storage_error(error) from error


def stop_for_good(folder: RunFolder) -> None:
    """Stop and wait; a worker that does not follow within ten seconds is ended by force.

    The wish comes first: it works everywhere, and a checkpoint is written. A run that nobody has
    in hand needs no waiting: a worker that takes it later reads the wish.
    """
    cancel(folder)
    until, forced = time.monotonic() + SECONDS_TO_STOP, False
    while (said := status(folder)).state not in (*FINAL_STATES, "lost") and said.pid:
        if time.monotonic() > until:
            if forced or said.host not in ("", socket.gethostname()):
                return
            process.end_by_force(said.pid)
            until, forced = time.monotonic() + SECONDS_TO_END, True
        time.sleep(0.05)
