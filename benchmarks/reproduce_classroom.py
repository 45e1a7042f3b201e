"""The classroom task: six starts at T = 30, 500 steps, and the CPU time of the whole comparison."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.reproduced import Measurement, Row, measured, needed
from rnnlm_core.tasks.training import train
from rnnlm_core.tasks.trials import Progress, Trial

LAG, STEPS, CPU_SECONDS = 30, 500, 30.0
FAIL = ("rnn_default", "gru_default", "lstm_default")
LEARN = ("rnn_orthogonal", "gru_update_5", "lstm_forget_5")
MANY = tuple(range(1, 21))


def classroom(seeds: tuple[int, ...], runs: Path) -> Iterator[list[Row]]:
    """The comparison with these seeds, then the share of twenty; `runs` is not used."""
    torch.set_num_threads(1)
    with measured("classroom", seeds) as whole:
        ends = {name: _end(name, seeds) for name in FAIL + LEARN}
    yield [_row(whole, name, end) for name, end in ends.items()]
    seconds = 60 * whole.cpu_minutes
    yield [whole.row("CPU seconds of the whole comparison", f"≤ {CPU_SECONDS:g}",
                     f"≤ {CPU_SECONDS:g}", f"{seconds:.1f}", [round(seconds, 1)],
                     seconds <= CPU_SECONDS, STEPS)]
    for name in FAIL + LEARN:
        with measured("classroom", MANY) as found:
            end = _end(name, MANY)
        yield [found.row(f"{name}, twenty seeds", "–", "–", f"{end.solved}/{len(MANY)}",
                         end.solved_at, None, end.step)]


def _end(name: str, seeds: tuple[int, ...]) -> Progress:
    return deque(train(Trial(name, LAG, seeds, STEPS)), maxlen=1).pop()


def _row(found: Measurement, name: str, end: Progress) -> Row:
    count = len(end.solved_at)
    least, most = needed(count), max(1, count - needed(count))
    learns = name in LEARN
    return found.row(f"T = {LAG}, {name}", f"≥ {least}/{count}" if learns else f"≤ {most}/{count}",
                     f"≥ {least} solved" if learns else f"≤ {most} solved",
                     f"{end.solved}/{count}", end.solved_at,
                     end.solved >= least if learns else end.solved <= most, end.step)
