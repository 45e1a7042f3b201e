"""What must be known before runs are compared: whether they had the same time or steps."""

from types import SimpleNamespace
from typing import Any

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_ui import i18n
from rnnlm_ui.compare_findings import notes

NOTE = "They were trained neither for the same time nor for the same number of steps."


def row(step: int, seconds: float, by: str = "steps", **settings: Any) -> Any:
    """Finished, with what `notes` reads of a row."""
    facts = SimpleNamespace(text=("a", 0.1), unknown=0.0, characters=1.0,
                            config=RunConfig(**settings))
    return SimpleNamespace(
        folder=SimpleNamespace(plan=lambda: None, yardsticks=list[Any]), facts=facts,
        status=SimpleNamespace(state="finished", step=step, seconds=seconds, ended_by=by))


@pytest.mark.parametrize("runs, said", [
    # both had a minute, whose steps one of them made sooner than had been measured before step 1
    ([row(900, 60.0, "seconds", max_seconds=60.0), row(400, 48.0, max_seconds=60.0)], []),
    ([row(900, 60.0, max_seconds=60.0), row(400, 30.0, max_seconds=30.0)], [NOTE]),
    ([row(900, 60.0, max_seconds=60.0), row(300, 20.0, "patience", max_seconds=60.0)], [NOTE]),
    ([row(500, 60.0, max_steps=500, max_seconds=0.0),
      row(500, 20.0, max_steps=500, max_seconds=0.0)], []),
    ([row(500, 60.0, max_steps=500, max_seconds=90.0),
      row(100, 20.0, max_steps=100, max_seconds=90.0)], [NOTE])])
def test_equal_seconds_are_equal_whatever_the_clock_said(
        runs: list[Any], said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    assert notes(runs) == said
