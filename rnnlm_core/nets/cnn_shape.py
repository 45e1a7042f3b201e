"""How far a causal CNN looks back and how many numbers it holds, by formula (and without torch).

A block whose kernel has k taps, d tokens apart, sees (k − 1)·d tokens further back than the block
below it: the receptive field is 1 + Σ (k − 1)·d, its own token included. Doubling d from block to
block reaches R tokens with about log₂ R blocks.

Source: van den Oord et al. 2016 (arXiv 1609.03499, dilations that double).
"""

from __future__ import annotations

from collections.abc import Sequence

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.parameter_row import ParameterRow

KERNEL = 2  # taps: with two, every receptive field from 2 on can be met exactly
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def dilations(receptive_field: int, kernel: int = KERNEL) -> tuple[int, ...]:
    """One dilation a block, lowest first: 1, 2, 4, …, the last one cut to what is still missing.

    The blocks together see `receptive_field` tokens, or the next number that can be had (with three
    taps only odd ones can). No token in between is left out: below a block of dilation d lie blocks
    that see d tokens or more. Needs receptive_field ≥ 2 and kernel ≥ 2.
    """
    found: list[int] = []
    missing, dilation = receptive_field - 1, 1
    while missing > 0:
        found.append(min(dilation, -(-missing // (kernel - 1))))
        missing -= (kernel - 1) * found[-1]
        dilation *= 2
    return tuple(found)


def true_receptive_field(dilations: Sequence[int], kernel: int = KERNEL) -> int:
    """Tokens that one output depends on, the newest included."""
    return 1 + (kernel - 1) * sum(dilations)


def cnn_parameter_rows(config: RunConfig, vocabulary: int, kernel: int = KERNEL
                       ) -> list[ParameterRow]:
    """The trained arrays of `nets.cnn.CausalCNN` between embedding and output layer."""
    v, e, h, k = vocabulary, config.embedding, config.hidden, kernel
    inputs, symbol = (e, "E") if e else (v, "V")
    rows = []
    if inputs != h:
        rows.append(ParameterRow("W_in", (h, inputs), f"H·{symbol}", h * inputs, "projection"))
    norms = []
    for index, _ in enumerate(dilations(config.receptive_field, k)):
        mark, part = f"⁽{str(index + 1).translate(_SUPERSCRIPTS)}⁾", f"layers.{index}"
        rows += [ParameterRow(f"W{mark}", (h, k * h), f"H·{k}·H", h * k * h, part),
                 ParameterRow(f"b{mark}", (h,), "H", h, part)]
        if config.layer_norm:
            norms.append(ParameterRow(f"γ{mark}, β{mark}", (2, h), "2·H", 2 * h, "norms"))
    return [*rows, *norms]
