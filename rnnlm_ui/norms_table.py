"""The gradient's norm of each parameter over the logged steps of a run, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Norms = NDArray[np.float64]
MOST = 2_048  # rows; of a longer run every second stays, or every fourth, …
_FIRST = 3  # columns before the norms: step, and the norm of all before and after clipping


class NormsTable:
    """Rows by step, oldest first. Runs of before these norms were logged have none."""

    def __init__(self) -> None:
        self._rows: Norms = np.empty((0, _FIRST))
        self._stride, self._seen = 1, 0

    def add(self, values: Iterable[Mapping[str, Any]]) -> None:
        """Lines of `metrics.jsonl`; those without these norms, or with others, are passed over."""
        found = [row for line in values if (row := _row(line)) is not None]
        if len(self._rows) == 0 and found:
            self._rows = np.empty((0, len(found[0])))
        rows = [row for row in found if len(row) == self._rows.shape[1]]
        kept = [row for at, row in enumerate(rows, self._seen) if at % self._stride == 0]
        self._seen += len(rows)
        if kept:
            self._rows = np.vstack([self._rows, np.array(kept)])
        while len(self._rows) > MOST:
            self._rows, self._stride = self._rows[::2], 2 * self._stride

    @property
    def steps(self) -> Norms:
        return self._rows[:, 0]

    @property
    def whole(self) -> tuple[Norms, Norms]:
        """The norm of all parameters together, before clipping and after it."""
        return self._rows[:, 1], self._rows[:, 2]

    @property
    def parts(self) -> Norms:
        """Of each parameter before clipping, (steps, parameters)."""
        return self._rows[:, _FIRST:]


def by_layer(names: Sequence[str], norms: Norms) -> tuple[list[str], Norms]:
    """The layers of these parameters, lowest first, and their norms (steps, layers)."""
    layers = [".".join(name.split(".")[:2]) if name.startswith("layers.") else name.split(".")[0]
              for name in names]
    order = list(dict.fromkeys(layers))
    return order, np.column_stack([
        np.sqrt((norms[:, [layer == one for layer in layers]] ** 2).sum(1)) for one in order])


def _row(line: Mapping[str, Any]) -> list[float] | None:
    try:
        norms = line.get("parameter_norms")
        if not norms or line.get("gradient_norm") is None:
            return None
        return [float(line["step"]), float(line["gradient_norm"]), float(line["clipped_norm"]),
                *(np.nan if norm is None else float(norm) for norm in norms)]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
