"""The scheduler with real workers: in order, as many as there are places, whatever is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from filelock import FileLock, Timeout

from rnnlm_core import launch
from rnnlm_core.launch import queueing, workers
from rnnlm_core.records import FINAL_STATES
from rnnlm_core.run import process, waiting
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import INDEX
from rnnlm_core.run.queue import Queue
from rnnlm_core.scheduler import ATTEMPTS, NICENESS, Scheduler
from tests.small_runs import new_run, run_quietly, wait_until, with_plan

LONG = 1_000_000  # steps: as long as any test looks


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder of runs; nothing that was started in it outlives the test."""
    yield tmp_path
    left = [p for p in psutil.process_iter(["cmdline"])
            if any(str(tmp_path) in part for part in p.info["cmdline"] or [])]
    for one in left:
        one.kill()
    psutil.wait_procs(left, timeout=10)
    for child, _ in queueing._schedulers.pop(tmp_path, []):
        child.wait()
    for path in [path for path in workers._children if path.parent == tmp_path]:
        workers._children.pop(path)[0].wait()


@pytest.fixture
def one_core() -> Iterator[None]:
    """This process, and so every scheduler that it starts, may use a single core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def short_run(root: Path, steps: int = 20) -> RunFolder:
    return with_plan(new_run(root, max_steps=steps), total_steps=steps)


def state(folder: RunFolder) -> str:
    return launch.status(folder).state


def ended(*folders: RunFolder) -> bool:
    return all(state(folder) in FINAL_STATES for folder in folders)


def scheduler_of(root: Path) -> int:
    """The process that holds the lock; 0 where there is none."""
    found = [child.pid for child, _ in queueing._schedulers.get(root, []) if child.poll() is None]
    try:
        with FileLock(root / launch.SCHEDULER_LOCK, timeout=0):
            return 0
    except Timeout:
        return found[-1] if found else 0


def worker_of(root: Path) -> int:
    """The process of the one worker that the queue has started; 0 where there is none."""
    return next((job.pid for job in Queue(root).started()), 0)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def look_until(scheduler: Scheduler, what: object, seconds: float = 60.0) -> None:
    """Look after the queue in this process until `what()` holds."""
    def looked() -> bool:
        scheduler.look()
        return bool(what())  # type: ignore[operator]

    wait_until(looked, seconds)


# -- the whole of it ------------------------------------------------------------------------------
def test_queued_runs_are_trained_one_after_another_on_one_core(root: Path, one_core: None) -> None:
    runs = [short_run(root) for _ in range(2)]
    launch.enqueue(runs)
    most = 0

    def all_ended() -> bool:
        nonlocal most
        most = max(most, sum(state(run) not in (*FINAL_STATES, "queued") for run in runs))
        return ended(*runs)

    wait_until(all_ended, 120)
    assert [state(run) for run in runs] == ["finished"] * 2
    assert most == 1
    starts = [run.events()[0][0].time for run in runs]
    assert starts == sorted(starts)
    wait_until(lambda: not scheduler_of(root))  # which ends when nothing is left
    assert Queue(root).is_empty()
    assert (root / "queue.log").read_text() == ""


def test_a_killed_scheduler_is_followed_by_one_that_adopts_its_workers(
        root: Path, one_core: None) -> None:
    """The worker goes on meanwhile, and there is never a second one beside it."""
    runs = [short_run(root, LONG), short_run(root)]
    launch.enqueue(runs)
    wait_until(lambda: worker_of(root))
    worker = worker_of(root)
    first = scheduler_of(root)
    assert psutil.Process(worker).nice() == psutil.Process(first).nice() >= NICENESS
    kill(first)
    wait_until(lambda: process.process_started(first) is None)
    assert process.process_started(worker) is not None
    assert launch.queue_place(runs[1])  # somebody looks
    wait_until(lambda: scheduler_of(root))
    assert scheduler_of(root) != first
    assert worker_of(root) == worker
    assert state(runs[1]) == "queued"
    launch.cancel(runs[0])
    wait_until(lambda: worker_of(root) not in (0, worker))
    assert state(runs[0]) == "stopped" and state(runs[1]) == "starting"
    assert launch.status(runs[0]).resumes == 0


def test_the_shell_queues_a_sweep_lists_it_and_clears_it(root: Path, one_core: None) -> None:
    def unroll(*arguments: object) -> tuple[int, str, str]:
        done = run_quietly(sys.executable, "-m", "rnnlm_core", *arguments, "--runs", root)
        return done.returncode, done.stdout, done.stderr

    code, out, err = unroll("sweep", "--vary", "hidden=8,16", "--seeds", 2, "--steps", LONG,
                            "--max-characters", 5_000)
    assert code == 0, err
    folders = [RunFolder(line) for line in out.split()]
    assert [f.config().hidden for f in folders] == [8, 8, 16, 16]
    assert {o.changed["seed"] for f in folders if (o := f.origin())} == {1, 2}
    wait_until(lambda: worker_of(root))
    code, out, err = unroll("queue", "--json", "--cancel", folders[2].id)
    rows = json.loads(out)
    assert [row["id"] for row in rows] == [folders[i].id for i in (0, 1, 3)], err
    assert [row["place"] for row in rows] == [None, 1, 2]
    assert rows[2]["changed"] == {"hidden": 16, "seed": 2}
    assert unroll("queue", "--clear", "--cancel", folders[0].id)[0] == 0
    wait_until(lambda: ended(*folders))
    assert unroll("queue", "--wait")[:2] == (0, "The queue is empty.\n")
    assert [state(folder) for folder in folders] == ["stopped"] * 4
    code, out, err = unroll("sweep", "--vary", "hidden=8,none", "--vary", "batch=0")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "batch is 0" in err and "'none'" in err
    code, out, err = unroll("queue", "--cancel", "nothing")
    assert (code, out, err.count("\n")) == (2, "", 1)


# -- faults, looked after in this process ---------------------------------------------------------
def test_a_worker_killed_before_its_first_checkpoint_is_tried_once_more(root: Path) -> None:
    run = short_run(root, LONG)
    (run.path / "corpus.json").rename(run.path / "kept")  # so that no checkpoint can come first
    os.mkfifo(run.path / "corpus.json")  # the worker waits here
    launch.enqueue([run])
    queueing._schedulers[root][-1][0].kill()
    scheduler = Scheduler(root, places=1)
    killed = [0]
    while len(killed) <= ATTEMPTS:
        look_until(scheduler, lambda: worker_of(root) not in (0, *killed))
        assert Queue(root).started()[0].attempts == len(killed)
        killed.append(worker_of(root))
        kill(killed[-1])
        wait_until(lambda: process.process_started(killed[-1]) is None)
    look_until(scheduler, lambda: Queue(root).is_empty())
    assert state(run) == "lost"
    assert not (run.checkpoints / INDEX).exists()


def test_a_worker_killed_after_a_checkpoint_is_left_to_the_person(root: Path) -> None:
    first = short_run(root, LONG)
    launch.enqueue([first])
    queueing._schedulers[root][-1][0].kill()
    scheduler = Scheduler(root, places=1)
    look_until(scheduler, lambda: state(first) == "running")
    kill(launch.status(first).pid)
    look_until(scheduler, lambda: Queue(root).is_empty())
    assert state(first) == "lost"
    launch.enqueue([first])  # and it goes on where it was
    look_until(scheduler, lambda: state(first) == "running")
    assert launch.status(first).resumes == 1


def test_a_killed_worker_is_no_zombie_once_the_next_has_started(root: Path) -> None:
    folder = short_run(root, LONG)
    workers.start_worker(folder)
    first = workers._children[folder.path][0]
    first.kill()
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has asked
    workers.start_worker(folder)
    assert first.returncode == -signal.SIGKILL


def test_runs_whose_folder_is_deleted_leave_the_queue(root: Path) -> None:
    runs = [short_run(root, LONG), short_run(root), short_run(root)]
    launch.enqueue(runs)
    queueing._schedulers[root][-1][0].kill()
    scheduler = Scheduler(root, places=1)
    look_until(scheduler, lambda: worker_of(root))
    first = worker_of(root)
    shutil.rmtree(runs[1].path)
    kill(first)  # which could write into the folder while it is deleted
    wait_until(lambda: process.process_started(first) is None)
    shutil.rmtree(runs[0].path)
    look_until(scheduler, lambda: worker_of(root) not in (0, first))
    assert [job.run for job in Queue(root).started()] == [runs[2].id]
    assert Queue(root).waiting() == []


def test_a_run_cancelled_in_the_moment_of_its_turn_starts_no_worker(root: Path) -> None:
    run = short_run(root)
    launch.enqueue([run])
    queueing._schedulers[root][-1][0].kill()
    assert Queue(root).claim(1, 1e9)  # its turn has come
    launch.wish(run, "stop")  # the first half of a cancel
    Scheduler(root, places=1).look()
    assert waiting.take(run)  # the second half
    scheduler = Scheduler(root, places=1)
    look_until(scheduler, lambda: Queue(root).is_empty())
    assert state(run) == "stopped" and run.path not in workers._children


def test_a_full_disk_keeps_the_runs_waiting(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = short_run(root)
    launch.enqueue([run])
    queueing._schedulers[root][-1][0].kill()
    monkeypatch.setattr("rnnlm_core.scheduler.LEAST_FREE_BYTES", 10**18)  # this disk has less
    scheduler = Scheduler(root, places=1)
    assert scheduler.look()
    assert state(run) == "queued"
    monkeypatch.undo()
    scheduler.look()
    assert state(run) == "starting" and worker_of(root)
