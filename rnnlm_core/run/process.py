"""The processes of a run: how a module is started on its folder, and whether one still lives."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

_PROJECT = Path(__file__).resolve().parents[2]
_SPIN, _SHORTLY = "GOMP_SPINCOUNT", "2000"


def command(module: str, folder: Path) -> list[str]:
    """`python -m MODULE FOLDER`, by the Python that runs now."""
    return [sys.executable, "-m", module, str(folder)]


def environment() -> dict[str, str]:
    """In which the project is found from any working directory (a notebook's, say), and threads
    that wait for each other soon sleep: see `sleep_while_waiting`."""
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {_SPIN: _SHORTLY, **os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def sleep_while_waiting() -> None:
    """For OpenMP's threads in this process, where torch is not imported yet and nobody chose.

    By default they spin: with another busy process on the machine, a thread that waits holds the
    core that the one it waits for needs, and two threads fall to a twentieth of one's speed. One
    that never spins (OMP_WAIT_POLICY=PASSIVE) is woken too slowly: two threads were then at 0.7 of
    one's speed on a quiet machine; with 2,000 turns they were at 1.3, beside a busy process at 0.5.
    """
    os.environ.setdefault(_SPIN, _SHORTLY)


def process_started(pid: int) -> float | None:
    """When a living process started (seconds since 1970); None where there is no such process."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.Error, ValueError, OverflowError):
        return None


def end_by_force(pid: int) -> None:
    """End a process and its children at once; nothing happens where there is none."""
    try:
        process = psutil.Process(pid)
        for one in [*process.children(recursive=True), process]:
            one.kill()
    except (psutil.Error, ValueError, OverflowError):
        return
