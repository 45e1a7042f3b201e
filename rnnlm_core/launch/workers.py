"""Workers: their processes, what they are doing, and the wishes that they read."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnlm_core.errors import ConfigError, Problem, RunError
from rnnlm_core.knobs import knob_problem
from rnnlm_core.records import FINAL_STATES, Control, Status
from rnnlm_core.run import process, waiting
from rnnlm_core.run.directory import RunFolder

_MUCH_EARLIER = 0.8  # of a budget in seconds: worth a word
# workers started here and when; ended ones stay defunct until polled
_LAST_BREATH = 5.0  # seconds
_children: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}


def reopen(folder: RunFolder) -> None:
    """Make a new, waiting, stopped or lost run ready for a worker: the wish is to run.

    Raises `RunError` where there is no such run, where it is being trained, or has finished.
    """
    refuse_taken(folder)
    folder.write_control(replace(folder.control(), wish="run"))


def refuse_taken(folder: RunFolder) -> None:
    if not folder.exists():
        raise RunError("run.missing", folder=folder.id)
    said = status(folder)
    if said.state in ("running", "paused", "not_responding") or (
            said.state == "starting" and said.pid):
        raise RunError("run.locked")
    if said.state == "finished":
        raise RunError("run.no_steps_left", value=said.step)


def start_worker(folder: RunFolder) -> int:
    """Start a worker whatever the wish is (with "stop" it ends at once); returns its process id."""
    if folder.path in _children:
        # the one before is dead, or stays a zombie; its threads may take a moment to end
        with contextlib.suppress(subprocess.TimeoutExpired):
            _children[folder.path][0].wait(_LAST_BREATH)
    child = detached("rnnlm_core.worker", folder.path, folder.path / "worker.log")
    _children[folder.path] = child, time.time()
    return child.pid


def detached(module: str, folder: Path, log: Path) -> subprocess.Popen[bytes]:
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


def wish(folder: RunFolder, what: str) -> None:
    """Ask a worker to "run", "pause", "step" (one step while paused) or "stop"."""
    now = folder.control()
    if what == "step":
        folder.write_control(Control("pause", now.single_steps + 1))
    elif what in ("run", "pause", "stop"):
        folder.write_control(replace(now, wish=what))  # type: ignore[arg-type]
    else:
        raise ValueError(what)


def turn(folder: RunFolder, name: str, value: float) -> None:
    """Change a knob of a run while it trains. Raises `ConfigError` where the value is no good."""
    if problem := knob_problem(name, value):
        raise ConfigError([problem])
    control = folder.control()
    folder.write_control(replace(control, knobs={**control.knobs, name: value}))


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
