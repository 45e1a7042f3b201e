"""First-symbol recall: what comes first must be named at the end, T symbols later.

x₁ is one of four symbols; x₂ … x_T are drawn from four others that say nothing; then a query symbol
asks for x₁. Chance is accuracy 1/4 and loss ln 4. What decides is how far the gradient reaches at
the start: r₀ = ‖∂L/∂h₁‖ / ‖∂L/∂h_{T+1}‖ of the untrained network, measured beside.

Source of the family of tasks: Hochreiter & Schmidhuber 1997, Long short-term memory.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from rnnlm_core.tasks.batched import BatchedNetworks, Start

CLASSES = 4
QUERY = 2 * CLASSES
SYMBOLS = QUERY + 1
CHANCE_LOSS = math.log(CLASSES)
SOLVED = 0.99
_KEEP = 0.9  # of the running accuracy a step


@dataclass(frozen=True)
class RecallSettings:
    """T = `lag` symbols before the query; each seed is a network and a stream of its own."""

    start: Start
    lag: int = 30
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    max_steps: int = 1_000
    hidden: int = 32
    batch: int = 32
    learning_rate: float = 5e-3
    clip_norm: float = 1.0


@dataclass(frozen=True)
class RecallProgress:
    """After `step` optimizer steps, one value for each seed."""

    step: int
    seconds: float  # of this process' CPU time since the first step
    losses: tuple[float, ...]  # nats, of this step's batch; chance is ln 4
    accuracies: tuple[float, ...]  # running mean over about ten steps, from 0
    solved_at: tuple[int | None, ...]  # the step at which the running accuracy first passed 0.99

    @property
    def solved(self) -> int:
        return sum(step is not None for step in self.solved_at)


def draw(settings: RecallSettings, generators: list[torch.Generator]) -> tuple[Tensor, Tensor]:
    """The next batch of every seed: symbols (S, B, T + 1), the last one the query; x₁ (S, B)."""
    first, others = (CLASSES, 0), (CLASSES, CLASSES)
    made = []
    for generator in generators:
        parts = [torch.randint(count, (settings.batch, length), generator=generator) + low
                 for (count, low), length in ((first, 1), (others, settings.lag - 1))]
        made.append(torch.cat([*parts, torch.full((settings.batch, 1), QUERY)], 1))
    symbols = torch.stack(made)
    return symbols, symbols[:, :, 0]


def networks(settings: RecallSettings) -> BatchedNetworks:
    return BatchedNetworks(settings.start, list(settings.seeds), SYMBOLS, settings.hidden, CLASSES,
                           settings.lag)


def initial_reach(settings: RecallSettings) -> list[float]:
    """r₀ of each seed's untrained network, on its first batch; float64, where 10⁻³⁰⁰ is no 0."""
    model = networks(settings).double()
    symbols, targets = draw(settings, _streams(settings))
    states = model.states(symbols)
    loss = _losses(model.read(states[-1]), targets).sum()
    first, last = torch.autograd.grad(loss, [states[0], states[-1]])
    ratio: list[float] = (first.flatten(1).norm(dim=1) / last.flatten(1).norm(dim=1)).tolist()
    return ratio


def train(settings: RecallSettings) -> Iterator[RecallProgress]:
    """Train all seeds together; one progress a step, until all are solved or `max_steps`.

    Each seed has its own gradient norm and its own Adam moments, so that it learns as if alone.
    Source of the norm clipping: Pascanu et al. 2013 (arXiv 1211.5063).
    """
    model, streams = networks(settings), _streams(settings)
    optimizer = torch.optim.Adam(model.parameters(), settings.learning_rate, foreach=True)
    accuracy = torch.zeros(len(settings.seeds))
    solved: list[int | None] = [None] * len(settings.seeds)
    begin = time.process_time()
    for step in range(1, settings.max_steps + 1):
        symbols, targets = draw(settings, streams)
        logits = model.read(model.states(symbols)[-1])
        losses = _losses(logits, targets)
        optimizer.zero_grad()
        losses.sum().backward()  # type: ignore[no-untyped-call]
        clip_each(list(model.parameters()), settings.clip_norm)
        optimizer.step()
        right = (logits.detach().argmax(-1) == targets).float().mean(1)
        accuracy = _KEEP * accuracy + (1 - _KEEP) * right
        for index, value in enumerate(accuracy.tolist()):
            if solved[index] is None and value > SOLVED:
                solved[index] = step
        yield RecallProgress(step, time.process_time() - begin, tuple(losses.tolist()),
                             tuple(accuracy.tolist()), tuple(solved))
        if None not in solved:
            return


def clip_each(parameters: list[torch.nn.Parameter], limit: float) -> None:
    """Scale the gradients of each network (leading axis S) to a norm of at most `limit`."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norms = torch.stack([g.flatten(1).norm(dim=1) for g in gradients]).norm(dim=0)  # (S,)
    scale = (limit / (norms + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))


def _losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of each seed's batch (S,), nats."""
    each = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return each.view(targets.shape).mean(1)


def _streams(settings: RecallSettings) -> list[torch.Generator]:
    # another number than the weights' generator gets, so that text and weights are unrelated
    return [torch.Generator().manual_seed(1_000_003 + seed) for seed in settings.seeds]
