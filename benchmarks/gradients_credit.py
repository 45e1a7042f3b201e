"""The Gradients page's shares and truncation: how long a reader waits, by the processor's clock.

One thread, an LSTM 128 with the vocabulary of a plain text; what is read does not change the work.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.rows import Found, at_most, one_thread, processor_seconds
from rnnlm_core.config import RunConfig
from rnnlm_core.insight.credit import credit
from rnnlm_core.insight.truncation import truncation
from rnnlm_core.nets.build import build

TOKENS, HIDDEN, VOCABULARY = 64, 128, 96
REACHES = (1, 2, 4, 8, 16, 32, 64, 128)


@one_thread()
def gradients_credit(_runs: Path) -> list[Found]:
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 4_000)
    model = build(RunConfig(cell="lstm", hidden=HIDDEN), VOCABULARY).eval()
    return [
        at_most(f"gradients: all {TOKENS} × {TOKENS} shares (LSTM {HIDDEN})", processor_seconds(
            lambda: credit(model, ids[:TOKENS + 1], ids[100:200])), "s", 0.3),
        at_most(f"gradients: bias of {len(REACHES)} reaches (LSTM {HIDDEN})", processor_seconds(
            lambda: truncation(model, ids, [(k, k) for k in REACHES])), "s", 3.0)]
