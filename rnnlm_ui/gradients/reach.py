"""Reach: how far back the gradient reaches, by lag; its numbers, the answer in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, UnrollError
from rnnlm_core.figures.gradients import Reach, ReachWords, reach_figure
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagCurve, LagProfile

LAGS = (50, 100, 200)
FEWEST_LAGS = 20  # fewer would leave too few lags to fit a rate on
SHOWN = ("both", "trained", "untrained")
SHOW, RELATIVE, LAG = "gradients_show", "gradients_relative", "gradients_lags"
SCALES = ("yes", "no")  # relative to lag 0, or not
_ROUND = (5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200)


@dataclass(frozen=True)
class Reaches:
    """What is compared. `trained` is None for a run without a checkpoint."""

    trained: LagProfile | None
    untrained: dict[str, LagProfile]
    lags: int

    @property
    def windows(self) -> int:
        return next(iter(self.untrained.values())).windows


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """The answer, the chart with its numbers beside it, the settings."""
    folder, config, digest = scene.folder, scene.config, scene.digest
    length, lost = text_length(folder)
    choices = lags_of(length)
    picture, side = st.columns([1.7, 1], gap="medium")
    settings(choices, bool(digest), config)
    reaches = compared(folder, scene.step, digest, session.widget(LAG, choices[-1]))
    untrained = scene.shown is not None and scene.shown.step == 0
    answer.markdown(finding(reaches, config, untrained))
    if lost is not None:
        answer.markdown(t("gradients.own_text"))
    rows = rows_of(reaches, session.widget(SHOW, "both"))
    with picture:
        chart(rows, reaches, config, session.widget(RELATIVE, "yes") == "yes",
              (folder.id, digest, reaches.lags))
    with side:
        table(rows)
        st.markdown(t("gradients.caption", n=reaches.windows, hidden=config.hidden,
                      **words_of(config)))


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


def compared(folder: RunFolder, step: int | None, digest: str, lags: int) -> Reaches:
    """This run at a moment (`step`, None for the newest; no digest: it has no checkpoint yet)."""
    path = str(folder.path)
    trained = _trained(path, step, digest, lags) if digest else None
    return Reaches(trained, _untrained(path, lags), lags)


@st.cache_data(max_entries=64, show_spinner=False)
def _trained(path: str, step: int | None, digest: str, lags: int) -> LagProfile:
    from rnnlm_core.insight.gradients import lag_profile

    run = runs.opened(RunFolder(path), step)
    return lag_profile(run.model, run.tokenizer.encode(look_inside.text_of(run)[0]), lags)


@st.cache_data(max_entries=64, show_spinner=False)
def _untrained(path: str, lags: int) -> dict[str, LagProfile]:
    from rnnlm_core.insight.gradients import untrained_profiles

    run = runs.opened(RunFolder(path))
    ids = run.tokenizer.encode(look_inside.text_of(run)[0])
    return dict(untrained_profiles(run.config, run.tokenizer.size, ids, lags))


# -- words ----------------------------------------------------------------------------------------
def horizon_text(horizon: int | None, lags: int) -> str:
    return str(horizon) if horizon is not None else t("gradients.beyond", n=lags)


def reach_text(profile: LagProfile, lags: int) -> str:
    """How far it reaches; for an LSTM by h and by c, as h alone understates its memory."""
    h = horizon_text(profile.h.horizon, lags)
    if profile.c is None:
        return h
    return t("gradients.with_cell", h=h, c=horizon_text(profile.c.horizon, lags))


def finding(reaches: Reaches, config: RunConfig, untrained: bool = False) -> str:
    """How far the three start, and how far this run has come (`untrained`: it is at step 0)."""
    texts = {cell: reach_text(profile, reaches.lags)
             for cell, profile in reaches.untrained.items()}
    horizons = [curve.horizon for profile in reaches.untrained.values()
                for curve in (profile.h, profile.c) if curve is not None]
    known = [horizon for horizon in horizons if horizon is not None]
    limit = next((n for n in _ROUND if n > max(known, default=0)), None)
    if len(known) == len(horizons) and limit is not None:
        sentence = t("gradients.answer_short", limit=limit, **texts, **words_of(config))
    else:
        sentence = t("gradients.answer_long", **texts, **words_of(config))
    if reaches.trained is None:
        return sentence
    if untrained:
        return t("gradients.answer", untrained=sentence, trained=t("gradients.answer_step_0"))
    after = t("gradients.answer_trained", cell=config.cell.upper(),
              n=reach_text(reaches.trained, reaches.lags))
    return t("gradients.answer", untrained=sentence, trained=after)


def rate_text(curve: LagCurve) -> str:
    return t("gradients.no_rate") if curve.rate is None else f"×\N{NO-BREAK SPACE}{curve.rate:.3f}"


def half_life_text(curve: LagCurve) -> str:
    if curve.half_life is not None:
        return f"{curve.half_life:.1f}"
    return t("gradients.grows" if curve.grows else "gradients.no_rate")


def decades_text(curve: LagCurve) -> str:
    decades = curve.decades_per_100
    if decades is None:
        return t("gradients.no_rate")
    return f"{decades:+.1f}".replace("-", "−")


# -- drawing --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One curve and what it is called."""

    name: str
    cell: str
    curve: LagCurve
    trained: bool
    of_cell_state: bool


def rows_of(reaches: Reaches, show: str) -> list[Row]:
    """The curves that are shown, this run first."""
    rows: list[Row] = []
    if reaches.trained is not None and show != "untrained":
        rows += _of(reaches.trained, True)
    if show != "trained" or reaches.trained is None:
        for profile in reaches.untrained.values():
            rows += _of(profile, False)
    return rows


def _of(profile: LagProfile, trained: bool) -> list[Row]:
    cell = profile.cell.upper()
    if profile.c is None:
        name = t("gradients.this_run") if trained else cell
        return [Row(name, profile.cell, profile.h, trained, False)]
    both = []
    for part, curve in (("h", profile.h), ("c", profile.c)):
        name = t("gradients.this_run_part", part=part) if trained else f"{cell} {part}"
        both.append(Row(name, profile.cell, curve, trained, part == "c"))
    return both


def curves_of(rows: Sequence[Row]) -> list[Reach]:
    return [Reach(row.name, row.cell, row.curve.mean, row.curve.low, row.curve.high,
                  [row.curve.value_text(k) for k in range(len(row.curve.mean))],
                  row.curve.horizon, bool(row.curve.at_floor[-1]), row.trained, row.of_cell_state)
            for row in rows]


def chart(rows: Sequence[Row], reaches: Reaches, config: RunConfig, relative: bool,
          revision: object) -> None:
    def draw() -> Any:
        words = ReachWords(
            t("gradients.lag", **words_of(config)),
            t("gradients.norm_relative" if relative else "gradients.norm_absolute"),
            t("gradients.horizon_line"), "<1e-300")
        figure = reach_figure(curves_of(rows), relative, words)
        figure.update_layout(uirevision=f"{revision}")
        return figure

    live_plot(draw, key="gradients.reach", height=430, on=(),
              alt=t("gradients.chart_alt", **words_of(config)),
              rev=(revision, relative, tuple(row.name for row in rows)))


def table(rows: Sequence[Row]) -> None:
    """The fitted numbers of each curve."""
    columns = [t(f"gradients.{name}") for name in
               ("network", "rate", "half_life", "decades", "horizon")]
    body = [[f"**{row.name}**" if row.trained else row.name, rate_text(row.curve),
             half_life_text(row.curve), decades_text(row.curve),
             horizon_text(row.curve.horizon, len(row.curve.mean) - 1)] for row in rows]
    st.table({column: [line[i] for line in body] for i, column in enumerate(columns)},
             border="horizontal", hide_index=True)


def settings(choices: Sequence[int], has_trained: bool, config: RunConfig) -> None:
    """Which networks, relative or absolute, how far back."""
    session.preset(SHOW, SHOWN[0])
    session.preset(RELATIVE, SCALES[0])
    if session.widget(LAG, None) not in choices:
        session.set_widget(LAG, 100 if 100 in choices else choices[-1])
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(t("gradients.show"), SHOWN, key=SHOW, required=True,
                             format_func=lambda s: t(f"gradients.shown.{s}"),
                             disabled=not has_trained, persist_state="session")
        st.segmented_control(t("gradients.scale"), SCALES, key=RELATIVE, required=True,
                             format_func=lambda s: t(f"gradients.relative.{s}"),
                             persist_state="session")
        st.segmented_control(t("gradients.lags", **words_of(config)), list(choices), key=LAG,
                             required=True, persist_state="session")

