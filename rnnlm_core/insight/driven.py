"""A network without training: what gain, activation, bias and input alone do to its gradient.

h_t = φ(W h_{t−1} + b + u_t), with W = g · a random orthogonal matrix and u_t noise of standard
deviation s in every unit: g and s decide whether the gradient vanishes, lasts or explodes, and one
sees it at once. For gates: an LSTM or GRU with PyTorch's weights and one chosen bias.

Sources: mean field: Poole et al. 2016 (arXiv 1606.05340). The largest singular value bounds, the
spectral radius does not: Pascanu et al. 2013 (arXiv 1211.5063). One unit: Bengio et al. 1994.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.insight.gradients import LagCurve, lag_curve, log_norms, state_gradients
from rnnlm_core.nets.cells import CellWeights, LSTMStep, unroll_layer

Floats = NDArray[np.float64]
Slope = Literal["tanh", "sigmoid", "relu", "identity"]
Gated = Literal["gru", "lstm"]

HIDDEN, SEQUENCES, LAGS, WARM_UP = 64, 16, 100, 50
LARGEST_SLOPE = {"tanh": 1.0, "sigmoid": 0.25, "relu": 1.0, "identity": 1.0}  # γ = sup |φ'|
_OVERFLOW = 1e150  # states beyond are cut off: their products would no longer be numbers


class Reading(NamedTuple):
    """What the gradient does, and what theory says of it."""

    curve: LagCurve
    bound: float  # γ σ_max: no step multiplies by more
    mean_field: float  # g · exp(½ ⟨ln mean φ'²⟩): what it multiplies by in a large network
    flat: float  # share of φ' below a tenth of γ: saturated, or a dead ReLU


def derivative(a: Floats, activation: Slope) -> Floats:
    """φ'(a)."""
    if activation == "tanh":
        return 1 - np.tanh(a) ** 2
    if activation == "sigmoid":
        y = _sigmoid(a)
        return y * (1 - y)
    return (a > 0).astype(np.float64) if activation == "relu" else np.ones_like(a)


def _phi(a: Floats, activation: Slope) -> Floats:
    if activation == "tanh":
        return np.tanh(a)
    if activation == "sigmoid":
        return _sigmoid(a)
    return np.maximum(a, 0) if activation == "relu" else a


def _sigmoid(a: Floats) -> Floats:
    value: Floats = (1 + np.tanh(a / 2)) / 2
    return value


def run(W: Floats, drive: Floats, h: Floats, activation: Slope) -> tuple[Floats, Floats]:
    """h_t = φ(W h_{t−1} + u_t) for drive u (T, B, H) from h (B, H): the last state (B, H), and
    φ'(a_t) of every step (T, B, H)."""
    slopes = np.empty_like(drive)
    for t, u in enumerate(drive):
        a = np.clip(h @ W.T + u, -_OVERFLOW, _OVERFLOW)
        h, slopes[t] = _phi(a, activation), derivative(a, activation)
    return h, slopes


def reach_back(W: Floats, slopes: Floats, v: Floats) -> Floats:
    """ln ‖∂(v·h_T)/∂h_{T−k}‖ for k = 0…K, (K+1, B), from the φ' of the last K steps (K, B, H).

    The chain rule, one step at a time: v ← Wᵀ (φ'(a) ⊙ v), scaled after each so that nothing
    underflows.
    """
    scale = np.zeros(len(v))
    logs = [np.log(np.linalg.norm(v, axis=1))]
    for slope in slopes[::-1]:
        v = (slope * v) @ W
        size = np.linalg.norm(v, axis=1)
        with np.errstate(divide="ignore"):
            scale = scale + np.log(size)
        v = v / np.where(size > 0, size, 1)[:, None]
        logs.append(scale)
    return np.array(logs)


def orthogonal(hidden: int, seed: int) -> Floats:
    """A random orthogonal matrix (QR of a Gaussian one, signs fixed)."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(hidden, hidden)))
    matrix: Floats = q * np.sign(np.diag(r))
    return matrix


def random_network(gain: float, activation: Slope, bias: float = 0.0, noise: float = 0.3,
                   seed: int = 0) -> Reading:
    """64 units, 16 sequences, 100 lags after 50 steps of run-up from the zero state."""
    draw = np.random.default_rng(seed + 1)
    W = gain * orthogonal(HIDDEN, seed)
    drive = bias + noise * draw.normal(size=(WARM_UP + LAGS, SEQUENCES, HIDDEN))
    _, slopes = run(W, drive, np.zeros((SEQUENCES, HIDDEN)), activation)
    slopes = slopes[WARM_UP:]
    v = draw.normal(size=(SEQUENCES, HIDDEN))
    curve = lag_curve(reach_back(W, slopes, v / np.linalg.norm(v, axis=1, keepdims=True)))
    largest = LARGEST_SLOPE[activation]
    squares = (slopes**2).mean(-1)
    field = 0.0 if (squares <= 0).any() else gain * math.exp(0.5 * float(np.log(squares).mean()))
    return Reading(curve, largest * gain, field, float((slopes < 0.1 * largest).mean()))


@dataclass(frozen=True)
class GatedReading:
    """`direct`: the mean factor a step along the cell alone, ∏ f or ∏ z; `curve`: the whole."""

    curve: LagCurve  # of ∂/∂c of an LSTM, of ∂/∂h of a GRU
    direct: float
    gate: float  # σ(bias)


def gated_network(cell: Gated, bias: float, seed: int = 0) -> GatedReading:
    """An LSTM with this forget bias, or a GRU with this update bias, all other biases 0, driven by
    unit noise; the loss is v·c_T (LSTM) or v·h_T."""
    blocks, block = (4, 1) if cell == "lstm" else (3, 1)
    generator = torch.Generator().manual_seed(seed)
    limit = HIDDEN**-0.5

    def uniform(*size: int) -> torch.Tensor:
        drawn = torch.rand(size, generator=generator, dtype=torch.float64)
        return drawn.mul_(2).sub_(1).mul_(limit)

    biases = torch.zeros(blocks * HIDDEN, dtype=torch.float64)
    biases[block * HIDDEN:(block + 1) * HIDDEN] = bias
    weights = CellWeights(uniform(blocks * HIDDEN, HIDDEN), uniform(blocks * HIDDEN, HIDDEN),
                          biases, torch.zeros_like(biases))
    x = torch.randn((SEQUENCES, WARM_UP + LAGS, HIDDEN), generator=generator, dtype=torch.float64)
    zero = torch.zeros(SEQUENCES, HIDDEN, dtype=torch.float64)
    with torch.no_grad():
        last = unroll_layer(cell, x[:, :WARM_UP], (zero,) * (2 if cell == "lstm" else 1),
                            weights)[-1]
    start = (last.h, last.c) if isinstance(last, LSTMStep) else (last.h,)
    steps = unroll_layer(cell, x[:, WARM_UP:], tuple(s.requires_grad_() for s in start), weights)
    states = [start[-1], *(s.c if isinstance(s, LSTMStep) else s.h for s in steps)]
    v = torch.randn(zero.shape, generator=generator, dtype=torch.float64)
    loss = (v / v.norm(dim=1, keepdim=True) * states[-1]).sum()
    logs = log_norms(state_gradients(loss, states[::-1])).numpy()
    kept = torch.stack([s.f if isinstance(s, LSTMStep) else s.z  # type: ignore[union-attr]
                        for s in steps]).detach()
    return GatedReading(lag_curve(logs), float(kept.log().mean().exp()),
                        1 / (1 + math.exp(-bias)))


def half_life(factor: float) -> float:
    """Steps in which half is left at this factor a step; ∞ where nothing is lost."""
    return math.inf if factor >= 1 else math.log(0.5) / math.log(factor) if factor > 0 else 0.0


def powers(diagonal: float, corner: float, steps: int) -> tuple[Floats, Floats]:
    """‖Wᵏ‖₂ and ρ(W)ᵏ for W = [[d, c], [0, d]], k = 0…steps.

    Both eigenvalues are d, so Wᵏ = [[dᵏ, k c dᵏ⁻¹], [0, dᵏ]]: it may grow for long before it falls.
    """
    W, power, norms = np.array([[diagonal, corner], [0.0, diagonal]]), np.eye(2), []
    for _ in range(steps + 1):
        norms.append(np.linalg.norm(power, 2))
        power = power @ W
    return np.array(norms), abs(diagonal) ** np.arange(steps + 1.0)


def scalar_map(w: float, h: float, steps: int, activation: Slope = "tanh") -> tuple[Floats, Floats]:
    """h ← φ(w h): its course h_0…h_T, and ln |∂h_t/∂h_0| for each, −∞ where it is exactly 0."""
    course, logs, total = [h], [0.0], 0.0
    for _ in range(steps):
        a = np.array(w * h)
        factor = abs(w) * float(derivative(a, activation))
        total += math.log(factor) if factor > 0 else -math.inf
        h = float(_phi(a, activation))
        course.append(h)
        logs.append(total)
    return np.array(course), np.array(logs)
