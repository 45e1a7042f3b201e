"""The app in a browser: what its open page costs the training, what a person waits for, memory."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from benchmarks import browser
from benchmarks.rows import TURNS, Found, at_least, wait_for
from benchmarks.speed import loop
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.records import StepMetrics

PAIR_SECONDS = 14.0


def speed(rows: list[StepMetrics]) -> float:
    """Tokens a second from the third second on, evaluations, samples and checkpoints included."""
    settled = [row for row in rows if row.seconds >= 3.0]
    return (settled[-1].tokens - settled[0].tokens) / (settled[-1].seconds - settled[0].seconds)


def worker(runs: Path) -> list[Found]:
    """Tokens a second with the Train page open, over a bare loop's alone, in turn."""
    config = RunConfig(max_seconds=PAIR_SECONDS)
    ratios = []
    with browser.server(runs) as (address, _process), browser.chromium() as chromium:
        page = chromium.new_page()
        page.goto(address)
        page.locator("h1").wait_for()
        for _ in range(TURNS):
            page.goto("about:blank")
            folder = launch.create_run(config, runs)
            bare = float(loop("bare", folder, "--seconds", str(PAIR_SECONDS - 3))["wall"])
            launch.start(folder)
            page.goto(f"{address}/train?run={folder.id}")
            wait_for(folder, 120)
            ours = speed(folder.metrics()[0])
            ratios.append(ours / bare)
            print(f"  bare {bare:,.0f}  worker {ours:,.0f}  ratio {ours / bare:.3f}",
                  file=sys.stderr)
    return [at_least("worker with the page open, over a bare loop", statistics.median(ratios), "×",
                     0.9)]


def paint(runs: Path) -> list[Found]:
    with browser.chromium() as chromium:
        home = browser.home_paint(chromium, runs)
        with browser.server(runs) as (address, _process):
            page = browser.wide_page(chromium)
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


def memory(runs: Path, minutes: float) -> list[Found]:
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
