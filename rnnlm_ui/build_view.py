"""The network of the next run: its fields, and its size by formula."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.marks import short
from rnnlm_core.errors import Problem, UnrollError
from rnnlm_core.figures.build_cnn import MOST
from rnnlm_core.launch import MAX_MEGABYTES
from rnnlm_core.nets.parameters import (
    parameter_count,
    parameter_table,
    training_megabytes,
)
from rnnlm_ui import build_start, config_form, data_text, preset_view, session
from rnnlm_ui.build_drawing import TextSizes, shape
from rnnlm_ui.i18n import number, t
from rnnlm_ui.runs import cell_title
from rnnlm_ui.tokens import named

ASSUMED_VOCABULARY = 40  # of the character names, where the chosen text is not to be had
_FIRST = 1_000  # characters: enough for a few tokens of any kind
_ASSUMED_TOKENS = tuple((character, index + 1) for index, character in enumerate("abcd"))


def text_sizes(config: RunConfig) -> tuple[TextSizes, UnrollError | None]:
    """Of the draft's text, or assumed ones and why."""
    try:
        corpus = data_text.draft_corpus(config)
        tokenizer = data_text.tokenizer(corpus, config)
        numbers = data_text.token_numbers(corpus, config)
    except UnrollError as error:
        return TextSizes(ASSUMED_VOCABULARY, None, _ASSUMED_TOKENS), error
    ids = tokenizer.encode(corpus.text[:_FIRST])[:MOST + 1].tolist()
    tokens = tuple((short(tokenizer.pieces[i]), i) for i in ids)
    return TextSizes(numbers.vocabulary, numbers.training, tokens), None


def finding(config: RunConfig, sizes: TextSizes) -> str:
    """The answer to "How is the network built?" in one sentence."""
    values = {"cell": cell_title(config), "v": number(sizes.vocabulary),
              "parameters": number(parameter_count(config, sizes.vocabulary)),
              "nats": f"{math.log(sizes.vocabulary):.2f}",
              "bits": f"{math.log2(sizes.vocabulary):.2f}",
              "one": named(config).one, "many": named(config).many}
    values["matters"] = build_start.matters(config)
    rare = "_adaptive" if config.softmax == "adaptive" else ""  # which does not begin evenly
    if sizes.training is None:
        return t(f"build.finding_assumed{rare}", **values)
    return t(f"build.finding{rare}", training=number(sizes.training), **values)


def too_large(config: RunConfig, sizes: TextSizes) -> Problem | None:
    if sizes.training:  # as it will be shrunk to the text
        most = max(1, sizes.training // (config.sequence_length + 1))
        config = replace(config, batch=min(config.batch, most))
    needed = training_megabytes(config, sizes.vocabulary)
    if needed <= MAX_MEGABYTES:
        return None
    return Problem("config.model_too_large", {"value": round(needed), "limit": MAX_MEGABYTES})


def fields() -> None:
    """The sizes open, all else of network and start in popovers, and known recipes."""
    config = session.draft()
    depth = "receptive_field" if config.cell == "cnn" else "layers"
    sizes, more = st.columns([1.3, 1], gap="medium", vertical_alignment="center")
    with sizes, st.grid(3, min_column_width=140, vertical_alignment="top"):
        for name in ("hidden", "embedding", depth):
            with st.container(gap="xxsmall"):
                config_form.field(name)
    with more, st.container(horizontal=True, gap="xsmall"):
        for group in ("network", "start"):
            config_form.group_popover(group, without=("embedding", depth))
        preset_view.popover()


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
    key = "first_loss_adaptive" if config.softmax == "adaptive" else "first_loss"
    lines.append(("first_loss", t(f"build.{key}", v=number(v), nats=f"{math.log(v):.2f}",
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
    st.markdown(":gray[" + symbols(config, vocabulary) + "]")


def symbols(config: RunConfig, vocabulary: int) -> str:
    """What the letters of the formulas stand for, as far as they occur."""
    parts = [t("build.symbols", v=number(vocabulary), h=number(config.hidden))]
    if config.embedding:
        parts.append(t("build.symbols_embedding", e=number(config.embedding)))
    if config.cell in ("gru", "lstm", "cnn"):
        parts.append(t(f"build.symbols_{config.cell}"))
    if config.softmax == "adaptive":
        parts.append(t("build.symbols_adaptive"))
    return t("build.symbols_separator").join(parts)
