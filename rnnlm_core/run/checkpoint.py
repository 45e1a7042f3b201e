"""Checkpoints: one safetensors file each, never a pickle, with its SHA-256 in `latest.json`.

A *whole* checkpoint holds everything that decides the next step: weights, optimizer, carried state,
random state, position in the text, counters. Earlier moments keep their weights only. Neither
safetensors nor a pickle notices a flipped bit, so files are read whole and checked by hash; a
damaged one falls back to the one before.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from rnnlm_core.errors import RunError
from rnnlm_core.files import replace_file

WHOLE_KEPT = 2
WEIGHTS = "model."
_FIRST_MARK, _MARK_RATIO = 16.0, 1.4  # at most 40 marks below 11 million steps


@dataclass(frozen=True)
class Entry:
    """One file of the index."""

    step: int
    file: str
    sha256: str
    whole: bool


@dataclass(frozen=True)
class Checkpoint:
    step: int
    tensors: dict[str, Tensor]
    values: dict[str, Any]  # plain values: counters, position, versions

    def weights(self) -> dict[str, Tensor]:
        return {name.removeprefix(WEIGHTS): tensor for name, tensor in self.tensors.items()
                if name.startswith(WEIGHTS)}


def is_mark(step: int) -> bool:
    """Whether the weights of this step are kept for good: step 0 and steps spaced by logarithm."""
    mark = _FIRST_MARK
    while round(mark) < step:
        mark *= _MARK_RATIO
    return step == 0 or round(mark) == step


def entries(folder: Path) -> list[Entry]:
    """All checkpoints of a folder, by step. Raises `RunError` where the index is damaged."""
    try:
        listed = json.loads((folder / "latest.json").read_text("utf-8"))
        found = [Entry(**e) for e in listed["checkpoints"]]
        if any(Path(e.file).name != e.file for e in found):  # only files of this folder
            raise ValueError
        return sorted(found, key=lambda e: e.step)
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RunError("run.damaged") from None


def save_whole(folder: Path, checkpoint: Checkpoint) -> None:
    """Save, then let the pointer name it; whole ones before the last two keep weights or go."""
    listed = entries(folder)
    known = [e for e in listed if e.step < checkpoint.step]
    added = _write(folder, checkpoint, listed, whole=True, durable=True)
    whole = [e for e in known if e.whole]
    for old in whole[:max(0, len(whole) - WHOLE_KEPT + 1)]:
        known.remove(old)
        if is_mark(old.step):
            with contextlib.suppress(RunError):  # a damaged one is dropped
                kept = _read(folder, old)
                known.append(_write(folder, kept, listed, whole=False))
    _point(folder, [*known, added])


def save_weights(folder: Path, checkpoint: Checkpoint) -> None:
    """Keep the weights of this moment for the history; nothing to do where it is there whole."""
    listed = entries(folder)
    if not any(e.whole and e.step == checkpoint.step for e in listed):
        known = [e for e in listed if e.step != checkpoint.step]
        _point(folder, [*known, _write(folder, checkpoint, listed, whole=False)])


def load_latest_whole(folder: Path) -> Checkpoint:
    """The newest undamaged whole checkpoint. Raises `RunError` where there is none."""
    whole = [e for e in entries(folder) if e.whole]
    if not whole:
        raise RunError("run.no_checkpoint")
    for entry in reversed(whole):
        try:
            return _read(folder, entry)
        except RunError:
            continue
    raise RunError("run.damaged")


def load_weights(folder: Path, step: int | None = None) -> Checkpoint:
    """The weights of a step, or of the newest undamaged checkpoint."""
    every = entries(folder)
    listed = [e for e in every if step is None or e.step == step]
    if not every:
        raise RunError("run.no_checkpoint")
    if not listed:
        raise RunError("generate.bad_setting", field="step", value=step,
                       rule=", ".join(str(e.step) for e in every))
    for entry in reversed(listed):
        try:
            return _read(folder, entry)
        except RunError:
            continue
    raise RunError("run.damaged")


def prune(folder: Path, keep_weights: int) -> None:
    """For shipping: the last whole checkpoint and `keep_weights` earlier ones, also the first."""
    listed = entries(folder)
    if not any(e.whole for e in listed):
        raise RunError("run.no_checkpoint")
    last = [e for e in listed if e.whole][-1]
    earlier = [e for e in listed if e.step < last.step and not e.whole]
    count = min(keep_weights, len(earlier))
    chosen = [earlier[i * len(earlier) // count] for i in range(count)]
    _point(folder, [*chosen, last])


def _point(folder: Path, listed: list[Entry]) -> None:
    listed = sorted(listed, key=lambda e: e.step)
    index = {"latest": listed[-1].file, "checkpoints": [asdict(e) for e in listed]}
    replace_file(folder / "latest.json", json.dumps(index, indent=1).encode(), durable=True)
    named = {e.file for e in listed}
    for path in folder.glob("*.safetensors"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def _write(folder: Path, checkpoint: Checkpoint, listed: list[Entry], whole: bool,
           durable: bool = False) -> Entry:
    """Write a file that the index does not name yet, so that what it names stays whole."""
    folder.mkdir(exist_ok=True)
    tensors = checkpoint.tensors if whole else {
        n: t for n, t in checkpoint.tensors.items() if n.startswith(WEIGHTS)}
    stem = f"{checkpoint.step:08d}{'' if whole else '-weights'}"
    taken = {e.file for e in listed}
    name = next(n for n in (f"{stem}.safetensors", f"{stem}-again.safetensors") if n not in taken)
    raw = save({n: t.detach().cpu().contiguous() for n, t in tensors.items()},
               {"values": json.dumps(checkpoint.values)})
    replace_file(folder / name, raw, durable)
    return Entry(checkpoint.step, name, hashlib.sha256(raw).hexdigest(), whole)


def _read(folder: Path, entry: Entry) -> Checkpoint:
    """Read whole, never memory-mapped: a mapped file cannot be replaced on Windows."""
    try:
        raw = (folder / entry.file).read_bytes()
    except OSError:
        raise RunError("run.damaged") from None
    if hashlib.sha256(raw).hexdigest() != entry.sha256:
        raise RunError("run.damaged")
    try:
        tensors = load(raw)
        header = json.loads(raw[8:8 + int.from_bytes(raw[:8], "little")])
        return Checkpoint(entry.step, tensors, json.loads(header["__metadata__"]["values"]))
    except (SafetensorError, ValueError, KeyError):
        raise RunError("run.damaged") from None
