"""The four charts of a race, which move together: profiles, horizons, what is right, losses."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.figures.compare import Curve, overlay_figure
from rnnlm_core.figures.gradients_race import (
    HEIGHT,
    Answers,
    Horizons,
    Profile,
    along_steps,
    answers_figure,
    horizons_figure,
    profiles_figure,
)
from rnnlm_core.figures.training import Line
from rnnlm_core.insight.race import Course, Moment
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.race_words import reach_text
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import Column, thinned
from rnnlm_ui.loss_units import FLOOR, yardstick_name
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagCurve, LagProfile
    from rnnlm_core.records import Yardstick


@dataclass(frozen=True)
class Drawn:
    """What is drawn of one racer."""

    config: RunConfig
    now: Moment | None  # that is looked at
    untrained: LagProfile | None
    course: Course = field(default_factory=lambda: Course([], [], []))
    losses: tuple[Column, Column] | None = None  # steps, and nats a character on held-out text


def charts(racers: Sequence[Drawn], lags: int, step: int | None, floor: Yardstick | None,
           rev: Hashable, name: str) -> None:
    """Two by two; the right column has the steps of training below. `name` keeps the zoom."""
    words = words_of(racers[0].config)
    top, bottom = st.columns(2, gap="medium"), st.columns(2, gap="medium")
    with top[0]:
        _chart("profiles", lambda: _profiles(racers, words), rev, name, words)
    with top[1]:
        _chart("horizons", lambda: _horizons(racers, lags, step, words), rev, name, words)
    with bottom[0]:
        _answers(racers, rev, name, words)
    with bottom[1]:
        _chart("losses", lambda: _losses(racers, step, floor), rev, name, words)


def untrained_chart(profiles: Sequence[LagProfile], config: RunConfig, rev: Hashable) -> None:
    """Before any race: where learning would start."""
    words = words_of(config)
    curves = [curve for profile in profiles for curve in _curves(profile, False)]
    _chart("untrained", lambda: profiles_figure(curves, _profile_words(words), 360), rev, "", words,
           360)


def _chart(what: str, draw: Callable[[], Any], rev: Hashable, name: str, words: dict[str, str],
           height: int = HEIGHT) -> None:
    """Its title says what it shows, its alternative text the same at length."""
    def drawn() -> Any:
        figure = draw()
        figure.update_layout(uirevision=f"{what} {name}")
        return figure

    st.markdown(f"**{t(f'gradients_race.title.{what}', **words)}**")
    live_plot(drawn, key=f"race.{what}", height=height, on=(), rev=rev,
              alt=t(f"gradients_race.alt.{what}", **words))


# -- profiles --------------------------------------------------------------------------------------
def _profiles(racers: Sequence[Drawn], words: dict[str, str]) -> Any:
    curves = []
    any_trained = any(racer.now is not None and racer.now.step > 0 for racer in racers)
    for racer in racers:
        trained = racer.now is not None and racer.now.step > 0
        if racer.untrained is not None:
            curves += _curves(racer.untrained, any_trained)
        if trained and racer.now is not None and racer.now.profile is not None:
            curves += _curves(racer.now.profile, False)
    return profiles_figure(curves, _profile_words(words))


def _profile_words(words: dict[str, str]) -> tuple[str, str, str]:
    return (t("gradients.lag", **words), t("gradients.norm_relative"),
            t("gradients_race.horizon_line"))


def _curves(profile: LagProfile, faint: bool) -> list[Profile]:
    cell = profile.cell.upper()
    if profile.c is None:
        return [_curve(cell, profile.cell, profile.h, faint, False)]
    return [_curve(f"{cell} h", profile.cell, profile.h, faint, False),
            _curve(f"{cell} c", profile.cell, profile.c, faint, True)]


def _curve(name: str, cell: str, curve: LagCurve, faint: bool, of_cell_state: bool) -> Profile:
    by = float(curve.mean[0]) if curve.mean[0] > 0 else 1.0
    texts = [curve.value_text(lag) for lag in range(len(curve.mean))]
    return Profile(name, cell, curve.mean / by, texts, curve.horizon, of_cell_state, faint)


# -- horizons --------------------------------------------------------------------------------------
def _horizons(racers: Sequence[Drawn], lags: int, step: int | None, words: dict[str, str]) -> Any:
    lines = []
    for racer in racers:
        cell, course = racer.config.cell, racer.course
        parts = [("", course.h, False)] if not course.c else \
            [(" h", course.h, False), (" c", course.c, True)]
        for part, reaches, dotted in parts:
            texts = [t("gradients_race.at_step", reach=reach_text(reach), step=number(at))
                     for at, reach in zip(course.steps, reaches, strict=True)]
            lines.append(Horizons(
                cell.upper() + part, cell, course.steps, [reach.lags for reach in reaches],
                [reach.beyond for reach in reaches], texts, dotted))
    return horizons_figure(lines, lags, step, (
        t("gradients_race.steps"), t("gradients_race.horizon", **words)))


# -- what is right ---------------------------------------------------------------------------------
def _answers(racers: Sequence[Drawn], rev: Hashable, name: str, words: dict[str, str]) -> None:
    found = [(r.config.cell, r.now.answers) for r in racers
             if r.now is not None and r.now.answers is not None]
    kind = found[0][1].kind if found else "fed"
    lines = [Answers(cell.upper(), cell, a.at, a.right) for cell, a in found if a.kind == kind]
    x = t("gradients_race.distance" if kind == "distance" else "gradients_race.fed", **words)
    chance = found[0][1].chance if found else 0.0
    guess = t("gradients_race.commonest" if kind == "fed" else "gradients_race.guessing")
    _chart(kind, lambda: answers_figure(
        lines, chance, found[0][1].distance if found else None,
        (x, t("gradients_race.right_axis"), guess)), rev, name, words)


# -- losses ----------------------------------------------------------------------------------------
def _losses(racers: Sequence[Drawn], step: int | None, floor: Yardstick | None) -> Any:
    curves = []
    for racer in racers:
        if racer.losses is not None and len(racer.losses[0]):
            steps, nats = racer.losses
            line, cell = thinned(steps, nats / math.log(2)), racer.config.cell
            curves.append(Curve(line.x, line.y, cell.upper(), cell.upper(), cell))
    curves.sort(key=lambda curve: curve.y[-1])  # the best first
    lines = [] if floor is None else [Line(
        floor.full / math.log(2), yardstick_name(FLOOR), yardstick_name(FLOOR), False, False, True)]
    figure = overlay_figure(curves, lines, t("gradients_race.steps"), t("compare.bits_axis"),
                            HEIGHT)
    return along_steps(figure, max([0.0, *(float(curve.x[-1]) for curve in curves)]), step)
