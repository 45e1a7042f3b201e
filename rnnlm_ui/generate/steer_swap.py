"""Swap: the network goes on from beginning A with what it holds after beginning B."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.generate_lines import Course, course_figure
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate import steer_facts as facts
from rnnlm_ui.generate.steer_text import (
    a_beginning,
    beginning_box,
    settings,
    side_of,
    sides,
    surprise_legend,
)
from rnnlm_ui.i18n import t
from rnnlm_ui.states.findings import percent
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.steering import Way
    from rnnlm_core.lab import Run

A, B, LAYERS, PARTS = "steer_prompt", "steer_prompt_b", "steer_layers", "steer_parts"
_OPENS = '"“「(（['
_INSIDE, _OTHER, _HEIGHT = 12, 500, 270
_SHOWN = 40  # steps of the chart
_STEPS = 20  # over which a share of the way is told
_APART = 0.005  # mean total variation: expectations that are no farther apart are the same
ALL = "all"


def show(scene: Scene, run: Run, answer: DeltaGenerator) -> None:
    texts, chart = st.container(), st.container()
    left, right = st.columns(2, gap="medium")
    with left:
        a = beginning_box(run, A, t("generate_steer.beginning_a"), a_beginning)
    with right:
        b = beginning_box(run, B, t("generate_steer.beginning_b"), another_beginning)
    layers, parts = _what(scene)
    drawn = settings()
    of_a, of_b = (facts.written(scene.path, scene.step, scene.digest, one.ids, drawn)
                  for one in (a, b))
    swapped = facts.exchanged(scene.path, scene.step, scene.digest, a.ids, b.ids, layers, parts,
                              drawn)
    with texts:
        sides([side_of("steer.a", t("generate_steer.text_a"), t("generate_steer.text_a_label"),
                       a.text, of_a),
               side_of("steer.swapped", t("generate_steer.text_swapped"),
                       t("generate_steer.text_swapped_label"), a.text, swapped),
               side_of("steer.b", t("generate_steer.text_b"), t("generate_steer.text_b_label"),
                       b.text, of_b)], [1], surprise_legend())
    way = facts.way_to(scene.path, scene.step, scene.digest, a.ids, b.ids, layers, parts,
                       tuple(token.id for token in swapped))
    answer.markdown(_finding(scene, way, layers, parts, swapped == of_b))
    with chart:
        _chart(scene, run, way)


def another_beginning(text: str) -> str:
    """One that ends within quotes or brackets, where the text has any; else a later one."""
    start = text.find("\n") + 1 + _INSIDE  # not the line that A begins with
    first = min((at for c in _OPENS if (at := text.find(c, start)) >= 0), default=-1)
    if first >= 0:
        line = text.rfind("\n", 0, first) + 1
        return text[line:first + _INSIDE]
    middle = text.find("\n", len(text) // 2) + 1
    return a_beginning(text[middle:middle + _OTHER])


def _what(scene: Scene) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Which layers and which parts of the state go over."""
    config, parts = scene.config, ("h",)
    layers = tuple(range(config.layers))
    with st.container(horizontal=True, gap="medium"):
        if config.layers > 1:
            options = (ALL, *map(str, layers))
            picked = st.segmented_control(
                t("generate_steer.layers"), options, required=True,
                key=session.choice(LAYERS, options, ALL), format_func=lambda o:
                t("generate_steer.all_layers") if o == ALL else
                t("generate_steer.one_layer", n=int(o) + 1)) or ALL
            layers = layers if picked == ALL or int(picked) not in layers else (int(picked),)
        if config.cell == "lstm":
            names = ("hc", "h", "c")
            chosen = st.segmented_control(
                t("generate_steer.parts"), names, required=True,
                key=session.choice(PARTS, names, names[0]),
                format_func=lambda p: t(f"generate_steer.part.{p}"),
                help=t("generate_steer.parts_help")) or names[0]
            parts = tuple(chosen)
    return layers, parts


def _finding(scene: Scene, way: Way, layers: tuple[int, ...], parts: tuple[str, ...],
             as_b: bool) -> str:
    """How far it came from A to B, at once and over some steps, beside states of other places."""
    steps = min(_STEPS, len(way.own))
    if float(way.own[:steps].mean()) < _APART:
        return t("generate_steer.found_swap.same", steps=steps, **words_of(scene.config))
    first, over = way.share(way.exchanged, 1), way.share(way.exchanged, steps)
    its = float(np.mean([way.share(one, steps) for one in way.controls]))
    whole = len(layers) == scene.config.layers and (
        scene.config.cell != "lstm" or len(parts) == 2)
    what = t("generate_steer.what.all") if whole else _named(scene, layers, parts)
    how = "all" if whole and as_b else "far" if over >= 0.5 and over > its else \
        "some" if over > its else "nothing"
    return t(f"generate_steer.found_swap.{how}", what=what, first=_share(first),
             over=_share(over), its=_share(its), steps=steps, n=len(way.controls),
             **words_of(scene.config))


def _share(value: float) -> str:
    return percent(value).replace("-0", "0").replace("-", "−")


def _named(scene: Scene, layers: tuple[int, ...], parts: tuple[str, ...]) -> str:
    """`its c of layer 1`"""
    name = "state" if scene.config.cell != "lstm" or len(parts) == 2 else parts[0]
    if len(layers) == scene.config.layers:
        return t(f"generate_steer.what.{name}")
    return t("generate_steer.what.of_layer", what=t(f"generate_steer.what.{name}"),
             n=layers[0] + 1)


def _chart(scene: Scene, run: Run, way: Way) -> None:
    """How different from B's expectation it still is, step by step."""
    own, random, swapped = (one[:_SHOWN] for one in (
        way.own, way.controls.mean(0), way.exchanged))
    lines = [Course(own, t("generate_steer.line.a"), "ngram", "solid", 2),
             Course(random, t("generate_steer.line.random"), "ngram", "dot", 2),
             Course(swapped, t("generate_steer.line.swapped"))]
    words = words_of(run.config)
    st.markdown(t("generate_steer.way", **words))
    live_plot(lambda: course_figure(
        lines, [], (t("generate_steer.places_axis", **words), t("generate_steer.way_axis")),
        percent, top=1.04, height=_HEIGHT,
        shares=True), key="steer.way", height=_HEIGHT, on=(),
        alt=t("generate_steer.way_alt"),
        rev=(scene.digest, way.exchanged.tobytes(), way.own.tobytes(), way.controls.tobytes()))
