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
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs

from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import Corpus, load_corpus
from rnnlm_core.data.split import fit_to_text, split_point
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import ConfigError, Problem, RunError, storage_error
from rnnlm_core.nets.parameters import training_megabytes
from rnnlm_core.records import FINAL_STATES, Control, Status
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder

MAX_MEGABYTES = 4_000
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
SECONDS_TO_STOP = 10.0
_MUCH_EARLIER = 0.8  # of a budget in seconds: worth a word
SECONDS_TO_END = 2.0  # after force
PROJECT = Path(__file__).resolve().parent.parent

# workers started here and when; ended ones stay defunct until polled
_children: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}


def runs_root() -> Path:
    """Where runs are kept: `$UNROLL_RUNS`, else a folder of this user."""
    return Path(os.environ.get("UNROLL_RUNS") or platformdirs.user_data_path("unroll") / "runs")


def models_root() -> Path:
    """The trained runs that come with the project."""
    return PROJECT / "models"


def create_run(config: RunConfig, root: Path, corpus: Corpus | None = None) -> RunFolder:
    """A new run folder, ready to start. Fetches the text where it is not in the store yet.

    Raises `ConfigError` (all problems of the settings), `CorpusError`, or `RunError` where the
    disk refuses, and then leaves no run.
    """
    config.checked()
    try:
        corpus = corpus or load_corpus(config.corpus, root / "corpora", config.max_characters)
        start = split_point(corpus.text, config.validation_share)
        fit = fit_to_text(start, config.batch, config.sequence_length)
        tokenizer = CharTokenizer.fit(corpus.text[:start])
        needed = training_megabytes(replace(config, batch=fit.batch), tokenizer.size)
        if needed > MAX_MEGABYTES:
            raise ConfigError([Problem("config.model_too_large",
                                       {"value": round(needed), "limit": MAX_MEGABYTES})])
        return _new_folder(root, {
            "tokenizer.json": tokenizer.to_json(), "corpus.json": corpus.manifest.to_json(),
            "control.json": Control().to_json(),
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


def reopen(folder: RunFolder) -> None:
    """Make a new, stopped or lost run ready for a worker: the wish is to run.

    Raises `RunError` where there is no such run, where it is being trained, or has finished.
    """
    if not folder.exists():
        raise RunError("run.missing", folder=folder.id)
    said = status(folder)
    if said.state in ("running", "paused", "not_responding") or (
            said.state == "starting" and said.pid):
        raise RunError("run.locked")
    if said.state == "finished":
        raise RunError("run.no_steps_left", value=said.step)
    folder.write_control(replace(folder.control(), wish="run"))


def start(folder: RunFolder) -> None:
    """Start a worker on a new, stopped or lost run, in a process of its own.

    The worker outlives this process. A folder that is being trained refuses a second worker.
    """
    try:
        reopen(folder)
        detached: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            detached = {"creationflags": subprocess.DETACHED_PROCESS}
        with open(folder.path / "worker.log", "ab") as log:
            _children[folder.path] = subprocess.Popen(
                process.command("rnnlm_core.worker", folder.path), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=process.environment(), **detached), time.time()
    except OSError as error:
        raise storage_error(error) from error


def status(folder: RunFolder) -> Status:
    """What the run is doing now.

    Until a worker started from here has said something, the file still tells of the one before.
    """
    child, launched = _children.get(folder.path, (None, 0.0))
    alive = child is not None and child.poll() is None
    said = folder.status(time.time())
    if child is None or said.heartbeat >= launched:
        return said
    if alive:
        return replace(said, state="starting", activity="launching", pid=child.pid, error=None)
    return replace(said, state="lost") if said.state == "starting" else said


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
    wish(folder, "stop")
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
    if said.state == "finished" and said.step < plan.total_steps:
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
