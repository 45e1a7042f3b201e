"""How far back learning reaches: the gradient of one loss on every earlier state.

G(k) = ‖∂L_T/∂h_{T−k}‖ against the lag k, where L_T = −log p_T[w_{T+1}]. It falls like ρ^k, or
grows; the rate ρ, its half-life and the lag where it has fallen to 1 % say how far back a network
can learn from. All in float64, on windows of text that the network has read its way into.

Source: Bengio et al. 1994; Pascanu et al. 2013 (arXiv 1211.5063; their bound is on σ_max, not ρ).
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.adjoint import Course, StateGradients, courses, gradients
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CELLS, recurrent
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.nets.recurrent import RecurrentModel

FLOOR, CEILING = 1e-300, 1e300  # float64 says nothing beyond: counted, and shown as < or >
WARM_UP = 100  # characters read before each window, so that its states are on the trajectory
FIRST_FITTED_LAG = 10  # the nearest lags do not yet fall at the common rate
HORIZON = 0.01  # of lag 0
EXPLODES = 2 ** 0.01  # a step: twice as much in 100
RESAMPLES = 200

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class LagCurve:
    """Norms of one gradient by lag, over windows: index k is lag k.

    A window whose gradient is exactly zero at every lag teaches nothing and is left out (`zero`
    counts them), unless all windows are. Where `at_floor[k]` of the others fell below 1e-300 they
    enter as 1e-300, so the mean is an upper bound there and `value_text` says so; likewise
    `at_ceiling` above 1e300 or not a number.
    """

    mean: Floats  # (K+1,) geometric mean
    low: Floats  # 10 % quantile over the windows
    high: Floats  # 90 % quantile
    at_floor: Counts  # windows below 1e-300, exact zeros included
    at_ceiling: Counts  # windows above 1e300, or not a number
    rate: float | None  # ρ: fitted factor per step over lags 10…K; None with fewer than 5 such lags
    horizon: int | None  # first lag from which on the mean stays below 1 % of lag 0; None: beyond K
    zero: int = 0  # windows that are exactly zero at every lag
    # 10 % and 90 % quantile of it over `RESAMPLES` draws of as many windows; K + 1: beyond K
    horizon_spread: tuple[int, int] = (0, 0)

    @property
    def is_zero(self) -> bool:
        """Not even lag 0 has a gradient: there is nothing to learn, and no horizon."""
        return self.is_floored(0)

    def is_floored(self, lag: int) -> bool:
        """Whether the mean itself, not only a window, is below 1e-300."""
        return bool(self.mean[lag] <= FLOOR * (1 + 1e-9))

    @property
    def has_numbers(self) -> bool:
        """Whether the gradient at lag 0 is a number in every window; not of a diverged network."""
        return not self.at_ceiling[0]

    @property
    def grows(self) -> bool:
        return self.rate is not None and self.rate >= 1

    @property
    def explodes(self) -> bool:
        """Grows by a factor of 2 or more in 100 steps, or beyond what a float64 can say."""
        return self.at_ceiling[-1] > 0 or (self.horizon is None and self.rate is not None
                                           and self.rate >= EXPLODES)

    @property
    def decades_per_100(self) -> float | None:
        """Powers of ten in 100 steps: negative where the gradient vanishes."""
        return None if self.rate is None else 100 * math.log10(self.rate)

    @property
    def half_life(self) -> float | None:
        """Steps in which it halves, ln 2 / |ln ρ|; None where it `grows` or has no rate."""
        return None if self.rate is None or self.grows else math.log(2) / -math.log(self.rate)

    def value_text(self, lag: int) -> str:
        """The mean at a lag for a person: `3.1e-05`, `≤2e-299`, `<1e-300`, `>1e300`."""
        windows_out = int(self.at_floor[lag])
        if self.is_floored(lag):
            return f"<{FLOOR:.0e}"
        if self.mean[lag] >= CEILING * (1 - 1e-9):
            return f">{CEILING:.0e}".replace("+", "")
        sign = "≤" if windows_out else "≥" if self.at_ceiling[lag] else ""
        return f"{sign}{self.mean[lag]:.2g}"


@dataclass(frozen=True)
class LagProfile:
    """∂L_T/∂(state at T−k) of one layer, by lag.

    `h`: ∂L_T/∂h_{T−k} with c_{T−k} held: what reaches the loss by the recurrent product, the output
    and the layers above. `c` (LSTM only): ∂L_T/∂c_{T−k} with all that follows from it, h_{T−k} =
    o ⊙ tanh(c_{T−k}) included. Show both for an LSTM: h alone understates its memory.
    """

    cell: Cell
    layer: int  # 0 is the lowest
    windows: int
    h: LagCurve
    c: LagCurve | None

    @property
    def lags(self) -> Counts:
        return np.arange(len(self.h.mean), dtype=np.int64)


def lag_profile(model: LanguageModel, ids: NDArray[np.integer] | Tensor, lags: int = 100,
                windows: int = 16, seed: int = 0, layer: int = -1) -> LagProfile:
    """That of one layer, counted from the top with −1: see `lag_profiles`."""
    return lag_profiles(model, ids, lags, windows, seed)[layer]


def lag_profiles(model: LanguageModel, ids: NDArray[np.integer] | Tensor, lags: int = 100,
                 windows: int = 16, seed: int = 0) -> list[LagProfile]:
    """The gradient's reach back through text `ids` (N,), by lag 0…`lags`, of every layer, lowest
    first; the model is not touched.

    `windows` end positions are drawn with `seed` (all of them in a short text); each window is
    warmed up on up to 100 characters before it. The windows are one batch with independent losses,
    so one backward pass gives all. Gradients take all paths.

    Errors: `text.too_short` below lags + 2 characters, `run.no_state` for a CNN.
    """
    return [profile_of(course, found, layer) for layer, (course, found) in enumerate(zip(
        *read_back(model, ids, lags, windows, seed), strict=True))]


def read_back(model: LanguageModel, ids: NDArray[np.integer] | Tensor, lags: int, windows: int = 16,
              seed: int = 0) -> tuple[list[Course], list[StateGradients]]:
    """What every layer did over windows of a text and what reaches its states: see `lag_profiles`.
    """
    batch, warm_up = windows_of(ids, lags, windows, seed)
    explained, carried = warmed_up(model, batch[:, :warm_up])
    layers, seen = courses(explained, batch[:, warm_up:-1], carried)
    return layers, gradients(explained, layers, loss_gradient(explained, seen, batch[:, -1]))


def profile_of(course: Course, found: StateGradients, layer: int) -> LagProfile:
    return LagProfile(course.cell, layer, found.h.shape[1], _by_lag(found.h),
                      None if found.c is None else _by_lag(found.c))


def windows_of(ids: NDArray[np.integer] | Tensor, lags: int, windows: int, seed: int
               ) -> tuple[Tensor, int]:
    """Windows of a text (B, length), each of a warm-up, lags + 1 tokens to read and the token that
    the last one is to predict; and how long the warm-up is."""
    text = np.asarray(ids, dtype=np.int64)
    if len(text) < lags + 2:
        raise BadInput("text.too_short", value=len(text), limit=lags + 2)
    warm_up = min(WARM_UP, len(text) - lags - 2)
    length = warm_up + lags + 2
    positions = len(text) - length + 1
    starts = np.random.default_rng(seed).choice(positions, min(windows, positions), replace=False)
    return torch.from_numpy(text[np.sort(starts)[:, None] + np.arange(length)]), warm_up


@torch.no_grad()
def warmed_up(model: LanguageModel, ids: Tensor) -> tuple[RecurrentModel, Carried | None]:
    """A copy on the CPU in float64, which no dropout and no later step of training changes, and
    the state after reading ids (B, T), T ≥ 0.

    Where a window begins is only a choice, so the fused layers read up to it in the precision of
    the weights, which is quicker; unless that overflows.
    """
    own = copy.deepcopy(recurrent(model)).cpu().eval().requires_grad_(False)
    carried = own.read(ids)[1] if ids.shape[1] else None
    whole = own.to(torch.float64)
    if carried is None:
        return whole, None
    if not all(bool(part.isfinite().all()) for part in carried):
        return whole, whole.read(ids)[1]
    return whole, tuple(part.to(torch.float64) for part in carried)


def loss_gradient(model: LanguageModel, seen: Tensor, targets: Tensor) -> Tensor:
    """∂/∂seen of the summed loss where the output layer sees `seen` (B, H)."""
    with torch.enable_grad():
        leaf = seen.detach().requires_grad_()
        loss = cross_entropy(model.output(leaf), targets, reduction="sum")
        return torch.autograd.grad(loss, leaf)[0]


def _by_lag(gradient: Tensor) -> LagCurve:
    """From gradients (T, B, H): the last step is lag 0."""
    return lag_curve(log_norms(gradient).flip(0).numpy())


def state_gradients(loss: Tensor, states: Sequence[Tensor]) -> Tensor:
    """∂loss/∂state for nodes of one graph, each (…, H) → (number of states, …, H).

    Each is the gradient with the other nodes that do not depend on it held: see `LagProfile` for
    what that means for h and c of an LSTM. A state that the loss does not reach gives zeros.
    """
    return torch.stack(torch.autograd.grad(loss, states, materialize_grads=True))


def log_norms(vectors: Tensor) -> Tensor:
    """ln ‖v‖₂ over the last axis, −inf for exact zeros; scaled, as squares underflow at 1e-162."""
    largest = vectors.abs().amax(-1, keepdim=True)
    scaled = vectors / torch.where(largest > 0, largest, torch.ones_like(largest))
    relative: Tensor = torch.linalg.vector_norm(scaled, dim=-1).clamp(min=1)  # 1 ≤ … ≤ √H
    return largest.squeeze(-1).log() + relative.log()


def lag_curve(logs: NDArray[np.floating]) -> LagCurve:
    """From ln norms (K+1, windows) to the curve; −inf (exactly zero), +inf and NaN are allowed."""
    logs = np.asarray(logs, dtype=np.float64)
    zero = np.isneginf(logs).all(0)
    if not zero.all():
        logs = logs[:, ~zero]
    at_ceiling = np.isnan(logs) | (logs > math.log(CEILING))
    at_floor = logs < math.log(FLOOR)
    kept = np.where(at_ceiling, math.log(CEILING), np.where(at_floor, math.log(FLOOR), logs))
    mean = kept.mean(1)
    usable = ~(at_floor | at_ceiling).any(1)
    low, high = np.quantile(kept, [0.1, 0.9], axis=1)
    return LagCurve(np.exp(mean), np.exp(low), np.exp(high), at_floor.sum(1), at_ceiling.sum(1),
                    fitted_rate(mean, usable), _horizon(mean), int(zero.sum()),
                    _horizon_spread(kept))


def fitted_rate(log_mean: Floats, usable: NDArray[np.bool_]) -> float | None:
    """ρ of the least-squares line ln G = a + k ln ρ over the usable lags from 10 on."""
    k = np.flatnonzero(usable)
    k = k[k >= FIRST_FITTED_LAG]
    if len(k) < 5:
        return None
    centred = k - k.mean()
    return float(np.exp(centred @ log_mean[k] / (centred @ centred)))


def _horizon(log_mean: Floats) -> int | None:
    """First lag from which on every measured lag is below 1 % of lag 0: a dip is not an end."""
    above = np.flatnonzero(log_mean >= log_mean[0] + math.log(HORIZON))
    first = int(above[-1]) + 1
    return first if first < len(log_mean) else None


def _horizon_spread(logs: Floats) -> tuple[int, int]:
    """The bootstrap over windows (Efron 1979): how far the horizon depends on those drawn."""
    windows = logs.shape[1]
    draw = np.random.default_rng(0).multinomial(windows, np.full(windows, 1 / windows), RESAMPLES)
    means = logs @ (draw.T / windows)  # (K+1, draws)
    above = means >= means[0] + math.log(HORIZON)
    found = len(logs) - above[::-1].argmax(0)  # after the last one above; K + 1 where that is K
    low, high = np.quantile(found, [0.1, 0.9], method="nearest")
    return int(low), int(high)


def untrained_profiles(config: RunConfig, vocabulary: int, ids: NDArray[np.integer] | Tensor,
                       lags: int = 100, windows: int = 16, seed: int = 0, layer: int = -1
                       ) -> dict[Cell, LagProfile]:
    """The same for freshly initialised networks of this size, one a cell (the RNN with tanh).

    Forget bias and initialisation are the config's: what is compared is where learning would start.
    """
    return {cell: lag_profile(
        build(dataclasses.replace(config, cell=cell, activation="tanh"), vocabulary),
        ids, lags, windows, seed, layer) for cell in CELLS}
