"""Vectors by counting: positive pointwise mutual information, made short by an SVD. No torch.

Source: Levy, Goldberg & Dagan 2015, TACL 3, sections 2.1, 2.2 and 3 (context distribution smoothing
α = 0.75, eigenvalue weighting p = ½); Bullinaria & Levy 2007 (PPMI); Halko, Martinsson & Tropp
2011, SIAM Review 53, algorithms 4.4 and 5.1 (a truncated SVD by a random start and iterations).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from rnnlm_core.nets.pretrained import Pretrained, one_thread, scaled

WINDOW = 5  # tokens to each side
SMOOTHING = 0.75
_PART = 2_000_000  # ids counted at once: bounds the memory
_SPARE, _ITERATIONS = 20, 5
_DENSE = 600  # rows up to which the whole decomposition is the quicker one

Floats = NDArray[np.float64]


def cooccurrences(ids: NDArray[np.integer[Any]], vocabulary: int, window: int = WINDOW
                  ) -> csr_array:
    """How often token c stands within `window` tokens of token w, to either side: (V, V), sparse.

    Every distance counts the same. ids (N,).
    """
    after = csr_array((vocabulary, vocabulary), dtype=np.float64)
    for start in range(0, len(ids), _PART):
        for distance in range(1, window + 1):
            right = ids[start + distance:start + _PART + distance]
            left = ids[start:start + len(right)]
            pairs = (left.astype(np.int32), right.astype(np.int32))
            after = after + coo_array((np.ones(len(right)), pairs), after.shape).tocsr()
    return csr_array(after + after.T)


def positive_pmi(counts: csr_array, smoothing: float = SMOOTHING) -> csr_array:
    """max(0, log P(w, c) / (P(w) P_α(c))), P_α(c) ∝ #(c)^α, of the pairs that occur: (V, V)."""
    table = counts.tocoo()
    words, contexts = counts.sum(1), counts.sum(0)
    smoothed = contexts**smoothing / (contexts**smoothing).sum()
    rows, columns = table.coords
    values = np.log(table.data / words[rows] / smoothed[columns])
    kept = values > 0
    return coo_array((values[kept], (rows[kept], columns[kept])), table.shape).tocsr()


def ppmi_vectors(ids: NDArray[np.integer[Any]], vocabulary: int, size: int, window: int = WINDOW
                 ) -> Pretrained:
    """U √S of the SVD of the PPMI matrix, `size` numbers for each token of ids (N,).

    Column signs are fixed (the largest entry is positive), so the same ids give the same vectors.
    Scaled as `pretrained.scaled` says. What the matrix has no more directions for is 0; a token
    that does not occur is not known.
    """
    counts = cooccurrences(ids, vocabulary, window)
    with one_thread():
        found = truncated(positive_pmi(counts), size)
    vectors = np.zeros((vocabulary, size))
    vectors[:, :found.shape[1]] = found
    return scaled(vectors, counts.sum(1) > 0)


def truncated(matrix: csr_array, size: int) -> Floats:
    """U √S of a (V, V) matrix, the `size` largest singular values first (fewer where V is less)."""
    rows = matrix.shape[0]
    if rows <= max(_DENSE, size):
        left, singular, _ = np.linalg.svd(matrix.toarray())
    else:  # drawn with a fixed seed: the same every time
        basis = matrix @ np.random.default_rng(0).normal(size=(rows, min(rows, size + _SPARE)))
        for _ in range(_ITERATIONS):
            basis = matrix @ np.linalg.qr(matrix.T @ np.linalg.qr(basis)[0])[0]
        basis = np.linalg.qr(basis)[0]
        inner, singular, _ = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
        left = basis @ inner
    left, singular = left[:, :size], np.maximum(singular[:size], 0.0)
    largest = np.abs(left).argmax(0)
    signs = np.where(left[largest, np.arange(left.shape[1])] < 0, -1.0, 1.0)
    vectors: Floats = left * signs * np.sqrt(singular)
    return vectors
