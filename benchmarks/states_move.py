"""What a click on the States page's Match and Move costs: the mathematics alone, no page.

10,000 tokens × 512 units, by the processor's clock on one thread, the median of five. The states
are made up: sums of a few slow waves and noise, so that units are on in stretches, as real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.rows import Found, at_most, one_thread, processor_seconds
from rnnlm_core.insight.match import Levels, Span, find_matches, switchboard, switches_on
from rnnlm_core.insight.plane import plane_of

TOKENS, UNITS = 10_000, 512


def made_up_states() -> np.ndarray:
    generator = np.random.default_rng(0)
    at = np.arange(TOKENS)[:, None]
    waves = np.sin(at / generator.uniform(2, 60, 24) + generator.uniform(0, 6, 24))
    mixed = waves @ generator.normal(size=(24, UNITS)) / 3
    return np.tanh(mixed + 0.3 * generator.normal(size=mixed.shape)).astype(np.float32)


@one_thread()
def states_move(_runs: Path) -> list[Found]:
    """Rows for `python -m benchmarks`."""
    values = made_up_states()
    ids = np.random.default_rng(1).integers(0, 96, TOKENS)
    span, levels = Span(5_000, 5_011), Levels(0.3, -0.3)

    def matched() -> None:
        board = switchboard(values, levels)
        chosen = switches_on(board, span)
        assert find_matches(board, chosen, len(span), any_length=True, avoid=span)

    def laid(without: bool) -> None:
        plane_of(values, 2, ids if without else None).of(values, ids)

    size = f"{TOKENS:,} tokens × {UNITS} units"
    return [at_most(f"states: PCA, {size}", _seconds(lambda: laid(False)), "s", 0.2),
            at_most(f"states: PCA without token means, {size}", _seconds(lambda: laid(True)),
                    "s", 0.2),
            at_most(f"states: match, {size}", _seconds(matched), "s", 0.1)]


def _seconds(work: Callable[[], None]) -> float:
    work()  # memory is allocated
    return processor_seconds(work)
