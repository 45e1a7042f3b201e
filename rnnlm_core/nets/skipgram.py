"""Vectors by prediction: skip-gram with negative sampling, small and in seconds. No torch.

Source: Mikolov et al. 2013 (arXiv 1310.4546, equation 4): k = 5 negatives drawn in proportion to
#(c)^0.75, and word2vec's window, which counts near tokens more. Different from there: negatives are
shared by a batch (Ji et al. 2016, arXiv 1604.04661), AdaGrad takes the steps, and frequent tokens
are not thinned out, as with a vocabulary of letters all are frequent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit

from rnnlm_core.nets.pretrained import Pretrained, one_thread, scaled

WINDOW = 5
NEGATIVES = 5  # for each pair, as expected
_SMOOTHING = 0.75
_PAIRS, _SHARED, _STEPS = 400, 40, 2_000
_RATE = 0.1

Ids = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]


class _Rows:
    """An array (V, D) whose rows learn by AdaGrad (Duchi et al. 2011)."""

    def __init__(self, start: Floats) -> None:
        self.values, self._squares = start, np.full_like(start, 1e-6)

    def learn(self, ids: Ids, gradient: Floats) -> None:
        """ids (N,), gradient (N, D) of these rows; a row that comes twice gets the sum."""
        rows, place = np.unique(ids, return_inverse=True)
        ones = np.ones(len(ids), np.float32)
        total = csr_array((ones, (place, np.arange(len(ids)))), (len(rows), len(ids))) @ gradient
        self._squares[rows] += total**2
        self.values[rows] -= _RATE * total / np.sqrt(self._squares[rows])


def skipgram_vectors(ids: Ids, vocabulary: int, size: int, seed: int, window: int = WINDOW
                     ) -> Pretrained:
    """The input vectors, `size` numbers for each token of ids (N,), two or more of them.

    The same for the same seed. Scaled as `pretrained.scaled` says; a token that does not occur is
    not known.
    """
    draw = np.random.default_rng(seed)
    counts = np.bincount(ids, minlength=vocabulary)
    noise = np.cumsum(counts**_SMOOTHING)
    inputs = _Rows(((draw.random((vocabulary, size)) - 0.5) / size).astype(np.float32))
    outputs = _Rows(np.zeros((vocabulary, size), np.float32))
    with one_thread():
        for _ in range(_STEPS):
            centres, contexts = pairs(ids, draw, _PAIRS, window)
            wrong = np.searchsorted(noise, draw.random(_SHARED) * noise[-1], side="right")
            _learn(inputs, outputs, centres, contexts, wrong)
    return scaled(inputs.values, counts > 0)


def pairs(ids: Ids, draw: np.random.Generator, count: int, window: int) -> tuple[Ids, Ids]:
    """`count` centres from anywhere in ids (N,), and for each one token of its context.

    word2vec takes all tokens within a reach that is drawn from 1 … window: distance d comes with
    probability ∝ window + 1 − d.
    """
    window = min(window, len(ids) - 1)
    weights = np.arange(window, 0, -1.0)
    distances = draw.choice(window, count, p=weights / weights.sum()) + 1
    left = draw.integers(0, len(ids) - distances)
    one, other = ids[left], ids[left + distances]
    turned = draw.random(count) < 0.5
    return np.where(turned, other, one), np.where(turned, one, other)


def _learn(inputs: _Rows, outputs: _Rows, centres: Ids, contexts: Ids, wrong: Ids) -> None:
    """One step down −log σ(u·v) − k E[log σ(−u·v')], mean of the pairs; v' are shared negatives."""
    u, v, w = inputs.values[centres], outputs.values[contexts], outputs.values[wrong]
    right = (expit((u * v).sum(1)) - 1)[:, None]  # (N, 1)
    false = expit(u @ w.T) * np.float32(NEGATIVES / len(wrong))  # (N, M)
    inputs.learn(centres, (right * v + false @ w) / len(u))
    outputs.learn(np.concatenate([contexts, wrong]),
                  np.concatenate([right * u, false.T @ u]) / len(u))
