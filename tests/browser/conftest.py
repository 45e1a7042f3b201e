"""A really started app in a real browser: `app`, and the `server` and `page` factories.

`server(app)` runs `python -m streamlit run app` in a foreign working directory on a free port, with
its own empty runs folder (UNROLL_RUNS), and stops it with the module. `page(server, "train")` opens
an address.
When a test ends, what it opened must have kept quiet: no console message, no outside request, no
traceback or warning in the server's log, but for two 404s of Streamlit's own on deep links.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--no-first-run", "--disable-quic"]
Theme = Literal["light", "dark"]
KNOWN_404 = re.compile(r"/[^/]+/_stcore/(health|host-config)$")
FAILED = pytest.StashKey[bool]()
LOUD = re.compile(r"Traceback|\bWARNING\b|\bERROR\b|Error:|Warning:")


@dataclass
class Server:
    """A running app: its address without a slash at the end, its home, and what it printed."""

    url: str
    home: Path
    log_file: Path
    process: subprocess.Popen[bytes]

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


@dataclass
class Watch:
    """What a page said and asked for; `allowed` are patterns a test expects to see."""

    server: Server
    console: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def check(self) -> None:
        loud = [line for line in self.server.log().splitlines() if LOUD.search(line)]
        messages = [m for m in [*self.console, *loud]
                    if not any(re.search(pattern, m) for pattern in self.allowed)]
        assert messages == [], "console and server log must be clean"
        assert self.outside == [], "nothing may be fetched from outside"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start an app: `server(ROOT / "app.py", base_path="lab", env={...})`."""
    running: list[Server] = []

    def start(app: Path, *, base_path: str = "", env: dict[str, str] | None = None) -> Server:
        folder = tmp_path_factory.mktemp("server")
        running.append(_start(_staged(app, folder), folder, base_path, env or {}))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def app(server: Callable[..., Server]) -> Server:
    """The app as a person starts it; a story that needs another one has its own."""
    return server(ROOT / "app.py")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        own = os.environ.get("UNROLL_CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=own, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport,
                                                              pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open `path` of a server; `page.watch` is its `Watch`. Options go to the browser context.

    After a failure it prints what stood on each page, and what the server said.
    """
    opened: list[tuple[BrowserContext, Watch]] = []

    def open_page(server: Server, path: str = "", *, theme: Theme = "light", width: int = 1440,
                  height: int = 900, locale: str = "en-US", allowed: tuple[str, ...] = (),
                  prepare: Callable[[Page], object] | None = None, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, locale=locale,
            **options)
        watch = Watch(server, allowed=list(allowed))
        opened.append((context, watch))
        new = context.new_page()
        new.watch = watch  # type: ignore[attr-defined]
        _listen(new, watch)
        if prepare:
            prepare(new)
        new.goto(f"{server.url}/{path}")
        return new

    yield open_page
    for context, watch in opened:
        if request.node.stash.get(FAILED, False):
            for tab in context.pages:
                print(f"\n--- {tab.url}\n{tab.inner_text('body')}")
            print("\n".join(["--- browser", *watch.console, "--- server", watch.server.log()]))
        context.close()
    for _, watch in opened:
        watch.check()


def _staged(app: Path, folder: Path) -> Path:
    """Apps of the tests are copied: they fill the static folder beside them."""
    if app.parent == ROOT:
        return app
    (folder / "static").mkdir()
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    return Path(shutil.copy(app, folder))


def _start(app: Path, folder: Path, base_path: str, env: dict[str, str]) -> Server:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home, elsewhere = folder / "home", folder / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    log_file = folder / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={port}",
               "--server.address=127.0.0.1", "--server.headless=true",
               "--server.fileWatcherType=none", f"--server.baseUrlPath={base_path}"]
    variables = {**os.environ, "UNROLL_RUNS": str(home / "runs"), "PYTHONPATH": str(ROOT), **env}
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, cwd=elsewhere, env=variables, stdout=log,
                                   stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}" + (f"/{base_path}" if base_path else "")
    server = Server(url, home, log_file, process)
    _wait_until_healthy(server)
    return server


def _wait_until_healthy(server: Server) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    server.stop()
    raise RuntimeError(f"the app did not start:\n{server.log()}")


def _listen(page: Page, watch: Watch) -> None:
    host = urlsplit(watch.server.url).netloc

    def heard(message: Any) -> None:
        where = message.location.get("url", "")
        if message.type in ("error", "warning") and not KNOWN_404.search(where):
            line, column = (message.location.get(n) for n in ("lineNumber", "columnNumber"))
            watch.console.append(f"{message.type}: {message.text} ({where}:{line}:{column})")

    def asked(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != host:
            watch.outside.append(request.url)

    page.on("console", heard)
    page.on("pageerror", lambda error: watch.console.append(f"page error: {error}"))
    page.on("request", asked)
