"""`python -m rnnlm_core.scheduler RUNS_ROOT`: gives the runs that wait their workers.

One process for each folder of runs, held apart by a lock; it ends when nothing waits and nothing
that it started runs. It may be killed at any moment: the workers go on, and the next scheduler
(`launch.keep_queue_going` starts it) finds them by what they say. Workers inherit its low priority,
so that a page stays quick while a sweep runs. Imports no torch.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from rnnlm_core import launch
from rnnlm_core.errors import RunError, storage_error
from rnnlm_core.records import FINAL_STATES
from rnnlm_core.run import process, waiting
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import INDEX
from rnnlm_core.run.queue import Queue
from rnnlm_core.run.waiting import Job

NICENESS = 10
MEMORY_SHARE = 0.7  # of the machine's, for all workers together
LEAST_FREE_BYTES = 50_000_000  # on the disk; below that nothing is started
ATTEMPTS = 2  # for a run whose worker dies before its first checkpoint
_LOOK_SECONDS = 0.25
_AGAIN_SECONDS = 2.0  # after a full disk or a locked queue


class Scheduler:
    """Looks after the workers that it or the one before it started, and starts what fits."""

    def __init__(self, root: Path, places: int | None = None, megabytes: float | None = None
                 ) -> None:
        self.root = root
        self.queue = Queue(root)
        self.places = places or waiting.cores()
        self.megabytes = megabytes or MEMORY_SHARE * psutil.virtual_memory().total / 1e6

    def run(self) -> None:
        """Until nothing waits and nothing runs, and not before `launch` could count on it."""
        until = time.monotonic() + launch.SCHEDULER_STAYS
        fresh, told = True, ""
        while self.root.is_dir():
            try:
                if fresh:
                    self.queue.follow_folders()
                    fresh = False
                if not self.look() and time.monotonic() > until:
                    return
                told, pause = "", _LOOK_SECONDS
            except RunError as error:  # a full disk, a locked queue: both may pass
                if str(error) != told:
                    print(error, file=sys.stderr, flush=True)
                told, pause = str(error), _AGAIN_SECONDS
            time.sleep(pause)

    def look(self) -> bool:
        """One look at every worker, then start what there is room for. False: nothing is left."""
        for job in self.queue.started():
            self._look_after(job)
        while self._has_disk() and (next_one := self.queue.claim(self.places, self.megabytes)):
            self._start(next_one)
        return not self.queue.is_empty()

    def _has_disk(self) -> bool:
        return shutil.disk_usage(self.root).free >= LEAST_FREE_BYTES

    def _start(self, job: Job) -> None:
        """Start a worker, unless somebody else has the run in hand by now."""
        folder = RunFolder(self.root / job.run)
        if not waiting.take(folder) or not _wanted(folder):
            self.queue.remove(job.run)
            return
        self._start_worker(job, folder)

    def _start_worker(self, job: Job, folder: RunFolder) -> None:
        try:
            pid = launch.start_worker(folder)
        except OSError as error:  # no process or no log to be had: it goes on waiting
            with contextlib.suppress(OSError):
                waiting.mark(folder, job)
            self.queue.update(replace(job, state="queued", attempts=job.attempts - 1))
            raise storage_error(error) from error
        self.queue.update(replace(job, pid=pid, process_started=process.process_started(pid) or 0))

    def _look_after(self, job: Job) -> None:
        folder = RunFolder(self.root / job.run)
        state = _state(job, folder)
        if state == "lost" and job.attempts < ATTEMPTS and _wanted(folder) \
                and not (folder.checkpoints / INDEX).exists():
            again = replace(job, attempts=job.attempts + 1, claimed=time.time(), pid=0,
                            process_started=0.0)
            self.queue.update(again)
            self._start_worker(again, folder)
        elif state in (*FINAL_STATES, "lost", "gone"):
            self.queue.remove(job.run)
        elif (said := "paused" if state == "paused" else "running") != job.state:
            self.queue.update(replace(job, state=said))  # type: ignore[arg-type]


def _state(job: Job, folder: RunFolder) -> str:
    """Of the run, seen from the queue: what the file says of an earlier worker is passed over."""
    try:
        said = launch.status(folder)
    except RunError:
        return "gone"
    if said.heartbeat < job.claimed:
        return "starting" if job.lives() else "lost"
    return said.state


def _wanted(folder: RunFolder) -> bool:
    """Whether the folder is still there and nobody has asked the run to stop."""
    with contextlib.suppress(RunError):
        return folder.exists() and folder.control().wish != "stop"
    return False


def serve(root: Path) -> None:
    """Be the scheduler of this folder, or end at once where there is one already."""
    while root.is_dir():
        try:
            with FileLock(root / launch.SCHEDULER_LOCK, timeout=0):
                Scheduler(root).run()
        except Timeout:
            return
        if Queue(root).is_empty():  # a run may have come while the lock was still held
            return


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m rnnlm_core.scheduler RUNS_ROOT")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        serve(Path(sys.argv[1]).resolve())
    except RunError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
