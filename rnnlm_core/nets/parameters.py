"""How many numbers a model holds, by formula, without building it (and without torch)."""

from __future__ import annotations

from dataclasses import dataclass

from rnnlm_core.config import RunConfig

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
_ADAM_BYTES = 16  # weight, gradient and two moments, 4 bytes each


@dataclass(frozen=True)
class ParameterRow:
    """One array: its name, shape, the formula of its size in V, E, H and its size."""

    name: str
    shape: tuple[int, ...]
    formula: str
    count: int


def parameter_table(config: RunConfig, vocabulary: int) -> list[ParameterRow]:
    """Every array of the model, in PyTorch's layout (two biases a layer)."""
    v, e, h, g = vocabulary, config.embedding, config.hidden, GATES[config.cell]
    gates = "" if g == 1 else f"{g}·"
    rows = [ParameterRow("E", (v, e), "V·E", v * e)]
    for layer in range(config.layers):
        inputs, symbol = (e, "E") if layer == 0 else (h, "H")
        mark = f"⁽{'¹²³⁴'[layer]}⁾" if config.layers > 1 else ""
        rows += [
            ParameterRow(f"W_ih{mark}", (g * h, inputs), f"{gates}H·{symbol}", g * h * inputs),
            ParameterRow(f"W_hh{mark}", (g * h, h), f"{gates}H·H", g * h * h),
            ParameterRow(f"b_ih{mark}, b_hh{mark}", (2, g * h), f"2·{gates}H", 2 * g * h)]
    return [*rows, ParameterRow("W_o", (v, h), "V·H", v * h), ParameterRow("b_o", (v,), "V", v)]


def parameter_count(config: RunConfig, vocabulary: int) -> int:
    return sum(row.count for row in parameter_table(config, vocabulary))


def training_megabytes(config: RunConfig, vocabulary: int) -> float:
    """About what training needs: parameters with Adam, and the activations of one batch."""
    positions = config.batch * config.sequence_length
    a_position = 2 * GATES[config.cell] * config.hidden * config.layers + 3 * vocabulary
    return (_ADAM_BYTES * parameter_count(config, vocabulary) + 8 * positions * a_position) / 1e6
