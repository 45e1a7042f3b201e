"""The network of the next run: fields, drawing, equations, and its size by formula."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rnnlm_core.config import DROPOUTS, RunConfig
from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.figures.build import STEPS, Network, NetworkWords, figure_height, network_figure
from rnnlm_core.launch import MAX_MEGABYTES
from rnnlm_core.nets.parameters import (
    ParameterRow,
    parameter_count,
    parameter_table,
    training_megabytes,
)
from rnnlm_ui import config_form, data_view
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.runs import cell_title
from rnnlm_ui.tokens import named

ASSUMED_VOCABULARY = 40  # of the character names, where the chosen text is not to be had
_FIRST = 1_000  # characters: enough for a few tokens of any kind
_ASSUMED_TOKENS = tuple((character, index + 1) for index, character in enumerate("abcd"))
# Mathematics needs no translation. U_k is the block of W_hh that belongs to the gate k.
EQUATIONS = {
    "rnn": r"h_t = {phi}\!\left(W x_t + U h_{{t-1}} + b\right)",
    "gru": r"""\begin{aligned}
        r_t &= \sigma(W_r x_t + U_r h_{t-1} + b_r)\\
        z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z)\\
        n_t &= \tanh\!\big(W_n x_t + b_{in}\\
            &\qquad\quad + r_t \odot (U_n h_{t-1} + b_{hn})\big)\\
        h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}
        \end{aligned}""",
    "lstm": r"""\begin{aligned}
        i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i)\\
        f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f)\\
        g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g)\\
        o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o)\\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t\\
        h_t &= o_t \odot \tanh(c_t)
        \end{aligned}""",
}
PHI = {"tanh": r"\tanh", "relu": r"\operatorname{ReLU}", "sigmoid": r"\sigma"}


@dataclass(frozen=True)
class TextSizes:
    """What of the text decides the network's size, and its first tokens with their ids."""

    vocabulary: int
    training: int | None  # tokens; None where the text is not to be had
    tokens: tuple[tuple[str, int], ...]


def text_sizes(config: RunConfig) -> tuple[TextSizes, UnrollError | None]:
    """Of the draft's text, or assumed ones and why."""
    try:
        corpus = data_view.draft_corpus(config)
        tokenizer = data_view.tokenizer(corpus, config)
        numbers = data_view.token_numbers(corpus, config)
    except UnrollError as error:
        return TextSizes(ASSUMED_VOCABULARY, None, _ASSUMED_TOKENS), error
    ids = tokenizer.encode(corpus.text[:_FIRST])[:STEPS + 1].tolist()
    tokens = tuple((tokenizer.pieces[i], i) for i in ids)
    return TextSizes(numbers.vocabulary, numbers.training, tokens), None


def finding(config: RunConfig, sizes: TextSizes) -> str:
    """The answer to "How is the network built?" in one sentence."""
    values = {"cell": cell_title(config), "v": number(sizes.vocabulary),
              "parameters": number(parameter_count(config, sizes.vocabulary)),
              "nats": f"{math.log(sizes.vocabulary):.2f}",
              "bits": f"{math.log2(sizes.vocabulary):.2f}",
              "one": named(config).one, "many": named(config).many}
    if sizes.training is None:
        return t("build.finding_assumed", **values)
    return t("build.finding", training=number(sizes.training), **values)


def too_large(config: RunConfig, vocabulary: int) -> Problem | None:
    needed = training_megabytes(config, vocabulary)
    if needed <= MAX_MEGABYTES:
        return None
    return Problem("config.model_too_large", {"value": round(needed), "limit": MAX_MEGABYTES})


def fields() -> None:
    """Sizes; a field that the cell does not use is shown and disabled."""
    with st.grid(6, min_column_width=140, vertical_alignment="top"):
        for name in ("hidden", "embedding", "layers", "output_dropout", "activation",
                     "forget_bias"):
            with st.container(gap="xxsmall"):
                config_form.field(name)


def drawing(config: RunConfig, sizes: TextSizes) -> None:
    """The network over the first tokens of the text."""
    rows = parameter_table(config, sizes.vocabulary)
    dropout = any(getattr(config, name) for name in DROPOUTS)
    cell = config.cell.upper()

    def draw() -> Any:
        network = Network(config.cell, config.layers, sizes.vocabulary, config.embedding,
                          config.hidden, dropout, sizes.tokens)
        layers = [_pair("layer", n=layer + 1) if config.layers > 1 else _pair("recurrent")
                  for layer in range(config.layers)]
        words = NetworkWords(_pair("token", one=named(config).one), _pair("embedding"), layers,
                             _pair("output"), _pair("softmax"), _pair("next"), cell,
                             _hovers(rows, config.layers))
        figure = network_figure(network, words)
        figure.update_layout(uirevision=f"{config.cell} {config.layers}")
        return figure

    live_plot(draw, key="build.network", height=figure_height(config.layers),
              alt=t("build.drawing_alt", cell=cell, layers=config.layers,
                                           many=named(config).many),
              rev=(config.cell, config.layers, config.embedding, config.hidden,
                   dropout, sizes))
    notes = [t("build.caption_lstm" if config.cell == "lstm" else "build.caption")]
    if dropout:
        notes.append(t("build.caption_dropout"))
    st.markdown("  \n".join(f":gray[{note}]" for note in notes))


def _pair(name: str, **values: object) -> tuple[str, str]:
    """A row's long and short name."""
    return t(f"build.row.{name}", **values), t(f"build.row.{name}_short", **values)


def _hovers(rows: list[ParameterRow], layers: int) -> list[str]:
    """The arrays behind each row of boxes, lowest first."""
    def told(some: list[ParameterRow]) -> str:
        return "<br>".join(f"{row.name}: {shape(row)} = {row.count:,}" for row in some)

    groups = [rows[:1], *(rows[1 + 3 * n:4 + 3 * n] for n in range(layers)), rows[-2:]]
    return [*(told(group) for group in groups), t("build.softmax_hover")]


def shape(row: ParameterRow) -> str:
    return " × ".join(number(n) for n in row.shape)


def equations(config: RunConfig) -> None:
    """The chosen cell's inner equations, and whose convention they are."""
    st.markdown(t(f"build.equations.{config.cell}"))
    formula = EQUATIONS[config.cell]
    st.latex(formula.format(phi=PHI[config.activation]) if config.cell == "rnn" else formula)
    st.markdown(":gray[" + t(f"build.convention.{config.cell}") + "]")


def size_facts(config: RunConfig, sizes: TextSizes) -> None:
    """Parameters a character, the loss to start from, memory; each with what it means."""
    v = sizes.vocabulary
    count = parameter_count(config, v)
    lines = []
    if sizes.training:
        ratio = count / sizes.training
        lines.append(("ratio", t("build.ratio_more" if ratio >= 1 else "build.ratio_less",
                                 ratio=f"{ratio:.2f}", one=named(config).one,
                                 many=named(config).many)))
    lines.append(("first_loss", t("build.first_loss", v=number(v), nats=f"{math.log(v):.2f}",
                                  bits=f"{math.log2(v):.2f}")))
    needed = training_megabytes(config, v)
    lines.append(("memory", t("build.memory", limit=number(MAX_MEGABYTES),
                              megabytes=number(max(1, needed)))))
    st.markdown("\n\n".join(f":gray[{t(f'build.fact.{name}')}]  \n{text}" for name, text in lines))


def table(config: RunConfig, vocabulary: int) -> None:
    """Every array: shape, formula, count and share."""
    rows = parameter_table(config, vocabulary)
    total = sum(row.count for row in rows)
    st.markdown(t("build.table_title", total=number(total)))
    column = st.column_config
    share = t("build.column.share")
    st.dataframe(
        {t("build.column.array"): [row.name for row in rows],
         t("build.column.shape"): [shape(row) for row in rows],
         t("build.column.formula"): [row.formula for row in rows],
         t("build.column.count"): [row.count for row in rows],
         share: [row.count / total for row in rows]},
        hide_index=True, height="content", alt=t("build.table_alt"),
        column_config={
            t("build.column.count"): column.NumberColumn(format="localized"),
            share: column.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)})
    st.markdown(":gray[" + t("build.symbols", v=number(vocabulary), e=number(config.embedding),
                             h=number(config.hidden)) + "]")
