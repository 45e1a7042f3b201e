"""The plane of a long text, as scikit-learn finds it, and other states in it."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from rnnlm_core.insight.plane import plane_of
from rnnlm_core.insight.states import without_character_means


def cloud(seed: int, rows: int = 300) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (generator.normal(size=(rows, 6)) * [5, 3, 2, 1, 1, 1] + 2).astype(np.float32)


def test_other_states_lie_where_scikit_learn_puts_them() -> None:
    plane = plane_of(cloud(0), 2)
    oracle = PCA(2, svd_solver="full").fit(cloud(0))

    assert np.allclose(np.abs(plane.of(cloud(1))), np.abs(oracle.transform(cloud(1))), atol=1e-3)
    assert np.allclose(plane.explained, oracle.explained_variance_ratio_, atol=1e-5)


def test_token_means_are_those_of_the_cloud() -> None:
    ids = np.random.default_rng(2).integers(0, 4, 300)
    h = cloud(3) + 10 * ids[:, None].astype(np.float32)
    plane = plane_of(h, 2, ids)

    oracle = PCA(2, svd_solver="full").fit(without_character_means(h, ids))
    assert np.allclose(plane.explained, oracle.explained_variance_ratio_, atol=1e-5)
    at = np.flatnonzero(ids == 1)[:1]
    expected = h[at].astype(float) - h[ids == 1].mean(0, dtype=float)
    assert np.allclose(plane.rest(h[at], ids[at]), expected, atol=1e-4)
    new = plane.rest(h[at], np.array([99]))  # a token that the cloud lacks keeps its mean
    assert np.allclose(new, h[at] - h.mean(0, dtype=float), atol=1e-4)
