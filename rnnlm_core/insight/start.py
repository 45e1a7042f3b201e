"""What a start of the weights means, by formula: how fast a gradient fades before any training.

No torch and no drawing of numbers: values for a large H. They hold for the direct path only, and
before training; the Gradients page measures the whole gradient of a real network.

Source: circular law (Girko 1984; entries of variance s² / H have spectral radius s), σ_max → 2 s
(Geman 1980); Le et al. 2015 (identity); Saxe et al. 2014 (orthogonal); Gers et al. 2000 (forget
bias); Tallec & Ollivier 2018 (chrono).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnnlm_core.config import RunConfig
from rnnlm_core.insight.activations import LARGEST_SLOPE
from rnnlm_core.nets.cnn_shape import dilations, true_receptive_field

_PYTORCH = 1 / math.sqrt(3)  # U(±1/√H) has variance 1 / (3 H)
HORIZON = 0.01  # what counts as gone


@dataclass(frozen=True)
class Spectrum:
    """Of W_hh at the start: spectral radius and largest singular value, and what the activation's
    steepest slope makes of them a step."""

    radius: float
    largest: float
    slope: float  # γ = sup |φ'|

    @property
    def bound(self) -> float:
        """No step's Jacobian stretches a vector by more: γ σ_max."""
        return self.slope * self.largest


def spectrum(config: RunConfig) -> Spectrum:
    """Of one block of W_hh, as the config draws it."""
    slope = LARGEST_SLOPE[config.activation] if config.cell == "rnn" else 1.0
    if config.initialisation in ("orthogonal", "identity"):
        return Spectrum(config.gain, config.gain, slope)
    radius = _PYTORCH if config.initialisation == "pytorch" else config.gain
    return Spectrum(radius, 2 * radius, slope)


def fading(config: RunConfig) -> float | None:
    """Factor a step of the gradient through an RNN whose state is near 0 and that reads nothing.

    ρ·φ'(0): the long run of a fixed W_hh (Gelfand). ReLU lets half of the directions through, so
    ρ/√2, except beside an identity W_hh, where a state that is positive stays so. None for the
    other cells. What it reads makes a tanh network fade faster still.
    """
    if config.cell != "rnn":
        return None
    found = spectrum(config)
    if config.activation == "relu" and config.initialisation != "identity":
        return found.radius / math.sqrt(2)
    return found.radius * found.slope


def kept(config: RunConfig) -> tuple[float, float] | None:
    """Share of a unit that its gate keeps at each step before training, of the unit that keeps
    least and most; both the same without a chrono start. None for cells without such a gate.

    σ(b) of the LSTM's forget gate or the GRU's update gate (PyTorch's z = 1 keeps). The chrono
    start draws b = log U(1, T_max − 1), so that σ(b) = u / (1 + u).
    """
    if config.cell not in ("lstm", "gru"):
        return None
    if config.chrono_steps:
        longest = max(1.0, config.chrono_steps - 1.0)
        return 0.5, longest / (1 + longest)
    bias = config.forget_bias if config.cell == "lstm" else config.update_bias
    share = 1 / (1 + math.exp(-bias))
    return share, share


def half_life(factor: float) -> float:
    """Steps until half is left; infinite where nothing fades."""
    return math.log(0.5) / math.log(factor) if 0 < factor < 1 else 0.0 if factor <= 0 else math.inf


def horizon(factor: float) -> float:
    """Steps until 1 % is left; infinite where nothing fades."""
    return math.log(HORIZON) / math.log(factor) if 0 < factor < 1 else \
        0.0 if factor <= 0 else math.inf


def in_sight(config: RunConfig) -> tuple[int, int] | None:
    """Of a CNN: tokens that a guess depends on, and blocks that a gradient passes on its way."""
    if config.cell != "cnn":
        return None
    found = dilations(config.receptive_field)
    return true_receptive_field(found), len(found)
