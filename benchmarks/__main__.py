"""`python -m benchmarks [NAME …] [--minutes 10]`: one table, and `benchmarks/results.json`.

Names: learning, worker, paint, memory, words (all by default). Each row is name, value, unit,
target, whether it was met, the machine and the date. Ratios are medians of pairs taken in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import browser, words
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.prepared import prepare
from rnnlm_core.records import StepMetrics
from rnnlm_core.run.directory import RunFolder

HERE = Path(__file__).resolve().parent
PAIRS, PAIR_SECONDS = 5, 14.0


@dataclass(frozen=True)
class Row:
    name: str
    value: float | None
    unit: str
    target: str
    met: bool | None
    machine: str
    date: str


def machine() -> str:
    """The processor, its cores, and the vector instructions that PyTorch found."""
    import torch

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines()
                 if line.startswith("model name")]
        model = names[0] if names else model
    return (f"{model}, {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}, "
            f"load {os.getloadavg()[0]:.1f}")


def wait_for(folder: RunFolder, seconds: float) -> None:
    until = time.monotonic() + seconds
    while launch.status(folder).state not in ("finished", "stopped", "failed", "diverged"):
        if time.monotonic() > until:
            raise TimeoutError(folder.path)
        time.sleep(0.2)


def speed(rows: list[StepMetrics]) -> float:
    """Tokens a second from the third second on, evaluations, samples and checkpoints included."""
    settled = [row for row in rows if row.seconds >= 3.0]
    return (settled[-1].tokens - settled[0].tokens) / (settled[-1].seconds - settled[0].seconds)


# -- learning ---------------------------------------------------------------------------------
def learning(runs: Path) -> list[tuple[str, float | None, str, str, bool | None]]:
    """The default settings on the default corpus: when each n-gram is passed, and the end."""
    folder = launch.create_run(RunConfig(), runs)
    launch.start(folder)
    wait_for(folder, 400)
    rows, status = folder.metrics()[0], folder.status(time.time())
    evaluated = [row for row in rows if row.validation is not None]
    found: list[tuple[str, float | None, str, str, bool | None]] = []
    for yardstick in folder.yardsticks()[2:]:
        passed = next((r.seconds for r in evaluated if r.validation < yardstick.live), None)
        limit = 20 if yardstick.name == "kn4" else 120
        found.append((f"learning: {yardstick.name} passed after", passed, "s", f"<= {limit}",
                      passed is not None and passed <= limit))
    best = min(r.validation for r in evaluated)
    last = evaluated[-1].validation
    hardest = min(y.full for y in folder.yardsticks())
    end = status.final_validation
    found.append(("learning: validation loss at the end", end, "nats", f"< {hardest:.3f}",
                  end < hardest))
    found.append(("learning: last evaluation over the best", last - best, "nats", "<= 0.02",
                  last - best <= 0.02))
    return found


# -- the worker against a bare loop ---------------------------------------------------------------
def worker(runs: Path) -> list[tuple[str, float | None, str, str, bool | None]]:
    """Tokens a second with the Train page open, over a bare loop's alone, in turn."""
    config = RunConfig(max_seconds=PAIR_SECONDS)
    ratios = []
    with browser.server(runs) as (address, _process), browser.chromium() as chromium:
        page = chromium.new_page()
        page.goto(address)
        page.locator("h1").wait_for()
        for _ in range(PAIRS):
            page.goto("about:blank")
            folder = launch.create_run(config, runs)
            vocabulary = prepare(folder).tokenizer.size
            bare = float(subprocess.run(
                [sys.executable, "-m", "benchmarks.bare_loop", config.to_json(), str(vocabulary),
                 str(PAIR_SECONDS - 3)], capture_output=True, text=True,
                check=True).stdout.split()[0])
            launch.start(folder)
            page.goto(f"{address}/train?run={folder.id}")
            wait_for(folder, 120)
            ours = speed(folder.metrics()[0])
            ratios.append(ours / bare)
            print(f"  bare {bare:,.0f}  worker {ours:,.0f}  ratio {ours / bare:.3f}",
                  file=sys.stderr)
    ratio = statistics.median(ratios)
    return [("worker with the page open, over a bare loop", ratio, "×", ">= 0.90", ratio >= 0.9)]


# -- what a person waits for ------------------------------------------------------------------
def paint(runs: Path) -> list[tuple[str, float | None, str, str, bool | None]]:
    with browser.chromium() as chromium:
        home = browser.home_paint(chromium, runs)
        with browser.server(runs) as (address, _process):
            page = chromium.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
            traffic = browser.Traffic(page)
            browser.open_train(page, address)
            point = browser.first_point(page)
            page.wait_for_timeout(20_000)
            refresh = traffic.a_refresh(10.0)
            switch = browser.page_switch(page)
            page.get_by_role("button", name="Stop").click()
            page.get_by_role("button", name="Start").wait_for()
    return [
        ("first paint of Home after the server is up", home, "s", "<= 3", home <= 3),
        ("first loss point after Start", point, "s", "<= 6", point <= 6),
        ("page switch during training", switch, "s", "<= 1", switch <= 1),
        ("WebSocket bytes of a refresh", refresh / 1000, "kB", "<= 100", refresh <= 100_000)]


def memory(runs: Path, minutes: float) -> list[tuple[str, float | None, str, str, bool | None]]:
    """Growth of the server's memory with a page open on a training run."""
    config = RunConfig(hidden=64, max_seconds=minutes * 60 + 120)
    folder = launch.create_run(config, runs)
    launch.start(folder)
    with browser.chromium() as chromium, browser.server(runs) as (address, process):
        page = chromium.new_page()
        page.goto(f"{address}/train?run={folder.id}")
        page.get_by_role("button", name="Pause").wait_for(timeout=60_000)
        page.wait_for_timeout(40_000)  # torch is imported, caches are filled
        before, seen = process.memory_info().rss, []
        until = time.monotonic() + minutes * 60
        while time.monotonic() < until:
            page.wait_for_timeout(5_000)
            seen.append(process.memory_info().rss)
    launch.stop_for_good(folder)
    growth = (statistics.median(seen[-5:]) - before) / 1e6
    return [(f"server memory growth over {minutes:g} min", growth, "MB", "<= 50", growth <= 50)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*",
                        default=["learning", "worker", "paint", "memory", "words"])
    parser.add_argument("--minutes", type=float, default=10.0, help="of the memory benchmark")
    parser.add_argument("--text", type=Path, help="of the words benchmark")
    asked = parser.parse_args()
    path = HERE / "results.json"
    kept = {row["name"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    date, rows = time.strftime("%Y-%m-%d"), []
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.names:
            print(name, "…", file=sys.stderr)
            here = machine()
            measure = {"learning": learning, "worker": worker, "paint": paint,
                       "memory": lambda runs: memory(runs, asked.minutes),
                       "words": lambda _runs: words.words(asked.text)}[name]
            rows += [Row(*row, here, date) for row in measure(Path(folder))]
    for row in rows:
        kept[row.name] = asdict(row)
        value = "never" if row.value is None else f"{row.value:.3g}"
        print(f"{row.name:<52}{value:>8} {row.unit:<5} target {row.target:<9} "
              f"{'met' if row.met else 'MISSED'}")
    path.write_text(json.dumps(list(kept.values()), indent=1) + "\n")


if __name__ == "__main__":
    main()
