"""A network without training: what gain, activation, bias and input alone do to its gradient.

h_t = φ(W h_{t−1} + b + u_t) with W = g · Q. Three networks (`Net`):

- `random`: 64 units, Q a random orthogonal matrix; u_t = W_ih x_t with 16 inputs x_t ~ N(0, s²) and
  W_ih ~ N(0, 1/16), so that each unit receives noise of about s, though not the same for each.
- `identity`: the same with Q = I, of which a ReLU makes the IRNN of Le et al. 2015.
- `wave`: 16 units, Q the cosine transform (DCT-IV), every unit receives s · sin(0.3 t): nothing in
  it is random, and it is read from its first step on.

Sources: mean field: Poole et al. 2016 (arXiv 1606.05340). The largest singular value bounds, the
spectral radius does not: Pascanu et al. 2013 (arXiv 1211.5063).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.insight.activations import LARGEST_SLOPE, Slope, phi, slope_at
from rnnlm_core.insight.gradients import LagCurve, lag_curve

Floats = NDArray[np.float64]
Net = Literal["random", "identity", "wave"]

HIDDEN, INPUTS, SEQUENCES, LAGS, WARM_UP = 64, 16, 8, 100, 50
WAVE_HIDDEN, WAVE_LAGS = 16, 50
DRAWS = range(8)  # seeds
SHOWN = 2  # the one that is shown, here and in `driven_gates`
GAINS: Floats = np.round(np.arange(0, 3.01, 0.1), 1)


# -- the recursion and its chain rule -------------------------------------------------------------
def run(W: Floats, drive: Floats, h: Floats, activation: Slope) -> tuple[Floats, Floats]:
    """h_t = φ(W h_{t−1} + u_t) for drive u (T, B, H) from h (B, H): the last state (…, B, H), and
    φ'(a_t) of every step (T, …, B, H). W is (…, H, H): all of its gains run at once."""
    transposed = np.swapaxes(W, -1, -2)
    slopes = np.empty((len(drive), *W.shape[:-2], *h.shape[-2:]))
    for t, u in enumerate(drive):
        a = h @ transposed + u
        h = phi(a, activation)
        slopes[t] = slope_at(a, h, activation)
    return h, slopes


def reach_back(W: Floats, slopes: Floats, v: Floats) -> Floats:
    """ln ‖∂(v·h_T)/∂h_{T−k}‖ for k = 0…K, (K+1, …, B), from the φ' of the last K steps
    (K, …, B, H); −∞ where it is exactly 0.

    The chain rule, one step at a time: v ← Wᵀ (φ'(a) ⊙ v), scaled after each so that nothing
    underflows.
    """
    v = np.broadcast_to(v, slopes.shape[1:])
    logs = np.empty((len(slopes) + 1, *v.shape[:-1]))
    logs[0], scale = np.log(np.linalg.norm(v, axis=-1)), np.zeros(v.shape[:-1])
    for k, slope in enumerate(slopes[::-1], 1):
        v = (slope * v) @ W
        size = np.sqrt(np.einsum("...i,...i->...", v, v))
        with np.errstate(divide="ignore"):
            logs[k] = scale = scale + np.log(size)
        v = v / np.where(size > 0, size, 1)[..., None]
    return logs


# -- matrices and inputs --------------------------------------------------------------------------
def orthogonal(hidden: int, seed: int) -> Floats:
    """A random orthogonal matrix (QR of a Gaussian one, signs fixed)."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(hidden, hidden)))
    matrix: Floats = q * np.sign(np.diag(r))
    return matrix


def cosine_transform(hidden: int) -> Floats:
    """DCT-IV, Q_kn = √(2/H) cos(π (k+½) (n+½) / H): orthogonal, and written in one formula."""
    at = np.arange(hidden) + 0.5
    matrix: Floats = np.sqrt(2 / hidden) * np.cos(np.pi / hidden * np.outer(at, at))
    return matrix


class Parts(NamedTuple):
    """What is drawn once and stays while the sliders move."""

    Q: Floats  # (H, H)
    W_ih: Floats  # (H, D)
    x: Floats  # (T, B, D), of standard deviation 1
    v: Floats  # (B, H), of norm 1: the loss is v·h_T
    start: Floats  # (B, H), the state before the first step
    warm_up: int  # first steps, not looked at


@lru_cache(maxsize=32)
def parts(net: Net, seed: int = 0) -> Parts:
    if net == "wave":
        k, t = np.arange(WAVE_HIDDEN), np.arange(1, WAVE_LAGS + 1)
        return Parts(cosine_transform(WAVE_HIDDEN), np.ones((WAVE_HIDDEN, 1)),
                     np.sin(0.3 * t)[:, None, None], np.full((1, WAVE_HIDDEN), 0.25),
                     0.5 * np.sin(k + 1.0)[None], 0)
    draw = np.random.default_rng(seed + 1)
    W_ih = draw.normal(size=(HIDDEN, INPUTS)) * INPUTS**-0.5
    x = draw.normal(size=(WARM_UP + LAGS, SEQUENCES, INPUTS))
    v = draw.normal(size=(SEQUENCES, HIDDEN))
    Q = orthogonal(HIDDEN, seed) if net == "random" else np.eye(HIDDEN)
    return Parts(Q, W_ih, x, v / np.linalg.norm(v, axis=1, keepdims=True),
                 np.zeros((SEQUENCES, HIDDEN)), WARM_UP)


# -- what is read off -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Reading:
    """What the gradient does at one setting, and what theory says of it."""

    gain: float
    curve: LagCurve
    bound: float  # γ σ_max: no step multiplies by more
    mean_field: float  # g · exp(½ ⟨ln mean φ'²⟩): what it multiplies by in a large network
    flat: float  # share of φ' below a tenth of γ: saturated, or a ReLU that is off
    zero_from: int | None  # the lag from which on the gradient is exactly 0 in every sequence

    @property
    def log10(self) -> Floats:
        """log10 of G(k) / G(0); −∞ where it is exactly 0."""
        found = decades(self.curve)
        if self.zero_from is not None:
            found[self.zero_from:] = -np.inf
        return found

    @property
    def slopes(self) -> float | None:
        """What the slopes φ' make of the gain: the fitted factor a step, over g."""
        rate = self.curve.rate
        return None if rate is None or not self.gain else rate / self.gain


def sweep(net: Net, activation: Slope, bias: float = 0.0, strength: float = 0.3, seed: int = 0,
          gains: Floats = GAINS) -> list[Reading]:
    """One reading a gain, all computed at once. Without any input the network starts from 0."""
    made = parts(net, seed)
    W = gains[:, None, None] * made.Q
    start = made.start if strength else np.zeros_like(made.start)
    _, slopes = run(W, bias + strength * (made.x @ made.W_ih.T), start, activation)
    slopes = slopes[made.warm_up:]  # (K, gains, B, H)
    logs = reach_back(W, slopes, made.v)
    largest = LARGEST_SLOPE[activation]
    squares = (slopes**2).mean(-1)
    with np.errstate(divide="ignore"):
        fields = gains * np.exp(0.5 * np.log(squares).mean((0, 2)))
    flat = (slopes < 0.1 * largest).mean((0, 2, 3))
    return [Reading(float(g), lag_curve(logs[:, i]), largest * float(g), float(fields[i]),
                    float(flat[i]), _zero_from(logs[:, i])) for i, g in enumerate(gains)]


def spread(net: Net, activation: Slope, bias: float, strength: float, gain: float
           ) -> tuple[float, float]:
    """The smallest and the largest factor a step over `DRAWS` of W and of the input."""
    rates = [sweep(net, activation, bias, strength, seed, np.array([gain]))[0].curve.rate or 0.0
             for seed in (DRAWS if net != "wave" else DRAWS[:1])]  # nothing is drawn for the wave
    return min(rates), max(rates)


def decades(curve: LagCurve) -> Floats:
    """log10 of G(k) / G(0) by lag; beyond ±300, where float64 ends, ±301."""
    found: Floats = np.log10(curve.mean) - np.log10(curve.mean[0])
    found[curve.at_floor > 0] = -301
    found[curve.at_ceiling > 0] = 301
    return found


def _zero_from(logs: Floats) -> int | None:
    nothing = np.isneginf(logs).all(1)
    return int(nothing.argmax()) if nothing.any() else None


def edges(readings: list[Reading]) -> list[float]:
    """The gains at which the factor a step passes 1, by straight lines between the readings."""
    found = []
    for one, other in pairwise(readings):
        low, high = one.curve.rate or 0.0, other.curve.rate or 0.0
        if (low - 1) * (high - 1) < 0 or high == 1:
            found.append(one.gain + (other.gain - one.gain) * (1 - low) / (high - low))
    return found
