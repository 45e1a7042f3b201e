"""What is said of a gradient's reach without measuring it: a bound, an estimate, one path of many.

- The **bound** of an RNN: no step can multiply by more than γ σ_max(W_hh), γ the largest slope of
  the activation function. It holds for the highest layer, whose states reach the loss only by the
  recurrence, and says nothing of cells with gates. Pascanu et al. 2013 (arXiv 1211.5063).
- The **mean-field estimate**: each step is taken to meet a gradient of random direction, which it
  multiplies by the root mean square of its Jacobian's singular values, ‖J_t‖_F/√n. For g times an
  orthogonal W that is g · √(mean φ'²), the formula of Poole et al. 2016 (arXiv 1606.05340); a
  trained W needs its rows weighed by their slopes: Σ φ'_i² ‖W_i‖². It leaves out that gradients
  turn towards the directions that fade least, so a trained network may lie far above it.
- The **direct path** of a gate: what is left of ∂L/∂c_T (LSTM) after ∏ f alone, of ∂L/∂h_T (GRU)
  after ∏ z alone. The whole gradient goes through h as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.insight.activations import LARGEST_SLOPE
from rnnlm_core.insight.adjoint import Course, StateGradients
from rnnlm_core.insight.gradients import LagCurve, LagProfile, lag_curve, profile_of, read_back
from rnnlm_core.nets.cells import CellWeights
from rnnlm_core.nets.language_model import LanguageModel


@dataclass(frozen=True)
class Theory:
    """Beside one layer's profile. All curves begin at lag 0 with the curve they stand beside: h of
    the RNN and GRU, c of the LSTM. Their band is that of the windows, the bound has none."""

    sigma: float  # largest singular value of W_hh, of all blocks together
    radius: float | None  # spectral radius of W_hh: an RNN's alone is square
    factor: float | None  # γ σ_max: of the highest layer of an RNN
    bound: LagCurve | None  # its powers
    mean_field: LagCurve
    direct: LagCurve | None  # of cells with gates


def read_layers(model: LanguageModel, ids: NDArray[np.integer] | Tensor, lags: int = 100,
                windows: int = 16, seed: int = 0) -> list[tuple[LagProfile, Theory]]:
    """The profile of every layer, lowest first, and what theory says of it.

    Errors as `lag_profiles`.
    """
    courses, found = read_back(model, ids, lags, windows, seed)
    return [(profile_of(course, each, layer), theory_of(course, each, layer == len(courses) - 1))
            for layer, (course, each) in enumerate(zip(courses, found, strict=True))]


def theory_of(course: Course, gradients: StateGradients, highest: bool) -> Theory:
    W = course.weights.W_hh
    main = gradients.h if gradients.c is None else gradients.c
    rnn = course.cell == "rnn"
    sigma = _largest(W)
    factor = LARGEST_SLOPE[course.activation] * sigma if rnn and highest else None
    return Theory(
        sigma, _radius(W) if rnn else None, factor,
        None if factor is None else _powers(factor, main),
        _curve(_mean_field(course, main, gradients.h[-1])),
        None if rnn else _curve(_direct(course, main)))


def _curve(logs: Tensor) -> LagCurve:
    return lag_curve(logs.numpy())


def _powers(factor: float, main: Tensor) -> LagCurve:
    """factor^k times the geometric mean of lag 0."""
    lags = torch.arange(len(main), dtype=torch.float64)
    at_end = main[-1].norm(dim=-1).log().mean()
    return _curve((at_end + torch.xlogy(lags, lags.new_tensor(factor)))[:, None])


def _largest(W: Tensor) -> float:
    return float(torch.linalg.matrix_norm(W, 2)) if bool(W.isfinite().all()) else float("nan")


def _radius(W: Tensor) -> float:
    return float(torch.linalg.eigvals(W).abs().max()) if bool(W.isfinite().all()) else float("nan")


def _mean_field(course: Course, main: Tensor, h_at_end: Tensor) -> Tensor:
    """ln by lag (K+1, B), as all of these."""
    if course.cell == "lstm":
        return _mean_field_lstm(course, main, h_at_end)
    steps = mean_squares(course).log() / 2
    back = torch.cat([main[-1].norm(dim=-1).log()[None], steps[1:].flip(0)])
    return back.cumsum(0)


def _mean_field_lstm(course: Course, main: Tensor, h_at_end: Tensor) -> Tensor:
    """The mean squares of ∂L/∂h and ∂L/∂c go on together, as each feeds the other.

    Source: Gilboa et al. 2019 (arXiv 1901.08987), here with the gates and weights as they are.
    """
    hidden = course.h.shape[-1]
    i, f, g, o = (course.gate(k) for k in range(4))
    assert course.c is not None
    tau, c = course.c.tanh(), course.earlier(1)
    e = (o * (1 - tau**2)).square().mean(-1)  # (T, B), as all of these
    out = _row_squares([torch.zeros_like(o)] * 3 + [tau * o * (1 - o)], course.weights)
    into_c = _row_squares([g * i * (1 - i), c * f * (1 - f), i * (1 - g**2), torch.zeros_like(o)],
                          course.weights)
    by_h, by_c, kept = out.sum(-1) / hidden, into_c.sum(-1) / hidden, f.square().mean(-1)
    of_h, of_c = h_at_end.square().sum(-1), main[-1].square().sum(-1)
    sizes = [of_c]
    for t in range(len(e) - 1, 0, -1):
        of_h = by_h[t] * of_h + by_c[t] * of_c
        of_c = kept[t] * of_c + e[t - 1] * of_h
        sizes.append(of_c)
    return torch.stack(sizes).log() / 2


def _direct(course: Course, main: Tensor) -> Tensor:
    """Gates are kept as logarithms: their product over a hundred steps would leave float64."""
    kept = course.gate(1).log()  # f of i, f, g, o; z of r, z, n
    paths = torch.cat([torch.zeros_like(kept[:1]), kept[1:].flip(0)]).cumsum(0)  # (K+1, B, H)
    return torch.logsumexp(2 * (paths + main[-1].abs().log()), -1) / 2


def mean_squares(course: Course) -> Tensor:
    """‖J_t‖_F²/H of every step of an RNN or GRU, (T, B)."""
    hidden = course.h.shape[-1]
    if course.cell == "rnn":
        return (course.slope**2) @ course.weights.W_hh.square().sum(1) / hidden
    r, z, n = (course.gate(k) for k in range(3))
    h, m = course.earlier(0), course.m
    assert m is not None
    slope = (1 - z) * (1 - n**2)
    return _row_squares([slope * m * r * (1 - r), (h - n) * z * (1 - z), slope * r],
                        course.weights, z).sum(-1) / hidden


def _row_squares(scales: list[Tensor], weights: CellWeights, diagonal: Tensor | None = None
                 ) -> Tensor:
    """‖Σ_k D(s_k) U_k + D(d)‖² row by row, (T, B, H), from scales s_k (T, B, H), one a block.

    It needs only the products of the blocks' rows with each other, and never a Jacobian.
    """
    blocks = weights.W_hh.chunk(len(scales))
    total = torch.zeros_like(scales[0]) if diagonal is None else diagonal**2
    for k, (s, U) in enumerate(zip(scales, blocks, strict=True)):
        total = total + s**2 * U.square().sum(1)
        for other, V in zip(scales[k + 1:], blocks[k + 1:], strict=True):
            total = total + 2 * s * other * (U * V).sum(1)
        if diagonal is not None:
            total = total + 2 * s * diagonal * U.diagonal()
    return total
