"""What clipping does to the gradient of a real network, and what it leaves as it was."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rnnlm_core.data.tokenizer import Ids
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.insight.gradients import FLOOR, LagCurve, fitted_rate, lag_curve
from rnnlm_core.insight.health import part_of
from rnnlm_core.nets.language_model import LanguageModel

Floats = NDArray[np.float64]
BATCHES = 12  # for the optimizer: Adam's averages need some steps


def batches(ids: Ids, rows: int, length: int, count: int = BATCHES, seed: int = 0) -> Tensor:
    """`count` batches from anywhere in a text, (count, rows, length + 1) ids; of a short text,
    shorter rows. Raises `BadInput` where it has not two tokens."""
    if len(ids) < 2:
        raise BadInput("text.too_short", value=len(ids), limit=2)
    width = min(length, len(ids) - 1)
    starts = np.random.default_rng(seed).integers(0, len(ids) - width, (count, rows))
    return torch.from_numpy(ids.astype(np.int64)[starts[..., None] + np.arange(width + 1)])


def batch_gradients(model: LanguageModel, text: Tensor) -> Iterator[Floats]:
    """The gradient of each batch's mean loss, all trained parameters in one row (N,), float64.

    text (count, rows, length + 1) ids; each row is read from an empty state, without dropout, on a
    copy. Raises `RunError` where a gradient is no number.
    """
    exact = copy.deepcopy(model).to("cpu", torch.float64).eval()
    trained = [p for name, p in exact.named_parameters()
               if not (model.config.freeze_embedding and part_of(name) == "embedding")]
    for rows in text:
        found = _gradient(exact, trained, rows)
        if not np.isfinite(found).all():
            raise RunError("run.no_numbers")
        yield found


def _gradient(model: LanguageModel, parameters: list[nn.Parameter], rows: Tensor) -> Floats:
    logits, _ = model(rows[:, :-1])
    loss = cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
    parts = torch.autograd.grad(loss, parameters, materialize_grads=True)
    whole: Floats = torch.cat([part.flatten() for part in parts]).numpy()
    return whole


class Step(NamedTuple):
    """The last step of an optimizer, from gradients as they are and from all of them rescaled."""

    length: float  # of the rescaled one against the other
    difference: float  # ‖rescaled − plain‖ / ‖plain‖


def rescaled_steps(found: Iterable[Floats], factor: float) -> dict[str, Step]:
    """What a constant factor on every gradient (N,) changes at the last step, by optimizer.

    Plain SGD's step gets as much shorter. Adam divides by the size of what came before, so only
    its ε (10⁻⁸) sees a difference. Empty where nothing moves at all.
    """
    made: dict[str, list[_Mover]] = {}
    for gradient in found:
        for name in ("sgd", "adam"):
            both = made.setdefault(name, [_Mover(name, len(gradient)) for _ in range(2)])
            both[0].step(gradient)
            both[1].step(gradient * factor)
    steps = {}
    for name, (plain, rescaled) in made.items():
        size = float(np.linalg.norm(plain.moved))
        if size > 0:
            steps[name] = Step(float(np.linalg.norm(rescaled.moved)) / size,
                               float(np.linalg.norm(rescaled.moved - plain.moved)) / size)
    return steps


class _Mover:
    """PyTorch's optimizer on numbers that are only moved; `moved` is its last step."""

    def __init__(self, optimizer: str, count: int) -> None:
        self._weights = torch.zeros(count, dtype=torch.float64, requires_grad=True)
        self._optimizer: torch.optim.Optimizer = (
            torch.optim.Adam if optimizer == "adam" else torch.optim.SGD)([self._weights], lr=1.0)
        self.moved: Floats = np.zeros(count)

    def step(self, gradient: Floats) -> None:
        before = self._weights.detach().clone()
        self._weights.grad = torch.from_numpy(gradient)
        self._optimizer.step()
        self.moved = (self._weights.detach() - before).numpy()


def rescaled_curve(curve: LagCurve, factor: float) -> LagCurve:
    """The lag curve where every gradient is multiplied by the same factor, fitted anew; windows
    that were out of the range of numbers stay so."""
    logs = np.log(np.maximum(curve.mean, FLOOR)) + math.log(factor)
    fresh, out = lag_curve(logs[:, None]), (curve.at_floor + curve.at_ceiling) > 0
    return replace(fresh, low=factor * curve.low, high=factor * curve.high,
                   at_floor=curve.at_floor, at_ceiling=curve.at_ceiling, zero=curve.zero,
                   rate=fitted_rate(logs, ~out & (fresh.at_floor == 0)))
