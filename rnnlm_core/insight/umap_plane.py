"""A map of the states by UMAP, where that package is installed: it is not one of this project's.

Near states stay near, far distances mean little. Slow, and not the same from one version to the
next. Source: McInnes et al. 2018 (arXiv 1802.03426).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "umap-learn==0.5.12"  # the version that was tried
MOST_POINTS = 2000  # of the longer text: more take minutes

Floats = NDArray[np.floating[Any]]


def installed() -> bool:
    return find_spec("umap") is not None


def umap_map(cloud: Floats, path: Floats, seed: int = 0) -> tuple[Floats, Floats]:
    """States of a longer text (N, H) and of the text that is read (T, H) → both as points."""
    from umap import UMAP  # type: ignore[import-not-found,unused-ignore]

    drawn = cloud[::-(-len(cloud) // MOST_POINTS) or 1]
    # one job: with a seed there can be no more, and UMAP would warn
    both = UMAP(n_components=2, random_state=seed, n_jobs=1).fit_transform(
        np.concatenate([drawn, path]))
    return both[:len(drawn)], both[len(drawn):]
