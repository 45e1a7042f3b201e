"""The page's reader on a run of a million logged steps: memory, and the time of a look.

The files are written in the worker's own rows. Each size is read by a process of its own, for its
memory; a third one looks at both in turn, for the time of a look, which is a millisecond and hangs
on what the machine does. `python -m benchmarks.reader RUN_FOLDER …` is such a process.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.rows import Found, at_most
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.records import StepMetrics, WrittenSample
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder

if TYPE_CHECKING:
    from rnnlm_ui.live import RunTail

SMALL, LARGE = 100_000, 1_000_000
LOOKS = 200


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
    folders = []
    for size in (SMALL, LARGE):
        folders.append(launch.create_run(RunConfig(), runs))
        write_steps(folders[-1], 1, size)
    small, large = (_looked_at([folder])[0] for folder in folders)
    both = _looked_at(folders)
    for size, one, look in zip((SMALL, LARGE), (small, large), both, strict=True):
        print(f"  {size:,} rows: first look {one['first']:.1f} s, "
              f"later {look['look'] * 1e3:.1f} ms, "
              f"{one['megabytes']:.1f} MB, {one['kept']:,} rows kept", file=sys.stderr)
    return [
        at_most("reader: a look at 10^6 rows over one at 10^5", both[1]["look"] / both[0]["look"],
                "×", 1.25),
        at_most("reader: a look at 10^6 rows", both[1]["look"] * 1e3, "ms", 50.0),
        at_most("reader: more memory for 10^6 rows than for 10^5",
                large["megabytes"] - small["megabytes"], "MB", 10.0),
        ("reader: first look at 10^6 rows", large["first"], "s", "–", None)]


def _looked_at(folders: list[RunFolder]) -> list[dict[str, float]]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reader", *(str(folder.path) for folder in folders)],
        check=True, capture_output=True, text=True, env=process.environment())
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def main() -> None:
    """Looks at each folder once, and in turn again after some appended rows, as Train does."""
    from rnnlm_ui.live import RunTail

    own = psutil.Process()
    tails, found = [], []
    for folder in sys.argv[1:]:
        before = own.memory_info().rss
        tails.append(RunTail(RunFolder(Path(folder))))
        first = _look(tails[-1])
        found.append({"first": first, "megabytes": (own.memory_info().rss - before) / 1e6,
                      "kept": len(tails[-1].column("step"))})
    times: list[list[float]] = [[] for _ in tails]
    for _ in range(LOOKS):
        for tail, seen in zip(tails, times, strict=True):
            write_steps(tail.folder, tail.last_step + 1, 30)
            seen.append(_look(tail))
    for one, seen in zip(found, times, strict=True):
        one["look"] = statistics.median(seen)
    json.dump(found, sys.stdout)


def _look(tail: RunTail) -> float:
    """Processor seconds of a refresh and of what the page takes from it."""
    begin = time.process_time()
    picture = tail.refresh()
    picture.loss_curves(lambda nats: nats)
    for name in ("step", "gradient_norm", "clipped_norm"):
        picture.column(name)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
