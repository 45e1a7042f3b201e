"""What is known of a generated text beside its characters."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from rnnlm_core.data.generated.grammar import CHARACTERS, ORDER_SEED, Grammar


@dataclass(frozen=True)
class Teaching:
    """A text whose best answer is known."""

    text: Callable[[], str]
    grammar: Grammar  # the rules it was drawn by
    rate: float  # their entropy rate, in nats a character: no model does better in the long run


@dataclass(frozen=True)
class Parameter:
    """The whole number in `recall:20`."""

    name: str
    low: int
    high: int
    default: int


@dataclass(frozen=True)
class Family:
    """Texts of one kind; without a parameter there is only one, and `make` gets 0."""

    make: Callable[[int], Teaching]
    parameter: Parameter | None = None


def lines_of(line: Callable[[random.Random], str]) -> str:
    """Lines drawn one by one: 300,000 characters and the rest of the last."""
    draw, made, length = random.Random(ORDER_SEED), list[str](), 0
    while length < CHARACTERS:
        made.append(line(draw))
        length += len(made[-1]) + 1
    return "\n".join(made) + "\n"


def entropy(weights: Sequence[int]) -> float:
    """−Σ p ln p in nats, of probabilities in these proportions."""
    whole = sum(weights)
    return -sum(w / whole * log(w / whole) for w in weights)
