"""The recurrent matrix by itself: eigenvalues of each block U_k of W_hh, its ρ and its σ_max.

For a vanilla RNN J = D(φ'(a)) W_hh, so γ σ_max < 1 makes every gradient vanish (γ = sup |φ'|, an
eigenvalue beyond 1/γ is needed for the opposite only at a fixed point). With gates J is a sum over
the blocks, each scaled by gates: no block decides by itself.

Source: Pascanu et al. 2013 (arXiv 1211.5063): the bound is on singular values, not eigenvalues.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.errors import RunError
from rnnlm_core.insight.activations import LARGEST_SLOPE
from rnnlm_core.nets.cells import GATES
from rnnlm_core.run.checkpoint import load_weights
from rnnlm_core.run.directory import RunFolder

_TANH = ("g", "n")  # the candidates; all other gates go through the logistic function


class Radii(NamedTuple):
    """Of one block at one moment: the largest |eigenvalue| and the largest singular value."""

    spectral: float
    largest: float


def blocks_of(cell: Cell) -> tuple[str, ...]:
    """The names of the blocks of W_hh: ("W_hh",) for the RNN, else U_ and the gate."""
    return tuple(f"U_{gate}" for gate in GATES[cell]) or ("W_hh",)


def largest_slope(config: RunConfig, block: str) -> float:
    """γ of what this block feeds: 1/4 for the logistic function, 1 for tanh and ReLU."""
    if config.cell == "rnn":
        return LARGEST_SLOPE[config.activation]
    return LARGEST_SLOPE["tanh" if block.removeprefix("U_") in _TANH else "sigmoid"]


def block_of(W_hh: Tensor, cell: Cell, block: str) -> NDArray[np.float64]:
    """One block (H, H) of W_hh (GH, H). Raises `RunError`, run.no_numbers, where it has none."""
    names = blocks_of(cell)
    chosen = W_hh.detach().double().chunk(len(names))[names.index(block)]
    if not bool(chosen.isfinite().all()):
        raise RunError("run.no_numbers")
    matrix: NDArray[np.float64] = chosen.numpy()
    return matrix


def eigenvalues(matrix: NDArray[np.float64]) -> NDArray[np.complex128]:
    """(H,), the largest first"""
    found: NDArray[np.complex128] = torch.linalg.eigvals(torch.from_numpy(matrix)).numpy()
    return found[np.argsort(-np.abs(found), kind="stable")]


def radii(matrix: NDArray[np.float64]) -> Radii:
    return Radii(float(np.abs(eigenvalues(matrix)[0])), float(np.linalg.norm(matrix, 2)))


def kept_block(folder: RunFolder, step: int, layer: int, block: str) -> NDArray[np.float64]:
    """A block of a layer as a kept checkpoint has it; no network is built. Errors as `block_of`,
    and of a damaged file."""
    weights = load_weights(folder.checkpoints, step).weights()
    return block_of(weights[f"layers.{layer}.weight_hh_l0"], folder.config().cell, block)
