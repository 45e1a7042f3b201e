"""How many numbers a model holds, by formula, without building it (and without torch)."""

from __future__ import annotations

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.adaptive_shape import adaptive_parameter_rows
from rnnlm_core.nets.cnn_shape import cnn_parameter_rows, dilations
from rnnlm_core.nets.parameter_row import ParameterRow

__all__ = ["GATES", "ParameterRow", "parameter_count", "parameter_table", "training_megabytes"]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
_ADAM_BYTES = 16  # weight, gradient and two moments, 4 bytes each


def parameter_table(config: RunConfig, vocabulary: int) -> list[ParameterRow]:
    """Every trained array of the model, in PyTorch's layout (two biases a layer)."""
    v, e = vocabulary, config.embedding
    rows = [ParameterRow("E", (v, e), "V·E", v * e, "embedding")] if e else []
    rows += cnn_parameter_rows(config, v) if config.cell == "cnn" else _recurrent_rows(config, v)
    return [*rows, *_output_rows(config, v)]


def _recurrent_rows(config: RunConfig, vocabulary: int) -> list[ParameterRow]:
    h, g = config.hidden, GATES[config.cell]
    gates = "" if g == 1 else f"{g}·"
    first, symbol = (config.embedding, "E") if config.embedding else (vocabulary, "V")
    rows: list[ParameterRow] = []
    norms: list[ParameterRow] = []
    for layer in range(config.layers):
        inputs, symbol = (first, symbol) if layer == 0 else (h, "H")
        mark = f"⁽{'¹²³⁴'[layer]}⁾" if config.layers > 1 else ""
        part = f"layers.{layer}"
        rows += [
            ParameterRow(f"W_ih{mark}", (g * h, inputs), f"{gates}H·{symbol}", g * h * inputs,
                         part),
            ParameterRow(f"W_hh{mark}", (g * h, h), f"{gates}H·H", g * h * h, part),
            ParameterRow(f"b_ih{mark}, b_hh{mark}", (2, g * h), f"2·{gates}H", 2 * g * h, part)]
        if config.layer_norm:
            norms.append(ParameterRow(f"γ{mark}, β{mark}", (2, h), "2·H", 2 * h, "norms"))
    return [*rows, *norms]


def _output_rows(config: RunConfig, vocabulary: int) -> list[ParameterRow]:
    v, h = vocabulary, config.hidden
    if config.softmax == "adaptive":
        return adaptive_parameter_rows(config, v)
    bias = ParameterRow("b_o", (v,), "V", v)
    return [bias] if config.tie_weights else [ParameterRow("W_o", (v, h), "V·H", v * h), bias]


def parameter_count(config: RunConfig, vocabulary: int) -> int:
    return sum(row.count for row in parameter_table(config, vocabulary))


def training_megabytes(config: RunConfig, vocabulary: int) -> float:
    """About what training needs: parameters with Adam, and the activations of one batch."""
    positions = config.batch * max(config.sequence_length, config.backprop_length)
    layers = len(dilations(config.receptive_field)) if config.cell == "cnn" else config.layers
    a_position = 2 * GATES.get(config.cell, 3) * config.hidden * layers + 3 * vocabulary
    one_hot = 0 if config.embedding else vocabulary  # its identity matrix, and an input so wide
    return (_ADAM_BYTES * parameter_count(config, vocabulary) + 4 * one_hot * vocabulary
            + 8 * positions * (a_position + one_hot)) / 1e6
