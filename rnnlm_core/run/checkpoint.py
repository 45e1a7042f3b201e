"""Checkpoints: one safetensors file each, never a pickle, with its SHA-256 in the index.

A *whole* checkpoint holds everything that decides the next step: weights, optimizer, carried state,
random state, position in the text, counters. Other moments keep only the weights that one looks at
(the running average where the run keeps one). Neither safetensors nor a pickle notices a flipped
bit, so files are read whole and checked by hash; a damaged one falls back to the one before.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from rnnlm_core.errors import RunError
from rnnlm_core.files import replace_file
from rnnlm_core.run.history import WHOLE_KEPT, Entry, entries, entry_at, is_mark, point

WEIGHTS, AVERAGE = "model.", "average."


@dataclass(frozen=True)
class Checkpoint:
    step: int
    tensors: dict[str, Tensor]
    values: dict[str, Any]  # plain values: counters, position, versions

    def weights(self) -> dict[str, Tensor]:
        """What one evaluates and looks at: the averaged weights where there are any."""
        prefix = AVERAGE if any(n.startswith(AVERAGE) for n in self.tensors) else WEIGHTS
        return {name.removeprefix(prefix): tensor for name, tensor in self.tensors.items()
                if name.startswith(prefix)}


def save_whole(folder: Path, checkpoint: Checkpoint, best: bool = False) -> None:
    """Save, then let the index name it. Of the whole ones the last two and the best stay whole."""
    listed = entries(folder)
    best = best or any(e.best and e.step == checkpoint.step for e in listed)
    known = [replace(e, best=e.best and not best) for e in listed if e.step < checkpoint.step]
    added = _write(folder, checkpoint, listed, whole=True, durable=True)
    whole = [e for e in known if e.whole]
    for old in whole[:max(0, len(whole) - WHOLE_KEPT + 1)]:
        if old.best:
            continue
        known.remove(old)
        if is_mark(old.step):
            with contextlib.suppress(RunError):  # a damaged one is dropped
                kept = _read(folder, old)
                known.append(_write(folder, kept, listed, whole=False))
    point(folder, [*known, replace(added, best=best)])


def save_weights(folder: Path, checkpoint: Checkpoint) -> None:
    """Keep the weights of this moment for the history; nothing to do where it is there whole."""
    listed = entries(folder)
    if not any(e.whole and e.step == checkpoint.step for e in listed):
        known = [e for e in listed if e.step != checkpoint.step]
        point(folder, [*known, _write(folder, checkpoint, listed, whole=False)])


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


def load_at(folder: Path, step: int) -> Checkpoint:
    """Exactly this moment, whole or weights only. Raises `RunError`."""
    return _read(folder, entry_at(folder, step))


def load_weights(folder: Path, step: int | None = None) -> Checkpoint:
    """The weights of a step, or of the newest undamaged checkpoint."""
    if step is not None:
        return load_at(folder, step)
    for entry in reversed(entries(folder)):
        with contextlib.suppress(RunError):
            return _read(folder, entry)
    entry_at(folder, None)  # says so where nothing is kept yet
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
    point(folder, [*chosen, last])


def _write(folder: Path, checkpoint: Checkpoint, listed: list[Entry], whole: bool,
           durable: bool = False) -> Entry:
    """Write a file that the index does not name yet, so that what it names stays whole."""
    folder.mkdir(exist_ok=True)
    tensors = checkpoint.tensors if whole else {
        WEIGHTS + n: t for n, t in checkpoint.weights().items()}
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
