"""How a cell's gates stand over a text: open, shut or in between, and what they let a unit keep.

A unit whose gate is nearly always below 0.1 is left-saturated, one above 0.9 right-saturated: the
two shares of time are a point in a triangle. A vanilla RNN has no gates: there the activation of h
itself is looked at, and where it is flat. Read in strips and summed up as it goes, so that memory
does not grow with the text.

Source: Karpathy et al. 2015 (arXiv 1506.02078, figure 2); half-life of a forget gate as in Tallec &
Ollivier 2018 (arXiv 1804.11188).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.strips import WARM_UP, strips_of
from rnnlm_core.nets.cells import LayerTrace, recurrent, unroll
from rnnlm_core.nets.language_model import LanguageModel

SHUT, OPEN = 0.1, 0.9
FLAT = float(np.arctanh(OPEN))  # |c| from which tanh c is beyond 0.9
BINS = 40
FEWEST_TOKENS = 50
_CHUNK = 64  # steps whose gates are held at once
_THIN = 8  # of the values whose range is not known beforehand, every eighth step is kept
_OUTSIDE = 0.005  # of them at either end that the histogram's first and last bin take in

Floats = NDArray[np.float64]


class Bounds(NamedTuple):
    """What counts as low and high of a value, and where it ends; None: it has no end there."""

    low: float
    high: float
    least: float | None
    most: float | None


@dataclass(frozen=True)
class PartReading:
    """One gate, or what stands in for one, over a text. L layers, H units."""

    low: Floats  # (L, H) share of the time below `Bounds.low`; of ReLU, at exactly 0
    high: Floats  # (L, H) share of the time above `Bounds.high`; 0 for ReLU
    edges: Floats  # (BINS + 1,)
    shares: Floats  # (L, BINS) of all values of a layer


@dataclass(frozen=True)
class GatesReading:
    parts: dict[str, PartReading]
    log_kept: Floats | None  # (L, H) E[ln f] (LSTM) or E[ln z] (GRU); None for the vanilla RNN
    lowest: Floats  # (L, H) 5 % quantile of what is carried, c of an LSTM, else h
    highest: Floats  # (L, H) and the 95 % quantile
    tokens: int


def parts_of(config: RunConfig) -> tuple[str, ...]:
    """What is looked at of a cell, first the gate that keeps; h of a vanilla RNN."""
    return {"lstm": ("f", "i", "o", "g", "c"), "gru": ("z", "r", "n"), "rnn": ("h",)}[config.cell]


def bounds_of(part: str, config: RunConfig) -> Bounds:
    """Gates end at 0 and 1, candidates and tanh at −1 and 1; of c, tanh c is what saturates."""
    if part in ("f", "i", "o", "z", "r") or (part == "h" and config.activation == "sigmoid"
                                             and config.cell == "rnn"):
        return Bounds(SHUT, OPEN, 0.0, 1.0)
    if part == "c":
        return Bounds(-FLAT, FLAT, None, None)
    if part == "h" and config.cell == "rnn" and config.activation == "relu":
        return Bounds(0.0, np.inf, 0.0, None)
    return Bounds(-OPEN, OPEN, -1.0, 1.0)


def half_lives(log_kept: Floats) -> Floats:
    """Steps in which half of a unit is gone if its gate alone decides: ln 2 / −E[ln f].

    The mean is of the logarithm, since shares kept multiply. Infinite where nothing is let go.
    """
    with np.errstate(divide="ignore"):
        return np.where(log_kept < 0, np.log(2) / -log_kept, np.inf)


def read_gates(model: LanguageModel, ids: NDArray[np.integer]) -> GatesReading:
    """All gates over ids (T,), of a model on the CPU.

    PyTorch's convention: the GRU's z is the share of the OLD state that is kept. Errors:
    `text.too_short` below 50 tokens, `run.no_state` of a CNN.
    """
    if len(ids) < FEWEST_TOKENS:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST_TOKENS)
    config = recurrent(model).config
    strips = strips_of(np.asarray(ids, np.int64))
    length = strips.shape[1] - WARM_UP
    own = np.arange(len(strips))[:, None] * length + np.arange(length) < len(ids)  # not a copy
    sums = {part: _Sum(bounds_of(part, config), config.layers) for part in parts_of(config)}
    kept = {"lstm": "f", "gru": "z"}.get(config.cell)
    log_kept = torch.zeros(config.layers, config.hidden, dtype=torch.float64)
    carried_values = _Kept(config.layers)
    batch = torch.from_numpy(strips)
    with torch.no_grad():
        _, carried = model.read(batch[:, :WARM_UP])
        for state in carried:
            state[:, 0] = 0.0  # the first strip begins with the text
        for start in range(0, length, _CHUNK):
            some = slice(start, min(start + _CHUNK, length))
            trace = unroll(model, batch[:, WARM_UP:][:, some], carried)
            carried, where = trace.carried, torch.from_numpy(own[:, some])
            for index, layer in enumerate(trace.layers):
                for part, total in sums.items():
                    total.add(index, _values(layer, part)[where])
                if kept is not None:
                    log_kept[index] += layer.gates[kept][where].double().log().sum(0)
                carried_values.add(index, (layer.h if layer.c is None else layer.c)[where])
    lowest, highest = carried_values.quantiles(0.05)
    return GatesReading({part: total.reading(len(ids)) for part, total in sums.items()},
                        log_kept.numpy() / len(ids) if kept is not None else None,
                        lowest, highest, len(ids))


def _values(layer: LayerTrace, part: str) -> Tensor:
    """(B, T, H)"""
    if part == "h":
        return layer.h
    if part == "c":
        assert layer.c is not None
        return layer.c
    return layer.gates[part]


class _Kept:
    """Every eighth row of the values (T, H) of each layer, for their quantiles."""

    def __init__(self, layers: int) -> None:
        self.rows: list[list[NDArray[np.float32]]] = [[] for _ in range(layers)]

    def add(self, layer: int, values: Tensor) -> None:
        self.rows[layer].append(values[::_THIN].float().numpy())

    def quantiles(self, share: float) -> tuple[Floats, Floats]:
        """The lower and the upper one of each unit, (L, H) each."""
        found = [np.quantile(np.concatenate(rows), [share, 1 - share], axis=0)
                 for rows in self.rows]
        return tuple(np.stack(ends) for ends in zip(*found, strict=True))  # type: ignore[return-value]


class _Sum:
    """One part of all layers, summed up chunk by chunk."""

    def __init__(self, bounds: Bounds, layers: int) -> None:
        self.bounds = bounds
        self.low: list[Tensor | float] = [0.0] * layers
        self.high: list[Tensor | float] = [0.0] * layers
        self.counts = np.zeros((layers, BINS))
        self.kept = _Kept(layers) if bounds.least is None or bounds.most is None else None

    def add(self, layer: int, values: Tensor) -> None:
        """values (M, H)"""
        low = self.bounds.low
        under = values < low if low else values <= 0  # ReLU: shut is 0 itself
        self.low[layer] = self.low[layer] + under.sum(0)
        self.high[layer] = self.high[layer] + (values > self.bounds.high).sum(0)
        if self.kept is not None:
            self.kept.add(layer, values)
        else:
            assert self.bounds.least is not None and self.bounds.most is not None
            self.counts[layer] += torch.histc(values.float(), BINS, self.bounds.least,
                                              self.bounds.most).numpy()

    def reading(self, tokens: int) -> PartReading:
        edges, counts = self._histogram()
        return PartReading(_stacked(self.low) / tokens, _stacked(self.high) / tokens, edges,
                           counts / counts.sum(1, keepdims=True))

    def _histogram(self) -> tuple[Floats, Floats]:
        if self.kept is None:
            return np.linspace(self.bounds.least or 0.0, self.bounds.most or 1.0, BINS + 1), \
                self.counts
        values = [np.concatenate([rows.ravel() for rows in layer]) for layer in self.kept.rows]
        least, most = np.quantile(np.concatenate(values), [_OUTSIDE, 1 - _OUTSIDE])
        least = least if self.bounds.least is None else self.bounds.least
        edges = np.linspace(least, most if most > least else least + 1.0, BINS + 1)
        return edges, np.stack([np.histogram(np.clip(v, edges[0], edges[-1]), edges)[0]
                                for v in values]).astype(np.float64)


def _stacked(layers: list[Tensor | float]) -> Floats:
    return torch.stack([torch.as_tensor(layer) for layer in layers]).double().numpy()
