"""How often a label would be told right by one unit, by all of them together, by the character.

AUC does not say how often a reader of a unit would decide right; these accuracies do. All three
readers are fitted on the first half of a text and scored on the second, where also the share that
the commoner answer alone gets right is taken: the level that an accuracy has to pass.

Source: linear probes: Alain & Bengio 2016 (arXiv 1610.01644); a probe that is right says that the
state holds the label, not that the network uses it: Belinkov 2022 (arXiv 2102.12452).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.picking import Floats, Where, thinned

FITTED_ON = 4_000  # places of the first half, evenly, for the probe
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of the mean square of a unit
_TRIED_ON = 4  # every so manieth block of the first half is kept to choose among them
_BLOCK = 50  # places: neighbours are nearly the same case, and would tell

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Accuracies:
    """Shares of `cases` on the second half that are told right."""

    unit: float  # by one unit and one threshold
    probe: float  # by a weighted sum of all units and one threshold
    character: float  # by the current token alone: the commoner answer at each
    base: float  # by always giving the answer that is commoner in the first half
    cases: int
    cut: float  # of a real-valued label: it is told whether it is above this, its median


def accuracies(states: Floats, label: Label, ids: NDArray[np.int64], unit: int) -> Accuracies:
    """For the label at tokens `ids` (T,), by row `unit` of states (U, T), by all rows, by token.

    A real-valued label is told from above to below its median on the first half. Both halves must
    have cases of the label (`picking.has_enough`).
    """
    first = np.arange(len(ids)) < len(ids) // 2
    fit, held = label.where & first, label.where & ~first
    cut = 0.5 if label.kind == "binary" else float(np.median(label.values[fit]))
    truth = label.values > cut
    alone = Threshold.fitted(states[unit, fit].astype(np.float64), truth[fit])
    return Accuracies(
        _share(alone.says(states[unit, held].astype(np.float64)), truth[held]),
        _share(_by_probe(states, truth, fit, held), truth[held]),
        _share(_by_token(ids, truth, fit, held), truth[held]),
        _share(np.full(int(held.sum()), truth[fit].mean() > 0.5), truth[held]),
        int(held.sum()), cut)


def _share(said: Bools, truth: Bools) -> float:
    return float((said == truth).mean())


@dataclass(frozen=True)
class Threshold:
    """Says yes above `cut` (`above`) or at and below it."""

    cut: float
    above: bool

    @classmethod
    def fitted(cls, values: Doubles, truth: Bools) -> Threshold:
        """The one that is right most often on values (n,); −∞ where none beats one answer."""
        order = np.argsort(values, kind="stable")
        ordered, yes = values[order], truth[order]
        below = np.concatenate([[0], np.cumsum(np.where(yes, -1, 1))])  # right when above says yes
        right = int(yes.sum()) + below  # cut before each value: no at all that lie below it
        fresh = np.ones(len(values) + 1, bool)  # equal values cannot be parted
        fresh[1:-1] = ordered[1:] > ordered[:-1]
        score = np.where(fresh, right, -1)
        turned = np.where(fresh, len(values) - right, -1)
        above = bool(score.max() >= turned.max())
        at = int((score if above else turned).argmax())
        return cls(-np.inf if at == 0 else float(ordered[at - 1]), above)

    def says(self, values: Doubles) -> Bools:
        said: Bools = (values > self.cut) == self.above
        return said


def _by_token(ids: NDArray[np.int64], truth: Bools, fit: Where, held: Where) -> Bools:
    """The commoner answer at each token; of one that the first half lacks, that of all."""
    size = int(ids.max()) + 1
    seen = np.bincount(ids[fit], minlength=size)
    yes = np.bincount(ids[fit], weights=truth[fit], minlength=size)
    answer = np.where(seen > 0, 2 * yes > seen, truth[fit].mean() > 0.5)
    found: Bools = answer[ids[held]]
    return found


# -- all units together ---------------------------------------------------------------------------
def _by_probe(states: Floats, truth: Bools, fit: Where, held: Where) -> Bools:
    """A ridge regression on the units, each to mean 0 and deviation 1, and a threshold on it."""
    places = np.flatnonzero(thinned(fit, FITTED_ON))
    units, target = states[:, places].T.astype(np.float64), truth[places]
    mean, scale = units.mean(0), units.std(0)
    scale[scale < 1e-9] = 1.0
    units = (units - mean) / scale
    weights = ridge(units, target, _strength(units, target))
    threshold = Threshold.fitted(units @ weights, target)
    weights = weights / scale  # so that the second half need not be scaled
    return threshold.says((weights @ states[:, held].astype(np.float64)) - mean @ weights)


def ridge(units: Doubles, target: Bools, strength: float) -> Doubles:
    """The w (U,) of least ‖units w − (target − its mean)‖² + n · strength · ‖w‖²."""
    n, width = units.shape
    centred = target - target.mean()
    weights: Doubles = np.linalg.solve(units.T @ units + n * strength * np.eye(width),
                                       units.T @ centred)
    return weights


def _strength(units: Doubles, target: Bools) -> float:
    """The one of `RIDGES` that errs least on blocks of the first half that it was not fitted on."""
    tried = np.arange(len(target)) // _BLOCK % _TRIED_ON == _TRIED_ON - 1
    if not tried.any():
        return RIDGES[-1]
    wanted = target[tried] - target[~tried].mean()
    errors = [((units[tried] @ ridge(units[~tried], target[~tried], strength) - wanted) ** 2).mean()
              for strength in RIDGES]
    return RIDGES[int(np.argmin(errors))]
