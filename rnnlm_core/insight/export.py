"""What was read off a run, as a file for a notebook: arrays with their names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np

from rnnlm_core.insight.states import StateReading


def states_npz(reading: StateReading) -> bytes:
    """A `.npz` of a text as the network read it, for `numpy.load`.

    text, pieces (T,), ids (T,), h and, of an LSTM, c (L, T, H), gate_i … or gate_r … (L, T, H),
    surprise and entropy in bits (T,), the first one NaN. L layers, lowest first; T tokens; H units.
    """
    arrays = {"text": np.array(reading.text), "pieces": np.array(reading.pieces),
              "ids": reading.ids, "h": reading.h, "surprise": reading.surprise,
              "entropy": reading.entropy}
    if reading.c is not None:
        arrays["c"] = reading.c
    arrays |= {f"gate_{name}": values for name, values in reading.gates.items()}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def csv_of(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with its names as comma-separated values (RFC 4180), for `pandas.read_csv`."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return file.getvalue()
