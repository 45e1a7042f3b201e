"""The gradient of a small network by ways that know no rule, and how near another one comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from rnnlm_core.insight.textbook_network import ARRAYS, Network, copied, read

_STEP = 2e-3  # of the finite differences: their error is of its sixth power
_WEIGHTS = ((1, 45), (2, -9), (3, 1))  # of f(kh) − f(−kh), over 60 h


def by_differences(network: Network, tokens: Tensor) -> dict[str, Tensor]:
    """The gradient of the loss by finite differences alone (seven points, error of order 10⁻¹²).

    Perturbs a copy: the network stays as it is.
    """
    own = copied(network)
    return {name: _differences(array, lambda: float(read(own, tokens).losses.sum()))
            for name, array in own.arrays().items()}


def _differences(array: Tensor, loss: Callable[[], float]) -> Tensor:
    """∂loss/∂array: Σ_k w_k (f(kh) − f(−kh)) / 60h for each entry."""
    flat, found = array.view(-1), []
    for i in range(len(flat)):
        kept, total = float(flat[i]), 0.0
        for steps, weight in _WEIGHTS:
            for sign in (1, -1):
                flat[i] = kept + sign * steps * _STEP
                total += sign * weight * loss()
        flat[i] = kept
        found.append(total / (60 * _STEP))
    return torch.tensor(found, dtype=array.dtype).view_as(array)


def by_autograd(network: Network, tokens: Tensor) -> dict[str, Tensor]:
    """The same by PyTorch."""
    own = copied(network)
    arrays = {name: array.requires_grad_() for name, array in own.arrays().items()}
    found = torch.autograd.grad(read(own, tokens).losses.sum(), list(arrays.values()))
    return dict(zip(arrays, found, strict=True))


# -- how near ---------------------------------------------------------------------------------
class Nearness(NamedTuple):
    """Of a gradient to the true one. `cosine` is None where one of them is exactly zero."""

    cosine: float | None
    error: float  # ‖g − g*‖ / ‖g*‖


def nearness(found: dict[str, Tensor], truth: dict[str, Tensor], names: Sequence[str] = ARRAYS
             ) -> Nearness:
    """Of these arrays, taken together as one vector."""
    ours = torch.cat([found[name].flatten() for name in names])
    true = torch.cat([truth[name].flatten() for name in names])
    both = float(ours.norm() * true.norm())
    return Nearness(float(ours @ true) / both if both > 0 else None,
                    float((ours - true).norm() / true.norm()))
