"""Horizon and rate over the training: as the worker writes them down, live, or of the kept moments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.figures.gradients_training import Track, TrainingWords, training_figure
from rnnlm_core.figures.moments import mark_moment
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry, entries
from rnnlm_core.run.reaches import ReachPoint, ReachTail
from rnnlm_ui import runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.reach_words import factor_text
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import POINTS, follow
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagProfile

MOMENTS = 12  # kept ones that are measured, of a run that wrote nothing down
Measure = Callable[[int, str, int], "list[LagProfile]"]  # of a step, its digest, by lags: by layer
_KEPT = "gradients.moments"


@st.cache_resource(max_entries=64, show_spinner=False)
def tail_of(path: Path) -> ReachTail:
    return ReachTail(RunFolder(path))


@dataclass(frozen=True)
class View:
    """What is looked at: a layer of a run, by so many lags, at a chosen moment (None: newest)."""

    scene: Scene
    layer: int
    lags: int
    moment: int | None
    measure: Measure

    @property
    def folder(self) -> RunFolder:
        return self.scene.folder

    def points(self) -> list[ReachPoint]:
        """As the worker wrote them down."""
        return tail_of(self.folder.path).refresh().points.get(self.layer, [])


def over_training(scene: Scene, layer: int, lags: int, measure: Measure) -> None:
    """The chart with its finding, from the worker's own profiles; without such, moment by moment of
    those that were kept."""
    if scene.shown is None:
        return
    view = View(scene, layer, lags, scene.step, measure)
    active = runs.is_active(launch.status(scene.folder).state)
    moments = _moments(scene.folder)

    def draw() -> None:
        points = view.points()
        if len(points) > 1:
            _written(view, points)
        elif active:
            st.markdown(t("gradients_reach.training_waits"))
        else:
            _measured(view, moments)

    unmeasured = len(view.points()) < 2 and len(_known(view, moments)) < len(moments)
    follow(draw, active or unmeasured, key="gradients.over_training")


# -- written by the worker ------------------------------------------------------------------------
def _written(view: View, points: Sequence[ReachPoint]) -> None:
    """From step 0 on, which the worker is too busy for: that checkpoint is measured here."""
    last, first = points[-1], entries(view.folder.checkpoints)[0]
    if first.step == 0:
        start = _point(0, view.measure(0, first.sha256, last.lags)[view.layer])
        points = [*([start] if start is not None else []), *points]
    _draw(view, points, training_finding(points, view.scene.config))
    share = sum(point.cost for point in points) / max(last.seconds, 1e-9)
    st.markdown(t("gradients_reach.last_profile", step=number(last.step),
                  seconds=f"{last.seconds:.1f}", cost=f"{last.cost * 1000:.0f}",
                  share=f"{100 * share:.1f}"))


# -- measured at the kept moments -----------------------------------------------------------------
def _moments(folder: RunFolder) -> list[Entry]:
    """At most twelve, spread over those that were kept; the first and the last always."""
    listed = entries(folder.checkpoints)
    if len(listed) <= MOMENTS:
        return listed
    return [listed[round(i * (len(listed) - 1) / (MOMENTS - 1))] for i in range(MOMENTS)]


def _known(view: View, moments: Sequence[Entry]) -> dict[int, list[ReachPoint | None]]:
    """By step, what has been measured so far for this tab, of each layer."""
    kept = session.recall(_KEPT, {})
    return {moment.step: kept[key] for moment in moments
            if (key := (view.folder.id, moment.sha256, view.lags)) in kept}


def _measured(view: View, moments: Sequence[Entry]) -> None:
    """One more moment at each look, so that the page stays alive and the curve grows: the newest
    first, and nothing is concluded before all are known."""
    known = _known(view, moments)
    missing = [moment for moment in moments if moment.step not in known]
    if missing:
        step, digest = missing[-1].step, missing[-1].sha256
        profiles = view.measure(step, digest, view.lags)
        session.remember(_KEPT, {**session.recall(_KEPT, {}), (view.folder.id, digest, view.lags): [
            _point(step, profile) for profile in profiles]})
        known = _known(view, moments)
    points = [point for step in sorted(known) if (point := known[step][view.layer]) is not None]
    if len(points) > 1:
        _draw(view, points, training_finding(points, view.scene.config)
              if len(known) == len(moments) else t("gradients_reach.training_not_all"))
    if len(moments) > 1:
        st.markdown(t("gradients_reach.training_measured", n=len(known), all=len(moments)))
        if len(missing) == 1:
            session.page_again()  # all are known: nothing is to be looked at again


def _point(step: int, profile: LagProfile) -> ReachPoint | None:
    """None where the weights of this moment give no numbers, or no gradient that could reach."""
    h, c = profile.h, profile.c
    if not h.has_numbers or h.is_zero:
        return None
    return ReachPoint(step, 0.0, h.horizon, h.rate, None if c is None else c.horizon,
                      None if c is None else c.rate, len(h.mean) - 1, 0.0)


# -- drawing --------------------------------------------------------------------------------------
def tracks_of(points: Sequence[ReachPoint], config: RunConfig) -> list[Track]:
    """h, and c of an LSTM; thinned evenly where there are more points than a screen shows."""
    every = -(-len(points) // POINTS)
    picked = [*points[:-1:every], points[-1]]
    steps, lags = [p.step for p in picked], max(p.lags for p in picked)
    if config.cell != "lstm":
        return [Track(config.cell.upper(), config.cell, steps, [p.h_horizon for p in picked],
                      [p.h_rate for p in picked], lags)]
    return [Track("h", config.cell, steps, [p.h_horizon for p in picked],
                  [p.h_rate for p in picked], lags),
            Track("c", config.cell, steps, [p.c_horizon for p in picked],
                  [p.c_rate for p in picked], lags, of_cell_state=True)]


def training_finding(points: Sequence[ReachPoint], config: RunConfig) -> str:
    """From where to where the horizon went, by c for an LSTM."""
    from rnnlm_core.insight.gradients import EXPLODES

    first, last = points[0], points[-1]
    lstm = config.cell == "lstm"
    before, after = (p.c_horizon if lstm else p.h_horizon for p in (first, last))
    said = {"first": number(first.step), "last": number(last.step),
            "part": t("gradients_reach.by_c") if lstm else "", **words_of(config)}
    rate = last.c_rate if lstm else last.h_rate
    if after is None and rate is not None and rate >= EXPLODES:
        return t("gradients_reach.training_exploded", before=_text(before, first.lags),
                 rate=factor_text(rate), **said)
    if before == after:
        return t("gradients_reach.training_same", n=_text(before, last.lags), **said)
    far = [last.lags + 1 if h is None else h for h in (before, after)]
    key = "gradients_reach.training_grew" if far[1] > far[0] else "gradients_reach.training_shrank"
    return t(key, before=_text(before, first.lags), after=_text(after, last.lags), **said)


def _text(horizon: int | None, lags: int) -> str:
    return t("gradients.beyond", n=lags) if horizon is None else str(horizon)


def _draw(view: View, points: Sequence[ReachPoint], told: str) -> None:
    config, last = view.scene.config, points[-1]
    st.markdown(told)

    def figure() -> Any:
        words = TrainingWords(
            t("gradients_reach.training_step"),
            t("gradients_reach.training_horizon", **words_of(config)),
            t("gradients_reach.training_rate"), t("gradients.beyond", n=last.lags),
            t("gradients_reach.training_edge"))
        drawn = training_figure(tracks_of(points, config), words, last.step)
        if view.moment is not None and view.moment <= last.step:
            mark_moment(drawn, view.moment, t("time.mark", step=number(view.moment)))
        return drawn

    live_plot(figure, key="gradients.training", height=400, on=(),
              alt=t("gradients_reach.training_alt", **words_of(config)),
              rev=(view.folder.id, view.layer, view.moment, len(points), last))
