"""What a person waits for, measured in real Chromium against a really started app."""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
          "--disable-component-update", "--no-first-run", "--disable-quic"]
_PAINTED = "() => document.querySelector('.live-plot .scatterlayer .js-line') !== null"


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        yield browser
        browser.close()


def wide_page(browser: Browser) -> Page:
    """As a reader with a large screen has it, in English."""
    return browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")


@contextlib.contextmanager
def server(runs: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The app on a free port: its address and its process, ready to answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port),
         "--server.headless", "true"], cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={**os.environ, "UNROLL_RUNS": str(runs)})
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).read()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


def home_paint(browser: Browser, runs: Path, times: int = 3) -> float:
    """Seconds from a server that is just up to Home's title on the screen."""
    seen = []
    for _ in range(times):
        with server(runs) as (address, _process):
            page = browser.new_page()
            begin = time.perf_counter()
            page.goto(address)
            page.locator("h1").wait_for()
            seen.append(time.perf_counter() - begin)
            page.close()
    return statistics.median(seen)


def open_train(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Train").first.click()
    page.get_by_role("button", name="Start").wait_for()


def first_point(page: Page) -> float:
    """Seconds from the click on Start to the first loss on the screen."""
    page.wait_for_timeout(3000)  # the server's own import of torch is over
    begin = time.perf_counter()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.wait_for_function(_PAINTED, timeout=60_000)
    return time.perf_counter() - begin


def page_switch(page: Page) -> float:
    """Seconds, median, from a click in the navigation to the other page's title and back."""
    seen = []
    for name, title in (("Data", "read"), ("Train", "learning"), ("Build", "built"),
                        ("Train", "learning")):
        begin = time.perf_counter()
        page.get_by_role("link", name=name).first.click()
        page.locator("h1", has_text=title).wait_for()
        seen.append(time.perf_counter() - begin)
        page.wait_for_timeout(700)
    return statistics.median(seen)


class Traffic:
    """Bytes that came over the page's WebSocket."""

    def __init__(self, page: Page) -> None:
        self.frames: list[tuple[float, int]] = []
        page.on("websocket", lambda socket: socket.on(
            "framereceived", lambda frame: self.frames.append((time.monotonic(), len(frame)))))

    @property
    def heaviest(self) -> int:
        """Bytes of the largest message."""
        return max(size for _, size in self.frames)

    def a_refresh(self, seconds: float, refreshes_a_second: float = 2.0) -> float:
        """Mean bytes of a refresh over the last `seconds`."""
        since = time.monotonic() - seconds
        return sum(size for at, size in self.frames if at >= since) / (
            seconds * refreshes_a_second)
