"""Spectra: what the Jacobians do to all directions at once, and the matrix they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.gradients import guess_first
from rnnlm_ui.gradients import spectra_views as views
from rnnlm_ui.gradients import spectra_words as words
from rnnlm_ui.gradients.spectra_matrix import matrix
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.spectra import AtLag, Spectra

GUESSES = ("most", "some", "few")
VIEWS = ("directions", "exponents", "matrix")
_VIEW, _LAYER, _LAG = "spectra", "spectra_layer", "gradients_spectra.lag"
_FIRST_LAG = 30


@dataclass(frozen=True)
class Found:
    """One network: everything at the usual lags, and the product at the chosen one."""

    all: Spectra
    own: AtLag


def show(scene: Scene, answer: DeltaGenerator) -> None:
    config = scene.config
    if config.cell == "cnn":
        raise BadInput("run.no_state")
    controls = st.container(horizontal=True, gap="medium", vertical_alignment="bottom")
    with controls:
        view, layer = _view(), _layer(config)
    with st.spinner(t("gradients_spectra.working")):
        untrained = _untrained(scene.path, layer)
        trained = _trained(scene.path, scene.step, scene.digest, layer) if scene.digest else None
    with controls:
        lag = _lag(untrained.steps, config, shown=view != "matrix")
    start = Found(untrained, _own(scene.path, None, "", layer, lag))
    if trained is None or scene.shown is None or scene.shown.step == 0:
        found, before = start, None
    else:
        found = Found(trained, _own(scene.path, scene.step, scene.digest, layer, lag))
        before = start
    with controls:
        told = _guess(found, (scene.folder.id, scene.digest, layer, lag))
    if told is None:
        answer.markdown(t("gradients_spectra.guess_now", n=found.all.size, k=lag,
                          **words_of(config)))
        return
    answer.markdown(joined([told, words.answer(found, before, config)]))
    if before is None:
        st.markdown(t(f"gradients_spectra.start_{'none' if trained is None else 'step_0'}"))
    look = views.Look(scene, layer, lag, config)
    {"directions": views.directions, "exponents": views.exponents,
     "matrix": matrix}[view](look, found, before)
    st.markdown(words.caption(found, layer, config))
    if look_inside.text_of(runs.opened(scene.folder))[1] is not None:
        st.markdown(t("gradients.own_text"))


# -- computed once for all visitors ---------------------------------------------------------------
@st.cache_data(max_entries=64, show_spinner=False)
def _trained(path: str, step: int | None, digest: str, layer: int) -> Spectra:
    from rnnlm_core.insight.spectra import spectra

    run = runs.opened(RunFolder(path), step)
    return spectra(run.model, run.tokenizer.encode(look_inside.text_of(run)[0]), layer)


@st.cache_data(max_entries=32, show_spinner=False)
def _untrained(path: str, layer: int) -> Spectra:
    from rnnlm_core.insight.spectra import spectra

    run = runs.opened(RunFolder(path))
    return spectra(run.untrained, run.tokenizer.encode(look_inside.text_of(run)[0]), layer)


def _own(path: str, step: int | None, digest: str, layer: int, lag: int) -> AtLag:
    """Out of what is known where that lag is among the usual ones, else by itself."""
    known = _trained(path, step, digest, layer) if digest else _untrained(path, layer)
    return known.at(lag) or _at_lag(path, step, digest, layer, lag)


@st.cache_data(max_entries=256, show_spinner=False)
def _at_lag(path: str, step: int | None, digest: str, layer: int, lag: int) -> AtLag:
    """Without a digest: of the untrained network."""
    from rnnlm_core.insight.spectra import spectrum_at

    run = runs.opened(RunFolder(path), step)
    return spectrum_at(run.model if digest else run.untrained,
                       run.tokenizer.encode(look_inside.text_of(run)[0]), layer, lag)


# -- settings -------------------------------------------------------------------------------------
def _view() -> str:
    return st.segmented_control(
        t("gradients_spectra.view"), VIEWS, key=session.choice(_VIEW, VIEWS, VIEWS[0]),
        required=True, format_func=lambda v: t(f"gradients_spectra.view_name.{v}")) or VIEWS[0]


def _layer(config: RunConfig) -> int:
    """0 is the lowest; nothing to choose with one layer."""
    if config.layers == 1:
        return 0
    layers = tuple(str(n + 1) for n in range(config.layers))
    if session.widget(_LAYER, None) not in (None, *layers):  # of a deeper network
        session.set_widget(_LAYER, layers[-1])
    chosen = st.segmented_control(
        t("gradients_spectra.layer"), layers, key=session.choice(_LAYER, layers, layers[-1]),
        required=True) or layers[-1]
    return int(chosen) - 1


def _lag(most: int, config: RunConfig, shown: bool) -> int:
    """Of the sentence and the charts; nothing about a matrix depends on it."""
    session.set_widget(_LAG, min(session.widget(_LAG, _FIRST_LAG), most))
    if not shown:
        return int(session.widget(_LAG, _FIRST_LAG))
    return int(st.slider(t("gradients_spectra.lag", **words_of(config)), 1, most, key=_LAG,
                         width=300, persist_state="session"))


def _guess(found: Found, about: tuple[object, ...]) -> str | None:
    """Nothing (""), or whether the reader's guess was right; None while there is none yet.

    A guess is for one network and one lag.
    """
    given = guess_first.guess("gradients_spectra", about, GUESSES, t("gradients_spectra.guess"),
                              lambda g: t(f"gradients_spectra.guess_of.{g}"))
    return words.guessed(given, found) if given else given
