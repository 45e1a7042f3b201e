"""The Cell page in a browser: from a step in the text to the drawing of it, at H 128."""

from __future__ import annotations

import statistics
from pathlib import Path

from playwright.sync_api import Page

from benchmarks import browser
from benchmarks.rows import Found, at_most

_TIMES, _FIRST = 15, 20
# from the click on a character to the first frame after the drawing has other numbers
_STEP = """async (index) => {
  const plot = document.querySelector('.live-plot');
  const before = plot.data;
  const begin = performance.now();
  document.querySelector(`.coloured-text span[data-i='${index}']`).click();
  while (plot.data === before && performance.now() - begin < 10000) {
    await new Promise(requestAnimationFrame);
  }
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begin;
}"""


def cell_page(runs: Path) -> list[Found]:
    """On the shipped LSTM with 128 units; the server's work and the way there and back included."""
    with browser.chromium() as chromium, browser.server(runs) as (address, _process):
        page = browser.wide_page(chromium)
        found = [_repaint(page, f"{address}/cell?run=names-lstm&inside={tool}&cell_level={level}")
                 for tool, level in (("forward", "cell"), ("forward", "gate"), ("back", "cell"))]
    names = ("a step of the cell, forward", "a step of a gate's matrices",
             "a step of the cell, back")
    return [at_most(f"{name}, H 128", milliseconds, "ms", 150)
            for name, milliseconds in zip(names, found, strict=True)]


def _repaint(page: Page, address: str) -> float:
    page.goto(address)
    page.locator(".live-plot[data-theme]").first.wait_for(timeout=120_000)
    page.wait_for_timeout(3_000)  # the server's own import of torch is over
    times = []
    for i in range(_TIMES):
        times.append(page.evaluate(_STEP, _FIRST + i))
        page.wait_for_timeout(500)
    return statistics.median(times[1:])
