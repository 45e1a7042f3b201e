"""The processes of a run: how a module is started on its folder, and whether one still lives."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

_PROJECT = Path(__file__).resolve().parents[2]


def command(module: str, folder: Path) -> list[str]:
    """`python -m MODULE FOLDER`, by the Python that runs now."""
    return [sys.executable, "-m", module, str(folder)]


def environment() -> dict[str, str]:
    """In which the project is found from any working directory (a notebook's, say)."""
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


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
