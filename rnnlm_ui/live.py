"""Watching a run: the one polling fragment, and the numbers read so far.

A tail reads only what was appended since the last look. It belongs to the server, not to a tab:
thirty tabs on one run read its file once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.figures.training import LossCurves, Series
from rnnlm_core.records import StepMetrics, WrittenSample
from rnnlm_core.run.directory import RunFolder

POLL_SECONDS = 0.5
POINTS, RAW_POINTS = 250, 120  # of a series in the browser, however long the run
_COLUMNS = ("step", "loss", "validation", "gradient_norm", "clipped_norm", "seconds",
            "learning_rate")
Column = NDArray[np.float64]


def follow(draw: Callable[[], None], active: bool, key: str) -> None:
    """Draw now, and again twice a second while the run is active."""
    st.fragment(draw, run_every=POLL_SECONDS if active else None, key=key)()


class RunTail:
    """The metrics and samples of a run, as far as they have been written."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.samples: list[WrittenSample] = []
        self._rows: list[tuple[float, ...]] = []
        self._offsets = [0, 0]
        self._columns: dict[str, Column] = {}
        self._lock = threading.Lock()

    def refresh(self) -> RunTail:
        """Read what is new. A file that a resume has cut is read from its beginning."""
        with self._lock:
            rows, at = self.folder.metrics(self._offsets[0])
            if at < self._offsets[0] or _restarts(rows, self._rows):
                self._rows, (rows, at) = [], self.folder.metrics()
            samples, samples_at = self.folder.samples(self._offsets[1])
            if samples_at < self._offsets[1] or (
                    samples and self.samples and samples[0].step < self.samples[-1].step):
                self.samples, (samples, samples_at) = [], self.folder.samples()
            self._offsets = [at, samples_at]
            self.samples = [*self.samples, *samples]
            if rows or not self._columns:
                self._rows.extend(_numbers(row) for row in rows)
                table = np.array(self._rows).reshape(len(self._rows), len(_COLUMNS))
                # the downsampler wants contiguous columns
                self._columns = {name: table[:, i].copy() for i, name in enumerate(_COLUMNS)}
        return self

    @property
    def last_step(self) -> int:
        return int(self._rows[-1][0]) if self._rows else 0

    @property
    def visible(self) -> tuple[int, int]:
        """Changes when the picture would: by a hundredth of its width, or by an evaluation.

        Drawing takes time from the training beside it, so what nobody could see is not drawn.
        """
        quantum = max(1, self.last_step // 100)
        evaluated = np.isfinite(self.column("validation")).sum()
        return self.last_step // quantum * quantum, int(evaluated)

    @property
    def seconds(self) -> float:
        """Of training, at the last step read."""
        return self._rows[-1][_COLUMNS.index("seconds")] if self._rows else 0.0

    def column(self, name: str) -> Column:
        return self._columns[name]

    def validation(self) -> tuple[Column, Column]:
        """Steps and losses (nats) of the evaluations."""
        seen = np.isfinite(self._columns["validation"])
        return self._columns["step"][seen], self._columns["validation"][seen]

    def loss_curves(self, unit: Callable[[Column], Column]) -> LossCurves:
        """Thinned for the browser, in the unit of the chart."""
        steps, losses = self._columns["step"], self._columns["loss"]
        good = np.isfinite(losses)
        steps, losses = steps[good], losses[good]
        at, value = self.validation()
        return LossCurves(thinned(steps, unit(losses), RAW_POINTS), smoothed(steps, losses, unit),
                          series(at, unit(value)))


@st.cache_resource(max_entries=64, show_spinner=False)
def tail_of(path: Path) -> RunTail:
    return RunTail(RunFolder(path))


def thinned(x: Column, y: Column, points: int = POINTS) -> Series:
    """At most `points` of a series, its lows and highs kept (MinMaxLTTB)."""
    if len(x) <= points:
        return series(x, y)
    from tsdownsample import MinMaxLTTBDownsampler

    kept = MinMaxLTTBDownsampler().downsample(x, y, n_out=points)
    return series(x[kept], y[kept])


def smoothed(x: Column, y: Column, unit: Callable[[Column], Column]) -> Series:
    """The running mean over a sixtieth of the run so far, at even steps."""
    if not len(x):
        return Series()
    width = max(1, len(x) // 60)
    sums = np.concatenate([[0.0], np.cumsum(y)])
    ends = np.unique(np.linspace(1, len(x), min(len(x), POINTS)).astype(int))
    starts = np.maximum(0, ends - width)
    means = (sums[ends] - sums[starts]) / (ends - starts)
    return series(x[ends - 1], unit(means))


def series(x: Column, y: Column) -> Series:
    """Four bytes a number are plenty for a screen."""
    return Series(x.astype(np.float32), y.astype(np.float32))  # type: ignore[arg-type]


def _numbers(row: StepMetrics) -> tuple[float, ...]:
    return tuple(np.nan if (value := getattr(row, name)) is None else float(value)
                 for name in _COLUMNS)


def _restarts(rows: list[StepMetrics], known: list[tuple[float, ...]]) -> bool:
    return bool(rows and known and rows[0].step <= known[-1][0])
