"""What a loss curve shows of a wrong rule, and what training on the test text does.

Two sources of text with V symbols, from which as many windows as wanted are drawn:

- "chain": each symbol has one that follows it with probability `KEEP`; all others share the rest.
  The last symbol is all that one needs to know, so nothing has to be learned from further back.
- "pairs": two random symbols in turn, a b a b …; what comes next stood two places before.

Shapes: B windows, T time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from rnnlm_core.insight.textbook import RIGHT, Rule, descend, update
from rnnlm_core.insight.textbook_network import Network, copied, random_network, read

Source = Literal["chain", "pairs"]
SOURCES: tuple[Source, ...] = ("chain", "pairs")
SYMBOLS, LENGTH, WINDOWS, STEPS, RATE = 8, 8, 16, 300, 0.06
KEEP = 0.9
SMOOTHED = 20  # steps that a point of a curve is the mean of
NEAR = 0.1  # nats between two ends that a reader of the curves would call the same


def windows(source: Source, draw: torch.Generator, symbols: int = SYMBOLS, count: int = WINDOWS,
            length: int = LENGTH, keep: float = KEEP) -> Tensor:
    """`count` windows of `length` predictions, (B, T + 1)."""
    if source == "pairs":
        pair = torch.randint(symbols, (count, 2), generator=draw)
        return pair.repeat(1, length // 2 + 1)[:, :length + 1]
    table = transitions(symbols, keep)
    text = [torch.randint(symbols, (count,), generator=draw)]
    for _ in range(length):
        text.append(torch.multinomial(table[text[-1]], 1, generator=draw)[:, 0])
    return torch.stack(text, 1)


def transitions(symbols: int, keep: float) -> Tensor:
    """P(next | last) of the chain, (V, V): 3v + 1 follows v with probability `keep`."""
    table = torch.full((symbols, symbols), (1 - keep) / (symbols - 1), dtype=torch.float64)
    last = torch.arange(symbols)
    table[last, (3 * last + 1) % symbols] = keep
    return table


@lru_cache(maxsize=64)  # the right rule's is beside every other one
def learn(rule: Rule, source: Source, seed: int = 0) -> tuple[float, ...]:
    """The loss a token in nats before 300 steps of SGD by the rule, and then the mean of every 20.

    Every rule begins with the same weights and sees the same windows. inf: no number any more.
    """
    draw = torch.Generator().manual_seed(seed + 1)
    texts = (windows(source, draw) for _ in range(STEPS))
    losses = torch.tensor(list(descend(random_network(SYMBOLS, seed), rule, texts, RATE)))
    points = torch.cat([losses[:1], losses.view(-1, SMOOTHED).mean(1)])
    return tuple(torch.where(points.isfinite(), points, math.inf).tolist())


@dataclass(frozen=True)
class Curves:
    """The same training by the right rule and by another one."""

    right: tuple[float, ...]
    rule: tuple[float, ...]

    @property
    def apart(self) -> float:
        """Nats between their ends; inf where the rule's came to no number."""
        return abs(self.rule[-1] - self.right[-1])


def compare(rule: Rule, source: Source, seed: int = 0) -> Curves:
    return Curves(learn(RIGHT, source, seed), learn(rule, source, seed))


# -- prediction on the test text ------------------------------------------------------------------
@dataclass(frozen=True)
class Leak:
    """Losses in nats a token after 0, 1, 2, … passes of "prediction" over the test text.

    The best ones are by the probabilities that the texts were drawn with. A network that has not
    seen a text cannot expect to do better.
    """

    test: list[float]  # of the text that is updated on
    untouched: list[float]  # of another one that is as long and from the same source
    best: float  # of the test text
    fixed: float  # of a longer text from a source that has changed, without any update
    dynamic: float  # of the same, each window scored first and learned from only then


_SYMBOLS, _KEEP, _TEST, PASSES = 16, 0.7, 12, 60
_AT_ONCE, _LEAK_RATE, _DYNAMIC_RATE, _CHANGED = 4, 0.1, 0.1, 100


def leak(seed: int = 0) -> Leak:
    """Train on the chain, then "predict" a test text of twelve windows by updating on it."""
    draw = torch.Generator().manual_seed(seed + 1)

    def text(count: int) -> Tensor:
        return windows("chain", draw, _SYMBOLS, count, keep=_KEEP)

    network = random_network(_SYMBOLS, seed)
    for _ in range(STEPS):
        update(network, RIGHT, text(WINDOWS), _LEAK_RATE)
    test, other = text(_TEST), text(_TEST)
    fixed, dynamic = _changed(network, (text(_CHANGED) + 1) % _SYMBOLS)
    scores, others = [_loss(network, test)], [_loss(network, other)]
    for _ in range(PASSES):
        for first in range(0, _TEST, _AT_ONCE):
            update(network, RIGHT, test[first:first + _AT_ONCE], _LEAK_RATE)
        scores.append(_loss(network, test))
        others.append(_loss(network, other))
    return Leak(scores, others, _best(test), fixed, dynamic)


def _changed(network: Network, tokens: Tensor) -> tuple[float, float]:
    """The loss without updates, and where each window is learned from after it was scored.

    Source: Mikolov et al. 2010; Krause et al. 2018 (arXiv 1709.07432), "dynamic evaluation".
    """
    alive, total = copied(network), 0.0
    for window in tokens[:, None]:
        total += _loss(alive, window)
        update(alive, RIGHT, window, _DYNAMIC_RATE)
    return _loss(network, tokens), total / len(tokens)


def _loss(network: Network, tokens: Tensor) -> float:
    return float(read(network, tokens).losses.mean())


def _best(tokens: Tensor) -> float:
    """By the probabilities that the text was drawn with."""
    table = transitions(_SYMBOLS, _KEEP)
    return float(-table[tokens[:, :-1], tokens[:, 1:]].log().mean())
