"""The run folder: the contract between the app, the worker and anyone with a text editor.

Every file has one writer and is either replaced whole or appended by lines. Readers ignore a last
line without a line end, and `*.tmp`.

| file | writer | how | content |
|---|---|---|---|
| `config.json` | app | once, last of the app's first files | `RunConfig`, schema number |
| `tokenizer.json` | app | once, before the worker starts | the vocabulary |
| `corpus.json` | app | once, before the worker starts | papers of the text; it lies in the store |
| `origin.json` | app | once, where it applies | fork, sweep, race or repeat, and of what |
| `queued.json` | app | once; removed by who takes the run | it waits in the queue |
| `card.json` | app | replaced | a person's name, note and star |
| `control.json` | app | replaced | the wish: run, pause, stop, single steps, changed knobs |
| `plan.json` | worker | once, before step 1 | total steps, precision, sizes that fit the text |
| `status.json` | worker | replaced, at most 4 a second | state, step, heartbeat, process, error |
| `metrics.jsonl` | worker | appended | one `StepMetrics` a logged step |
| `samples.jsonl` | worker | appended | text written at a step |
| `profiles.jsonl` | worker | appended | a `GradientReach` a layer, as often as is cheap |
| `events.jsonl` | worker | appended | what happened, each with its step |
| `yardsticks.json` | worker | replaced | n-gram and other losses on this split |
| `probes/STEP.npz` | worker | renamed into place | states of one fixed text |
| `checkpoints/*.safetensors` | worker | renamed into place | weights; the last two whole |
| `checkpoints/latest.json` | worker | replaced, last of all | each file, its step and SHA-256 |
| `validation.txt` | app | once | a shipped run carries its validation text |
| `showcase.npz` | app | once | a shipped run: what is shown before torch is loaded |
| `lock` | worker | held while alive | |
| `worker.log` | worker | stdout and stderr | for people; nothing parses it |

`lost` and `not_responding` are derived by the reader and never written.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import RunError
from rnnlm_core.files import replace_file
from rnnlm_core.knobs import KNOBS
from rnnlm_core.records import (
    FINAL_STATES,
    Card,
    Control,
    Event,
    GradientReach,
    Origin,
    Plan,
    State,
    Status,
    StepMetrics,
    WrittenSample,
    Yardstick,
)
from rnnlm_core.run.process import process_started

SECONDS_TO_START = 60.0  # a folder without a status this long after its config is lost
SECONDS_SILENT = 6.0  # a living process without a heartbeat this long is not responding
SECONDS_SILENT_ELSEWHERE = 30.0  # on another machine only the heartbeat can be seen

_Line = TypeVar("_Line", StepMetrics, WrittenSample, GradientReach, Event)


class RunFolder:
    """Paths and typed reading and writing of one run folder."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).resolve()

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def probes(self) -> Path:
        return self.path / "probes"

    @property
    def store(self) -> Path:
        """Where the texts of this and the neighbouring runs lie."""
        return self.path.parent / "corpora"

    def exists(self) -> bool:
        return (self.path / "config.json").is_file()

    # -- read -----------------------------------------------------------------------------------
    def config(self) -> RunConfig:
        try:
            return RunConfig.from_json((self.path / "config.json").read_text("utf-8"))
        except FileNotFoundError:
            raise RunError("run.missing", folder=self.id) from None

    def config_now(self) -> RunConfig:
        """The settings with the knobs as they were last turned."""
        config = self.config()
        turned = {e.values.get("name"): e.values.get("value") for e in self.events()[0]
                  if e.kind == "knob"}
        knobs: dict[str, Any] = {n: v for n, v in turned.items() if n in KNOBS}
        return replace(config, **knobs)

    def plan(self) -> Plan | None:
        values = self._json("plan.json", dict)
        return None if values is None else Plan.from_mapping(values)

    def control(self) -> Control:
        return Control.from_mapping(self._json("control.json", dict) or {})

    def origin(self) -> Origin | None:
        values = self._json("origin.json", dict)
        return None if values is None else Origin.from_mapping(values)

    def card(self) -> Card:
        """Empty where nobody has said anything, or what was said cannot be read."""
        try:
            return Card.from_mapping(self._json("card.json", dict) or {})
        except RunError:
            return Card()

    def yardsticks(self) -> list[Yardstick]:
        return [Yardstick.from_mapping(v) for v in self._json("yardsticks.json", list) or []]

    def status(self, now: float) -> Status:
        """What the worker last said, or what can be seen of it at the time `now`.

        Raises `RunError` where the folder is gone. A status that cannot be read counts as none.
        """
        try:
            said = Status.from_mapping(self._json("status.json", dict) or {})
        except (RunError, TypeError):
            return Status("starting" if now - self._created() < SECONDS_TO_START else "lost",
                          activity="launching")
        if said.state in FINAL_STATES:
            return said
        return replace(said, state=_seen_state(said, now))

    def _created(self) -> float:
        try:
            return (self.path / "config.json").stat().st_mtime
        except OSError:
            raise RunError("run.missing", folder=self.id) from None

    def metrics(self, offset: int = 0) -> tuple[list[StepMetrics], int]:
        return self._lines("metrics.jsonl", StepMetrics, offset)

    def metric_values(self, offset: int, most: int) -> tuple[list[dict[str, Any]], int]:
        """Like `metrics`, as plain values and at most about so many bytes of them: a long run's
        file is larger than one wants in memory."""
        return self._values("metrics.jsonl", offset, most)

    def samples(self, offset: int = 0, most: int = -1) -> tuple[list[WrittenSample], int]:
        return self._lines("samples.jsonl", WrittenSample, offset, most)

    def profiles(self, offset: int = 0, most: int = -1) -> tuple[list[GradientReach], int]:
        """None in a run that was trained before profiles were taken."""
        return self._lines("profiles.jsonl", GradientReach, offset, most)

    def events(self, offset: int = 0) -> tuple[list[Event], int]:
        return self._lines("events.jsonl", Event, offset)

    # -- write ----------------------------------------------------------------------------------
    def write(self, name: str, content: str) -> None:
        replace_file(self.path / name, content.encode())

    def write_control(self, control: Control) -> None:
        self.write("control.json", control.to_json())

    def write_card(self, card: Card) -> None:
        self.write("card.json", card.to_json())

    def write_yardsticks(self, yardsticks: list[Yardstick]) -> None:
        self.write("yardsticks.json", json.dumps([json.loads(y.to_json()) for y in yardsticks]))

    def _json(self, name: str, kind: type) -> Any:
        try:
            values = json.loads((self.path / name).read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, kind):
            raise RunError("run.mismatch", what=name)
        return values

    def _lines(self, name: str, kind: type[_Line], offset: int, most: int = -1
               ) -> tuple[list[_Line], int]:
        """Records of whole lines; a line that is no record of this kind is passed over."""
        values, after = self._values(name, offset, most)
        found = []
        for line in values:
            with contextlib.suppress(TypeError, AttributeError):
                found.append(kind.from_mapping(line))
        return found, after

    def _values(self, name: str, offset: int, most: int) -> tuple[list[Any], int]:
        """Whole lines from a byte offset, and the offset after them.

        A file shorter than the offset was cut by a resume: it is read from its beginning. With
        `most` not negative, reading ends with the first line end from so many bytes on. A line
        that is no JSON is passed over.
        """
        try:
            with open(self.path / name, "rb") as file:
                if file.seek(0, os.SEEK_END) < offset:
                    offset = 0
                file.seek(offset)
                raw = file.read(most)
                if most >= 0:
                    raw += file.readline()
        except (FileNotFoundError, NotADirectoryError):
            return [], 0
        whole = raw[:raw.rfind(b"\n") + 1]
        return _parsed(whole.splitlines()), offset + len(whole)


def _parsed(lines: list[bytes]) -> list[Any]:
    """The JSON value of each line that is one."""
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(b"[" + b",".join(lines) + b"]")  # twice as fast as line by line
        if len(found) == len(lines):
            return list(found)
    found = []
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            found.append(json.loads(line))
    return found


def _seen_state(said: Status, now: float) -> State:
    silent = now - said.heartbeat
    if said.host != socket.gethostname():
        return "lost" if silent > SECONDS_SILENT_ELSEWHERE else said.state
    started = process_started(said.pid)
    if started is None or abs(started - said.process_started) > 1.0:
        return "lost"
    return "not_responding" if silent > SECONDS_SILENT else said.state
