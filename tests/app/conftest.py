"""Folders of runs for the pages, and no fault that a page turned into a sentence goes unseen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rnnlm_core import launch
from rnnlm_ui.generate import wishes


@contextmanager
def _runs_in(root: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNROLL_RUNS", str(root))
        yield root
        for run in launch.list_runs(root):
            launch.stop_for_good(run)


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The runs of one file of tests; what still trains there in the end is stopped."""
    with _runs_in(tmp_path_factory.mktemp("runs")) as root:
        yield root


@pytest.fixture
def own_runs_folder(tmp_path: Path) -> Iterator[Path]:
    """The same for a single test, empty at its beginning."""
    with _runs_in(tmp_path / "runs") as root:
        yield root


@pytest.fixture
def on_a_quick_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts come whole within their budget however busy this machine is: no test waits by clock."""
    for name in ("_LOOK_BUDGET", "_HURRY_BUDGET", "_EXAMPLE_BUDGET"):
        monkeypatch.setattr(wishes, name, 60.0)


@pytest.fixture(autouse=True)
def no_page_failed(
        caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """app.py turns a page's fault into a sentence: here it must still fail the test."""
    yield
    failed = [r for when in ("setup", "call") for r in caplog.get_records(when)
              if r.name == "unroll" and r.levelno >= logging.ERROR]
    if request.node.get_closest_marker("a_page_fails") is None:
        assert failed == []
    else:
        assert failed
