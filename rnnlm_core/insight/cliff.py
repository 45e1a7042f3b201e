"""A cliff in a loss surface, small enough to draw: one recurrent unit and its two numbers.

The unit of Pascanu et al. 2013 (arXiv 1211.5063, figure 6): a_t = w σ(a_{t−1}) + b from a_0 = ½,
fifty times, and it should end at 0.7: L = (σ(a_50) − 0.7)². Its gradient is taken by hand,
backwards through the fifty steps; nothing here is sampled or smoothed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnnlm_core.insight.clipping import by_norm

Floats = NDArray[np.float64]

STEPS, FIRST, TARGET = 50, 0.5, 0.7
W_RANGE, B_RANGE = (4.0, 7.0), (-4.0, -2.0)  # where the cliff is, as in the paper's figure


@dataclass(frozen=True)
class Walk:
    """Gradient descent from a start: place, loss and norm at each step, the start included."""

    places: Floats  # (n+1, 2) of w and b
    losses: Floats  # (n+1,)
    norms: Floats  # (n+1,) of the gradient there, before clipping

    @property
    def left_at(self) -> int | None:
        """The first step that ended outside of the drawn surface; None: it never did."""
        w, b = self.places.T
        out = (w < W_RANGE[0]) | (w > W_RANGE[1]) | (b < B_RANGE[0]) | (b > B_RANGE[1])
        return int(out.argmax()) if out.any() else None


def loss_and_gradient(w: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """L, ∂L/∂w and ∂L/∂b at every place; w and b of one shape, or broadcast."""
    w, b = np.broadcast_arrays(np.asarray(w, np.float64), np.asarray(b, np.float64))
    before = []  # σ(a_{t−1}) of each step
    a = np.full(w.shape, FIRST)
    for _ in range(STEPS):
        before.append(_sigmoid(a))
        a = w * before[-1] + b
    end = _sigmoid(a)
    error = end - TARGET
    delta = 2 * error * end * (1 - end)  # ∂L/∂a_t, from the last step back
    by_w, by_b = np.zeros(w.shape), np.zeros(w.shape)
    for y in reversed(before):
        by_w = by_w + delta * y
        by_b = by_b + delta
        delta = delta * w * y * (1 - y)
    return error**2, by_w, by_b


def walk(start: tuple[float, float], rate: float, steps: int, limit: float | None = None) -> Walk:
    """`steps` steps of gradient descent, clipped by norm at `limit` where there is one."""
    place = np.array(start, np.float64)
    places, losses, norms = [], [], []
    for step in range(steps + 1):
        loss, *slope = loss_and_gradient(*place)
        gradient = np.array(slope)
        places.append(place)
        losses.append(float(loss))
        norms.append(float(np.linalg.norm(gradient)))
        if step < steps:
            place = place - rate * (gradient if limit is None else by_norm(gradient, limit))
    return Walk(np.array(places), np.array(losses), np.array(norms))


def _sigmoid(a: Floats) -> Floats:
    value: Floats = (1 + np.tanh(a / 2)) / 2
    return value
