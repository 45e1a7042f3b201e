"""The Gradients page's shares and truncation: how long a reader waits, by the processor's clock.

One thread, an LSTM 128 with the vocabulary of a plain text; what is read does not change the work.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.rows import TURNS, Found, at_most
from rnnlm_core.config import RunConfig
from rnnlm_core.insight.credit import credit
from rnnlm_core.insight.truncation import truncation
from rnnlm_core.nets.build import build

TOKENS, HIDDEN, VOCABULARY = 64, 128, 96
REACHES = (1, 2, 4, 8, 16, 32, 64, 128)


def gradients_credit(_runs: Path) -> list[Found]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 4_000)
    model = build(RunConfig(cell="lstm", hidden=HIDDEN), VOCABULARY).eval()
    found = [
        at_most(f"gradients: all {TOKENS} × {TOKENS} shares (LSTM {HIDDEN})", _seconds(
            lambda: credit(model, ids[:TOKENS + 1], ids[100:200])), "s", 0.3),
        at_most(f"gradients: bias of {len(REACHES)} reaches (LSTM {HIDDEN})", _seconds(
            lambda: truncation(model, ids, [(k, k) for k in REACHES])), "s", 3.0)]
    torch.set_num_threads(threads)
    return found


def _seconds(deed: Callable[[], object]) -> float:
    """Median of the turns, in seconds of the processor."""
    times = []
    for _ in range(TURNS):
        begin = time.process_time()
        deed()
        times.append(time.process_time() - begin)
    return statistics.median(times)
