"""Copied: the longest passage that stands word for word in the training text, and where."""

from __future__ import annotations

from statistics import median

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import BadInput
from rnnlm_core.figures.generate_check import YARDSTICK_HEIGHT, yardstick_figure
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate.check_text import Checked, held_out_passages
from rnnlm_ui.i18n import number, percent, t
from rnnlm_ui.toolbox import Scene

AROUND = 160  # characters of the training text on either side
_FILL = 0.28


@st.cache_resource(max_entries=2, show_spinner=False)
def training_text(path: str) -> str:
    """What the run was trained on. Raises `CorpusError` where it is gone."""
    from rnnlm_core.prepared import divided

    return divided(RunFolder(path)).training


@st.cache_data(max_entries=64, show_spinner=False)
def overlaps_of(path: str, texts: tuple[str, ...]) -> list[tuple[int, int]]:
    """Of each, the length of its longest passage that was trained on, and where it begins."""
    from rnnlm_core.insight.overlap import longest_overlaps

    return [(found.length, found.start)
            for found in longest_overlaps(texts, training_text(path))]


def show(scene: Scene, checked: Checked, answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.overlap import SHORTEST

    text = checked.text[checked.beginning:]
    if len(text) < SHORTEST:
        raise BadInput("text.few_characters", value=len(text), limit=SHORTEST)
    passages = [one for one in held_out_passages(scene, len(text)) if one != text]
    with st.spinner(t("generate_check.copied.searching")):
        (length, start), *rest = overlaps_of(scene.path, (text, *passages))
    others = [found for found, _ in rest]
    answer.markdown(_answer(length, others, len(text), SHORTEST))
    picture, side = st.columns([1.5, 1], gap="medium")
    with picture:
        live_plot(lambda: yardstick_figure(
            length, others, scene.config.cell, t("generate_check.copied.axis"),
            (t("generate_check.this_text"), t("generate_check.passages")), least=SHORTEST),
            key="check.overlap", height=YARDSTICK_HEIGHT, on=(),
            alt=t("generate_check.copied.alt"), rev=(scene.folder.id, text, len(others)))
        hue, begin = fade(LIGHT[scene.config.cell], _FILL), checked.beginning + start
        coloured_text(checked.text, [*[""] * begin, *[hue] * length], key="check.copied",
                      prompt=checked.beginning, size="1.2rem", marked=(begin, begin + length),
                      label=t("generate_check.copied.label"))
    if length:
        with side:
            _source(scene, text[start:start + length], hue)


def _answer(length: int, others: list[int], characters: int, shortest: int) -> str:
    if not length:
        return t("generate_check.copied.nothing", shortest=shortest)
    values = {"n": number(length), "characters": number(characters)}
    if not others:
        return t("generate_check.copied.alone", **values)
    relation = "above" if length > max(others) else "within"
    # a median, since of what is shorter than the search finds no length is known
    return t(f"generate_check.copied.{relation}", median=_length(median(others), shortest),
             most=_length(max(others), shortest), **values)


def _length(characters: float, shortest: int) -> str:
    return t("generate_check.copied.fewer", shortest=shortest) if characters < shortest else \
        number(characters)


def _source(scene: Scene, passage: str, hue: str) -> None:
    """The place in the training text."""
    training = training_text(scene.path)
    at, times = training.find(passage), training.count(passage)
    st.subheader(t("generate_check.copied.place"), anchor=False)
    st.markdown(t("generate_check.copied.at", line=number(training.count("\n", 0, at) + 1),
                  at=number(at + 1), share=percent(at / len(training)),
                  n=number(times)))
    since, until = max(0, at - AROUND), at + len(passage) + AROUND
    head, tail = ("…" if since else ""), ("…" if until < len(training) else "")
    begin = len(head) + at - since
    coloured_text(head + training[since:until] + tail, [*[""] * begin, *[hue] * len(passage)],
                  key="check.training", size="1.05rem", marked=(begin, begin + len(passage)),
                  label=t("generate_check.copied.training_label"))
