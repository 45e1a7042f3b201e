"""The queue: one winner each, in order, whatever is killed, damaged, full or locked."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rnnlm_core import launch
from rnnlm_core.errors import RunError
from rnnlm_core.launch import queueing, workers
from rnnlm_core.run import process, waiting
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.queue import Queue
from rnnlm_core.run.waiting import MARK, Job, duration, seconds_to_wait
from tests.small_runs import new_run, run_quietly


def mark(root: Path, run: str, **asks: object) -> Job:
    """A run folder that has nothing but the mark: all that the queue itself reads."""
    (root / run).mkdir()
    job = dataclasses.replace(Job(run), **asks)  # type: ignore[arg-type]
    assert waiting.mark(RunFolder(root / run), job)
    return job


def queue_of(root: Path, *runs: str, **asks: object) -> Queue:
    queue = Queue(root)
    queue.submit([mark(root, run, turn=turn, **asks) for turn, run in enumerate(runs)])
    return queue


def names(jobs: list[Job]) -> list[str]:
    return [job.run for job in jobs]


def in_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A statement in a process of its own, that says "ready" and waits for a line."""
    start = ("import sys\nfrom pathlib import Path\nfrom rnnlm_core.run.queue import Queue\n"
             "from rnnlm_core.run import waiting\nfrom rnnlm_core.run.directory import RunFolder\n"
             "print('ready', flush=True)\nsys.stdin.readline()\n")
    return subprocess.Popen([sys.executable, "-c", start + code, *map(str, arguments)], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            env=process.environment())


def together(code: str, *arguments: object, count: int) -> list[str]:
    """The lines that `count` processes print, all let go at the same moment."""
    started = [in_python(code, *arguments) for _ in range(count)]
    for one in started:
        assert one.stdout and one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    lines = []
    for one in started:
        said, _ = one.communicate(timeout=60)
        assert one.returncode == 0
        lines += said.split()
    return lines


# -- order ----------------------------------------------------------------------------------------
def test_one_person_is_served_in_the_order_of_submission(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "c", "a", "b")
    assert names(queue.waiting()) == ["c", "a", "b"]
    taken = [queue.claim(9, 1e9) for _ in range(4)]
    assert [job and job.run for job in taken] == ["c", "a", "b", None]


def test_several_people_take_turns_and_who_has_much_running_waits(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    queue.submit([mark(tmp_path, f"ada{i}", user="ada") for i in range(4)])
    queue.submit([mark(tmp_path, f"bob{i}", user="bob") for i in range(2)])
    assert names(queue.waiting()) == ["ada0", "bob0", "ada1", "bob1", "ada2", "ada3"]
    first, second = queue.claim(9, 1e9), queue.claim(9, 1e9)
    assert first and second and {first.run, second.run} == {"ada0", "bob0"}
    queue.remove("bob0")  # ended: ada has one running, bob has none
    assert names(queue.waiting())[0] == "bob1"


def test_a_run_of_two_threads_takes_two_places_and_is_not_overtaken(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "one")
    queue.submit([mark(tmp_path, "two", places=2), mark(tmp_path, "three")])
    assert queue.claim(2, 1e9)
    assert queue.claim(2, 1e9) is None  # one place is free; "three" would fit, but is not next
    queue.remove("one")
    taken = queue.claim(2, 1e9)
    assert taken and taken.run == "two"
    assert queue.claim(2, 1e9) is None


def test_memory_is_admitted_up_to_the_limit_and_one_always_runs(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "big", "small", "last", megabytes=600.0)
    assert queue.claim(9, 500.0)  # larger than the limit, but nothing else runs
    assert queue.claim(9, 1_100.0) is None
    assert queue.claim(9, 1_200.0)


def test_a_paused_run_frees_its_cores_and_keeps_its_memory(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "a", "b", megabytes=600.0)
    first = queue.claim(1, 2_000.0)
    assert first and queue.claim(1, 2_000.0) is None
    queue.update(dataclasses.replace(first, state="paused"))
    assert queue.claim(1, 1_000.0) is None
    assert queue.claim(1, 2_000.0)


# -- one winner -----------------------------------------------------------------------------------
def test_each_run_goes_to_one_of_several_claimers(tmp_path: Path) -> None:
    runs = [f"run{i:02}" for i in range(24)]
    queue_of(tmp_path, *runs)
    code = ("root = Path(sys.argv[1])\nqueue = Queue(root, patience=60)\n"
            "while job := queue.claim(99, 1e9):\n"
            "    print(job.run, waiting.take(RunFolder(root / job.run)))")
    said = together(code, tmp_path, count=4)
    assert Counter(said) == Counter([*runs, *["True"] * len(runs)])


def test_the_places_are_never_overdrawn(tmp_path: Path) -> None:
    queue_of(tmp_path, *[f"run{i}" for i in range(8)])
    code = ("queue = Queue(Path(sys.argv[1]), patience=60)\n"
            "for _ in range(8):\n    job = queue.claim(3, 1e9)\n"
            "    print(job.run if job else '', end=' ')")
    assert len(together(code, tmp_path, count=4)) == 3


def test_a_run_submitted_many_times_is_there_once(tmp_path: Path) -> None:
    for run in ("a", "b", "c"):
        (tmp_path / run).mkdir()
    code = ("root = Path(sys.argv[1])\n"
            "for run in 'abc':\n"
            "    if waiting.mark(RunFolder(root / run), waiting.Job(run)):\n"
            "        Queue(root, patience=60).submit([waiting.Job(run)])\n"
            "        print(run)")
    assert sorted(together(code, tmp_path, count=5)) == ["a", "b", "c"]
    assert sorted(names(Queue(tmp_path).waiting())) == ["a", "b", "c"]


def test_taking_the_mark_has_one_winner(tmp_path: Path) -> None:
    folders = [RunFolder(tmp_path / job.run) for job in
               (mark(tmp_path, f"run{i}") for i in range(50))]
    barrier = threading.Barrier(4)

    def all_of_them(seed: int) -> int:
        barrier.wait()
        return sum(map(waiting.take, random.Random(seed).sample(folders, len(folders))))

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(all_of_them, range(4)))
    assert sum(won) == len(folders)


# -- the index is only an index -------------------------------------------------------------------
def overwritten(path: Path) -> None:
    draw = random.Random(5)
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for _ in range(20):
            file.seek(draw.randrange(size - 64))
            file.write(draw.randbytes(64))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "overwritten": overwritten,
    "no database": lambda path: path.write_bytes(b"these are no pages" * 99),
    "cut": lambda path: os.truncate(path, 5_000),
    "empty": lambda path: os.truncate(path, 0),
    "gone": lambda path: path.unlink(),
    "another version": lambda path: [db.execute("PRAGMA user_version = 99") and db.close()
                                     for db in [sqlite3.connect(path)]],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_is_made_anew_with_the_same_list(tmp_path: Path, damage: str) -> None:
    runs = ["m", "z", "a", "k"]
    queue = queue_of(tmp_path, *runs, places=2, seconds=7.5)
    before = queue.waiting()
    DAMAGE[damage](queue.path)
    assert queue.waiting() == before and names(before) == runs
    assert queue.claim(2, 1e9) == dataclasses.replace(
        before[0], state="running", attempts=1, claimed=queue.started()[0].claimed)
    kept = list(tmp_path.glob("queue.damaged-*"))
    assert len(kept) == (0 if damage in ("gone", "empty") else 1)


def test_several_who_find_it_damaged_make_one_new_index(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "a", "b", "c")
    DAMAGE["no database"](queue.path)
    code = "print(*[job.run for job in Queue(Path(sys.argv[1]), patience=60).waiting()])"
    assert together(code, tmp_path, count=4) == ["a", "b", "c"] * 4
    assert len(list(tmp_path.glob("queue.damaged-*"))) == 1


def test_an_index_that_another_holds_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "a", "b")
    with contextlib.closing(sqlite3.connect(queue.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RunError) as error:
            Queue(tmp_path, patience=0.1)._rebuild()
        assert error.value.code == "queue.locked"
    assert names(queue.waiting()) == ["a", "b"] and not list(tmp_path.glob("queue.damaged-*"))


def test_a_new_index_is_waited_for_while_another_makes_it(tmp_path: Path) -> None:
    """SQLite itself refuses the change to WAL at once, however patient the connection is."""
    with contextlib.closing(sqlite3.connect(tmp_path / "queue.sqlite", isolation_level=None,
                                            check_same_thread=False)) as other:
        other.execute("CREATE TABLE made (x)")
        other.execute("DROP TABLE made")
        other.execute("BEGIN IMMEDIATE")
        later = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        later.start()
        assert queue_of(tmp_path, "a").waiting()[0].run == "a"
        later.join()


def test_the_folders_are_right_where_the_index_differs(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "gone", "left", "claimed", "stays")
    shutil.rmtree(tmp_path / "gone")
    assert waiting.take(RunFolder(tmp_path / "left"))
    mark(tmp_path, "unknown", submitted=time.time())
    taken = [queue.claim(9, 1e9) for _ in range(3)]  # and then the claimer is killed
    assert [job and job.run for job in taken] == ["gone", "left", "claimed"]
    queue.follow_folders()
    assert names(queue.waiting()) == ["claimed", "stays", "unknown"]


def test_a_torn_mark_is_a_run_that_waits(tmp_path: Path) -> None:
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / MARK).write_text('{"run": "torn", "pla')
    assert names(Queue(tmp_path).waiting()) == ["torn"]


def test_an_empty_queue_is_told_without_opening_it(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    assert queue.is_empty() and not queue.path.exists()
    queue.submit([mark(tmp_path, "a")])
    queue.remove("a")
    old = time.time() - 60
    os.utime(queue.path, (old, old))
    assert queue.is_empty()
    kept = queue.path.read_bytes()
    queue.path.write_bytes(b"x" * len(kept))  # opened, this would be found to be damaged
    os.utime(queue.path, (old, old))
    assert queue.is_empty() and not list(tmp_path.glob("queue.damaged-*"))
    queue.path.write_bytes(kept)
    queue.submit([mark(tmp_path, "b")])
    assert not queue.is_empty()


# -- a disk that refuses, a file that is locked ---------------------------------------------------
def test_a_locked_index_is_told_in_one_sentence(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "a")
    (tmp_path / "b").mkdir()
    other = sqlite3.connect(queue.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RunError) as told:
        Queue(tmp_path, patience=0.05).submit([Job("b")])
    assert told.value.code == "queue.locked"
    assert names(queue.waiting()) == ["a"]  # reading does not wait for those who write
    other.execute("ROLLBACK")
    other.close()
    queue.submit([Job("b")])
    assert names(queue.waiting()) == ["a", "b"]


def test_a_full_disk_queues_nothing(tmp_path: Path) -> None:
    folders = [new_run(tmp_path), new_run(tmp_path)]
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    code = ("import resource, sys\nfrom pathlib import Path\nfrom rnnlm_core import launch\n"
            "from rnnlm_core.run.directory import RunFolder\n"
            "from rnnlm_core.errors import RunError\n"
            f"folders = [RunFolder(p) for p in {[str(f.path) for f in folders]!r}]\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, (200, {hard}))\n"  # a mark has more
            "try:\n    launch.enqueue(folders)\nexcept RunError as error:\n    print(error.code)")
    done = run_quietly(sys.executable, "-c", code)
    assert done.stdout.split() == ["run.storage"], done.stderr
    assert [f for f in folders if waiting.is_marked(f)] == []
    assert Queue(tmp_path).is_empty()


# -- how long -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("ahead", "busy", "needs", "places", "seconds"), [
    ([], [], 1, 2, 0.0),
    ([], [(1, 30.0)], 1, 2, 0.0),  # a core is free
    ([], [(1, 30.0), (1, 50.0)], 1, 2, 30.0),
    ([], [(1, 30.0), (1, 50.0)], 2, 2, 50.0),
    ([(1, 10.0)], [(1, 30.0), (1, 50.0)], 1, 2, 40.0),  # 30 … 40 is its neighbour's
    ([(2, 10.0)], [(1, 30.0), (1, 50.0)], 1, 2, 60.0),
    ([(1, 10.0), (1, 10.0), (1, 10.0)], [], 1, 1, 30.0),
    ([], [(2, 20.0), (1, 5.0)], 1, 2, 20.0),  # started by a person: more runs than cores
    ([(1, None)], [], 1, 1, None),
])
def test_the_wait_is_that_of_those_ahead(
        ahead: list[tuple[int, float | None]], busy: list[tuple[int, float | None]], needs: int,
        places: int, seconds: float | None) -> None:
    assert seconds_to_wait(ahead, busy, needs, places) == seconds


def test_a_run_lasts_as_long_as_the_first_of_its_budgets() -> None:
    start = duration(Job("a", seconds=0.0), None)
    assert start is not None and start > 0
    assert duration(Job("a", seconds=60.0), None) == 60.0 + start
    assert duration(Job("a", tokens=1_000), 50.0) == 20.0 + start
    assert duration(Job("a", seconds=60.0, tokens=1_000), 50.0) == 20.0 + start
    assert duration(Job("a", tokens=1_000), None) is None


# -- what the app does with it --------------------------------------------------------------------
@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder of runs whose places are all taken, by this very process, for the whole test."""
    queue = Queue(tmp_path)
    queue.submit([Job("busy")])
    taken = queue.claim(1, 1e9)
    assert taken
    queue.update(dataclasses.replace(taken, places=waiting.cores(), pid=os.getpid(),
                                     process_started=process.process_started(os.getpid()) or 0.0))
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "config.json").write_text("{}")
    return tmp_path


def no_scheduler(root: Path) -> None:
    """None is started from here, and one that was goes."""
    for child, _ in queueing._schedulers.pop(root, []):
        child.kill()
        child.wait()


def test_queued_runs_say_so_and_which_place_they_have(full: Path) -> None:
    runs = [new_run(full) for _ in range(3)]
    launch.enqueue(runs)
    launch.enqueue(runs[1:])  # again: nothing changes
    try:
        assert [launch.status(run).state for run in runs] == ["queued"] * 3
        places = [launch.queue_place(run) for run in runs]
        assert [(p.place, p.of) for p in places if p] == [(1, 3), (2, 3), (3, 3)]
        assert [f.id for f in launch.in_queue(full, "waiting")] == [f.id for f in runs]
    finally:
        no_scheduler(full)


def test_a_cancelled_run_is_stopped_and_may_wait_again(full: Path) -> None:
    first, second = new_run(full), new_run(full)
    launch.enqueue([first, second])
    try:
        launch.cancel(first)
        assert launch.status(first).state == "stopped"
        assert launch.queue_place(first) is None
        place = launch.queue_place(second)
        assert place and (place.place, place.of) == (1, 1)
        launch.enqueue([first])
        assert launch.status(first).state == "queued"
        place = launch.queue_place(first)
        assert place and (place.place, place.of) == (2, 2)
    finally:
        no_scheduler(full)


def test_what_cannot_wait_is_refused_and_then_none_does(full: Path) -> None:
    good, missing = new_run(full), RunFolder(full / "nothing")
    with pytest.raises(RunError) as told:
        launch.enqueue([good, missing])
    assert told.value.code == "run.missing"
    assert launch.status(good).state == "starting" and not waiting.is_marked(good)
    finished = new_run(full)
    finished.write("status.json", '{"state":"finished","step":60}')
    with pytest.raises(RunError) as told:
        launch.enqueue([good, finished])
    assert told.value.code == "run.no_steps_left"
    assert not waiting.is_marked(good)


def test_cancelling_and_its_turn_at_the_same_moment_leave_no_run_behind(full: Path) -> None:
    """Whoever is first: the mark is gone, and a worker that starts all the same reads "stop"."""
    runs = [new_run(full) for _ in range(6)]
    launch.enqueue(runs)
    no_scheduler(full)
    with ThreadPoolExecutor(2) as pool:
        took = pool.map(waiting.take, runs)
        list(pool.map(launch.cancel, runs))
    assert all(isinstance(won, bool) for won in took)
    assert [waiting.is_marked(run) for run in runs] == [False] * 6
    assert [run.control().wish for run in runs] == ["stop"] * 6
    assert [launch.status(run).state for run in runs] == ["stopped"] * 6


def test_a_person_starts_a_waiting_run_at_once(full: Path) -> None:
    run = new_run(full)
    launch.enqueue([run])
    try:
        launch.start(run)
        assert not waiting.is_marked(run) and Queue(full).waiting() == []
        said = launch.status(run)
        assert (said.state, said.pid > 0) == ("starting", True)
    finally:
        no_scheduler(full)
        child, _ = workers._children.pop(run.path)
        child.kill()
        child.wait()
