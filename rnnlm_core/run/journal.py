"""The worker's writing: lines appended in blocks, and the status by a thread with the clock.

Lines are flushed a few times a second and before every checkpoint, which stores the length of each
file: a resumed worker cuts them there, so no row is ever doubled or missing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from rnnlm_core.records import Event, GradientReach, Status, StepMetrics, WrittenSample
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.process import process_started

_FLUSH_SECONDS = 0.25
_STATUS_SECONDS = 0.25
_HEARTBEAT_SECONDS = 1.0
_FILES = {StepMetrics: "metrics.jsonl", WrittenSample: "samples.jsonl",
          GradientReach: "profiles.jsonl", Event: "events.jsonl"}
# events are history: a resume adds to them
_CUT = ("metrics.jsonl", "samples.jsonl", "profiles.jsonl")


class Journal:
    """Appends records to the run's line files."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._waiting: dict[str, list[str]] = {name: [] for name in _FILES.values()}
        self._flushed = time.monotonic()

    def add(self, record: StepMetrics | WrittenSample | GradientReach | Event) -> None:
        self._waiting[_FILES[type(record)]].append(record.to_json() + "\n")

    def flush(self) -> None:
        """Write what waits. Where the disk refuses (`OSError`), no half line is left behind."""
        for name, lines in self._waiting.items():
            if lines:
                before = self._size(name)
                try:
                    with open(self._folder.path / name, "ab") as file:
                        file.write("".join(lines).encode())
                except OSError:
                    with contextlib.suppress(OSError):
                        self._truncate(name, before)
                    raise
                lines.clear()
        self._flushed = time.monotonic()

    def flush_by_clock(self) -> None:
        if time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def offsets(self) -> dict[str, int]:
        """Length in bytes of the files that a resume cuts."""
        return {name: self._size(name) for name in _CUT}

    def cut(self, offsets: dict[str, int]) -> None:
        """Drop what was written after the checkpoint, and a torn last line."""
        for name in _FILES.values():
            path = self._folder.path / name
            if path.exists():
                kept = path.read_bytes()[:offsets.get(name, 0) if name in _CUT else None]
                self._truncate(name, kept.rfind(b"\n") + 1)

    def _size(self, name: str) -> int:
        path = self._folder.path / name
        return path.stat().st_size if path.exists() else 0

    def _truncate(self, name: str, size: int) -> None:
        path = self._folder.path / name
        if path.exists():
            os.truncate(path, size)


class StatusWriter:
    """Holds the worker's status; a thread writes it when it changed, and as heartbeat.

    The heartbeat has its own thread, so that a long evaluation is not taken for death. A context
    manager: leaving it writes the last status. A disk that refuses (`OSError`) is tried again at
    the next beat, and never ends the training: what it cannot do without, it writes itself.
    """

    def __init__(self, folder: RunFolder, progress: Callable[[Status], None] | None) -> None:
        self._folder, self._progress = folder, progress
        started_before = (folder.path / "status.json").exists()
        resumes = folder.status(time.time()).resumes + 1 if started_before else 0
        pid = os.getpid()
        self.now = Status("starting", pid=pid, process_started=process_started(pid) or 0.0,
                          host=socket.gethostname(), resumes=resumes)
        self._written: Status | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def set(self, **changes: Any) -> None:
        self.now = dataclasses.replace(self.now, **changes)

    def __enter__(self) -> StatusWriter:
        self._write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join()
        self._write()

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._ending.wait(_STATUS_SECONDS):
            if self.now is not self._written or time.monotonic() - last >= _HEARTBEAT_SECONDS:
                self._write()
                last = time.monotonic()

    def _write(self) -> None:
        now = self.now
        said = dataclasses.replace(now, heartbeat=time.time())
        with contextlib.suppress(OSError):
            self._folder.write("status.json", said.to_json())
            self._written = now
        self._tell(said)

    def _tell(self, said: Status) -> None:
        """A fault of who watches (a closed terminal, a notebook's own function) ends only that."""
        if self._progress is not None:
            try:
                self._progress(said)
            except Exception:
                self._progress = None
                with contextlib.suppress(OSError):
                    traceback.print_exc()
