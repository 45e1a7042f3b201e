"""The logged steps of a run in bounded memory, however long it trains.

Up to `MOST` rows every one is kept. From there on, of the older rows stay: every n-th (`even`, a
fair sample: means and spreads over it are those of the run), the lowest and highest losses and
gradient norms of each stretch (for drawing), and the evaluations. Each kept row knows how many rows
lie before it and their sum of losses, so running means stay exact means of all rows between two
kept ones; counts and shares are counted when a row arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

COLUMNS = ("step", "loss", "validation", "gradient_norm", "clipped_norm", "seconds",
           "learning_rate")
_COUNTED = ("row", "losses", "loss_sum")  # up to and including this one; losses that are numbers
_AT = {name: index for index, name in enumerate((*COLUMNS, *_COUNTED))}
MOST = 8_192
_EVEN, _EVALUATIONS, _RECENT, _STRETCHES = 2_048, 2_048, 256, 256


class MetricsTable:
    """Rows by step, oldest first; `add` takes only later ones."""

    def __init__(self) -> None:
        self._rows = np.empty((0, len(_AT)))
        self._stride = 1  # of the even sample
        self.count = self.evaluations = self._norms = self._clipped = 0
        self._split()

    def add(self, rows: NDArray[np.float64]) -> None:
        """rows (n, len(COLUMNS)), by step; what was not measured is NaN."""
        if not len(rows):
            return
        before = self._rows[-1] if len(self._rows) else np.zeros(len(_AT))
        good = np.isfinite(rows[:, _AT["loss"]])
        norm, clipped = rows[:, _AT["gradient_norm"]], rows[:, _AT["clipped_norm"]]
        counted = np.column_stack([
            np.arange(len(rows)) + self.count,
            before[_AT["losses"]] + np.cumsum(good),
            before[_AT["loss_sum"]] + np.cumsum(np.where(good, rows[:, _AT["loss"]], 0.0))])
        self.count += len(rows)
        self.evaluations += int(np.isfinite(rows[:, _AT["validation"]]).sum())
        self._norms += int(np.isfinite(norm).sum())
        self._clipped += int((clipped < norm).sum())
        self._rows = np.vstack([self._rows, np.hstack([rows, counted])])
        if len(self._rows) > MOST:
            self._thin()
        self._split()

    def _split(self) -> None:
        # the downsampler wants contiguous columns
        self._columns = {name: self._rows[:, at].copy() for name, at in _AT.items()}
        self._fair = (self._columns["row"] % self._stride == 0) | np.isfinite(
            self._columns["validation"])
        self._fair[-1:] = True

    def _thin(self) -> None:
        while self.count / self._stride > _EVEN:
            self._stride *= 2
        number = self._rows[:, _AT["row"]]
        kept = number % self._stride == 0
        kept[-_RECENT:] = True
        for name in ("loss", "gradient_norm"):
            kept[_extremes(number, self._rows[:, _AT[name]], _STRETCHES)] = True
        evaluated = np.flatnonzero(np.isfinite(self._rows[:, _AT["validation"]]))
        if len(evaluated) > _EVALUATIONS:
            stay = evaluated[_extremes(
                number[evaluated], self._rows[evaluated, _AT["validation"]], _EVALUATIONS // 4)]
            stay = np.union1d(stay, evaluated[[0, -1]])
            # one that is left out may still be a row of the even sample, as a step
            self._rows[np.setdiff1d(evaluated, stay), _AT["validation"]] = np.nan
            evaluated = stay
        kept[evaluated] = True
        self._rows = self._rows[kept]

    # -- what is asked --------------------------------------------------------------------------
    def column(self, name: str) -> Column:
        """Of all rows kept: for curves, and to find a step. The older ones are no fair sample."""
        return self._columns[name]

    def even(self, name: str) -> Column:
        """Of a fair sample: every n-th row, the evaluations and the last row."""
        return self._columns[name][self._fair]

    def last(self, name: str) -> float:
        """0 where there is no row yet."""
        return float(self._columns[name][-1]) if len(self._rows) else 0.0

    @property
    def clipped_share(self) -> float:
        """Of all logged steps whose norm is known, those that were clipped."""
        return self._clipped / self._norms if self._norms else 0.0

    def running_mean(self, points: int, parts: int) -> tuple[Column, Column]:
        """Steps and mean losses over as many logged steps up to each as make one of `parts` of
        the run, at `points` even places."""
        good = np.isfinite(self._columns["loss"])
        counts = self._columns["losses"][good]
        if not len(counts):
            return np.empty(0), np.empty(0)
        total = int(counts[-1])
        ends = np.unique(np.linspace(1, total, min(total, points)).astype(int))
        end = np.unique(np.searchsorted(counts, ends))
        width = max(1, total // parts)
        start = np.searchsorted(counts, counts[end] - width, side="right")  # rows before it
        sums = np.concatenate([[0.0], self._columns["loss_sum"][good]])
        before = np.concatenate([[0.0], counts])
        means = (sums[end + 1] - sums[start]) / (before[end + 1] - before[start])
        return self._columns["step"][good][end], means


def numbers(values: Iterable[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Rows for `add` from the lines of `metrics.jsonl`; a line that is none is passed over."""
    rows = []
    for line in values:
        try:
            rows.append([np.nan if (value := line.get(name)) is None else float(value)
                         for name in COLUMNS])
        except (AttributeError, TypeError, ValueError):
            continue
    found = np.array(rows, np.float64).reshape(len(rows), len(COLUMNS))
    return found[np.isfinite(found[:, 0])]


def _extremes(number: Column, values: Column, stretches: int) -> NDArray[np.intp]:
    """Where the lowest and the highest value of each of so many equal stretches lie."""
    good = np.flatnonzero(np.isfinite(values))
    if not len(good):
        return good
    first, last = number[good[0]], number[good[-1]]
    stretch = ((number[good] - first) / max(1.0, last - first + 1) * stretches).astype(int)
    by_value = good[np.lexsort((values[good], stretch))]
    edges = np.flatnonzero(np.diff(np.sort(stretch))) + 1  # where the next stretch begins
    return np.unique(np.concatenate([by_value[np.concatenate([[0], edges])],
                                     by_value[np.concatenate([edges - 1, [len(good) - 1]])]]))
