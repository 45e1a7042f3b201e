"""The Gradients page: what one look costs, by the processor's clock on one thread, median of five.

And what profiles take of a worker's time while a default run trains, by its own wall clock.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.instruments import Alone
from benchmarks.rows import Found, at_most, one_thread, processor_seconds
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.insight.gradients import lag_profile
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CELLS
from rnnlm_core.profiling import SHARE

VOCABULARY, HIDDEN, WINDOWS, STEPS = 96, 128, 16, 128
PROFILED = RunConfig(max_seconds=120.0)


def gradients(runs: Path) -> list[Found]:
    """One group for the whole page; each tool adds its rows."""
    return [*profiles(), worker_share(runs)]


@one_thread()
def profiles() -> list[Found]:
    """A lag profile of 16 windows × 128 steps after 100 tokens of run-up, H 128."""
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 24_000)
    found = []
    for cell in CELLS:
        model = build(RunConfig(cell=cell, hidden=HIDDEN), VOCABULARY)
        found.append(at_most(
            f"gradients: profile, {WINDOWS} × {STEPS}, {cell.upper()} {HIDDEN}",
            processor_seconds(lambda model=model: lag_profile(  # type: ignore[misc]
                model, ids, STEPS - 1, WINDOWS)), "s", 0.1))
    return found


def worker_share(runs: Path) -> Found:
    """Of two minutes of training at the default settings; a machine so busy that there was no
    profile has measured nothing."""
    folder = launch.create_run(PROFILED, runs)
    Alone(folder).run()
    taken = [p for p in folder.profiles()[0] if p.layer == 0]
    whole = folder.metrics()[0][-1].seconds
    print(f"  {len(taken)} profiles in {whole:.0f} s, the first after "
          f"{taken[0].seconds if taken else float('nan'):.1f} s", file=sys.stderr)
    name = "gradients: profiles' share of a default run's time"
    if not taken:
        return name, None, "", f"<= {SHARE:g}", None
    return at_most(name, sum(p.cost for p in taken) / whole, "", SHARE)
