"""Where the nodes of a graph are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDS = 200

Doubles = NDArray[np.float64]


def force_layout(weights: Doubles, start: Doubles) -> Doubles:
    """Places (k, 2) within the unit square from weights (k, k) ≥ 0 and a first guess (k, 2).

    What is joined draws together by its weight, everything pushes apart. Nothing is drawn by lot:
    the same graph lies the same way.
    Source: Fruchterman & Reingold 1991, Software: Practice and Experience 21(11).
    """
    k = len(weights)
    if k < 2:
        return np.full((k, 2), 0.5)
    pull = weights + weights.T
    np.fill_diagonal(pull, 0.0)
    angle = 2 * np.pi * np.arange(k) / k
    places = _in_square(start) + 0.02 * np.stack([np.cos(angle), np.sin(angle)], 1)
    ideal = 0.9 / np.sqrt(k)
    for heat in np.linspace(0.1, 0.002, ROUNDS):
        apart = places[:, None] - places[None]
        distance = np.maximum(np.linalg.norm(apart, axis=2), 1e-6)
        force = ideal**2 / distance**2 - pull * distance / ideal
        np.fill_diagonal(force, 0.0)
        move = (apart * force[..., None]).sum(1) + 0.3 * (0.5 - places)  # none drifts away
        length = np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-9)
        places = places + move / length * np.minimum(length, heat)
    return _in_square(_apart(_in_square(places), 0.75 / np.sqrt(k)))


def _apart(places: Doubles, least: float) -> Doubles:
    """Whatever is nearer to each other than `least` is moved away from each other, again and again.
    """
    for _ in range(ROUNDS):
        between = places[:, None] - places[None]
        distance = np.linalg.norm(between, axis=2)
        np.fill_diagonal(distance, np.inf)
        if distance.min() >= least:
            break
        push = np.maximum(least - distance, 0) / np.maximum(distance, 1e-9)
        places = places + 0.25 * (between * push[..., None]).sum(1)
    return places


def _in_square(places: Doubles) -> Doubles:
    low, high = places.min(0), places.max(0)
    spread = high - low
    return np.where(spread > 1e-9, (places - low) / np.maximum(spread, 1e-9), 0.5)
