"""A small tanh RNN language model, as free-standing arrays, and what it makes of a text.

Shapes: B batch, T time, D input, H hidden, V vocabulary. There is no output bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from rnnlm_core.nets.cells import CellWeights, RNNStep, unroll_layer

ARRAYS = ("W_hh", "W_ih", "b", "W_o", "E")
THROUGH_DELTA = ("W_hh", "W_ih", "b", "E")  # what δ reaches: whatever its rule, W_o has p − y


class Network(NamedTuple):
    """A tanh RNN language model: s_t = W_o h_t, p_t = softmax(s_t)."""

    E: Tensor  # (V, D)
    weights: CellWeights
    W_o: Tensor  # (V, H)

    @property
    def hidden(self) -> int:
        return self.W_o.shape[1]

    def arrays(self) -> dict[str, Tensor]:
        """The learned arrays themselves; the second bias does what the first one does."""
        cell = self.weights
        return {"W_hh": cell.W_hh, "W_ih": cell.W_ih, "b": cell.b_ih, "W_o": self.W_o, "E": self.E}


def copied(network: Network) -> Network:
    return Network(network.E.clone(), CellWeights(*(w.clone() for w in network.weights)),
                   network.W_o.clone())


# -- forward --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Reading:
    """What the network makes of tokens (B, T + 1): each predicts the next; the loss is the sum."""

    network: Network
    tokens: Tensor
    steps: list[RNNStep]

    @cached_property
    def x(self) -> Tensor:
        return self.network.E[self.tokens[:, :-1]]  # (B, T, D)

    @cached_property
    def h(self) -> Tensor:
        return torch.stack([step.h for step in self.steps], 1)  # (B, T, H)

    @cached_property
    def s(self) -> Tensor:
        return self.h @ self.network.W_o.T  # (B, T, V)

    @cached_property
    def p(self) -> Tensor:
        return self.s.softmax(-1)

    @cached_property
    def y(self) -> Tensor:
        """The right token as a vector with a single one, (B, T, V)."""
        size = len(self.network.E)
        return torch.nn.functional.one_hot(self.tokens[:, 1:], size).to(self.s.dtype)

    @property
    def losses(self) -> Tensor:
        """−log p_t[w_{t+1}] in nats, (B, T)."""
        return -(self.y * self.s.log_softmax(-1)).sum(-1)


def read(network: Network, tokens: Tensor) -> Reading:
    zero = network.W_o.new_zeros(len(tokens), network.hidden)
    steps = unroll_layer("rnn", network.E[tokens[:, :-1]], (zero,), network.weights)
    return Reading(network, tokens, steps)  # type: ignore[arg-type]  # all RNNStep


# -- networks -------------------------------------------------------------------------------------
def wave(*shape: int, phase: float, scale: float = 0.8) -> Tensor:
    """scale · sin(0.7 k + phase), k = 0, 1, … row by row: anyone can repeat it."""
    size = torch.Size(shape).numel()
    return (scale * torch.sin(0.7 * torch.arange(size, dtype=torch.float64) + phase)).view(shape)


def example() -> tuple[Network, Tensor]:
    """H = D = V = 5, weights from a formula, and a text of eight tokens (1, 8)."""
    size = 5
    cell = CellWeights(wave(size, size, phase=0.1), wave(size, size, phase=0.2),
                       wave(size, phase=0.3), wave(size, phase=0.4))
    network = Network(wave(size, size, phase=1.5, scale=1.0), cell, wave(size, size, phase=0.5))
    return network, torch.tensor([[4, 0, 1, 2, 3, 0, 1, 2]])


def random_network(size: int, seed: int, scale: float | None = None) -> Network:
    """H = D = V = `size`, each entry of U(±scale), PyTorch's 1/√H by default; E of N(0, 1)."""
    draw = torch.Generator().manual_seed(seed)
    limit = size**-0.5 if scale is None else scale

    def uniform(*shape: int) -> Tensor:
        return (2 * torch.rand(shape, generator=draw, dtype=torch.float64) - 1) * limit

    cell = CellWeights(uniform(size, size), uniform(size, size), uniform(size), uniform(size))
    E = torch.randn((size, size), generator=draw, dtype=torch.float64)
    return Network(E, cell, uniform(size, size))
