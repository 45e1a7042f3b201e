"""Jacobian products of all lags: from the gates of 64 steps to J_T … J_{T−k+1} for k = 1 … 64.

H 128, one place of a text, float64, one thread, by the processor's clock. The targets are 1.5 times
what a prototype took (PERFORMANCE: 4, 8, 27 ms, on a processor with AVX-512); the bare matrix
products of the same sizes are beside them, as they are what no code can go below.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.rows import Found, at_most, one_thread, processor_seconds
from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.insight.spectra import products, spectra
from rnnlm_core.insight.trajectory import Trajectory, trajectory
from rnnlm_core.nets.build import build

LAGS, HIDDEN, VOCABULARY = 64, 128, 96
TARGETS: dict[Cell, float] = {"rnn": 6.0, "gru": 12.0, "lstm": 40.5}  # ms
_REPEATS = 25


@one_thread()
def gradients_jacobians(_runs: Path) -> list[Found]:
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
            at_most(name, 1000 * processor_seconds(
                partial(_drain, course), _REPEATS), "ms", target),
            (f"{name}, bare matrix products", 1000 * processor_seconds(
                partial(_multiply, left, right), _REPEATS), "ms", "–", None)]
    for hidden in (128, 256, 512):
        model = build(RunConfig(cell="lstm", hidden=hidden), VOCABULARY).eval()
        found.append((f"gradients: spectra and exponents, LSTM {hidden}", processor_seconds(
            partial(spectra, model, ids), 3), "s", "–", None))
    return found


def _drain(course: Trajectory) -> None:
    for _ in products(course):
        pass


def _multiply(left: torch.Tensor, right: torch.Tensor) -> None:
    for _ in range(LAGS - 1):
        torch.matmul(left, right)
