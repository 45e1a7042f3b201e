"""Two systems small enough to see whole: a 2 × 2 matrix that is applied again and again, one unit.

Sources: Trefethen & Embree, Spectra and Pseudospectra, 2005 (matrices that grow before they
shrink). One unit: Bengio et al. 1994.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnlm_core.insight.activations import Floats, Slope, derivative, phi


@dataclass(frozen=True)
class Powers:
    """Wᵏ of W = [[d, c], [0, d]] for k = 0…K. Both eigenvalues are d, and
    Wᵏ = [[dᵏ, k c dᵏ⁻¹], [0, dᵏ]]."""

    norms: Floats  # (K+1,) ‖Wᵏ‖₂
    radius: Floats  # (K+1,) ρ(W)ᵏ = |d|ᵏ
    corners: Floats  # (K+1,) the entry at the top right
    images: Floats  # (K+1, points, 2) the unit circle under Wᵏ


def powers(diagonal: float, corner: float, steps: int, points: int = 64) -> Powers:
    angle = np.linspace(0, 2 * np.pi, points + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)])  # (2, points + 1)
    W, power = np.array([[diagonal, corner], [0.0, diagonal]]), np.eye(2)
    all_powers = []
    for _ in range(steps + 1):
        all_powers.append(power)
        power = power @ W
    stack = np.array(all_powers)
    return Powers(np.linalg.norm(stack, 2, axis=(1, 2)), abs(diagonal) ** np.arange(steps + 1.0),
                  stack[:, 0, 1], np.swapaxes(stack @ circle, 1, 2))


def scalar_map(w: float, h: float, steps: int, activation: Slope = "tanh") -> tuple[Floats, Floats]:
    """h ← φ(w h): its course h_0…h_T, and ln |∂h_t/∂h_0| for each, −∞ where it is exactly 0."""
    course, logs, total = [h], [0.0], 0.0
    for _ in range(steps):
        a = np.array(w * h)
        factor = abs(w) * float(derivative(a, activation))
        total += math.log(factor) if factor > 0 else -math.inf
        h = float(phi(a, activation))
        course.append(h)
        logs.append(total)
    return np.array(course), np.array(logs)


def cobweb(course: Floats) -> Floats:
    """The stairs of a course h_0…h_T between the curve and the diagonal, (2T + 1, 2).

    From (h_0, 0) up to the curve at (h_0, h_1), over to the diagonal (h_1, h_1), and so on.
    """
    x = np.repeat(course[:-1], 2)
    y = np.repeat(course[1:], 2)
    stairs = np.empty((2 * len(course) - 1, 2))
    stairs[0] = course[0], 0.0
    stairs[1::2] = np.stack([x[::2], y[::2]], 1)
    stairs[2::2] = np.stack([course[1:], course[1:]], 1)
    return stairs


def slope_sizes(weights: Floats, h: float, steps: int, activation: Slope = "tanh") -> Floats:
    """ln |∂h_T/∂h_0| after `steps` for each weight."""
    course, logs = np.full_like(weights, h), np.zeros_like(weights)
    for _ in range(steps):
        a = weights * course
        with np.errstate(divide="ignore"):
            logs += np.log(np.abs(weights) * derivative(a, activation))
        course = phi(a, activation)
    return logs
