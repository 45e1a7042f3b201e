"""The plane of most variance: laid through many states once, then any state is a point in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rnnlm_core.insight.states import Floats, principal_axes

Doubles = NDArray[np.float64]
Ids = NDArray[np.integer]


class PrincipalPath(NamedTuple):
    path: Floats  # (T, k)
    explained: Floats  # (k,) share of the variance of h that was left to explain


@dataclass(frozen=True)
class Plane:
    """k directions through the middle of a cloud of states of H units."""

    middle: Doubles  # (H,)
    axes: Doubles  # (H, k); columns of zeros where no variance is left
    explained: Floats  # (k,) share of the variance
    means: dict[int, Doubles]  # of each token, from the middle; empty where they are left in

    def of(self, h: Floats, ids: Ids | None = None) -> Floats:
        """States h (T, H) as points (T, k). With token means taken off, `ids` (T,) are needed."""
        return (self.rest(h, ids) @ self.axes).astype(np.float32)

    def rest(self, h: Floats, ids: Ids | None = None) -> Doubles:
        """States h (T, H) from the middle, without the token means that are taken off.

        A token that the cloud did not hold has no mean to take off.
        """
        values: Doubles = h.astype(np.float64) - self.middle
        if self.means:
            assert ids is not None
            tokens, index = np.unique(ids, return_inverse=True)
            nothing = np.zeros(len(self.middle))
            values -= np.stack([self.means.get(token, nothing) for token in tokens.tolist()])[index]
        return values


def plane_of(h: Floats, components: int = 2, ids: Ids | None = None) -> Plane:
    """The principal axes of states h (T, H).

    With the ids (T,) of the tokens, each token's mean state is taken off first, for on real text
    the first components show little but which token was just read. The sign of each axis
    is fixed: its largest weight is positive. Axes without variance are zero, with share 0.
    """
    middle = h.mean(0, dtype=np.float64)
    values = h.astype(np.float64) - middle
    means: dict[int, Doubles] = {}
    if ids is not None:
        tokens, index = np.unique(ids, return_inverse=True)
        each = csr_array((np.ones(len(ids)), (index, np.arange(len(ids)))))  # (tokens, T)
        table = (each @ values) / np.bincount(index)[:, None]
        means = dict(zip(tokens.tolist(), table, strict=True))
        values -= table[index]
    values[:, (values**2).mean(0) < 1e-14] = 0.0  # rounding is no variance
    found, variances = principal_axes(values, components)
    largest = np.abs(found).argmax(0)
    found = found * np.where(np.take_along_axis(found, largest[None], 0) < 0, -1.0, 1.0)
    axes, explained = np.zeros((h.shape[1], components)), np.zeros(components, np.float32)
    axes[:, :found.shape[1]] = found
    total = (values**2).sum()
    if total > 0:
        explained[:found.shape[1]] = variances / total
    return Plane(middle, axes, explained, means)


def principal_path(h: Floats, components: int = 2, ids: Ids | None = None) -> PrincipalPath:
    """The path of states h (T, H) in their own plane of most variance (see `plane_of`)."""
    plane = plane_of(h, components, ids)
    return PrincipalPath(plane.of(h, ids), plane.explained)
