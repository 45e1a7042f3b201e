"""Create, start, pause, stop and list runs. Imports no torch: a page may use it at once."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import platformdirs
import psutil

from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import Corpus, load_corpus
from rnnlm_core.data.split import fit_to_text, split_point
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import ConfigError, Problem, RunError
from rnnlm_core.nets.parameters import training_megabytes
from rnnlm_core.records import FINAL_STATES, Control, Status
from rnnlm_core.run.directory import RunFolder

MAX_MEGABYTES = 4_000
SECONDS_TO_STOP = 10.0
PROJECT = Path(__file__).resolve().parent.parent

_children: dict[Path, subprocess.Popen[bytes]] = {}  # ended ones stay defunct until polled


def runs_root() -> Path:
    """Where runs are kept: `$UNROLL_RUNS`, else a folder of this user."""
    return Path(os.environ.get("UNROLL_RUNS") or platformdirs.user_data_path("unroll") / "runs")


def models_root() -> Path:
    """The trained runs that come with the project."""
    return PROJECT / "models"


def create_run(config: RunConfig, root: Path, corpus: Corpus | None = None) -> RunFolder:
    """A new run folder, ready to start. Fetches the text where it is not in the store yet.

    Raises `ConfigError` (all problems of the settings) or `CorpusError`, and then leaves nothing.
    """
    config.checked()
    corpus = corpus or load_corpus(config.corpus, root / "corpora", config.max_characters)
    start = split_point(corpus.text, config.validation_share)
    fit_to_text(start, config.batch, config.sequence_length)
    tokenizer = CharTokenizer.fit(corpus.text[:start])
    needed = training_megabytes(config, tokenizer.size)
    if needed > MAX_MEGABYTES:
        raise ConfigError([Problem("config.model_too_large",
                                   {"value": round(needed), "limit": MAX_MEGABYTES})])
    folder = RunFolder(root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
    folder.path.mkdir(parents=True)
    folder.write("tokenizer.json", tokenizer.to_json())
    folder.write("corpus.json", corpus.manifest.to_json())
    folder.write_control(Control())
    folder.write("config.json", config.to_json())  # last: with it the folder is a run
    return folder


def start(folder: RunFolder) -> None:
    """Start a worker on a new, stopped or lost run, in a process of its own.

    The worker outlives this process. A folder that is being trained refuses a second worker.
    """
    state = folder.status(time.time())
    if state.state in ("running", "paused", "not_responding"):
        raise RunError("run.locked")
    if state.state == "finished":
        raise RunError("run.no_steps_left", value=state.total_steps)
    folder.write_control(replace(folder.control(), wish="run"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
        [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])}
    detached = {"creationflags": subprocess.DETACHED_PROCESS} if os.name == "nt" \
        else {"start_new_session": True}
    with open(folder.path / "worker.log", "ab") as log:
        _children[folder.path] = subprocess.Popen(
            [sys.executable, "-m", "rnnlm_core.worker", str(folder.path)], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, env=environment, **detached)  # type: ignore[call-overload]


def status(folder: RunFolder) -> Status:
    """What the run is doing now."""
    if (child := _children.get(folder.path)) is not None and child.poll() is not None:
        del _children[folder.path]
    return folder.status(time.time())


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

    The wish comes first: it works everywhere, and a checkpoint is written.
    """
    wish(folder, "stop")
    said = status(folder)
    until = time.monotonic() + SECONDS_TO_STOP
    while said.state not in (*FINAL_STATES, "lost"):
        if time.monotonic() > until:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(said.pid).send_signal(
                    signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            break
        time.sleep(0.05)
        said = status(folder)


def list_runs(root: Path) -> list[RunFolder]:
    """Every run of a folder, the newest first."""
    if not root.is_dir():
        return []
    found = [RunFolder(path) for path in root.iterdir() if (path / "config.json").is_file()]
    return sorted(found, key=lambda folder: folder.id, reverse=True)


def find_run(run_id: str, root: Path) -> RunFolder | None:
    """A run by its id, own or shipped; ids that are no plain folder name find nothing."""
    if not run_id or not run_id.replace("-", "").replace("_", "").isalnum():
        return None
    for parent in (root, models_root()):
        folder = RunFolder(parent / run_id)
        if folder.exists():
            return folder
    return None
