"""How long a unit really holds: it is swung to the other end of its range, and read on.

A gate says what it lets a unit keep, not what the rest of the network does to it: a unit that
feeds itself holds for longer, one that is pulled back to where it was for less. So at places of the
text what is carried of one unit (c of an LSTM, with the h that follows from it, else h) is replaced
by its own 5 % or 95 % quantile, whichever is farther, and the same text is read on with and without
that. The share of the difference that is left in the unit itself k tokens later, over all places,
falls from 1; the memory is the lag from which on it stays below one half, between two lags as if it
fell by a constant factor. With a constant forget gate f and nothing else it is ln 2 / −ln f.

A finite swing and no derivative: a switch returns from a small push at once and yet holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.errors import BadInput
from rnnlm_core.insight.gates import Floats, GatesReading
from rnnlm_core.insight.strips import WARM_UP
from rnnlm_core.nets.cells import (
    GATES,
    LSTMStep,
    State,
    Step,
    Trace,
    advance,
    input_product,
    layer_weights,
    recurrent,
    state_of,
    unroll,
)
from rnnlm_core.nets.language_model import LanguageModel

LAGS, PLACES = 100, 16
FEWEST_TOKENS = 50
_BLOCK = 8  # lags after which units that hold nothing any more are let go
_GONE = 0.1  # of the swing
_MOVES = 1e-6  # a unit with less between its two ends holds nothing
_PRODUCTS = 2e10  # of a layer: what about 20 lags may cost, else fewer units are measured


@dataclass(frozen=True)
class UnitMemory:
    """In tokens. Infinite: more than half is left after all `lags`."""

    steps: Floats  # (L, H); NaN where a unit of a large network was left out
    lags: int
    places: int

    @property
    def measured(self) -> int:
        """Units of all layers together."""
        return int((~np.isnan(self.steps)).sum())


def unit_memory(model: LanguageModel, ids: NDArray[np.integer], gates: GatesReading,
                lags: int = LAGS, places: int = PLACES, seed: int = 0) -> UnitMemory:
    """Every unit's memory on text `ids` (T,), whose `gates` were read. A model on the CPU.

    All units of a network up to LSTM-256; of a larger one so many, evenly spread, as fit the time.
    Errors: `text.too_short` below 50 tokens, `run.no_state` of a CNN.
    """
    if len(ids) < FEWEST_TOKENS:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST_TOKENS)
    config = recurrent(model).config
    lags = min(lags, len(ids) // 2)
    before = min(WARM_UP, len(ids) - lags - 1)
    starts = len(ids) - (before + lags)
    chosen = np.sort(np.random.default_rng(seed).choice(starts, min(places, starts), False))
    windows = np.asarray(ids, np.int64)[chosen[:, None] + np.arange(before + lags + 1)]
    batch = torch.from_numpy(windows)  # (P, before + 1 + lags)
    units = _chosen(config.hidden, 1 + len(GATES[config.cell]), len(chosen))
    steps = np.full((config.layers, config.hidden), np.nan)
    with torch.no_grad():
        _, carried = model.read(batch[:, :before])
        trace = unroll(model, batch[:, before:], carried)
        for layer in range(config.layers):
            ends = np.stack([gates.lowest[layer, units], gates.highest[layer, units]])
            left = _left(trace, layer, torch.from_numpy(units), torch.from_numpy(ends).float())
            steps[layer, units] = half_lags(left.double().numpy())
            steps[layer, units[ends[1] - ends[0] < _MOVES]] = 0.0
    return UnitMemory(steps, lags, len(chosen))


def half_lags(left: Floats) -> Floats:
    """Shares left (K+1, U), 1 at lag 0 → the lag from which on each stays below ½; inf: beyond K.

    Between two lags the share is taken to fall by a constant factor.
    """
    lags = np.arange(len(left))[:, None]
    last = np.where(left >= 0.5, lags, 0).max(0)  # the last lag with half or more
    beyond = last == len(left) - 1
    here = np.take_along_axis(left, last[None], 0)[0]
    after = np.take_along_axis(left, np.minimum(last + 1, len(left) - 1)[None], 0)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.log(here / 0.5) / np.log(here / after)
    return np.where(beyond, np.inf, last + np.nan_to_num(part))


def _chosen(hidden: int, blocks: int, places: int) -> NDArray[np.int64]:
    most = int(_PRODUCTS / (20 * places * blocks * hidden**2))
    return np.unique(np.linspace(0, hidden - 1, min(hidden, max(8, most))).round()).astype(np.int64)


def _left(trace: Trace, layer: int, units: Tensor, ends: Tensor) -> Tensor:
    """Share of the swing of `units` (U,) to the farther of `ends` (2, U) by lag, (K+1, U)."""
    config = trace.model.config
    weights, steps = layer_weights(trace.model, layer), trace.layers[layer].steps
    products = input_product(_inputs(trace, layer)[:, 1:], weights).unsqueeze(2)  # (P, K, 1, GH)
    own = _carried(steps[0])[:, units]  # (P, U)
    far = torch.where((own - ends[0]).abs() > (own - ends[1]).abs(), ends[0], ends[1])
    state = _swung(steps[0], units, far)
    first = (far - own).abs().sum(0).clamp(min=1e-12)
    left, following = torch.zeros(len(steps), len(units)), torch.arange(len(units))
    left[0] = 1.0
    for lag, step in enumerate(steps[1:], 1):
        state = state_of(advance(config.cell, products[:, lag - 1], state, weights,
                                 config.activation))
        rows, here = torch.arange(len(following)), units[following]
        apart = (state[-1][:, rows, here] - _carried(step)[:, here]).abs().sum(0)
        left[lag, following] = apart / first[following]
        if lag % _BLOCK == 0:
            stay = (left[lag - _BLOCK + 1:lag + 1, following] >= _GONE).any(0)
            if not stay.any():
                break
            following, state = following[stay], tuple(part[:, stay] for part in state)
    return left


def _inputs(trace: Trace, layer: int) -> Tensor:
    """What a layer reads, (B, T, D)"""
    x = trace.embedded
    for index in range(layer):
        x = trace.model.above(index, trace.layers[index].h, x)
    return x


def _carried(step: Step) -> Tensor:
    """(B, H): c of an LSTM, else h"""
    return state_of(step)[-1]


def _swung(step: Step, units: Tensor, values: Tensor) -> State:
    """The state after `step`, once for each unit with that one at its value (P, U): (P, U, H)."""
    rows = torch.arange(len(units))
    carried = _carried(step).unsqueeze(1).repeat(1, len(units), 1)
    carried[:, rows, units] = values
    if isinstance(step, LSTMStep):
        return step.o.unsqueeze(1) * torch.tanh(carried), carried
    return (carried,)
