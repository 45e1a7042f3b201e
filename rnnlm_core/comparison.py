"""Which setting makes the difference: runs side by side, and what their numbers allow to say.

Pure arithmetic on what runs have written; imports neither torch nor plotly.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.config import FIELDS, RunConfig
from rnnlm_core.idle import idle
from rnnlm_core.nets.adaptive_shape import cutoffs, division
from rnnlm_core.nets.cnn_shape import KERNEL, dilations
from rnnlm_core.nets.parameters import GATES
from rnnlm_core.records import XZ, Yardstick

Column = NDArray[np.float64]
Axis = Literal["steps", "tokens", "seconds", "gflop"]
AXES: tuple[Axis, ...] = ("steps", "tokens", "seconds", "gflop")
ENOUGH_SEEDS = 3  # fewer say nothing about luck


# -- settings -------------------------------------------------------------------------------------
def differing(configs: Sequence[RunConfig]) -> list[str]:
    """The settings that are not the same in all of these where they do something, in the order of
    the form."""
    silent = [idle(config) for config in configs]
    return [name for name in FIELDS if len({
        getattr(c, name) for c, without in zip(configs, silent, strict=True)
        if name not in without}) > 1]


# -- arithmetic -----------------------------------------------------------------------------------
def flop_per_token(config: RunConfig, vocabulary: int) -> float:
    """Floating point operations that training spends on a token, by formula.

    A weight of a matrix product costs a multiplication and an addition forward and twice that
    backward: 6 a weight and token. Looking up an embedding, the gates' own functions, the optimizer
    and evaluations are left out. Source: Kaplan et al. 2020 (arXiv 2001.08361), section 2.1.
    """
    # where the gradient reaches back beyond the window, the layers read its lead again
    again = max(config.backprop_length, config.sequence_length) / config.sequence_length
    return 6 * (again * _layer_weights(config, vocabulary) + _output_weights(config, vocabulary))


def _layer_weights(config: RunConfig, vocabulary: int) -> float:
    h, inputs = config.hidden, config.embedding or vocabulary  # one-hot input is multiplied out
    if config.cell == "cnn":
        blocks = len(dilations(config.receptive_field))
        return (h * inputs if inputs != h else 0) + blocks * KERNEL * h * h
    below = [inputs] + [h] * (config.layers - 1)
    return sum(GATES[config.cell] * h * (size + h) for size in below)


def _output_weights(config: RunConfig, vocabulary: int) -> float:
    """Of the adaptive softmax, each tail counts as often as its tokens come by Zipf's law."""
    h = config.hidden
    if config.softmax == "full":
        return vocabulary * h
    cuts = [*cutoffs(vocabulary), vocabulary]
    harmonic = np.cumsum(1 / np.arange(1, vocabulary + 1))
    weights = float((cuts[0] + len(cuts) - 1) * h)
    for number, (begin, end) in enumerate(pairwise(cuts), start=1):
        narrow = h // division(h) ** number
        share = float((harmonic[end - 1] - harmonic[begin - 1]) / harmonic[-1])
        weights += share * narrow * (h + end - begin)
    return weights


# -- losses ---------------------------------------------------------------------------------------
def on_whole_text(losses: Column, yardsticks: Sequence[Yardstick]) -> Column:
    """About what losses on a run's live sample are on the whole validation text, in nats a token.

    Runs of different speed have live samples of different size. Simpler models were scored on both:
    a loss moves by as much as that of a model of its level does, in between linearly.
    """
    known = sorted((y.live, y.full - y.live) for y in yardsticks if y.name != XZ)
    if not known:
        return losses
    lives, moves = zip(*known, strict=True)
    moved: Column = losses + np.interp(losses, lives, moves)
    return moved


# -- curves ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Measured:
    """A run's validation loss as it fell, in nats a character on the whole validation text."""

    id: str
    config: RunConfig
    steps: Column
    seconds: Column  # of training
    loss: Column
    tokens_a_step: int
    flop_a_token: float
    final: float | None = None  # at its end, exactly
    turned: Hashable = None  # what was changed while it ran, where anything was

    def along(self, axis: Axis) -> Column:
        """Where each evaluation stands on an axis; arithmetic in units of 10⁹ operations."""
        if axis == "seconds":
            return self.seconds
        if axis == "steps":
            return self.steps
        tokens = self.steps * self.tokens_a_step
        return tokens if axis == "tokens" else tokens * self.flop_a_token / 1e9

    def reached(self, value: float, axis: Axis) -> float | None:
        """Where the curve first comes down to a loss, straight lines on a logarithmic axis
        between evaluations; None where it never does."""
        at = np.flatnonzero(self.loss <= value)
        if not len(at):
            return None
        x = self.along(axis)
        return float(np.interp(crossing(self.loss, value, int(at[0])), np.arange(len(x)), x))


def crossing(losses: Column, value: float, first: int) -> float:
    """Where, in evaluations, a curve comes down to a loss that it has at `first` and not before:
    drawn with straight lines on a logarithmic axis."""
    if first == 0 or losses[first] == value:
        return first
    before, after = math.log(losses[first - 1]), math.log(max(losses[first], 1e-9))
    return first - 1 + (before - math.log(value)) / (before - after)


@dataclass(frozen=True)
class Band:
    """Repeated seeds, step by step as far as all of them have come.

    On an axis other than steps, a step stands where the median of them was then: one that was held
    up by its neighbours is no other run for it.
    """

    x: Column
    low: Column
    middle: Column  # the median
    high: Column


@dataclass(frozen=True)
class Lane:
    """The runs that differ in their seed alone: one line of the picture."""

    runs: tuple[Measured, ...]
    ended: bool  # all runs of the comparison have: their final losses count

    @property
    def config(self) -> RunConfig:
        return self.runs[0].config

    @property
    def losses(self) -> list[float]:
        """One a run: at its end, or the lowest so far."""
        return [run.final if self.ended and run.final is not None else float(run.loss.min())
                for run in self.runs]

    @property
    def loss(self) -> float:
        return float(np.median(self.losses))

    @property
    def seeds(self) -> int:
        """Different ones: a repetition of the same seed says nothing about luck."""
        return len({run.config.seed for run in self.runs})

    def reached(self, value: float, axis: Axis) -> float | None:
        """The median over the seeds, where all of them have come down to this loss."""
        found = [x for run in self.runs if (x := run.reached(value, axis)) is not None]
        return float(np.median(found)) if len(found) == len(self.runs) else None

    def band(self, axis: Axis) -> Band:
        begin = max(run.steps[0] for run in self.runs)
        end = min(run.steps[-1] for run in self.runs)
        grid = np.unique(np.concatenate([run.steps for run in self.runs]))
        grid = grid[(grid >= begin) & (grid <= end)]
        values = np.stack([np.interp(grid, run.steps, run.loss) for run in self.runs])
        x = np.stack([np.interp(grid, run.steps, run.along(axis)) for run in self.runs])
        return Band(np.median(x, 0), values.min(0), np.median(values, 0), values.max(0))


def lanes(runs: Sequence[Measured]) -> list[Lane]:
    """Runs with an evaluation, those that differ in the seed alone together, the best first."""
    ended = all(run.final is not None for run in runs)
    found: dict[Hashable, list[Measured]] = {}
    for run in runs:
        if len(run.loss):
            found.setdefault((replace(run.config, seed=0), run.turned), []).append(run)
    return sorted((Lane(tuple(group), ended) for group in found.values()), key=lambda a: a.loss)


# -- what may be said -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Verdict:
    """The best lane beside the next one."""

    best: Lane
    other: Lane
    ratio: float | None  # what the other needed for the loss `at`, over what the best needed
    at: float  # nats a character: the lowest that all of both have come down to
    apart: bool | None  # whether the ranges over the seeds keep apart; None: too few seeds

    @property
    def chance(self) -> float:
        """How often ranges would keep apart if the setting made no difference.

        All orders of the m + n losses are then equally likely, and in 2 of the m+n over m choices
        one kind takes the lowest places. Source: the permutation test (Fisher 1935).
        """
        m, n = self.best.seeds, self.other.seeds
        return 2 / math.comb(m + n, m)


def verdict(found: Sequence[Lane], axis: Axis, comparable: bool = True) -> Verdict | None:
    """None where there are no two lanes. Of curves that do not compare no ratio can be given."""
    if len(found) < 2:
        return None
    best, other = found[0], found[1]
    ratio, at = None, common_loss(found[:2])
    if comparable:
        mine, its = best.reached(at, axis), other.reached(at, axis)
        ratio = its / mine if mine and its else None
    enough = min(best.seeds, other.seeds) >= ENOUGH_SEEDS
    apart = max(best.losses) < min(other.losses) if enough else None
    return Verdict(best, other, ratio, at, apart)


def common_loss(found: Sequence[Lane]) -> float:
    """The lowest loss that the curves of all runs of these have come down to."""
    return max(float(run.loss.min()) for lane in found for run in lane.runs)
