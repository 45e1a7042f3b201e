"""Jacobian products of all lags: from the gates of 64 steps to J_T … J_{T−k+1} for k = 1 … 64.

H 128, one place of a text, float64, one thread, by the processor's clock. The targets are 1.5 times
what a prototype took (PERFORMANCE: 4, 8, 27 ms, on a processor with AVX-512); the bare matrix
products of the same sizes are beside them, as they are what no code can go below.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.rows import Found, at_most
from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.insight.spectra import products, spectra
from rnnlm_core.insight.trajectory import Trajectory, trajectory
from rnnlm_core.nets.build import build

LAGS, HIDDEN, VOCABULARY = 64, 128, 96
TARGETS: dict[Cell, float] = {"rnn": 6.0, "gru": 12.0, "lstm": 40.5}  # ms
_REPEATS = 25


def gradients_jacobians(_runs: Path) -> list[Found]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 3_000)
    found: list[Found] = []
    for cell, target in TARGETS.items():
        model = build(RunConfig(cell=cell, hidden=HIDDEN), VOCABULARY).eval()
        course = trajectory(model, ids, 0).first_place().last(LAGS)
        size = course.shape[1]
        # the LSTM's half for c is diagonal: 2H × 2H times 2H × H is all there is to multiply
        left = torch.randn(size, size, dtype=torch.float64)
        right = torch.randn(size, HIDDEN, dtype=torch.float64)
        name = f"gradients: Jacobian products, {LAGS} lags, {cell.upper()} {HIDDEN}"
        found += [
            at_most(name, _milliseconds(partial(_drain, course)), "ms", target),
            (f"{name}, bare matrix products", _milliseconds(
                partial(_multiply, left, right)), "ms", "–", None)]
    for hidden in (128, 256, 512):
        model = build(RunConfig(cell="lstm", hidden=hidden), VOCABULARY).eval()
        found.append((f"gradients: spectra and exponents, LSTM {hidden}", _milliseconds(
            partial(spectra, model, ids), 3) / 1000, "s", "–", None))
    torch.set_num_threads(threads)
    return found


def _drain(course: Trajectory) -> None:
    for _ in products(course):
        pass


def _multiply(left: torch.Tensor, right: torch.Tensor) -> None:
    for _ in range(LAGS - 1):
        torch.matmul(left, right)


def _milliseconds(deed: Callable[[], object], repeats: int = _REPEATS) -> float:
    """Median of some turns, in milliseconds of the processor."""
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        deed()
        times.append(time.process_time() - begin)
    return 1000 * statistics.median(times)
