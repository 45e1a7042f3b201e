"""What every pre-trained start of an embedding has in common."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits


class Pretrained(NamedTuple):
    """Rows to begin an embedding with. V vocabulary, D its size."""

    vectors: NDArray[np.float32]  # (V, D)
    known: NDArray[np.bool_]  # (V,): the others keep their random start


def one_thread() -> AbstractContextManager[Any]:
    """BLAS with one thread. For matrices of this size two wait for each other beside a busy
    processor; and the order of the sums, so every bit, no longer depends on the cores."""
    limits: AbstractContextManager[Any] = threadpool_limits(1, "blas")
    return limits


def scaled(vectors: NDArray[np.floating[Any]], known: NDArray[np.bool_]) -> Pretrained:
    """All rows (V, D) by one factor, so that the known ones spread as PyTorch's own start does.

    That start draws from N(0, 1), so the root mean square of their entries becomes 1: the network
    above sees inputs of the size that it was made for, and angles and relative lengths stay.
    """
    square = float(np.square(vectors[known], dtype=np.float64).mean()) if known.any() else 0.0
    factor = square**-0.5 if square else 1.0
    rows = np.where(known[:, None], vectors * factor, 0.0)
    return Pretrained(rows.astype(np.float32), known)
