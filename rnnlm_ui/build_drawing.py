"""The drawing of the next run's network, with the arrays behind each part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.build import Network, NetworkWords, figure_height, network_figure
from rnnlm_core.figures.build_cnn import MOST, CausalTree, TreeWords, cnn_figure, cnn_height
from rnnlm_core.nets.cnn_shape import dilations, true_receptive_field
from rnnlm_core.nets.parameters import ParameterRow, parameter_table
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import named


@dataclass(frozen=True)
class TextSizes:
    """What of the text decides the network's size, and its first tokens with their ids."""

    vocabulary: int
    training: int | None  # tokens; None where the text is not to be had
    tokens: tuple[tuple[str, int], ...]


def drawing(config: RunConfig, sizes: TextSizes) -> None:
    """The network over the first tokens of the text."""
    if config.cell == "cnn":
        _tree(config, sizes)
        notes = [t("build.caption_cnn", many=named(config).many)]
    else:
        _unrolled(config, sizes)
        notes = [t("build.caption_lstm" if config.cell == "lstm" else "build.caption")]
        if config.residual and config.layers > 1:
            notes.append(t("build.caption_residual"))
        if any(_dropouts(config)):
            notes.append(t("build.caption_dropout"))
    st.markdown("  \n".join(f":gray[{note}]" for note in notes))


def _dropouts(config: RunConfig) -> tuple[bool, bool, bool]:
    return (config.input_dropout > 0, config.layer_dropout > 0 and config.layers > 1,
            config.output_dropout > 0)


def _unrolled(config: RunConfig, sizes: TextSizes) -> None:
    """Three steps of a recurrent network."""
    rows = parameter_table(config, sizes.vocabulary)
    cell, residual = config.cell.upper(), config.residual and config.layers > 1

    def draw() -> Any:
        network = Network(config.cell, config.layers, sizes.vocabulary, config.embedding,
                          config.hidden, _dropouts(config), sizes.tokens, config.layer_norm,
                          residual, _output(config))
        layers = [_pair("layer", n=layer + 1) if config.layers > 1 else _pair("recurrent")
                  for layer in range(config.layers)]
        words = NetworkWords(_pair("token", one=named(config).one),
                             _pair("embedding" if config.embedding else "one_hot"), layers,
                             _pair("output"), _pair("softmax"), _pair("next"), cell,
                             [*_hovers(config, rows, config.layers), t("build.softmax_hover")])
        figure = network_figure(network, words)
        figure.update_layout(uirevision=f"{config.cell} {config.layers}")
        return figure

    live_plot(draw, key="build.network", height=figure_height(config.layers),
              alt=t("build.drawing_alt", cell=cell, layers=config.layers,
                    many=named(config).many), rev=(config, sizes))


def _output(config: RunConfig) -> Literal["full", "tied", "adaptive"]:
    return "adaptive" if config.softmax == "adaptive" else "tied" if config.tie_weights else "full"


def _tree(config: RunConfig, sizes: TextSizes) -> None:
    """What one guess of a CNN depends on, over the first tokens of the text."""
    rows, found = parameter_table(config, sizes.vocabulary), dilations(config.receptive_field)
    pieces = [piece for piece, _ in sizes.tokens]
    shown = min(config.receptive_field, MOST)

    def draw() -> Any:
        tree = CausalTree(found, config.receptive_field, pieces[:shown],
                          pieces[shown] if len(pieces) > shown else "")
        words = TreeWords(
            [_pair("embedding" if config.embedding else "one_hot"),
             *(_pair("block", n=n, d=d) for n, d in enumerate(found, start=1)), _pair("output")],
            ["", *(t("build.sees", n=number(true_receptive_field(found[:n])))
                   for n in range(1, len(found) + 1)), ""],
            _hovers(config, rows, len(found)),
            t("build.tree_cut", n=number(config.receptive_field), shown=shown,
              many=named(config).many))
        figure = cnn_figure(tree, words)
        figure.update_layout(uirevision=f"cnn {config.receptive_field}")
        return figure

    live_plot(draw, key="build.network", height=cnn_height(len(found)),
              alt=t("build.tree_alt", n=config.receptive_field, blocks=len(found),
                    many=named(config).many), rev=(config, sizes))


def _pair(name: str, **values: object) -> tuple[str, str]:
    """A row's long and short name."""
    return t(f"build.row.{name}", **values), t(f"build.row.{name}_short", **values)


def _hovers(config: RunConfig, rows: list[ParameterRow], layers: int) -> list[str]:
    """The arrays behind each row of boxes, lowest first: embedding, layers, output."""
    def told(*parts: str) -> list[str]:
        return [f"{row.name}: {shape(row)} = {row.count:,}" for row in rows if row.part in parts]

    first = told("embedding", "projection")
    if not config.embedding:
        first.append(t("build.hover.one_hot"))
    norms = told("norms")
    groups = [first]
    for layer in range(layers):
        lines = told(f"layers.{layer}") + norms[layer:layer + 1]
        if norms:
            lines.append(t("build.hover.layer_norm"))
        if config.cell == "cnn" or (config.residual and layer):
            lines.append(t("build.hover.residual"))
        groups.append(lines)
    last = told("output")
    if (kind := _output(config)) != "full":
        last.append(t(f"build.hover.{kind}"))
    return ["<br>".join(lines) for lines in [*groups, last]]


def shape(row: ParameterRow) -> str:
    return " × ".join(number(n) for n in row.shape)
