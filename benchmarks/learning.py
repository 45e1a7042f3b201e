"""Does the default run learn what it should, and when does it pass each n-gram?"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.rows import Found, wait_for
from rnnlm_core import launch
from rnnlm_core.config import RunConfig


def learning(runs: Path) -> list[Found]:
    """The default settings on the default corpus: when each n-gram is passed, and the end."""
    folder = launch.create_run(RunConfig(), runs)
    launch.start(folder)
    wait_for(folder, 400)
    rows, status = folder.metrics()[0], folder.status(time.time())
    evaluated = [row for row in rows if row.validation is not None]
    found: list[Found] = []
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
