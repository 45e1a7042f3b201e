"""Reach: how far back the gradient reaches, by lag, beside theory, and over the training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, RunError, UnrollError
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.gradients.reach_chart import chart, rows_of, table
from rnnlm_ui.gradients.reach_training import over_training
from rnnlm_ui.gradients.reach_words import (
    Reaches,
    finding,
    matrix_text,
    theory_finding,
    zero_text,
)
from rnnlm_ui.i18n import t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagProfile
    from rnnlm_core.insight.reach_theory import Theory

LAGS = (50, 100, 200)
FEWEST_LAGS = 20  # fewer would leave too few lags to fit a rate on
SHOWN = ("both", "trained", "theory", "untrained")
SHOW, RELATIVE, LAG, LAYER = ("gradients_show", "gradients_relative", "gradients_lags",
                              "gradients_layer")
SCALES = ("yes", "no")  # relative to lag 0, or not


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """The answer, the chart with its numbers beside it, the settings, the course of training."""
    folder, config, digest = scene.folder, scene.config, scene.digest
    if config.cell == "cnn":
        raise BadInput("run.no_state")
    length, lost = text_length(folder)
    choices = lags_of(length)
    picture, side = st.columns([1.7, 1], gap="medium")
    layer = settings(choices, bool(digest), config)
    lags = session.widget(LAG, choices[-1])
    reaches = compared(folder, scene.step, digest, lags, layer)
    diverged = reaches.trained is not None and not reaches.trained.h.has_numbers
    if diverged:
        reaches = Reaches(None, reaches.untrained, lags)
    shown = session.widget(SHOW, "both")
    with answer:
        if shown == "theory" and reaches.trained is not None:
            st.markdown(theory_finding(reaches, config))
        else:
            st.markdown(finding(reaches, config, scene.shown is not None and scene.shown.step == 0))
        if diverged:
            look_inside.why_nothing(RunError("run.no_numbers"))
        if lost is not None:
            st.markdown(t("gradients.own_text"))
    rows = rows_of(reaches, shown)
    with picture:
        chart(rows, config, session.widget(RELATIVE, "yes") == "yes",
              (folder.id, digest, lags, layer))
    with side:
        table(rows)
        st.markdown(zero_text(reaches.trained) + matrix_text(reaches) + t(
            "gradients.caption", n=reaches.windows, hidden=config.hidden, **words_of(config)))
    over_training(scene, layer, lags, lambda *asked: [
        profile for profile, _ in trained_at(folder, *asked)])


# -- what is computed once for all visitors ---------------------------------------------------
def text_length(folder: RunFolder) -> tuple[int, UnrollError | None]:
    """How many tokens there are to take gradients on, and what is wrong with the run's own."""
    run = runs.opened(folder)
    text, error = look_inside.text_of(run)
    return len(run.tokenizer.encode(text)), error


def lags_of(length: int) -> list[int]:
    """The choices that so many tokens allow, each with room for windows to differ."""
    most = length // 2 - 2
    if most < FEWEST_LAGS:
        raise BadInput("text.too_short", value=length, limit=2 * (FEWEST_LAGS + 2))
    return [lags for lags in LAGS if lags <= most] or [most]


def compared(folder: RunFolder, step: int | None, digest: str, lags: int, layer: int) -> Reaches:
    """This run at a moment (`step`, None for the newest; no digest: it has no checkpoint yet)."""
    untrained = _untrained(str(folder.path), lags, layer)
    if not digest:
        return Reaches(None, untrained, lags)
    trained, theory = trained_at(folder, step, digest, lags)[layer]
    return Reaches(trained, untrained, lags, theory)


def trained_at(folder: RunFolder, step: int | None, digest: str, lags: int
               ) -> list[tuple[LagProfile, Theory]]:
    """All layers, lowest first."""
    return _trained(str(folder.path), step, digest, lags)


@st.cache_data(max_entries=128, show_spinner=False)
def _trained(path: str, step: int | None, digest: str, lags: int
             ) -> list[tuple[LagProfile, Theory]]:
    from rnnlm_core.insight.reach_theory import read_layers

    run = runs.opened(RunFolder(path), step)
    return read_layers(run.model, run.tokenizer.encode(look_inside.text_of(run)[0]), lags)


@st.cache_data(max_entries=64, show_spinner=False)
def _untrained(path: str, lags: int, layer: int) -> dict[str, LagProfile]:
    from rnnlm_core.insight.gradients import untrained_profiles

    run = runs.opened(RunFolder(path))
    ids = run.tokenizer.encode(look_inside.text_of(run)[0])
    return dict(untrained_profiles(run.config, run.tokenizer.size, ids, lags, layer=layer))


# -- settings -------------------------------------------------------------------------------------
def settings(choices: Sequence[int], has_trained: bool, config: RunConfig) -> int:
    """Which networks, relative or absolute, how far back; the layer, 0 the lowest."""
    if session.widget(LAG, None) not in choices:
        session.set_widget(LAG, 100 if 100 in choices else choices[-1])
    layers = [str(n + 1) for n in range(config.layers)]
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(
            t("gradients.show"), SHOWN, key=session.choice(SHOW, SHOWN, SHOWN[0]), required=True,
            format_func=lambda s: t(f"gradients.shown.{s}"), disabled=not has_trained)
        if config.layers > 1:
            st.segmented_control(
                t("gradients_reach.layer"), layers, required=True,
                key=session.choice(LAYER, layers, layers[-1]),
                format_func=lambda n: t("gradients_reach.layer_top", n=n) if n == layers[-1] else n)
        st.segmented_control(
            t("gradients.scale"), SCALES, key=session.choice(RELATIVE, SCALES, SCALES[0]),
            required=True, format_func=lambda s: t(f"gradients.relative.{s}"))
        st.segmented_control(t("gradients.lags", **words_of(config)), list(choices), key=LAG,
                             required=True, persist_state="session")
    chosen = session.widget(LAYER, layers[-1]) if config.layers > 1 else layers[-1]
    return layers.index(chosen) if chosen in layers else len(layers) - 1
