"""The learning rate as a function of the step: nothing to save, nothing to forget on a resume."""

from __future__ import annotations

import math

from rnnlm_core.config import RunConfig

COSINE_END = 0.02  # of the peak
ONE_CYCLE_RISE, ONE_CYCLE_START, ONE_CYCLE_END = 0.3, 1 / 25, 1 / 25 / 1e4
RANGE_START = 1e-5  # of the rate at the end of a range test


def learning_rate(config: RunConfig, step: int, total_steps: int) -> float:
    """Of the step numbered from 1.

    A linear warm-up, then: `constant`; half a `cosine` down to 2 %; `step`s down by a factor; for
    `one_cycle` and `range` the warm-up is a part of the shape itself.
    Source: Loshchilov & Hutter 2017 (cosine, arXiv 1608.03983); Smith 2017 (range test, arXiv
    1506.01186); Smith & Topin 2018 (one cycle, arXiv 1708.07120, PyTorch's numbers).
    """
    peak, done = config.learning_rate, min(1.0, step / total_steps)
    if config.schedule == "range":
        return float(peak * RANGE_START ** (1 - done))
    if config.schedule == "one_cycle":
        return peak * _one_cycle(step - 1, total_steps)
    warm_up = min(1.0, step / (config.warm_up_steps + 1))
    if config.schedule == "cosine":
        return peak * warm_up * (COSINE_END + (1 - COSINE_END) * _half_cosine(done))
    if config.schedule == "step":
        every = config.decay_every or math.ceil(total_steps / 4)
        return float(peak * warm_up * config.decay_factor ** ((step - 1) // every))
    return peak * warm_up


def _one_cycle(steps_done: int, total_steps: int) -> float:
    """Up for three tenths of the run, then down almost to nothing, both along half a cosine."""
    top = ONE_CYCLE_RISE * total_steps - 1
    if steps_done <= top:
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * (1 - _half_cosine(steps_done / top))
    down = min(1.0, (steps_done - top) / max(1e-9, total_steps - 1 - top))
    return ONE_CYCLE_END + (1 - ONE_CYCLE_END) * _half_cosine(down)


def _half_cosine(done: float) -> float:
    """From 1 down to 0 while `done` goes from 0 to 1."""
    return (1 + math.cos(math.pi * done)) / 2
