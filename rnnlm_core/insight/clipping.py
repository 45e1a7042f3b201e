"""Two ways to shorten a gradient: by its norm, which keeps its direction, and value by value.

By norm: g ← g · min(1, c / (‖g‖ + 10⁻⁶)), over all parameters together (Pascanu et al. 2013,
arXiv 1211.5063), as `torch.nn.utils.clip_grad_norm_` does it. By value: each entry is cut at ±v
(Mikolov 2012), so what the large ones lose the small ones keep, and the direction turns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EPS = 1e-6  # PyTorch's, against a division by zero


def by_norm(gradient: Floats, limit: float) -> Floats:
    """The same direction, at most `limit` long."""
    return gradient * factor(float(np.linalg.norm(gradient)), limit)


def factor(norm: float, limit: float) -> float:
    """What every entry of a gradient of this norm is multiplied by."""
    return min(1.0, limit / (norm + EPS))


def by_value(gradient: Floats, limit: float) -> Floats:
    """Each entry within ± `limit`."""
    cut: Floats = np.clip(gradient, -limit, limit)
    return cut


def angle(one: Floats, other: Floats) -> float | None:
    """Degrees between two vectors of any size; None where one of them is zero.

    By Kahan's formula, which is exact for small angles too, where an arc cosine is not.
    """
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if 0.0 in lengths:
        return None
    a, b = one / lengths[0], other / lengths[1]
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))))


class Turn(NamedTuple):
    """Clipping by value at `limit`: how far it turns, and what share of the entries it cuts."""

    limit: float
    degrees: float
    cut: float


def turn(gradient: Floats, kept: float) -> Turn:
    """Clipping by value that leaves the share `kept` (0 to 1) of the norm of a gradient (N,).

    Clipping by norm at the same length turns by 0°, whatever the length.
    """
    limit = value_limit(gradient, kept * float(np.linalg.norm(gradient)))
    turned = angle(gradient, by_value(gradient, limit))
    return Turn(limit, turned or 0.0, float((np.abs(gradient) > limit).mean()))


def value_limit(gradient: Floats, norm: float) -> float:
    """The limit by value that brings a gradient (N,) to this norm, at most its own.

    With the k smallest entries left whole and the others cut to v: S_k + (N − k) v² = norm².
    Of those v, the one that lies between the k-th entry and the next. Exact, by one sort.
    """
    sizes = np.sort(np.abs(gradient))
    whole = np.concatenate([[0.0], np.cumsum(sizes**2)])[:-1]  # S_k for k = 0 … N−1
    left = len(sizes) - np.arange(len(sizes))
    limits = np.sqrt(np.maximum(norm**2 - whole, 0.0) / left)
    fits = limits <= sizes * (1 + 1e-12)
    return float(limits[fits.argmax()]) if fits.any() else float(sizes[-1])
