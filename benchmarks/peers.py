"""Keras 3 on the same work: embedding, stateful LSTM, linear output, AdamW, clipped.

Each peer in a process of its own, on one core, at the settings that were fastest for it (`FASTEST`,
tried with and without XLA and unrolling). Both of its precisions are shown.
`python -m benchmarks peers --peers-python .venv-peers/bin/python`, made by
`python3.11 -m venv .venv-peers && .venv-peers/bin/pip install -r benchmarks/peers.txt`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.rows import Found, at_least, in_turn, ratio
from benchmarks.speed import has_amx, loop
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.prepared import prepare

SIZES = {"default": RunConfig(max_steps=100, max_seconds=0.0),
         "256 × 2, 32 × 64": RunConfig(layers=2, batch=32, sequence_length=64, max_steps=40,
                                       max_seconds=0.0)}
FASTEST = {"tensorflow": {"jit": False, "unroll": True}, "jax": {"jit": True, "unroll": False}}
_SCRIPT = Path(__file__).with_name("keras_loop.py")


def peers(runs: Path, python: Path | None) -> list[Found]:
    if python is None:
        raise SystemExit("peers: name a Python that has benchmarks/peers.txt by --peers-python")
    found: list[Found] = []
    for size, config in SIZES.items():
        found += _of_size(runs, python, size, config)
    return found


def _of_size(runs: Path, python: Path, size: str, config: RunConfig) -> list[Found]:
    folder = launch.create_run(config, runs)
    prepared, ids = prepare(folder), folder.path / "ids.npy"
    np.save(ids, prepared.train_ids)
    asked = {"batch": config.batch, "length": config.sequence_length, "ids": str(ids),
             "vocabulary": prepared.tokenizer.size, "embedding": config.embedding,
             "hidden": config.hidden, "layers": config.layers, "dropout": config.input_dropout,
             "rate": config.learning_rate, "steps": config.max_steps}

    def keras(backend: str, policy: str) -> float:
        done = subprocess.run(
            [str(python), str(_SCRIPT), backend, policy, json.dumps(asked | FASTEST[backend])],
            capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return float(json.loads(done.stdout)["processor"])

    rivals = [(b, p) for b in FASTEST for p in ("float32", "mixed_bfloat16")]
    measures = {f"{b} {p}": lambda b=b, p=p: keras(b, p) for b, p in rivals}
    steps = str(config.max_steps)
    seen = in_turn({"ours": lambda: float(loop("ours", folder, "--steps", steps)["processor"]),
                    **measures})
    print(f"  {size}: " + ", ".join(f"{name} {statistics.median(values):,.0f}"
                                    for name, values in seen.items()) + " tokens/s",
          file=sys.stderr)
    limit = 2.0 if has_amx() else 1.3
    return [at_least(f"peers: {size}, over Keras {b} {p}", ratio(seen["ours"], seen[f"{b} {p}"]),
                     "×", limit if p == "float32" else 1.0) for b, p in rivals]
