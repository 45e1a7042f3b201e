"""Activation functions and their slopes, of arrays of any shape; no torch is needed."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Slope = Literal["tanh", "sigmoid", "relu", "identity"]
LARGEST_SLOPE = {"tanh": 1.0, "sigmoid": 0.25, "relu": 1.0, "identity": 1.0}  # γ = sup |φ'|


def phi(a: Floats, activation: Slope) -> Floats:
    """φ(a)."""
    if activation == "tanh":
        return np.tanh(a)
    if activation == "sigmoid":
        return 0.5 + 0.5 * np.tanh(0.5 * a)  # never overflows
    return np.maximum(a, 0) if activation == "relu" else a


def derivative(a: Floats, activation: Slope) -> Floats:
    """φ'(a)."""
    return slope_at(a, phi(a, activation), activation)


def slope_at(a: Floats, h: Floats, activation: Slope) -> Floats:
    """φ'(a) where h = φ(a) is there already."""
    if activation == "tanh":
        return 1 - h * h
    if activation == "sigmoid":
        return h * (1 - h)
    return (a > 0).astype(np.float64) if activation == "relu" else np.ones_like(a)
