"""Create, start, pause, stop and list runs. Imports no torch: a page may use it at once."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import platformdirs
from filelock import FileLock, Timeout

from rnnlm_core.config import FIELDS, FORK_FIXED, WINDOW_FIELDS, RunConfig, knob_problem
from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.corpus import Corpus, load_corpus
from rnnlm_core.data.split import fit_to_text, split_point
from rnnlm_core.errors import ConfigError, Problem, RunError, storage_error
from rnnlm_core.nets.parameters import training_megabytes
from rnnlm_core.prepared import tokenizer as tokenizer_of
from rnnlm_core.records import FINAL_STATES, Control, Origin, Status
from rnnlm_core.run import process, waiting
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import copy_until, entry_at
from rnnlm_core.run.queue import Queue

MAX_MEGABYTES = 4_000
# settings that a plan was measured with: where a fork changes one, it is measured anew
_MEASURED = {*WINDOW_FIELDS, "max_steps", "max_seconds", "device", "precision", "threads",
             "optimizer", "loss", "averaging"}
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
SECONDS_TO_STOP = 10.0
_MUCH_EARLIER = 0.8  # of a budget in seconds: worth a word
SECONDS_TO_END = 2.0  # after force
PROJECT = Path(__file__).resolve().parent.parent

# workers started here and when; ended ones stay defunct until polled
_children: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}
# schedulers likewise, by folder of runs: the newest last, before it those that end just now
_schedulers: dict[Path, list[tuple[subprocess.Popen[bytes], float]]] = {}
SCHEDULER_LOCK = "queue.lock"
SCHEDULER_STAYS = 3.0  # seconds at least: one that was started just now need not be looked for
_SECONDS_TO_TRY_AGAIN = 10.0  # after a scheduler that failed
_TORCH_MEGABYTES = 350.0  # of a worker before it has a model


def runs_root() -> Path:
    """Where runs are kept: `$UNROLL_RUNS`, else a folder of this user."""
    return Path(os.environ.get("UNROLL_RUNS") or platformdirs.user_data_path("unroll") / "runs")


def models_root() -> Path:
    """The trained runs that come with the project."""
    return PROJECT / "models"


def fitted(text: str, validation_share: float, kind: str, max_vocabulary: int, min_frequency: int
           ) -> tuple[tokenizers.Tokenizer, int]:
    """The tokenizer of a text's training part, and how many tokens that has."""
    training = text[:split_point(text, validation_share)]
    tokenizer = tokenizers.fit(kind, training, max_vocabulary, min_frequency)
    return tokenizer, len(tokenizer.encode(training))


def create_run(config: RunConfig, root: Path, corpus: Corpus | None = None,
               origin: Origin | None = None, fit: Callable[..., Any] = fitted) -> RunFolder:
    """A new run folder, ready to start. Fetches the text where it is not in the store yet.

    Who makes many at once gives the text, and a `fit` that remembers.

    Raises `ConfigError` (all problems of the settings), `CorpusError`, or `RunError` where the
    disk refuses, and then leaves no run.
    """
    config.checked()
    try:
        corpus = corpus or load_corpus(config.corpus, root / "corpora", config.max_characters)
        tokenizer, tokens = fit(corpus.text, config.validation_share, config.tokenizer,
                                config.max_vocabulary, config.min_frequency)
        fits = fit_to_text(tokens, config.batch, config.sequence_length)
        needed = training_megabytes(replace(config, batch=fits.batch), tokenizer.size)
        if needed > MAX_MEGABYTES:
            raise ConfigError([Problem("config.model_too_large",
                                       {"value": round(needed), "limit": MAX_MEGABYTES})])
        return _new_folder(root, {
            "tokenizer.json": tokenizer.to_json(), "corpus.json": corpus.manifest.to_json(),
            "control.json": Control().to_json(),
            **({} if origin is None else {"origin.json": origin.to_json()}),
            "config.json": config.to_json()})  # last: with it the folder is a run
    except OSError as error:
        raise storage_error(error) from error


def _new_folder(root: Path, files: dict[str, str]) -> RunFolder:
    root.mkdir(parents=True, exist_ok=True)
    while True:
        folder = RunFolder(root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
        with contextlib.suppress(FileExistsError):  # another one's, of this very second
            folder.path.mkdir()
            break
    try:
        for name, content in files.items():
            folder.write(name, content)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder


def fork(folder: RunFolder, step: int | None, config: RunConfig, root: Path) -> RunFolder:
    """A new run that begins as a copy of this one at a kept step, with changed settings.

    Steps and seconds count on from there, so `max_steps` and `max_seconds` are totals. Where
    nothing is changed and the moment was kept whole, the fork repeats the other run to the bit.
    Raises `ConfigError` (all problems), or `RunError` where there is no such moment.
    """
    config.checked()
    before, entry = folder.config(), entry_at(folder.checkpoints, step)
    changed = {n: getattr(config, n) for n in FIELDS if getattr(config, n) != getattr(before, n)}
    if fixed := [n for n in changed if n in FORK_FIXED]:
        raise ConfigError([Problem("config.fork_fixed", {"field": n}) for n in fixed])
    rows = [r for r in folder.metrics()[0] if r.step <= entry.step]
    seconds = rows[-1].seconds if rows else 0.0
    if (config.max_steps and config.max_steps <= entry.step) or (
            config.max_seconds and config.max_seconds <= seconds):
        raise ConfigError([Problem("config.fork_ended", {
            "step": entry.step, "seconds": f"{seconds:.0f}"})])
    origin = Origin("fork", parent=folder.id, step=entry.step,
                    exact=entry.whole and not set(changed) & {*WINDOW_FIELDS, "optimizer"},
                    changed=changed)
    samples = [s for s in folder.samples()[0] if s.step <= entry.step]
    files = {name: (folder.path / name).read_text("utf-8")
             for name in ("tokenizer.json", "corpus.json", "validation.txt", "yardsticks.json")
             if (folder.path / name).is_file()}
    if (plan := folder.plan()) is not None and not set(changed) & _MEASURED:
        files["plan.json"] = plan.to_json()
    try:
        made = _new_folder(root, {
            **files, "origin.json": origin.to_json(), "control.json": Control().to_json(),
            "metrics.jsonl": "".join(r.to_json() + "\n" for r in rows),
            "samples.jsonl": "".join(s.to_json() + "\n" for s in samples)})
        copy_until(folder.checkpoints, made.checkpoints, entry.step)
        made.write("config.json", config.to_json())  # last: with it the folder is a run
        return made
    except OSError as error:
        raise storage_error(error) from error


def turn(folder: RunFolder, name: str, value: float) -> None:
    """Change a knob of a run while it trains. Raises `ConfigError` where the value is no good."""
    if problem := knob_problem(name, value):
        raise ConfigError([problem])
    control = folder.control()
    folder.write_control(replace(control, knobs={**control.knobs, name: value}))


def reopen(folder: RunFolder) -> None:
    """Make a new, waiting, stopped or lost run ready for a worker: the wish is to run.

    Raises `RunError` where there is no such run, where it is being trained, or has finished.
    """
    _refuse_taken(folder)
    folder.write_control(replace(folder.control(), wish="run"))


def _refuse_taken(folder: RunFolder) -> None:
    if not folder.exists():
        raise RunError("run.missing", folder=folder.id)
    said = status(folder)
    if said.state in ("running", "paused", "not_responding") or (
            said.state == "starting" and said.pid):
        raise RunError("run.locked")
    if said.state == "finished":
        raise RunError("run.no_steps_left", value=said.step)


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


def start_worker(folder: RunFolder) -> int:
    """Start a worker whatever the wish is (with "stop" it ends at once); returns its process id."""
    child = _detached("rnnlm_core.worker", folder.path, folder.path / "worker.log")
    _children[folder.path] = child, time.time()
    return child.pid


def _detached(module: str, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """A module on a folder, in a process that outlives this one."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.DETACHED_PROCESS}
    with open(log, "ab") as file:
        return subprocess.Popen(process.command(module, folder), stdin=subprocess.DEVNULL,
                                stdout=file, stderr=file, env=process.environment(), **apart)


def status(folder: RunFolder) -> Status:
    """What the run is doing now: what its worker says, else whether it waits in the queue."""
    said = _said(folder)
    if said.pid and said.state not in (*FINAL_STATES, "lost"):
        return said
    if waiting.is_marked(folder):
        return replace(said, state="queued", activity="", seconds_left=None, error=None)
    if not said.pid and said.state in ("starting", "lost"):  # no worker has ever had it
        with contextlib.suppress(RunError):
            if folder.control().wish == "stop":
                return replace(said, state="stopped", activity="")
    return said


def _said(folder: RunFolder) -> Status:
    """Until a worker started from here has said something, the file tells of the one before."""
    child, launched = _children.get(folder.path, (None, 0.0))
    alive = child is not None and child.poll() is None
    said = folder.status(time.time())
    if child is None or said.heartbeat >= launched:
        return said
    if alive:
        return replace(said, state="starting", activity="launching", pid=child.pid, error=None)
    return replace(said, state="lost") if said.state == "starting" else said


# -- the queue ------------------------------------------------------------------------------------
def enqueue(folders: list[RunFolder], user: str = "") -> None:
    """Let new, stopped or lost runs of one folder wait for a place, in this order.

    Those that wait already keep their place. Raises `RunError` where one of them is being trained
    or has finished, where the disk refuses or the queue is locked; then none is queued.
    """
    fresh = [folder for folder in dict.fromkeys(folders) if not waiting.is_marked(folder)]
    for folder in fresh:
        _refuse_taken(folder)
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
        known.append((_detached("rnnlm_core.scheduler", root, root / "queue.log"), time.time()))
    except Timeout:
        return  # one is at work
    except OSError as error:
        raise storage_error(error) from error


def wish(folder: RunFolder, what: str) -> None:
    """Ask a worker to "run", "pause", "step" (one step while paused) or "stop"."""
    now = folder.control()
    if what == "step":
        folder.write_control(Control("pause", now.single_steps + 1))
    elif what in ("run", "pause", "stop"):
        folder.write_control(replace(now, wish=what))  # type: ignore[arg-type]
    else:
        raise ValueError(what)


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


def notices(folder: RunFolder) -> list[Problem]:
    """What the worker decided otherwise than asked, each in one sentence."""
    config, plan, said = folder.config(), folder.plan(), status(folder)
    if plan is None:
        return []
    found = []
    if plan.batch != config.batch:
        found.append(Problem("corpus.batch_shrunk", {
            "value": plan.batch, "length": plan.sequence_length, "asked": config.batch}))
    if said.ended_by == "target":
        found.append(Problem("run.ended_by_target", {
            "step": said.step, "value": f"{config.target_loss:g}"}))
    elif said.ended_by == "patience":
        found.append(Problem("run.ended_by_patience", {
            "step": said.step, "value": config.patience, "best": said.best_step}))
    elif said.state == "finished" and said.step < plan.total_steps:
        found.append(Problem("run.ended_by_time", {"step": said.step, "total": plan.total_steps}))
    elif said.state == "finished" and plan.total_steps != config.max_steps \
            and said.seconds < _MUCH_EARLIER * config.max_seconds:
        found.append(Problem("run.ended_early", {
            "total": plan.total_steps, "took": round(said.seconds),
            "seconds": round(config.max_seconds)}))
    return found


def list_runs(root: Path) -> list[RunFolder]:
    """Every run of a folder, the newest first."""
    if not root.is_dir():
        return []
    found = [RunFolder(path) for path in root.iterdir() if (path / "config.json").is_file()]
    return sorted(found, key=lambda folder: folder.id, reverse=True)


def find_run(run_id: str, root: Path) -> RunFolder | None:
    """A run by its id, own or shipped; ids that are no plain folder name find nothing."""
    if not _RUN_ID.fullmatch(run_id):
        return None
    for parent in (root, models_root()):
        folder = RunFolder(parent / run_id)
        if folder.exists():
            return folder
    return None
