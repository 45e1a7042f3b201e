"""The index of a run's checkpoints, without torch: which moments are kept, and why.

Kept are the weights of at most 40 moments spaced by the logarithm of the step, and whole (with
optimizer, random state and place in the text) the last two and the best on validation.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from rnnlm_core.errors import RunError
from rnnlm_core.files import replace_file

INDEX = "latest.json"
WHOLE_KEPT = 2
_FIRST_MARK, _MARK_RATIO = 16.0, 1.4  # at most 40 marks below 11 million steps


@dataclass(frozen=True)
class Entry:
    """One file of the index."""

    step: int
    file: str
    sha256: str
    whole: bool
    best: bool = False  # the lowest loss on the validation sample so far


def is_mark(step: int) -> bool:
    """Whether the weights of this step are kept for good: step 0 and steps spaced by logarithm."""
    mark = _FIRST_MARK
    while round(mark) < step:
        mark *= _MARK_RATIO
    return step == 0 or round(mark) == step


def entries(folder: Path) -> list[Entry]:
    """All checkpoints of a folder, by step. Raises `RunError` where the index is damaged."""
    try:
        listed = json.loads((folder / INDEX).read_text("utf-8"))
        found = [Entry(**e) for e in listed["checkpoints"]]
        if any(Path(e.file).name != e.file for e in found):  # only files of this folder
            raise ValueError
        return sorted(found, key=lambda e: e.step)
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RunError("run.damaged") from None


def entry_at(folder: Path, step: int | None) -> Entry:
    """The moment kept at this step, the newest where it is None. Raises `RunError`."""
    listed = entries(folder)
    found = [e for e in listed if step is None or e.step == step]
    if not listed:
        raise RunError("run.no_checkpoint")
    if not found:
        raise RunError("run.no_such_moment", value=step,
                       choices=", ".join(str(e.step) for e in listed))
    return found[-1]


def point(folder: Path, known: list[Entry]) -> None:
    """Let the index name exactly these files, then drop the others."""
    known = sorted(known, key=lambda e: e.step)
    content = json.dumps({"checkpoints": [asdict(e) for e in known]}, indent=1)
    replace_file(folder / INDEX, content.encode(), durable=True)
    named = {e.file for e in known}
    for path in folder.glob("*.safetensors"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def copy_until(source: Path, destination: Path, step: int) -> None:
    """The history up to a step, for a fork. Files are shared where the disk can: none is ever
    changed in place."""
    destination.mkdir(exist_ok=True)
    kept = [e for e in entries(source) if e.step <= step]
    for entry in kept:
        _share(source / entry.file, destination / entry.file)
    point(destination, kept)


def _share(source: Path, destination: Path) -> None:
    try:
        os.link(source, destination)
    except OSError:  # another disk, or one that cannot link
        try:
            shutil.copyfile(source, destination)
        except FileNotFoundError:
            raise RunError("run.damaged") from None
