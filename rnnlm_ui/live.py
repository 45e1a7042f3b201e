"""Watching a run: the one polling fragment, and the numbers read so far.

A tail reads only what was appended since the last look. It belongs to the server, not to a tab:
thirty tabs on one run read its file once.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from rnnlm_core.figures.training import LossCurves, Series
from rnnlm_core.records import WrittenSample
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.metrics_table import Column, MetricsTable, numbers
from rnnlm_ui.norms_table import NormsTable

POLL_SECONDS = 0.5
POINTS, RAW_POINTS = 250, 120  # of a series in the browser, however long the run
SAMPLES = 256  # kept in memory
_BLOCK = 1_000_000  # bytes of a file read at once


def follow(draw: Callable[[], None], active: bool, key: str) -> None:
    """Draw now, and again twice a second while the run is active."""
    st.fragment(draw, run_every=POLL_SECONDS if active else None, key=key)()


class RunTail:
    """The metrics and samples of a run, as far as they have been written; `norms`: of its parts.

    Its memory and the time of a look are bounded, however long the run: see `MetricsTable`. Of
    the samples, some hundred stay, spread over the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.samples: list[WrittenSample] = []
        self._table, self.norms = MetricsTable(), NormsTable()
        self._at = self._samples_at = 0  # bytes read
        self._lock = threading.Lock()

    def refresh(self) -> RunTail:
        """Read what is new; returns a picture of the run that another tab's look does not change.

        A file that a resume has cut is read from its beginning.
        """
        with self._lock:
            self._read_metrics()
            self._read_samples()
            return copy.copy(self)

    def _read_metrics(self) -> None:
        table, norms, cut = copy.copy(self._table), copy.copy(self.norms), False
        while True:
            values, at = self.folder.metric_values(self._at, _BLOCK)
            rows = numbers(values)
            if not cut and (at < self._at or (len(rows) and rows[0, 0] <= table.last("step"))):
                table, norms, self._at, cut = MetricsTable(), NormsTable(), 0, True
                continue
            table.add(rows)
            norms.add(values)
            if at == self._at:
                break
            self._at = at
        self._table, self.norms = table, norms

    def _read_samples(self) -> None:
        samples, cut = self.samples, False
        while True:
            found, at = self.folder.samples(self._samples_at, _BLOCK)
            if not cut and (at < self._samples_at or (
                    found and samples and found[0].step < samples[-1].step)):
                samples, self._samples_at, cut = [], 0, True
                continue
            if at == self._samples_at:
                break
            samples, self._samples_at = spread([*samples, *found]), at
        self.samples = samples

    @property
    def last_step(self) -> int:
        return int(self._table.last("step"))

    @property
    def visible(self) -> tuple[int, int]:
        """Changes when the picture would: by a hundredth of its width, or by an evaluation.

        Drawing takes time from the training beside it, so what nobody could see is not drawn.
        """
        quantum = max(1, self.last_step // 100)
        return self.last_step // quantum * quantum, self._table.evaluations

    @property
    def seconds(self) -> float:
        """Of training, at the last step read."""
        return self._table.last("seconds")

    @property
    def clipped_share(self) -> float:
        """Of all logged steps, those whose gradient was clipped."""
        return self._table.clipped_share

    def column(self, name: str) -> Column:
        """For curves: every row of a run of usual length, else also the extremes of each stretch
        (see `MetricsTable.column`)."""
        return self._table.column(name)

    def even(self, name: str) -> Column:
        """For statistics: a fair sample of the rows."""
        return self._table.even(name)

    def validation(self) -> tuple[Column, Column]:
        """Steps and losses (nats) of the evaluations."""
        losses = self._table.column("validation")
        seen = np.isfinite(losses)
        return self._table.column("step")[seen], losses[seen]

    def loss_curves(self, unit: Callable[[Column], Column]) -> LossCurves:
        """Thinned for the browser, in the unit of the chart."""
        steps, losses = self._table.column("step"), self._table.column("loss")
        good = np.isfinite(losses)
        (smooth_steps, means), (at, value) = self._table.running_mean(POINTS, 60), self.validation()
        return LossCurves(thinned(steps[good], unit(losses[good]), RAW_POINTS),
                          series(smooth_steps, unit(means)), series(at, unit(value)))


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


def spread(samples: list[WrittenSample]) -> list[WrittenSample]:
    """At most `SAMPLES` of them, by step: dense at the beginning, where most changes, and even
    after it; the first and the newest always."""
    if len(samples) <= SAMPLES:
        return samples
    steps = np.array([float(sample.step) for sample in samples])
    wanted = np.concatenate([np.geomspace(max(1.0, steps[0]), steps[-1], SAMPLES // 4),
                             np.linspace(steps[0], steps[-1], SAMPLES // 4)])
    kept = np.unique(np.searchsorted(steps, wanted).clip(0, len(steps) - 1))
    return [samples[i] for i in sorted({0, *kept.tolist(), len(samples) - 1})]


def series(x: Column, y: Column) -> Series:
    """Four bytes a number are plenty for a screen."""
    return Series(x.astype(np.float32), y.astype(np.float32))  # type: ignore[arg-type]

