"""Changing units while the network reads: what a search found is used only if a change shows it.

An `Intervention` says which units, at which steps, and what becomes of their values. It compiles to
a `nets.cells.Hook`, so that reading, writing, scoring and losses under it all go one way; the
weights are never touched. `side_by_side` does several at once, each in its own rows of a batch:
the untouched run, the change, and the same change of other units to compare with (`control_units`,
`matched`).

An LSTM's h is computed from its c, so a changed c shows in h at the same step; a changed h leaves c
alone.

Source: holding a unit: Radford et al. 2017 (arXiv 1704.01444); values of another text (interchange,
activation patching): Geiger et al. 2021 (arXiv 2106.02997), Vig et al. 2020 (arXiv 2004.12265).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.errors import BadInput
from rnnlm_core.insight.units import Part
from rnnlm_core.nets.cells import Hook, State

Kind = Literal["clamp", "zero", "flip", "scale", "swap", "patch"]
KINDS: tuple[Kind, ...] = ("clamp", "zero", "flip", "scale", "swap", "patch")
CONTROLS = 5
_ALIKE = 3  # controls are drawn from so many times as many units of the most similar spread

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Intervention:
    """One change of n units of one layer, at the steps `since` ≤ t < `until`.

    `clamp` holds each unit at `value`; `zero` at 0; `flip` turns the sign; `scale` multiplies by
    `value`; `swap` gives each unit the value of the next one (two units: an exchange); `patch`
    gives row k of `donor` at the k-th step of the span: the same units' values in another text.
    Where the donor has fewer rows than the span has steps, the rest is left alone.
    Errors: `intervention.no_unit`, `intervention.swap_two`.
    """

    units: tuple[int, ...]
    kind: Kind
    value: float | tuple[float, ...] = 0.0  # one for all units, or one each
    part: Part = "h"
    layer: int = 0  # lowest is 0
    since: int = 0
    until: int | None = None  # None: to the end
    donor: tuple[tuple[float, ...], ...] = ()  # (steps, n)

    def __post_init__(self) -> None:
        if not self.units:
            raise BadInput("intervention.no_unit")
        if self.kind == "swap" and len(self.units) < 2:
            raise BadInput("intervention.swap_two")

    def over(self, since: int, until: int | None = None) -> Intervention:
        """The same change at other steps."""
        return replace(self, since=since, until=until)

    def acts(self, layer: int, t: int) -> bool:
        if layer != self.layer or t < self.since or (self.until is not None and t >= self.until):
            return False
        return self.kind != "patch" or t - self.since < len(self.donor)

    def changed(self, values: Tensor, t: int) -> Tensor:
        """What becomes of the units' values (B, n) at step t."""
        if self.kind == "flip":
            return -values
        if self.kind == "scale":
            return values * values.new_tensor(self.value)
        if self.kind == "swap":
            return values.roll(-1, 1)
        if self.kind == "patch":
            return values.new_tensor(self.donor[t - self.since]).expand_as(values)
        return values.new_tensor(self.value if self.kind == "clamp" else 0.0).expand_as(values)

    @property
    def hook(self) -> Hook:
        """For `unroll` and `generate`: every row of the batch is changed."""
        return side_by_side([self])


def side_by_side(changes: Sequence[Intervention | None]) -> Hook:
    """For a batch of K · n rows: rows k·n … (k+1)·n − 1 are changed by `changes[k]`, None: not."""
    units = [torch.tensor(change.units) if change is not None else None for change in changes]

    def hook(layer: int, t: int, state: State) -> State:
        parts = list(state)
        n = state[0].shape[0] // len(changes)
        for k, change in enumerate(changes):
            if change is None or not change.acts(layer, t):
                continue
            index = 0 if change.part == "h" else 1
            if parts[index] is state[index]:
                parts[index] = state[index].clone()
            rows = slice(k * n, (k + 1) * n)
            parts[index][rows, units[k]] = change.changed(state[index][rows][:, units[k]], t)
        return tuple(parts)
    return hook


def kept_up(change: Intervention, place: int) -> Hook:
    """The change in its span, and again from step `place` on: while the network writes from there.

    A patch has no values beyond its donor's, so it ends with its span.
    """
    if change.kind == "patch":
        return change.hook
    if change.until is None or change.until >= place:
        return change.over(change.since).hook
    first, later = change.hook, change.over(place).hook
    return lambda layer, t, state: later(layer, t, first(layer, t, state))


# -- other units, to compare with ---------------------------------------------------------------
class Spread(NamedTuple):
    """How each of H units varies over a text."""

    mean: Floats
    sd: Floats
    low: Floats
    high: Floats


def spread_of(values: Floats) -> Spread:
    """values (T, H) → (H,) each."""
    exact = np.asarray(values, np.float64)
    return Spread(exact.mean(0), exact.std(0), exact.min(0), exact.max(0))


def control_units(sd: Floats, units: Sequence[int], count: int = CONTROLS, seed: int = 0
                  ) -> list[tuple[int, ...]]:
    """Up to `count` draws of as many other units, among those whose spread sd (H,) is most like.

    Each draw has other units than the chosen ones and than every draw before it, as long as there
    are enough of them; none where there are fewer than were chosen.
    """
    chosen = list(dict.fromkeys(units))
    others = np.setdiff1d(np.arange(len(sd)), chosen)
    if len(others) < len(chosen):
        return []
    size = np.log(np.maximum(sd, 1e-9))
    distance = np.abs(size[others] - size[chosen].mean())
    wanted = count * len(chosen)
    pool = others[np.argsort(distance, kind="stable")][:_ALIKE * wanted]
    drawn = np.random.Generator(np.random.PCG64(seed)).permutation(pool)
    sets = [tuple(sorted(int(u) for u in drawn[at:at + len(chosen)]))
            for at in range(0, len(drawn) - len(chosen) + 1, len(chosen))]
    return sets[:count]


def matched(change: Intervention, units: tuple[int, ...], spread: Spread,
            donor: Floats | None = None) -> Intervention:
    """The same change of other units.

    A clamp goes as far from each unit's own mean, in standard deviations, as it takes the unit that
    it stands for, but not beyond what the unit itself reaches; `donor` (steps, H) has the other
    text's values of all units for a patch. Everything else is simply done to the other units.
    """
    if change.kind == "patch":
        assert donor is not None
        return replace(change, units=units, donor=rows_of(donor, units))
    if change.kind != "clamp":
        return replace(change, units=units)
    own, its = list(change.units), list(units)
    far = (np.asarray(change.value) - spread.mean[own]) / np.maximum(spread.sd[own], 1e-9)
    values = np.clip(spread.mean[its] + far * spread.sd[its], spread.low[its],
                     spread.high[its])
    return replace(change, units=units, value=tuple(float(v) for v in values))


def rows_of(states: Floats, units: Sequence[int]) -> tuple[tuple[float, ...], ...]:
    """`donor` of these units from states (steps, H)."""
    return tuple(tuple(float(v) for v in row) for row in states[:, list(units)])
