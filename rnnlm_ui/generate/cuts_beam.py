"""Greedy writing and beam search: what the network holds for the likeliest text, and how it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.cuts import BEAMS_HEIGHT, widths_figure
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_ui import look_inside
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate import cuts_words
from rnnlm_ui.generate.cuts_measured import (
    BEAM_BEGINNINGS,
    BEAM_LENGTH,
    beam_text,
    beams,
    human_of,
    opened,
    passages_of,
    read_again,
    start_of,
)
from rnnlm_ui.generate.cuts_texts import BEFORE, beginning
from rnnlm_ui.i18n import number, percent, t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.decoding import Beamed, Continuation, Measured


def show(scene: Scene, answer: DeltaGenerator, line: DeltaGenerator, narrow: bool) -> None:
    """`line`: the row of the views, which the choice of the texts stands in, too."""
    _, prompt, index = beginning(line, BEAM_BEGINNINGS, narrow)
    key = (scene.path, scene.step, scene.digest)
    with st.spinner(t("generate_cuts.searching")):
        found = passages_of(*key, BEAM_BEGINNINGS, BEAM_LENGTH)
        all_beams, human = beams(*key), human_of(*key, BEAM_BEGINNINGS, BEAM_LENGTH)
        index = min(index, len(found.starts)) - 1
        start = start_of(scene, found, prompt, index)
        texts = [beam_text(*key, start, beam.width) for beam in all_beams]
    answer.markdown(cuts_words.beam_answer(all_beams, human))
    _charts(scene, all_beams, human)
    st.markdown(t("generate_cuts.beamed_on", n=len(found.starts),
                  length=number(found.human.shape[1]), **words_of(scene.config)))
    if prompt and (unknown := opened(scene).tokenizer.unknown_in(prompt)):
        st.markdown(look_inside.note(cuts_words.unknown_problem(unknown)))
    shown = [(_width_name(beam.width), text) for beam, text in zip(all_beams, texts, strict=True)]
    if human is not None and not prompt:
        own = read_again(*key, start, tuple(found.human[index].tolist()))
        shown.append((t("generate_cuts.human_text"), own))
    _texts(scene, shown, start)


def _width_name(width: int) -> str:
    return t("generate_cuts.width_one") if width == 1 else t("generate_cuts.width", n=width)


def _charts(scene: Scene, all_beams: Sequence[Beamed], human: Measured | None) -> None:
    widths = [beam.width for beam in all_beams]
    sides = st.columns(2, gap="medium")
    for side, kind, say in zip(sides, ("surprise", "repeated"), ("{:.2f}", "{:.0%}"), strict=True):
        values = [getattr(beam.measured, kind) for beam in all_beams]
        level = None if human is None else getattr(human, kind)
        texts = [say.format(value).replace("%", " %") for value in values]
        named = None if level is None else (
            level, t("generate_cuts.human", value=say.format(level).replace("%", " %")))
        with side:
            title = t(f"generate_cuts.beam_title.{kind}", one=texts[0], wide=texts[-1],
                      width=widths[-1])
            st.markdown(f"**{title}**")
            live_plot(lambda v=values, x=texts, h=named, k=kind: widths_figure(  # type: ignore[misc]
                widths, v, x, scene.config.cell, h,
                (t("generate_cuts.width_axis"), t(f"generate_cuts.axis.{k}")), k == "repeated"),
                key=f"cuts.beam.{kind}", height=BEAMS_HEIGHT, on=(),
                alt=t(f"generate_cuts.beam_alt.{kind}"),
                rev=(scene.digest, tuple(values), level, scene.config.cell))


def _texts(scene: Scene, shown: Sequence[tuple[str, Continuation]], start: tuple[int, ...]) -> None:
    from rnnlm_core.insight.repeats import LENGTH, repeated_share

    before = opened(scene).tokenizer.decode(start)[-BEFORE:]
    for row, (name, text) in enumerate(shown):
        bits = sum(text.bits) / max(1, len(text.text))
        again = repeated_share(text.text) if len(text.text) >= LENGTH else 0.0
        st.markdown(t("generate_cuts.beam_head", name=name, bits=f"{bits:.2f}",
                      repeated=percent(again)))
        coloured_text(
            cuts_words.flat(before + text.text), [""] * len(before) + surprise_fill(text.bits),
            prompt=len(before), key=f"cuts.beamed.{row}", size="1.05rem",
            label=t("generate_cuts.written_label", name=name),
            legend=(t("generate.expected"), t("generate.surprising"), surprise_gradient())
            if row == len(shown) - 1 else None)
