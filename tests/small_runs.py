"""Tiny runs for the tests: made in a moment, trained by real workers or in this process."""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from rnnlm_core import launch
from rnnlm_core.config import DROPOUTS, RunConfig
from rnnlm_core.data.corpus import keep_own_text
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.records import Plan
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder

SMALL = RunConfig(embedding=4, hidden=8, batch=4, sequence_length=8, max_steps=60,
                  max_seconds=0.0, warm_up_steps=3, input_dropout=0.2, layer_dropout=0.2,
                  output_dropout=0.2, validation_share=0.1)


def small_text(characters: int = 1_600, seed: int = 0) -> str:
    """Words of a few letters, a line end now and then."""
    draw = random.Random(seed)
    words = (draw.choice(["abba", "cad", "deed", "face", "bead\n"]) for _ in range(characters))
    return " ".join(words)[:characters]


def new_run(root: Path, text: str | None = None, yardsticks: bool = False, **changes: Any
            ) -> RunFolder:
    """A run folder of a small config. Its yardsticks are filled in, unless they are wanted."""
    kept = keep_own_text(root / "corpora", text or small_text(), "small", 50_000_000)
    config = dataclasses.replace(SMALL, corpus=kept.manifest.source, **changes)
    folder = launch.create_run(config, root, kept)
    if not yardsticks:
        folder.write("yardsticks.json", '[{"name":"uniform","live":1,"full":1},'
                     '{"name":"unigram","live":1,"full":1},{"name":"kn2","live":1,"full":1}]')
    return folder


def plan_of(config: RunConfig, **changes: Any) -> Plan:
    """A plan that was not measured."""
    return dataclasses.replace(
        Plan(config.max_steps, "fp32", None, 1, "cpu", config.batch, config.sequence_length, 10,
             10, 8, torch.__version__, torch.backends.cpu.get_cpu_capability(), 0), **changes)


def with_plan(folder: RunFolder, **changes: Any) -> RunFolder:
    """The plan is written already, so that nothing depends on the machine's speed."""
    folder.write("plan.json", plan_of(folder.config(), **changes).to_json())
    return folder


def ids_of(text: str) -> tuple[Any, int]:
    tokenizer = CharTokenizer.fit(text)
    return tokenizer.encode(text), tokenizer.size


@contextmanager
def worker(folder: RunFolder, **popen: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process, ended when the test leaves."""
    with open(folder.path / "worker.log", "ab") as log:
        started = subprocess.Popen(process.command("rnnlm_core.worker", folder.path), stdout=log,
                                   stderr=log, env=process.environment(), **popen)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.wait()


def wait_until(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Look again and again until it holds; fails after `seconds`."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.01)


def state(folder: RunFolder) -> str:
    return folder.status(time.time()).state


def last_step(folder: RunFolder) -> int:
    rows, _ = folder.metrics()
    return rows[-1].step if rows else 0


def bits(folder: RunFolder) -> dict[int, tuple[str | None, ...]]:
    """Every logged number that training decides, by step, as exact hexadecimal floats."""
    rows, _ = folder.metrics()
    assert len({row.step for row in rows}) == len(rows), "a step was logged twice"
    return {row.step: tuple(None if v is None else v.hex() for v in (
        row.loss, row.gradient_norm, row.clipped_norm, row.validation, row.learning_rate))
        for row in rows}


def run_quietly(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command of ours, its output as text."""
    environment = {**process.environment(), "COLUMNS": "200", "NO_COLOR": "1",
                   **options.pop("env", {})}
    return subprocess.run([str(a) for a in arguments], env=environment, text=True,
                          capture_output=True, timeout=120, cwd=os.path.expanduser("~"), **options)


def dropouts(share: float) -> dict[str, float]:
    """The same share on input, between layers and on the output."""
    return dict.fromkeys(DROPOUTS, share)
