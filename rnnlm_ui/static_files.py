"""Plotly's script for the browser: copied once out of the installed package, never downloaded."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import plotly

NAME = "plotly.min.js"
SOURCE = Path(plotly.__file__).parent / "package_data" / NAME


@lru_cache(maxsize=8)
def ensure_plotly(folder: Path) -> Path:
    """`folder/plotly.min.js`, the same as the installed package's; copied if absent or different.

    A read-only folder that already holds the right file is fine. Errors: OSError if it cannot be
    written.
    """
    target = folder / NAME
    if target.is_file() and target.stat().st_size == SOURCE.stat().st_size \
            and target.read_bytes() == SOURCE.read_bytes():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f"{NAME}.", suffix=".tmp", dir=folder)
    os.close(handle)
    try:
        shutil.copyfile(SOURCE, beside)
        os.chmod(beside, 0o644)  # mkstemp makes it private, a second user may serve it
        _replace(beside, target)
    finally:
        Path(beside).unlink(missing_ok=True)
    return target


def _replace(source: str, target: Path) -> None:
    for wait in (0.05, 0.1, 0.2, 0.4):
        try:
            os.replace(source, target)
            return
        except PermissionError:  # on Windows, while another process reads the old file
            time.sleep(wait)
    os.replace(source, target)
