"""One line of the table of parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ParameterRow:
    """One array: its name, shape, the formula of its size in V, E, H and its size."""

    name: str
    shape: tuple[int, ...]
    formula: str
    count: int
    part: str = "output"  # as in `Plan.layer_names`: embedding, layers.0, …, norms, output
