"""Which directions of a state survive: spectra of J_T … J_{T−k+1}, and Lyapunov exponents.

J_t = ∂s_t/∂s_{t−1} of one layer, with what it reads held; s is h, or (h, c) of an LSTM. The
gradient of one loss is one vector that these matrices multiply; the singular values say what they
do to all vectors. In a stack the Jacobian of all layers is block triangular, so its Lyapunov
exponents are those of the single layers, together.

Sources: Vogt et al. 2020 (arXiv 2006.14123); Engelken et al. 2023 (arXiv 2006.02427); QR: Benettin
et al. 1980. Bound: Pascanu et al. 2013 (arXiv 1211.5063).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.config import Cell
from rnnlm_core.errors import RunError
from rnnlm_core.insight.trajectory import RUN_UP, Trajectory, trajectory
from rnnlm_core.nets.jacobians import jacobian_times, step_jacobian, times_jacobian
from rnnlm_core.nets.language_model import LanguageModel

_MEASURED = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)  # lags
WHOLE_SPECTRA = (1, 10, 30, 100)  # lags with every singular value
EVERY_PLACE = 128  # directions up to which exponents, too, are averaged over all places
LARGEST_WHOLE = 512  # directions up to which there are all exponents
LEADING = 128  # exponents, the largest, of a larger state
_SMALL = 1e-60
_EDGE = math.log(2) / 100  # an exponent within it changes a gradient by less than 2 in 100 steps

Floats = NDArray[np.float64]


# -- products -------------------------------------------------------------------------------------
def products(course: Trajectory) -> Iterator[tuple[Tensor, float]]:
    """J_T … J_{T−k+1} for k = 1, 2, …: (B, n, n), and ln of what it was divided by.

    It is rescaled before it leaves 1e±60, so nothing underflows or overflows; the logarithm is −inf
    where the product is exactly zero. Raises `RunError`, run.no_numbers, where a J has none.
    """
    product, scale = None, 0.0
    for step, before in zip(reversed(course.steps), reversed(course.before), strict=True):
        if product is None:
            product = step_jacobian(step, before, course.weights, course.activation)
        else:
            product = times_jacobian(product, step, before, course.weights, course.activation)
        norm = float(torch.linalg.vector_norm(product))  # over all places: that is quicker
        if not _SMALL < norm < 1 / _SMALL:
            if not math.isfinite(norm):
                raise RunError("run.no_numbers")
            scale += math.log(norm) if norm else -math.inf
            product = product / norm if norm else product
        yield product, scale


def singular_values(product: Tensor, scale: float) -> Floats:
    """ln of all singular values (n,), largest first, as geometric mean over the places.

    NaN where they are below n·ε of the largest: there float64 only gives its own rounding.
    """
    found = torch.linalg.svdvals(product)  # (B, n)
    lost = found <= found.shape[-1] * torch.finfo(found.dtype).eps * found[:, :1]
    logs = torch.where(lost, math.nan, found.log() + scale)
    mean: Floats = logs.mean(0).numpy()
    return mean


def summary(product: Tensor, scale: float) -> tuple[float, float, float]:
    """ln σ_max, ln of what a random vector keeps (√(Σσ²/n)), participation (Σσ²)²/Σσ⁴; means.

    From PᵀP, without a decomposition: Σσ² is its trace, Σσ⁴ its squared norm. Where the product of
    a place is exactly zero: −inf, −inf and 0.
    """
    largest = product.abs().amax((-2, -1), keepdim=True)
    if not bool((largest > 0).all()):
        return -math.inf, -math.inf, 0.0
    product, logs = product / largest, largest.log().flatten() + scale  # (B,)
    gram = product.mT @ product
    squares = gram.diagonal(dim1=-2, dim2=-1).sum(-1)
    top = (0.5 * largest_eigenvalue(gram).log() + logs).mean()
    typical = (0.5 * (squares / product.shape[-1]).log() + logs).mean()
    return float(top), float(typical), float((squares**2 / gram.square().sum((-2, -1))).mean())


def largest_eigenvalue(gram: Tensor, accuracy: float = 1e-8) -> Tensor:
    """Of positive semidefinite matrices (B, n, n), not zero, by power iteration: (B,).

    It begins with the longest column, and comes from below; `accuracy` is relative.
    """
    longest = gram.square().sum(-2).argmax(-1)
    v = gram.gather(-1, longest[:, None, None].expand(-1, gram.shape[-1], 1))  # (B, n, 1)
    found = gram.new_zeros(len(gram))
    for _ in range(500):
        v = v / torch.linalg.vector_norm(v, dim=-2, keepdim=True)
        before, after = found, gram @ v
        found = (v * after).sum((-2, -1))
        v = after
        if bool((found - before <= accuracy * found).all()):
            break
    return found


# -- exponents ------------------------------------------------------------------------------------
def exponents(course: Trajectory, run_up: int, directions: int | None = None, every: int = 1,
              seed: int = 0) -> Floats:
    """Lyapunov exponents a step, largest first: mean ln |R_ii| of J_t Q_{t−1} = Q_t R_t.

    The first `run_up` steps only turn the `directions` (all where None). QR comes after every step
    or every few. Mean over the places; −inf for a direction that becomes exactly zero.
    """
    places, size = course.shape
    draw = torch.Generator().manual_seed(seed)
    Q = torch.linalg.qr(torch.randn(places, size, directions or size, generator=draw,
                                    dtype=course.weights.W_hh.dtype))[0]
    total, since = Q.new_zeros(places, Q.shape[-1]), 0
    for t, (step, before) in enumerate(zip(course.steps, course.before, strict=True), start=1):
        Q, since = jacobian_times(step, before, course.weights, Q, course.activation), since + 1
        if since == every or t in (run_up, len(course.steps)):
            Q, R = torch.linalg.qr(Q)
            since, factors = 0, R.diagonal(dim1=-2, dim2=-1).abs()
            rounding = size * torch.finfo(Q.dtype).eps * factors.amax(-1, keepdim=True)
            if t > run_up:
                total += torch.where(factors > rounding, factors, 0.0).log()
    mean: Floats = (total / (len(course.steps) - run_up)).sort(-1, descending=True)[0].mean(0
                                                                                      ).numpy()
    return mean


# -- all of it ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class AtLag:
    """What one product J_T … J_{T−k+1} does. Logarithms are natural."""

    lag: int
    top: float  # ln σ_max; −inf where the product is exactly zero
    typical: float  # ln √(Σσ²/n): what a random vector keeps
    participation: float  # (Σσ²)²/Σσ⁴: how many directions are left
    values: Floats | None = None  # ln σ, largest first; NaN: below what float64 resolves


@dataclass(frozen=True)
class Spectra:
    """What the Jacobians of one layer do over a text."""

    cell: Cell
    size: int  # directions n: H, or 2H for the (h, c) of an LSTM
    places: int
    steps: int  # the longest lag
    lags: tuple[AtLag, ...]
    exponents: Floats  # a step, largest first; the leading ones of a large state
    followed: int  # places whose exponents these are the mean of

    def at(self, lag: int) -> AtLag | None:
        """This lag, where it was measured with all its singular values."""
        return next((at for at in self.lags if at.lag == lag and at.values is not None), None)

    @property
    def fate(self) -> str:
        """`vanishes`, `edge` (less than a factor of 2 in 100 steps) or `explodes`, by λ₁."""
        first = float(self.exponents[0])
        return "vanishes" if first < -_EDGE else "edge" if first <= _EDGE else "explodes"


def spectra(model: LanguageModel, ids: NDArray[np.integer] | Tensor, layer: int = 0) -> Spectra:
    """Everything of one layer (0 the lowest) over text ids (N,), to the lag `lags_of(N)`.

    All singular values at a few lags, the largest and the participation at about twelve; all
    exponents up to 512 directions, the 128 largest beyond. Errors as `trajectory`.

    What it takes is measured: `python -m benchmarks gradients_jacobians`.
    """
    course = trajectory(model, ids, layer)
    steps = len(course.steps) - RUN_UP
    places, size = course.shape
    measured, whole = {*_MEASURED, steps}, {*WHOLE_SPECTRA, steps}
    lags = tuple(at_lag(lag, *product, whole=lag in whole)
                 for lag, product in enumerate(products(course.last(steps)), start=1)
                 if lag in measured)
    leading = LEADING if size > LARGEST_WHOLE else None
    followed = course if size <= EVERY_PLACE else course.first_place()
    return Spectra(model.config.cell, size, places, steps, lags, exponents(
        followed, RUN_UP, leading, every=1 if size <= 256 else 2), followed.shape[0])


def at_lag(lag: int, product: Tensor, scale: float, whole: bool = True) -> AtLag:
    return AtLag(lag, *summary(product, scale), singular_values(product, scale) if whole else None)


def spectrum_at(model: LanguageModel, ids: NDArray[np.integer] | Tensor, layer: int, lag: int
                ) -> AtLag:
    """One product alone, with all singular values; 1 ≤ lag ≤ `lags_of(N)`. Errors as `trajectory`.
    """
    course = trajectory(model, ids, layer).last(lag)
    last = deque(products(course), maxlen=1)
    return at_lag(lag, *last[0])


def step_eigenvalues(model: LanguageModel, ids: NDArray[np.integer] | Tensor, layer: int
                     ) -> NDArray[np.complex128]:
    """Eigenvalues (n,) of J_t = ∂s_t/∂s_{t−1} of a layer at one place of a text; errors as
    `trajectory`."""
    J = trajectory(model, ids, layer).jacobian(-1)[0]
    found: NDArray[np.complex128] = torch.linalg.eigvals(J).numpy()
    return found[np.argsort(-np.abs(found), kind="stable")]
