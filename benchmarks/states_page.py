"""The States page in a browser, over a text of 2,000 characters: pointing, recolouring, bytes."""

from __future__ import annotations

import statistics
from pathlib import Path

from playwright.sync_api import Page

from benchmarks import browser
from benchmarks.rows import Found, at_most

CHARACTERS = 2_000
_TIMES = 15
# until the mark over the heatmap has moved and a frame was painted with it
_HOVER = """async (index) => {
  const box = document.querySelector('.coloured-text');
  const begin = performance.now();
  box.querySelector(`span[data-i='${index}']`)
    .dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begin;
}"""
# from the press on + to the first frame in which a character has another fill
_RECOLOUR = """async () => {
  const spans = [...document.querySelectorAll('.coloured-text > span[data-i]')];
  const fills = () => spans.map((el) => el.style.backgroundColor).join();
  const before = fills();
  const begin = performance.now();
  document.querySelector("[data-testid='stNumberInputStepUp']").click();
  while (fills() === before && performance.now() - begin < 10000) {
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - begin;
}"""


def states_page(runs: Path) -> list[Found]:
    """On the shipped GRU with 48 units; the server's work and the way there and back included."""
    with browser.chromium() as chromium, browser.server(runs) as (address, _process):
        page = browser.wide_page(chromium)
        traffic = browser.Traffic(page)
        page.goto(f"{address}/states?run=dialogue2-gru")
        _read_long_text(page)
        heaviest = traffic.heaviest
        hover = statistics.median(page.evaluate(_HOVER, 40 + i) for i in range(_TIMES))
        recolour = []
        for _ in range(_TIMES):
            recolour.append(page.evaluate(_RECOLOUR))
            page.wait_for_timeout(1500)
    return [
        at_most(f"pointing at one of {CHARACTERS:,} characters", hover, "ms", 100),
        at_most(f"{CHARACTERS:,} characters filled with another unit",
                statistics.median(recolour), "ms", 100),
        at_most("largest message of the States page", heaviest / 1000, "kB", 1000)]


def _read_long_text(page: Page) -> None:
    page.locator(".coloured-text").first.wait_for(timeout=60_000)
    page.wait_for_timeout(3_000)  # the server's own import of torch is over
    area = page.locator("textarea").first
    area.fill(('the lamp said "red_door_seven" and left.\n' * 60)[:CHARACTERS])
    area.press("Control+Enter")
    page.wait_for_function(
        "(n) => document.querySelectorAll('.coloured-text > span[data-i]').length === n",
        arg=CHARACTERS, timeout=60_000)
    page.wait_for_timeout(3_000)
