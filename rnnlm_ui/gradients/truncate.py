"""Truncate: what is lost where the gradient goes back only so far, at one moment of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.figures.gradients_truncate import (
    BIAS_HEIGHT,
    SMALL_HEIGHT,
    Axes,
    Measured,
    bias_figure,
    chunk_figure,
    cut_figure,
)
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients import guess_first
from rnnlm_ui.gradients import truncate_words as words
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagCurve, LagProfile
    from rnnlm_core.insight.truncation import Bias, Truncation

REACHES = (1, 2, 4, 8, 16, 32, 64, 128)
SHIFTS_A_REACH = 8  # a shift below an eighth of the reach reads every token too often to wait for
LAGS, FEWEST_LAGS = 128, 8
REACH, SHIFT, WHICH = "truncate_k2", "truncate_k1", "truncate_which"
GUESSES = ("small", "middle", "large")


@dataclass(frozen=True)
class Cut:
    """k1 and k2 as the reader has them and as the run trained; which weights are compared."""

    shift: int
    reach: int
    trained: tuple[int, int]
    which: str


def show(scene: Scene, answer: DeltaGenerator) -> None:
    if not scene.digest:
        raise RunError("run.no_checkpoint")
    from rnnlm_core.insight.truncation import FEWEST

    config, length = scene.config, text_length(scene.path)
    if length < FEWEST + 1:
        raise BadInput("text.too_short", value=length, limit=FEWEST + 1)
    picture, side = st.columns([1.75, 1], gap="medium")
    reaches = [k for k in REACHES if k <= (length - 1) // 2]
    with side:
        cut = settings(scene, reaches)
        guess = guess_first.guess("truncate", cut, GUESSES, t("gradients_truncate.guess"),
                                  lambda g: t(f"gradients_truncate.guesses.{g}"))
    moment = scene.path, scene.step, scene.digest
    by_reach = compared(*moment, tuple((k, k) for k in reaches))
    own = compared(*moment, ((cut.shift, cut.reach), cut.trained))
    if guess is None:
        answer.markdown(t("gradients_truncate.guess_now", k2=cut.reach, **words_of(config)))
        return
    chosen = own.biases[cut.which][0]
    told = "" if guess == "" else words.guessed(guess, chosen)
    answer.markdown(told + words.finding(own, cut, config))
    with picture:
        st.markdown(words.bias_title(by_reach, cut.which))
        _bias(by_reach, chosen, cut, config, moment)
    with side:
        words.table(by_reach, cut, config)
    left, right = st.columns(2, gap="medium")
    profile = profile_of(*moment, min(LAGS, (length - 3) // 2))
    with left:
        _profile(profile, cut, config, moment)
    with right:
        _chunks(profile, cut, config, moment)
    st.markdown(t("gradients_truncate.caption", rows=own.rows, tokens=number(own.tokens),
                  **words_of(config)))
    if look_inside.text_of(runs.opened(scene.folder))[1] is not None:
        st.markdown(t("gradients.own_text"))


# -- what is computed once for all visitors -------------------------------------------------------
def text_length(path: str) -> int:
    run = runs.opened(RunFolder(path))
    return len(run.tokenizer.encode(look_inside.text_of(run)[0]))


@st.cache_data(max_entries=128, show_spinner=False)
def compared(path: str, step: int | None, digest: str, cuts: tuple[tuple[int, int], ...]
             ) -> Truncation:
    from rnnlm_core.insight.truncation import truncation

    run = runs.opened(RunFolder(path), step)
    ids = run.tokenizer.encode(look_inside.text_of(run)[0])
    return truncation(run.model, np.asarray(ids, np.int64), cuts)


@st.cache_data(max_entries=64, show_spinner=False)
def profile_of(path: str, step: int | None, digest: str, lags: int) -> LagProfile:
    from rnnlm_core.insight.gradients import lag_profile

    run = runs.opened(RunFolder(path), step)
    return lag_profile(run.model, run.tokenizer.encode(look_inside.text_of(run)[0]), lags)


# -- settings -------------------------------------------------------------------------------------
def settings(scene: Scene, reaches: Sequence[int]) -> Cut:
    """How far the gradient goes back (k2), how many new tokens a step (k1), which weights."""
    from rnnlm_core.insight.truncation import as_trained, parts_of

    config, named = scene.config, words_of(scene.config)
    plan = scene.folder.plan()
    trained = as_trained(config, plan.sequence_length if plan else config.sequence_length)
    most = reaches[-1]
    reach = _choose(REACH, _with(reaches, trained[1], most), 16, **named)
    shift = _choose(SHIFT, [k for k in _with(reaches, trained[0], most)
                            if k * SHIFTS_A_REACH >= reach], reach, **named)
    parts = parts_of(config)
    if session.widget(WHICH, parts[0]) not in parts:
        session.set_widget(WHICH, parts[0])
    which = st.segmented_control(
        t("gradients_truncate.which"), parts, key=session.choice(WHICH, parts, parts[0]),
        required=True, format_func=words.short_name) or parts[0]
    return Cut(shift, reach, trained, which)


def _with(reaches: Sequence[int], own: int, most: int) -> list[int]:
    """The usual lengths and this run's, where the text has room for it."""
    return sorted({*reaches, *([own] if own <= most else [])})


def _choose(key: str, lengths: Sequence[int], default: int, **named: str) -> int:
    """One of these lengths; one that is not among them gives way to the nearest."""
    options = [str(n) for n in lengths]
    nearest = str(min(lengths, key=lambda n: abs(n - default)))
    if session.widget(key, nearest) not in options:
        session.set_widget(key, nearest)
    return int(st.select_slider(t(f"gradients_truncate.{key.removeprefix('truncate_')}", **named),
                                options, key=session.choice(key, options, nearest)))


# -- drawing --------------------------------------------------------------------------------------
def _bias(found: Truncation, chosen: Bias | None, cut: Cut, config: RunConfig,
          moment: tuple[object, ...]) -> None:
    def draw() -> Any:
        biases = found.biases[cut.which]
        lines = []
        for name in ("cosine", "error"):
            values = np.array([np.nan if b is None else getattr(b, name) for b in biases])
            lines.append(Measured(
                t(f"gradients_truncate.line.{name}"), values,
                None if chosen is None else getattr(chosen, name),
                words.hundredths(float(values[-1])), name == "error"))
        figure = bias_figure([reach for _, reach in found.cuts], lines, cut.reach, config.cell,
                             Axes(t("gradients_truncate.reach", **words_of(config)),
                                  t("gradients_truncate.beside_full")),
                             f"k2 = {cut.reach}")
        figure.update_layout(uirevision=f"{moment}")
        return figure

    live_plot(draw, key="truncate.bias", height=BIAS_HEIGHT, on=(),
              alt=t("gradients_truncate.bias_alt"), rev=(*moment, cut))


def _profile(profile: LagProfile, cut: Cut, config: RunConfig, moment: tuple[object, ...]) -> None:
    from rnnlm_core.insight.truncation import reaching

    curve = deepest(profile)
    share = reaching(len(curve.mean) - 1, cut.shift, cut.reach)
    st.markdown(words.cut_sentence(curve, cut, config))

    def draw() -> Any:
        figure = cut_figure(
            curve.mean / curve.mean[0], share, cut.reach, config.cell,
            Axes(t("gradients.lag", **words_of(config)), t("gradients.norm_relative")),
            (t("gradients_truncate.whole"), t("gradients_truncate.kept"),
             t("gradients_truncate.beyond", k2=cut.reach)))
        figure.update_layout(uirevision=f"{moment}")
        return figure

    live_plot(draw, key="truncate.profile", height=SMALL_HEIGHT, on=(),
              alt=t("gradients_truncate.profile_alt"), rev=(*moment, cut.shift, cut.reach))


def _chunks(profile: LagProfile, cut: Cut, config: RunConfig, moment: tuple[object, ...]) -> None:
    from rnnlm_core.insight.truncation import farthest_lags, mean_lag

    length = max(3 * max(cut.shift, cut.reach), 16)
    farthest = farthest_lags(length, cut.shift, cut.reach)
    st.markdown(words.chunk_sentence(cut, config))

    def draw() -> Any:
        figure = chunk_figure(
            farthest, deepest(profile).mean, range(cut.shift, length, cut.shift),
            mean_lag(cut.shift, cut.reach),
            Axes(t("gradients_truncate.place", **words_of(config)),
                 t("gradients_truncate.farthest", **words_of(config))),
            t("gradients_truncate.mean", n=f"{mean_lag(cut.shift, cut.reach):.1f}"))
        figure.update_layout(uirevision=f"{moment}{cut}")
        return figure

    live_plot(draw, key="truncate.chunks", height=SMALL_HEIGHT, on=(),
              alt=t("gradients_truncate.chunk_alt"), rev=(*moment, cut.shift, cut.reach))


def deepest(profile: LagProfile) -> LagCurve:
    """∂L/∂c of an LSTM, as h alone understates its memory; else ∂L/∂h."""
    return profile.h if profile.c is None else profile.c
