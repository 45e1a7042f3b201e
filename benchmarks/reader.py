"""The page's reader on a run of a million logged steps: memory, and the time of a look.

The file is written in pieces of the worker's own rows; each size is read by a process of its own.
`python -m benchmarks.reader RUN_FOLDER` is that process.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.rows import Found, at_most
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.records import StepMetrics, WrittenSample
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder

SMALL, LARGE = 100_000, 1_000_000
LOOKS = 40


def write_steps(folder: RunFolder, first: int, count: int) -> None:
    """Rows as the worker writes them, one evaluation in 250, a sample in 2,500."""
    random.seed(first)
    with open(folder.path / "metrics.jsonl", "a") as rows, \
            open(folder.path / "samples.jsonl", "a") as samples:
        for step in range(first, first + count):
            norm = random.lognormvariate(0, 1)
            rows.write(StepMetrics(
                step, 512 * step, round(step * 0.015, 3), 1 + random.random() / 3,
                1.1 + random.random() / 50 if step % 250 == 0 else None, norm, min(norm, 1.0),
                4e-3, 33_000.0, True, [0.1234, 0.5678, 0.9012]).to_json() + "\n")
            if step % 2_500 == 0:
                samples.write(WrittenSample(step, step * 0.015, "LATIN SMALL LETTER " * 12,
                                            [1.25] * 228).to_json() + "\n")


def reader(runs: Path) -> list[Found]:
    said = []
    folder = launch.create_run(RunConfig(), runs)
    written = 0
    for size in (SMALL, LARGE):
        write_steps(folder, written + 1, size - written)
        written = size
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.reader", str(folder.path)], check=True,
            capture_output=True, text=True, env=process.environment())
        said.append(json.loads(done.stdout))
        written += said[-1]["appended"]
        print(f"  {size:,} rows: first look {said[-1]['first']:.1f} s, later "
              f"{said[-1]['look'] * 1e3:.1f} ms, {said[-1]['megabytes']:.1f} MB, "
              f"{said[-1]['kept']:,} rows kept", file=sys.stderr)
    small, large = said
    return [
        at_most("reader: a look at 10^6 rows over one at 10^5", large["look"] / small["look"],
                "×", 2.0),
        at_most("reader: a look at 10^6 rows", large["look"] * 1e3, "ms", 50.0),
        at_most("reader: more memory for 10^6 rows than for 10^5",
                large["megabytes"] - small["megabytes"], "MB", 10.0),
        ("reader: first look at 10^6 rows", large["first"], "s", "–", None)]


def main() -> None:
    """Looks once, and again after each of some appended rows, as the Train page does."""
    from rnnlm_ui.live import RunTail

    folder, own = RunFolder(Path(sys.argv[1])), psutil.Process()
    tail, before = RunTail(folder), own.memory_info().rss

    def look() -> float:
        begin = time.process_time()
        seen = tail.refresh()
        seen.loss_curves(lambda nats: nats)
        for name in ("step", "gradient_norm", "clipped_norm"):
            seen.column(name)
        return time.process_time() - begin

    first, times = look(), []
    for _ in range(LOOKS):
        write_steps(folder, tail.last_step + 1, 30)
        times.append(look())
    json.dump({"first": first, "look": statistics.median(times), "appended": 30 * LOOKS,
               "megabytes": (own.memory_info().rss - before) / 1e6,
               "kept": len(tail.column("step"))}, sys.stdout)


if __name__ == "__main__":
    main()
