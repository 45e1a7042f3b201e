"""What the experiments of the room share: sliders, charts whose zoom stays, fates, words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from rnnlm_core.figures.gradients_room import (
    HEIGHT,
    Axes,
    Line,
    Values,
    hidden_figure,
    power_text,
)
from rnnlm_ui import session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import t

_ahead: threading.Thread | None = None
_CHAOTIC = 1.1  # a factor a step from which on states that differ by round-off part
_PAUSE = 0.1  # seconds: the page that was asked for goes first
WIDTHS = (1, 1.9, 1.6)  # of the sliders and two charts
FATES = ("vanishes", "lasts", "explodes")


def slide(name: str, low: float, high: float, default: float, step: float) -> float:
    """A slider that a link brings along where it does not stand at its default."""
    key = session.number(slider_key(name), low, high, step, default)
    return float(st.slider(t(f"room.slider.{name}"), low, high, key=key, step=step))


def slider_key(name: str) -> str:
    return f"room_{name}"


def choose(key: str, options: Sequence[str], label: str, name: Callable[[str], str]) -> str:
    """A choice that a link brings along."""
    session.choice(key, options, options[0])
    return st.segmented_control(label, options, key=key, required=True, format_func=name,
                                label_visibility="collapsed") or options[0]


def chosen(key: str, options: Sequence[str]) -> str:
    """What `choose` was given."""
    return session.widget(key, options[0]) or options[0]


def think_ahead(tasks: Sequence[Callable[[], object]]) -> None:
    """Fill caches behind the reader's back: what the next move of a slider will ask for.

    While an earlier call is still at it nothing is added: the hand has moved on by then.
    """
    global _ahead
    if _ahead is not None and _ahead.is_alive():
        return

    def think() -> None:
        time.sleep(_PAUSE)
        for task in tasks:
            task()

    _ahead = threading.Thread(target=think, daemon=True, name="room.ahead")
    _ahead.start()


def plot(key: str, draw: Callable[[], Any], settings: tuple[object, ...], alt: str,
         link: str = "") -> None:
    live_plot(draw, key=key, height=HEIGHT, alt=alt, on=(), rev=settings, link=link)


def hidden(key: str, axes: Axes, longest: tuple[float, float], log: bool = True) -> None:
    """The chart's empty frame, until the reader has guessed."""
    plot(key, lambda: hidden_figure(axes, longest, log), (axes, longest, "hidden"),
         t("room.hidden_alt"))


def fate(left: float) -> str:
    """What has become of a gradient of which 10^left is left: within a factor of ten it lasts."""
    return "vanishes" if left < -1 else "lasts" if left <= 1 else "explodes"


def power_line(factor: float, lags: int) -> Values:
    """log10 of factor^k for k = 0…lags; factor 0 leaves nothing beyond k = 0."""
    k = np.arange(lags + 1.0)
    with np.errstate(divide="ignore"):
        return np.where(k > 0, np.maximum(k, 1) * np.log10(factor), 0.0)


def theory(name: str, factor: float, lags: int, dash: str = "dot") -> Line:
    return Line(t(f"room.{name}"), power_line(factor, lags), dash=dash)


def factor_text(rate: float | None) -> str:
    """A factor a step: three digits, or as a power where that would read 0.000; two where it grows
    for good, as round-off alone changes the third one of what is chaotic."""
    if not rate:
        return "0"
    if rate >= _CHAOTIC:
        return f"{rate:.1f}"
    return f"{rate:.3f}" if rate >= 0.001 else power_text(float(np.log10(rate)))


def half_life_text(factor: float | None) -> str:
    from rnnlm_core.insight.driven_gates import half_life

    if not factor:
        return "0"
    return t("gradients.grows") if factor >= 1 else f"{half_life(factor):.1f}"
