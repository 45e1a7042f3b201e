"""Training of the networks of a trial, all seeds together, and how far their gradient reaches.

What decides is how far the gradient reaches at the start: r₀ = ‖∂L/∂h₁‖ / ‖∂L/∂h_a‖ of the
untrained network, where L is the loss of the first answer that is asked for and a its step.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from rnnlm_core.tasks.batched import BatchedNetworks
from rnnlm_core.tasks.drawing import draw
from rnnlm_core.tasks.trials import Progress, Trial

_KEEP = 0.9  # of the running score a step


def networks(trial: Trial) -> BatchedNetworks:
    return BatchedNetworks(trial.begin, list(trial.seeds), trial.what.inputs, trial.hidden,
                           trial.what.outputs, trial.lag)


def initial_reach(trial: Trial) -> list[float]:
    """r₀ of each seed's untrained network, on its first batch; float64, where 10⁻³⁰⁰ is no 0."""
    model = networks(trial).double()
    inputs, answers = draw(trial, streams(trial))
    if inputs.is_floating_point():
        inputs, answers = inputs.double(), answers.double()
    states = model.states(inputs)
    asked = trial.asks_from
    said = model.read(states[asked])[:, :, None]
    loss = _losses(trial, said, answers[:, :, [asked - trial.learns_from]]).sum()
    first, last = torch.autograd.grad(loss, [states[0], states[asked]])
    ratio: list[float] = (first.flatten(1).norm(dim=1) / last.flatten(1).norm(dim=1)).tolist()
    return ratio


def train(trial: Trial) -> Iterator[Progress]:
    """Train all seeds together; one progress a step, until none can be solved any more.

    That is when all are solved, the others have diverged, or `max_steps` are done. Each seed has
    its own gradient norm and its own Adam moments, so that it learns as if alone.
    Source of the norm clipping: Pascanu et al. 2013 (arXiv 1211.5063).
    """
    model, generators = networks(trial), streams(trial)
    optimizer = torch.optim.Adam(model.parameters(), trial.learning_rate, foreach=True)
    score = torch.zeros(len(trial.seeds))
    solved: list[int | None] = [None] * len(trial.seeds)
    since = trial.learns_from
    asked, begin = trial.asks_from - since, time.process_time()
    for step in range(1, trial.max_steps + 1):
        inputs, answers = draw(trial, generators)
        h = torch.stack(model.states(inputs)[since:], 2)  # (S, B, N, H)
        said = model.read(h.flatten(1, 2)).view(*h.shape[:3], -1)
        losses = _losses(trial, said, answers)
        optimizer.zero_grad()
        losses.sum().backward()  # type: ignore[no-untyped-call]
        if trial.clip_norm:
            clip_each(list(model.parameters()), trial.clip_norm)
        optimizer.step()
        score = _KEEP * score + (1 - _KEEP) * _scores(
            trial, said.detach()[:, :, asked:], answers[:, :, asked:])
        for index, value in enumerate(score.tolist()):
            if solved[index] is None and value > trial.what.solved:
                solved[index] = step
        found = Progress(step, time.process_time() - begin, tuple(losses.tolist()),
                         tuple(score.tolist()), tuple(solved))
        yield found
        if all(at is not None or not alive for at, alive in
               zip(solved, losses.isfinite().tolist(), strict=True)):
            return


def clip_each(parameters: list[torch.nn.Parameter], limit: float) -> None:
    """Scale the gradients of each network (leading axis S) to a norm of at most `limit`."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norms = torch.stack([g.flatten(1).norm(dim=1) for g in gradients]).norm(dim=0)  # (S,)
    scale = (limit / (norms + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))


def streams(trial: Trial) -> list[torch.Generator]:
    # another number than the weights' generator gets, so that text and weights are unrelated
    return [torch.Generator().manual_seed(1_000_003 + seed) for seed in trial.seeds]


def _losses(trial: Trial, said: Tensor, answers: Tensor) -> Tensor:
    """Outputs (S, B, N, C), answers (S, B, N) → the mean loss of each seed's batch (S,).

    Cross-entropy in nats; where the answer is a number, the squared error.
    """
    if trial.what.numbers:
        return (said[..., 0] - answers).square().mean((1, 2))
    each = functional.cross_entropy(said.flatten(0, 2), answers.flatten(), reduction="none")
    return each.view(answers.shape).mean((1, 2))


def _scores(trial: Trial, said: Tensor, answers: Tensor) -> Tensor:
    """As `Task` says, for each seed (S,)."""
    if trial.what.numbers:
        return 1 - _losses(trial, said, answers) / trial.constant_loss
    return (said.argmax(-1) == answers).float().mean((1, 2))
