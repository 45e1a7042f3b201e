"""A network that diverges without clipping and learns with it: `rnnlm_core.clip_pair`, by seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.reproduced import Row, measured
from rnnlm_core.clip_pair import STEPS, pair
from rnnlm_core.config import RunConfig
from rnnlm_core.errors import Diverged
from rnnlm_core.lab import train

LIMIT = 1.0
LEARNED = 2.6  # nats a character; knowing only how frequent each one is leaves about 2.8


def clipping(seeds: tuple[int, ...], runs: Path) -> Iterator[list[Row]]:
    """When the run without clipping ended, and where the one with it came to."""
    with measured("clipping", seeds) as found:
        pairs = [[variant.config for variant in pair(LIMIT, seed)] for seed in seeds]
        ends = [_ended(free, runs) for free, _ in pairs]
        losses = [_loss(clipped, runs) for _, clipped in pairs]
    yield [found.at_most("without clipping: the step at which it was no number any more", "–",
                         STEPS / 2, ends, STEPS),
           found.at_most(f"clipped at norm {LIMIT:g}: nats a character after {STEPS} steps", "–",
                         LEARNED, losses, STEPS)]


def _ended(config: RunConfig, runs: Path) -> float:
    """The step at which it diverged; one more than there are where it did not."""
    try:
        train(config, runs)
    except Diverged as error:
        return float(error.values["step"])
    return float(STEPS + 1)


def _loss(config: RunConfig, runs: Path) -> float:
    loss = train(config, runs).status.final_validation
    assert loss is not None
    return loss
