"""The Generate page in a browser, its model loaded: from Continue to the first new character on the
screen, and from Stop to the last one that still came."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from benchmarks import browser
from benchmarks.rows import Found, at_most

_TIMES = 9
_SHOWN = "document.querySelectorAll('.coloured-text > span[data-i]:not(.later)').length"
# from the press to the first frame that has one character more
_FIRST = f"""async (name) => {{
  const button = [...document.querySelectorAll('button')].find((b) => b.innerText.includes(name));
  const before = {_SHOWN};
  const begin = performance.now();
  button.click();
  while ({_SHOWN} <= before && performance.now() - begin < 10000) {{
    await new Promise(requestAnimationFrame);
  }}
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begin;
}}"""
# from the press to the last frame that brought another character; it is watched for two seconds
_LAST = f"""async (name) => {{
  const button = [...document.querySelectorAll('button')].find((b) => b.innerText.includes(name));
  const begin = performance.now();
  let seen = {_SHOWN}, last = begin;
  button.click();
  while (performance.now() - begin < 2000) {{
    await new Promise(requestAnimationFrame);
    const now = {_SHOWN};
    if (now !== seen) {{ seen = now; last = performance.now(); }}
  }}
  return last - begin;
}}"""


def writing_page(runs: Path) -> list[Found]:
    """On a shipped run at the pace of reading; the server's work and the way included."""
    with browser.chromium() as chromium, browser.server(runs) as (address, _process):
        page = browser.wide_page(chromium)
        page.goto(f"{address}/generate?run=dialogue2-gru&lang=en")
        _settled(page, "Continue")
        first, last = [], []
        for _ in range(_TIMES):
            first.append(page.evaluate(_FIRST, "Continue"))
            page.get_by_role("button", name="Stop").wait_for(timeout=60_000)
            page.wait_for_timeout(1_500)
            last.append(page.evaluate(_LAST, "Stop"))
            _settled(page, "Continue")
    return [at_most("writing: Continue to the first character", median(first), "ms", 300),
            at_most("writing: Stop to the last character", median(last), "ms", 300)]


def _settled(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).wait_for(timeout=60_000)
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=60_000)
    page.wait_for_timeout(1_500)
