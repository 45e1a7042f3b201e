"""The slider room in a browser: from a key on a slider to all its charts painted anew."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page

from benchmarks import browser
from benchmarks.rows import Found, at_most

# experiment, slider, how often its key is pressed: settings nobody has asked for before
_SLIDERS = (("gain", 0, 12), ("gain", 1, 12), ("gain", 2, 12), ("cells", 0, 10), ("cells", 1, 10),
            ("cells", 2, 7), ("gate", 0, 7), ("matrix", 0, 3), ("matrix", 1, 12), ("unit", 0, 12),
            ("unit", 1, 4))
# until every chart of the room has drawn what belongs to the new setting, and a frame with it
_MOVE = """async (index) => {
  const plots = [...document.querySelectorAll('.live-plot')];
  const before = plots.map((el) => el.dataset.drawn);
  const thumb = document.querySelectorAll("[data-testid='stSlider'] input")[index];
  const all = new Promise((done, fail) => {
    setTimeout(() => fail(new Error('the charts did not follow')), 10000);
    const watch = new MutationObserver(() => {
      if (plots.every((el, i) => el.dataset.drawn !== before[i])) done(watch.disconnect());
    });
    for (const el of plots) watch.observe(el, { attributeFilter: ['data-drawn'] });
  });
  thumb.focus();
  const begin = performance.now();
  thumb.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  await all;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begin;
}"""
_DRAWN = """() => { const plots = [...document.querySelectorAll('.live-plot')];
  return plots.length > 0 && plots.every((el) => el.dataset.drawn); }"""


def gradients_room(runs: Path) -> list[Found]:
    """Every slider of every experiment; the server's work and the way there and back included."""
    seen: list[float] = []
    heaviest = 0
    with browser.chromium() as chromium, browser.server(runs) as (address, _process):
        page = browser.wide_page(chromium)
        traffic = browser.Traffic(page)
        for experiment, slider, times in _SLIDERS:
            _open(page, f"{address}/gradients?lab=room&room={experiment}")
            traffic.frames.clear()
            found = []
            for _ in range(times):
                found.append(page.evaluate(_MOVE, slider))
                page.wait_for_timeout(250)  # a hand's pause
            heaviest = max(heaviest, traffic.heaviest)
            seen += found
            print(f"  {experiment} {slider}: median {statistics.median(found):.0f} ms, "
                  f"worst {max(found):.0f} ms", file=sys.stderr)
    return [
        at_most("slider of the room to charts repainted, median", statistics.median(seen), "ms",
                150),
        at_most("slider of the room to charts repainted, 95 % of moves",
                statistics.quantiles(seen, n=20)[-1], "ms", 150),
        at_most("slider of the room to charts repainted, worst", max(seen), "ms", 300),
        at_most("largest message of a slider of the room", heaviest / 1000, "kB", 100)]


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function(_DRAWN, timeout=60_000)
    page.wait_for_timeout(3_000)  # the server's own import of torch is over
