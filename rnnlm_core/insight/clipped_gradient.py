"""What clipping does to the gradient of a real network, and what it leaves as it was."""

from __future__ import annotations

import copy
import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rnnlm_core.data.tokenizer import Ids
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.insight.gradients import FLOOR, LagCurve, lag_curve
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


def batch_gradients(model: LanguageModel, text: Tensor) -> Floats:
    """The gradient of each batch's mean loss, all parameters in one row: (count, N), float64.

    text (count, rows, length + 1) ids; each row is read from an empty state, without dropout, on a
    copy. Raises `RunError` where a gradient is no number.
    """
    exact = copy.deepcopy(model).to("cpu", torch.float64).eval()
    trained = [p for name, p in exact.named_parameters()
               if not (model.config.freeze_embedding and part_of(name) == "embedding")]
    found = np.array([_gradient(exact, trained, rows) for rows in text])
    if not np.isfinite(found).all():
        raise RunError("run.no_numbers")
    return found


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


def rescaled_step(optimizer: str, found: Floats, factor: float) -> Step | None:
    """What a constant factor on every gradient (count, N) changes at the last of these steps.

    Plain SGD's step gets as much shorter. Adam divides by the size of what came before, so only
    its ε (10⁻⁸) sees a difference. None where nothing moves at all.
    """
    plain, rescaled = (_last_step(optimizer, found * by) for by in (1.0, factor))
    size = float(np.linalg.norm(plain))
    if size == 0:
        return None
    return Step(float(np.linalg.norm(rescaled)) / size,
                float(np.linalg.norm(rescaled - plain)) / size)


def _last_step(optimizer: str, found: Floats) -> Floats:
    weights = torch.zeros(found.shape[1], dtype=torch.float64, requires_grad=True)
    made: torch.optim.Optimizer = (torch.optim.Adam([weights], 1.0) if optimizer == "adam"
                                   else torch.optim.SGD([weights], 1.0))
    before = weights.detach().clone()
    for gradient in found:
        before = weights.detach().clone()
        weights.grad = torch.from_numpy(gradient)
        made.step()
    moved: Floats = (weights.detach() - before).numpy()
    return moved


def rescaled_curve(curve: LagCurve, factor: float) -> LagCurve:
    """The lag curve where every gradient is multiplied by the same factor, fitted anew."""
    return lag_curve(np.log(np.maximum(curve.mean, FLOOR))[:, None] + math.log(factor))
