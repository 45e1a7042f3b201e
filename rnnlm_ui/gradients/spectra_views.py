"""The charts of the Spectra tool on products of Jacobians: directions left, and exponents."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rnnlm_core.config import RunConfig
from rnnlm_core.figures import gradients_spectra
from rnnlm_core.figures.gradients_spectra import Axes, Spectrum
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients import spectra_words as words
from rnnlm_ui.i18n import t
from rnnlm_ui.tokens import words_of
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.insight.spectra import AtLag
    from rnnlm_ui.gradients.spectra import Found


@dataclass(frozen=True)
class Look:
    """What is looked at."""

    scene: Scene
    layer: int
    lag: int
    config: RunConfig

    @property
    def revision(self) -> tuple[object, ...]:
        return self.scene.folder.id, self.scene.digest, self.layer


# -- how many directions are left -----------------------------------------------------------------
def directions(look: Look, found: Found, before: Found | None) -> None:
    left, right = st.columns([1.25, 1], gap="medium")
    named = (*names(), t("gradients_spectra.all_directions", n=found.all.size))
    by = words_of(look.config)
    with left:
        st.markdown(words.spectrum_title(found.own, look.config))
        live_plot(lambda: gradients_spectra.spectrum_figure(
                      _spectra(found, before), look.config.cell,
                      Axes(t("gradients_spectra.direction"), t("gradients_spectra.value"))),
                  key="gradients_spectra.values", height=gradients_spectra.HEIGHT, on=(),
                  alt=t("gradients_spectra.values_alt", **by), rev=(*look.revision, look.lag))
        if (note := words.unresolved(found.own)) is not None:
            st.markdown(note)
    with right:
        st.markdown(words.participation_title(found, before, look.config))
        lags = [at.lag for at in found.all.lags]
        live_plot(lambda: gradients_spectra.participation_figure(
                      lags, _left(found), None if before is None else _left(before),
                      (found.own.lag, found.own.participation), found.all.size, look.config.cell,
                      Axes(t("gradients_spectra.lag_axis", **by), t("gradients_spectra.left")),
                      named),
                  key="gradients_spectra.left", height=gradients_spectra.HEIGHT, on=(),
                  alt=t("gradients_spectra.left_alt", **by), rev=(*look.revision, look.lag))


def _spectra(found: Found, before: Found | None) -> list[Spectrum]:
    """The usual lags, the untrained network at the chosen one, and the chosen one on top."""
    usual = [at for at in found.all.lags if at.values is not None and at.lag != found.own.lag]
    drawn = [_spectrum(at, t("gradients_spectra.at_lag", k=at.lag)) for at in usual]
    if before is not None:
        drawn.append(_spectrum(before.own, t("gradients_spectra.untrained"), untrained=True))
    return [*drawn, _spectrum(found.own, t("gradients_spectra.at_lag", k=found.own.lag),
                              chosen=True)]


def _spectrum(at: AtLag, name: str, chosen: bool = False, untrained: bool = False) -> Spectrum:
    assert at.values is not None
    values = at.values[~np.isnan(at.values)]
    return Spectrum(name, values / math.log(10), [words.size(float(v)) for v in values], chosen,
                    untrained)


def _left(found: Found) -> NDArray[np.float64]:
    return np.array([at.participation for at in found.all.lags])


def names() -> tuple[str, str]:
    return t("gradients_spectra.this_run"), t("gradients_spectra.untrained")


# -- exponents ------------------------------------------------------------------------------------
def exponents(look: Look, found: Found, before: Found | None) -> None:
    st.markdown(words.exponents_title(found, look.config))
    live_plot(lambda: gradients_spectra.exponents_figure(
                  found.all.exponents, None if before is None else before.all.exponents,
                  look.config.cell, Axes(t("gradients_spectra.direction"),
                                         t("gradients_spectra.exponent", **words_of(look.config))),
                  names()),
              key="gradients_spectra.exponents", height=gradients_spectra.HEIGHT, on=(),
              alt=t("gradients_spectra.exponents_alt"), rev=look.revision)
