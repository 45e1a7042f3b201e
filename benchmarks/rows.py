"""One line of the table, and what several benchmarks need."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from threadpoolctl import threadpool_limits

from rnnlm_core import launch
from rnnlm_core.records import FINAL_STATES
from rnnlm_core.run.directory import RunFolder

Found = tuple[str, float | None, str, str, bool | None]  # name, value, unit, target, whether met
TURNS = 5


@dataclass(frozen=True)
class Row:
    name: str
    value: float | None
    unit: str
    target: str
    met: bool | None
    machine: str
    date: str


def at_least(name: str, value: float, unit: str, limit: float) -> Found:
    return name, value, unit, f">= {limit:g}", value >= limit


def at_most(name: str, value: float, unit: str, limit: float) -> Found:
    return name, value, unit, f"<= {limit:g}", value <= limit


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch and the libraries under NumPy work on one thread inside, so that the processor's
    clock counts what a reader waits for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def processor_seconds(deed: Callable[[], object], turns: int = TURNS) -> float:
    """Median of the turns, by the processor's clock."""
    times = []
    for _ in range(turns):
        begin = time.process_time()
        deed()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def in_turn(measures: dict[str, Callable[[], float]], turns: int = TURNS
            ) -> dict[str, list[float]]:
    """Each measured so often, one after the other and every second time backwards, so that what
    changes on the machine meanwhile meets all of them."""
    found: dict[str, list[float]] = {key: [] for key in measures}
    for turn in range(turns):
        for key in list(measures) if turn % 2 == 0 else reversed(list(measures)):
            found[key].append(measures[key]())
    return found


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median of the ratios within the turns."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def wait_for(folder: RunFolder, seconds: float) -> None:
    until = time.monotonic() + seconds
    while launch.status(folder).state not in FINAL_STATES:
        if time.monotonic() > until:
            raise TimeoutError(folder.path)
        time.sleep(0.2)
