"""The backward formula of a tutorial, its faults one by one, and the right one: rules that run.

A `Rule` says how δ_t = ∂L/∂a_t of a tanh language model is to be found. The right one is

    δ_t = φ'(a_t) ⊙ ( W_oᵀ (p_t − y_t) + W_hhᵀ δ_{t+1} ),  δ_{T+1} = 0,

and every other one leaves something out of it or does it wrong. What a rule gives is held against
finite differences of the loss, which know no rule.

The tutorial's δ_t = φ'(W_hh δ_{t+1} + W_xh δ_{t−1} + b_h − y_t) needs both neighbours of δ_t at
once, and D = V = H for its products to exist: it is solved by sweeps until nothing changes, each
going half the way (going the whole way, they swing for ever on the example's numbers).

Shapes: B batch, T time, D input, H hidden, V vocabulary. There is no output bias.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from rnnlm_core.insight.bptt import from_deltas
from rnnlm_core.insight.textbook_network import Network, Reading, copied, read
from rnnlm_core.nets.cells import RNNStep
from rnnlm_core.nets.jacobians import slope

SWEEPS = 500  # over all t, at most, where a rule needs both neighbours
_STILL = 1e-13  # change of a sweep below which the sweeps have come to rest


@dataclass(frozen=True)
class Rule:
    """How δ_t is found. The defaults are the right rule."""

    slope: Literal["a", "h", "none", "of_all"] = "a"  # φ' at a_t, at h_t, left out; of_all: φ'(…)
    carry: Literal["transposed", "straight", "none"] = "transposed"  # how δ_{t+1} comes back
    output: bool = True  # W_oᵀ before the error
    error: Literal["p-y", "y-p", "-y"] = "p-y"
    earlier: bool = False  # + W_xh δ_{t−1}
    bias: bool = False  # + b_h
    mean: bool = False  # divided by T


RIGHT = Rule()
TUTORIAL = Rule("of_all", "straight", output=False, error="-y", earlier=True, bias=True)


def mended() -> list[Rule]:
    """From the tutorial's formula to the right one, one fault less each time."""
    rules = [TUTORIAL]
    for change in ({"earlier": False}, {"bias": False}, {"error": "p-y"}, {"output": True},
                   {"slope": "a"}, {"carry": "transposed"}):
        rules.append(replace(rules[-1], **change))
    return rules


# -- backward -------------------------------------------------------------------------------------
def error(rule: Rule, reading: Reading) -> Tensor:
    """What the rule takes for ∂L_t/∂s_t, (B, T, V)."""
    p, y = reading.p, reading.y
    return {"p-y": p - y, "y-p": y - p, "-y": -y}[rule.error]


def deltas(rule: Rule, reading: Reading) -> tuple[Tensor, int]:
    """δ (B, T, H) by the rule, and how many sweeps over t it took: 1, or `SWEEPS` without rest.

    Raises ValueError where a product of the rule does not exist: without W_o for V ≠ H, with
    δ_{t−1} for D ≠ H.
    """
    network = reading.network
    _check_products(rule, network)
    from_loss = error(rule, reading)
    if rule.output:
        from_loss = from_loss @ network.W_o
    if rule.bias:
        from_loss = from_loss + network.weights.b_ih + network.weights.b_hh
    delta = torch.zeros_like(reading.h)
    sweeps = 0
    while sweeps < SWEEPS:
        sweeps += 1
        swept = _swept(rule, reading, from_loss, delta)
        if not rule.earlier or (swept - delta).abs().max() < _STILL:
            delta = swept
            break
        delta = (delta + swept) / 2
    return (delta / len(reading.steps) if rule.mean else delta), sweeps


def _swept(rule: Rule, reading: Reading, from_loss: Tensor, known: Tensor) -> Tensor:
    """t = T … 1 once. A δ_{t−1} is taken from `known`: going backwards, it is not yet there."""
    cell = reading.network.weights
    carry = {"transposed": cell.W_hh, "straight": cell.W_hh.T, "none": None}[rule.carry]
    found: list[Tensor] = []
    for t in reversed(range(len(reading.steps))):
        inner = from_loss[:, t]
        if found and carry is not None:
            inner = inner + found[-1] @ carry
        if rule.earlier and t:
            inner = inner + known[:, t - 1] @ cell.W_ih.T
        found.append(_sloped(rule, reading.steps[t], inner))
    return torch.stack(found[::-1], 1)


def _sloped(rule: Rule, step: RNNStep, inner: Tensor) -> Tensor:
    if rule.slope == "of_all":
        return 1 - torch.tanh(inner) ** 2
    if rule.slope == "h":
        return (1 - torch.tanh(step.h) ** 2) * inner
    return slope(step.a, step.h) * inner if rule.slope == "a" else inner


def _check_products(rule: Rule, network: Network) -> None:
    V, D = network.E.shape
    if not rule.output and network.hidden != V:
        raise ValueError(f"without W_o, the error has {V} entries and δ has {network.hidden}")
    if rule.earlier and network.hidden != D:
        raise ValueError(f"W_xh is {network.hidden} × {D}: it cannot be multiplied by δ_(t−1)")


def gradients(rule: Rule, reading: Reading) -> dict[str, Tensor]:
    """What the rule says of every learned array; the loss is the sum over all steps."""
    delta, _ = deltas(rule, reading)
    h_before = torch.cat([torch.zeros_like(reading.h[:, :1]), reading.h[:, :-1]], 1)
    cell = from_deltas(delta, delta, reading.x, h_before)
    e = error(rule if rule.error != "-y" else RIGHT, reading)  # that formula says nothing of W_o
    if rule.mean:
        e = e / len(reading.steps)
    E = torch.zeros_like(reading.network.E)
    E.index_put_((reading.tokens[:, :-1],), delta @ reading.network.weights.W_ih, accumulate=True)
    return {"W_hh": cell.W_hh, "W_ih": cell.W_ih, "b": cell.b_ih,
            "W_o": torch.einsum("btv,bth->vh", e, reading.h), "E": E}


# -- training -------------------------------------------------------------------------------------
def update(network: Network, rule: Rule, tokens: Tensor, rate: float) -> Tensor:
    """One step of plain SGD by the rule, in place; the losses before it, (B, T)."""
    reading = read(network, tokens)
    found = gradients(rule, reading)
    for name, array in network.arrays().items():
        array -= rate / len(tokens) * found[name]
    return reading.losses


def descend(network: Network, rule: Rule, texts: Iterable[Tensor], rate: float) -> Iterator[float]:
    """Plain SGD by the rule on a copy; the loss a token before each step, in nats."""
    own = copied(network)
    for tokens in texts:
        yield float(update(own, rule, tokens, rate).mean())
