"""A finished run as it comes with the project: whole and small, shown before torch is loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

from rnnlm_core.errors import RunError
from rnnlm_core.insight.showcase import make_showcase
from rnnlm_core.lab import Run
from rnnlm_core.prepared import validation_text
from rnnlm_core.run import checkpoint
from rnnlm_core.run.directory import RunFolder

_ROWS, _SAMPLES = 150, 12


def ship(folder: RunFolder, destination: Path, earlier: int) -> RunFolder:
    """A copy with the last checkpoint whole, `earlier` moments as weights, its validation text."""
    if not folder.exists():
        raise RunError("run.missing", folder=folder.id)
    shutil.copytree(folder.path, destination,
                    ignore=shutil.ignore_patterns("lock", "*.tmp", "worker.log", "probes"))
    shipped = RunFolder(destination)
    shipped.write("validation.txt", validation_text(folder))
    checkpoint.prune(shipped.checkpoints, earlier)
    rows, _ = folder.metrics()
    step = max(1, len(rows) // _ROWS)
    kept = [r for i, r in enumerate(rows) if i % step == 0 or r.validation is not None]
    shipped.write("metrics.jsonl", "".join(r.to_json() + "\n" for r in kept))
    samples, _ = folder.samples()
    picked = samples[::max(1, len(samples) // _SAMPLES)]
    shipped.write("samples.jsonl", "".join(
        s.to_json() + "\n" for s in [*picked[:-1], *samples[-1:]]))
    profiles, _ = folder.profiles()
    steps = sorted({profile.step for profile in profiles})
    seen = {*steps[::max(1, len(steps) // _ROWS)], *steps[-1:]}
    shipped.write("profiles.jsonl", "".join(
        p.to_json() + "\n" for p in profiles if p.step in seen))
    opened = Run(shipped)
    make_showcase(opened.model, opened.untrained, opened.tokenizer,
                  opened.validation_text).save(shipped)
    return shipped
