"""Repeats: how much of the text has stood in it before, beside held-out text of the same length."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import BadInput
from rnnlm_core.figures.generate_check import YARDSTICK_HEIGHT, yardstick_figure
from rnnlm_core.figures.palette import LIGHT, fade
from rnnlm_core.figures.states import visible
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate.check_text import Checked, held_out_passages
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.prove_words import share_text
from rnnlm_ui.states.table import table
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

MOST, LONGEST = 5, 40  # of the passages that are listed; characters that are shown of one
_FILL = 0.28


def show(scene: Scene, checked: Checked, answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.repeats import LENGTH, repeated_characters, repeated_share

    text = checked.text[checked.beginning:]  # what the reader typed is none of its repetitions
    if len(text) <= LENGTH:
        raise BadInput("text.few_characters", value=len(text), limit=LENGTH + 1)
    own = repeated_share(text)
    others = [repeated_share(passage) for passage in held_out_passages(scene, len(text))]
    answer.markdown(joined([_answer(own, others, len(text)), _loop(scene, checked)]))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        live_plot(lambda: yardstick_figure(
            own, others, scene.config.cell, t("generate_check.repeats.axis"),
            (t("generate_check.this_text"), t("generate_check.passages")), share=True),
            key="check.repeated", height=YARDSTICK_HEIGHT, on=(),
            alt=t("generate_check.repeats.alt"), rev=(scene.folder.id, text, len(others)))
        covered = repeated_characters(text)
        hue = fade(LIGHT[scene.config.cell], _FILL)
        coloured_text(checked.text, [*[""] * checked.beginning,
                                     *(hue if one else "" for one in covered)],
                      key="check.repeats", prompt=checked.beginning, size="1.2rem",
                      label=t("generate_check.repeats.label"))
    with side:
        _often(text, LENGTH)


def _answer(own: float, others: list[float], length: int) -> str:
    values = {"share": share_text(own), "n": number(length)}
    if not others:
        return t("generate_check.repeats.alone", **values)
    relation = "above" if own > max(others) else "below" if own < min(others) else "within"
    return t(f"generate_check.repeats.{relation}", mean=share_text(float(np.mean(others))),
             low=share_text(min(others)), high=share_text(max(others)), **values)


def _loop(scene: Scene, checked: Checked) -> str:
    """Whether the text itself ends in a loop."""
    from rnnlm_core.insight.cycles import text_loop

    period, enters = text_loop(checked.ids[checked.given:])
    if period is None or enters is None:
        return ""
    return t("generate_check.repeats.loop", period=number(period), enters=number(enters + 1),
             **words_of(scene.config))


def _often(text: str, length: int) -> None:
    """The passages that come most often."""
    from rnnlm_core.insight.repeats import most_repeated

    often = most_repeated(text, MOST)
    if not often:
        st.markdown(t("generate_check.repeats.none", n=length))
        return
    st.subheader(t("generate_check.repeats.often"), anchor=False)
    table({t("generate_check.repeats.passage"): [_shortened(visible(one)) for one, _ in often],
           t("generate_check.repeats.count"): [number(count) for _, count in often]})


def _shortened(passage: str) -> str:
    return plain(passage if len(passage) <= LONGEST else passage[:LONGEST - 1] + "…")
