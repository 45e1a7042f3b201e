"""Two losses that a tutorial names, with numbers: squared error, and −Σ log(y_t · δ_t).

Two classes, logits s, p = softmax(s), the right class is the first with probability ε.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rnnlm_core.insight.textbook import RIGHT, TUTORIAL, deltas
from rnnlm_core.insight.textbook_network import Network, example, read

Loss = Literal["cross_entropy", "squared"]


def pull(epsilon: float, loss: Loss) -> float:
    """|∂L/∂s₁|: 1 − ε for −log p₁, 4 ε (1 − ε)² for (p₁ − 1)² + p₂²."""
    right = 1 - epsilon
    return right if loss == "cross_entropy" else 4 * epsilon * right**2


def steps_to_turn(epsilon: float, loss: Loss, rate: float = 1.0) -> int:
    """Steps of gradient descent on s until the right class is the more probable one."""
    gap, steps = math.log(epsilon / (1 - epsilon)), 0  # s₁ − s₂; what s₁ gains, s₂ loses
    while gap <= 0:
        gap += 2 * rate * pull(1 / (1 + math.exp(-gap)), loss)
        steps += 1
    return steps


@dataclass(frozen=True)
class OfDelta:
    """y_t · δ_t and p_t[w_{t+1}] of the example, t = 1 … 7."""

    true: list[float]  # with the true δ = ∂L/∂a
    own: list[float]  # with the δ of the tutorial's formula
    own_loss: float  # −Σ log of these
    own_loss_elsewhere: float  # the same after reading another text with the same targets
    probabilities: list[float]
    loss: float  # −(1/N) Σ log p_t[w_{t+1}]
    loss_elsewhere: float

    @property
    def undefined(self) -> int:
        """At how many steps there is no logarithm."""
        return sum(value <= 0 for value in self.true)


def of_delta() -> OfDelta:
    """Where y_t has V entries and δ_t has H, y_t · δ_t exists because the example has V = H."""
    network, tokens = example()
    other = Network(network.E.flip(0), network.weights, network.W_o)  # reads the symbols as others
    reading, elsewhere = read(network, tokens), read(other, tokens)
    own, own_elsewhere = ((r.y * deltas(TUTORIAL, r)[0]).sum(-1)[0] for r in (reading, elsewhere))
    true = (reading.y * deltas(RIGHT, reading)[0]).sum(-1)[0]
    return OfDelta(true.tolist(), own.tolist(), float(-own.log().sum()),
                   float(-own_elsewhere.log().sum()), reading.losses.neg().exp()[0].tolist(),
                   float(reading.losses.mean()), float(elsewhere.losses.mean()))
