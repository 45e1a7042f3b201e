"""What truncated back-propagation through time leaves out, against the full gradient.

`segments` says which losses reach back to where, exactly as `data.batches` and `Trainer` cut a
text: k1 (`shift`) new tokens a step, the gradient reaching over k2 (`reach`) of them. The forward
pass is never cut, as the state is carried; beyond its segment a loss has a gradient of exactly 0.

Source: Williams & Peng 1990 (BPTT(k2; k1)); Tallec & Ollivier 2017 (arXiv 1705.08209) on the bias.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.states import refuse_no_numbers
from rnnlm_core.nets.cells import Trace, recurrent, state_of, unroll
from rnnlm_core.nets.language_model import Carried, LanguageModel

LENGTH, ROWS, WARM_UP = 512, 4, 100  # tokens that "full" reaches over, rows of them, read before
FEWEST = 32  # tokens: less leaves no choice of where to cut
RECURRENT, EVERYTHING = "recurrent", "everything"  # all W_hh; all weights. Else layer0, layer1, …

Floats = NDArray[np.float64]
Gradient = dict[str, Tensor]  # by name of the parameter


class Segment(NamedTuple):
    """Read from `start`, learned from at `first` … `end` − 1; the state in front is a constant."""

    start: int
    first: int
    end: int


def segments(length: int, shift: int, reach: int) -> list[Segment]:
    """How a text of so many tokens is cut: a longer reach reads tokens again, a shorter one cuts a
    window up."""
    found = []
    for at in range(0, length, shift):
        end = min(at + shift, length)
        if reach < shift:
            found += [Segment(b, b, min(b + reach, end)) for b in range(at, end, reach)]
        else:
            found.append(Segment(max(0, at - (reach - shift)), at, end))
    return found


def farthest_lags(length: int, shift: int, reach: int) -> NDArray[np.int64]:
    """How many states before its own each loss still reaches, (length,): a saw-tooth.

    At lag k > this, ∂L_t/∂h_{t−k} is exactly 0.
    """
    return np.concatenate([np.arange(s.first, s.end) - s.start
                           for s in segments(length, shift, reach)])


def reaching(lags: int, shift: int, reach: int) -> Floats:
    """Share of the losses that still reach lag k = 0 … lags: falls to exactly 0 at k = reach.

    Of one whole window far from the beginning of the text.
    """
    farthest = farthest_lags(shift, shift, reach) + max(0, reach - shift)
    share: Floats = (farthest[:, None] >= np.arange(lags + 1)).mean(0)
    return share


def mean_lag(shift: int, reach: int) -> float:
    """How far back a loss reaches on average: (K − 1)/2 where shift = reach = K."""
    return float(farthest_lags(shift, shift, reach).mean()) + max(0, reach - shift)


def as_trained(config: RunConfig, sequence_length: int) -> tuple[int, int]:
    """k1 and k2 of a run whose plan has this length of a window. Random windows are never read
    again."""
    reach = config.backprop_length or sequence_length
    return sequence_length, min(reach, sequence_length) if config.windows == "random" else reach


@dataclass(frozen=True)
class Bias:
    """A truncated gradient g beside the full one g*."""

    cosine: float
    angle: float  # degrees between them
    length: float  # ‖g‖ / ‖g*‖
    error: float  # ‖g − g*‖ / ‖g*‖


@dataclass(frozen=True)
class Truncation:
    """The same text, cut in several ways."""

    tokens: int  # that full back-propagation reaches over
    rows: int
    cuts: tuple[tuple[int, int], ...]  # (shift, reach) each
    biases: dict[str, list[Bias | None]]  # by part of the weights, one a cut; None: it is all zero
    loss: float  # nats a token with the state carried along, as with every one of the cuts
    emptied: Floats  # (cuts,) nats a token where the state is emptied every `shift` tokens instead


def truncation(model: LanguageModel, ids: NDArray[np.integer], cuts: Sequence[tuple[int, int]],
               length: int = LENGTH, rows: int = ROWS) -> Truncation:
    """Gradients of the mean cross-entropy of `rows` stretches of the text, (shift, reach) by
    (shift, reach), against that of back-propagation over each whole stretch. In float64.

    A stretch goes on from the state that the tokens before it leave, where there are any. Segments
    of one shape are one batch, as the states they begin with are known. The model is not touched.

    Errors: `text.too_short` below 33 tokens, `run.no_state`, `run.no_numbers`.
    """
    text = np.asarray(ids, np.int64)
    if len(text) < FEWEST + 1:
        raise BadInput("text.too_short", value=len(text), limit=FEWEST + 1)
    length = min(length, len(text) - 1)
    warm_up = min(WARM_UP, len(text) - 1 - length)
    rows = min(rows, (len(text) - 1 - warm_up) // length)
    starts = warm_up + np.arange(rows) * length
    batch = torch.from_numpy(text[starts[:, None] + np.arange(-warm_up, length + 1)])
    explained = copy.deepcopy(recurrent(model)).to("cpu", torch.float64).eval()
    explained.requires_grad_(True)
    with torch.no_grad():
        carried = explained.zero_state(rows)
        if warm_up:
            _, carried = explained(batch[:, :warm_up], carried)
        trace = unroll(explained, batch[:, warm_up:-1], carried)
        logits = trace.logits.flatten(0, 1)
        loss = float(cross_entropy(logits, batch[:, warm_up + 1:].flatten()))
    refuse_no_numbers(np.array([loss]))
    reader = _Reader(explained, batch[:, warm_up:], carried, trace)
    full = reader.gradient([Segment(0, 0, length)])
    names = {name: _named(full, name) for name in parts_of(explained.config)}
    biases: dict[str, list[Bias | None]] = {name: [] for name in names}
    for shift, reach in cuts:
        # many segments, each its own shape, would come to the same
        cut = full if reach >= length else reader.gradient(segments(length, shift, reach))
        for name, of in names.items():
            biases[name].append(bias([cut[p] for p in of], [full[p] for p in of]))
    emptied = np.array([reader.emptied(shift) for shift, _ in cuts])
    return Truncation(length, rows, tuple(cuts), biases, loss, emptied)


def parts_of(config: RunConfig) -> list[str]:
    """The parts of the weights that are told apart: all W_hh, that of each layer, everything."""
    layers = [f"layer{i}" for i in range(config.layers)] if config.layers > 1 else []
    return [RECURRENT, *layers, EVERYTHING]


def bias(cut: Sequence[Tensor], full: Sequence[Tensor]) -> Bias | None:
    """Of two gradients, each over the same tensors; None where the full one is zero.

    The angle is Kahan's 2·atan2(‖u − v‖, ‖u + v‖) of the unit vectors: arccos loses small ones.
    """
    g, whole = (torch.cat([part.flatten() for part in parts]) for parts in (cut, full))
    size, reference = float(g.norm()), float(whole.norm())
    if reference == 0:
        return None
    error = float((g - whole).norm()) / reference
    if size == 0:
        return Bias(0.0, 90.0, 0.0, error)
    u, v = g / size, whole / reference
    angle = math.degrees(2 * math.atan2(float((u - v).norm()), float((u + v).norm())))
    return Bias(float(u @ v), angle, size / reference, error)


def _named(gradient: Gradient, part: str) -> list[str]:
    if part == EVERYTHING:
        return list(gradient)
    where = "layers." if part == RECURRENT else f"layers.{part.removeprefix('layer')}."
    return [name for name in gradient if name.startswith(where) and "weight_hh" in name]


@dataclass(frozen=True)
class _Reader:
    """One text (B, N + 1) with the state before each of its tokens."""

    model: LanguageModel
    batch: Tensor
    carried: Carried
    trace: Trace

    def gradient(self, cut: Sequence[Segment]) -> Gradient:
        """Of the mean loss over the text, each segment's going back to its start and no farther."""
        named = dict(self.model.named_parameters())
        total = {name: torch.zeros_like(parameter) for name, parameter in named.items()}
        for lead, inputs, targets, state in self._batches(cut):
            h, _ = self.model.read(inputs, state)
            logits = self.model.output(h[:, lead:].flatten(0, 1))
            loss = cross_entropy(logits, targets.flatten(), reduction="sum") / self._tokens
            for name, part in zip(named, torch.autograd.grad(
                    loss, list(named.values()), materialize_grads=True,
                    allow_unused=True), strict=True):
                total[name] += part
        refuse_no_numbers(*(part.numpy() for part in total.values()))
        return total

    @torch.no_grad()
    def emptied(self, every: int) -> float:
        """The mean loss where each stretch of so many tokens begins from an empty state."""
        total = 0.0
        for _, inputs, targets, _ in self._batches(segments(self._length, every, every)):
            logits = self.model(inputs)[0].flatten(0, 1)
            total += float(cross_entropy(logits, targets.flatten(), reduction="sum"))
        return total / self._tokens

    @property
    def _length(self) -> int:
        return self.batch.shape[1] - 1

    @property
    def _tokens(self) -> int:
        return self.batch.shape[0] * self._length

    def _batches(self, cut: Sequence[Segment]) -> list[tuple[int, Tensor, Tensor, Carried]]:
        """Segments of one shape together: lead, inputs (B', lead + n), targets (B', n), state."""
        shapes: dict[tuple[int, int], list[int]] = {}
        for start, first, end in cut:
            shapes.setdefault((first - start, end - start), []).append(start)
        found = []
        for (lead, length), starts in shapes.items():
            inputs = torch.cat([self.batch[:, s:s + length] for s in starts])
            targets = torch.cat([self.batch[:, s + lead + 1:s + length + 1] for s in starts])
            found.append((lead, inputs, targets, self._state(starts)))
        return found

    def _state(self, starts: Sequence[int]) -> Carried:
        """The states in front of these tokens, (L, B', H) each."""
        each = [self.carried if s == 0 else tuple(
            torch.stack(parts) for parts in zip(*(state_of(layer.steps[s - 1])
                                                  for layer in self.trace.layers), strict=True))
                for s in starts]
        return tuple(torch.cat(parts, 1) for parts in zip(*each, strict=True))
