"""Context: how far back the network really looks, by what it loses without."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.states_context import (
    HEIGHT,
    Curve,
    NGrams,
    fed_figure,
    recovery_figure,
)
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.loss_units import shown
from rnnlm_ui.states import pull
from rnnlm_ui.states.look import Look
from rnnlm_ui.tokens import named

if TYPE_CHECKING:
    from rnnlm_core.insight.context import Context, Extra, Recovery
    from rnnlm_core.lab import Run

VIEWS = ("fed", "wrong", "pull")
_VIEW = "context"
_BIT = math.log(2)
_BAND = 1.96  # standard errors: 95 %
_UNFELT = 0.02  # bits at the next guess: a wrong token that costs no more is not felt


@st.cache_data(max_entries=64, show_spinner=False)
def context_of(path: str, step: int | None, digest: str) -> Context:
    """Of a run at a moment, on its held-out text. Raises where that is too short."""
    from rnnlm_core.insight.context import context, places_for

    run = runs.opened(RunFolder(path), step)
    return context(run.model, _ids(run), places_for(run.config))


@st.cache_data(max_entries=64, show_spinner=False)
def recovery_of(path: str, step: int | None, digest: str) -> Recovery:
    from rnnlm_core.insight.context import places_for, recovery

    run = runs.opened(RunFolder(path), step)
    return recovery(run.model, _ids(run), places_for(run.config))


def _ids(run: Run) -> Any:
    return run.tokenizer.encode(look_inside.text_of(run)[0])


def show(look: Look, answer: DeltaGenerator) -> None:
    view = st.segmented_control(
        t("states_context.view"), VIEWS, key=session.choice(_VIEW, VIEWS, VIEWS[0]), required=True,
        format_func=lambda v: t(f"states_context.view_name.{v}"),
        label_visibility="collapsed") or VIEWS[0]
    try:
        with st.spinner(t("states_context.reading")):
            {"fed": _fed, "wrong": _wrong, "pull": pull.section}[view](look, answer)
    except UnrollError as error:  # a text that is too short: a limit, not a fault
        answer.markdown(look_inside.note(error))
        return
    if view != "pull" and look_inside.text_of(look.run)[1] is not None:
        st.markdown(t("states_gates.own_text"))


# -- how much is fed, and how much of it in order --------------------------------------------------
def _fed(look: Look, answer: DeltaGenerator) -> None:
    found = context_of(look.path, look.step, look.digest)
    answer.markdown(fed_answer(look, found))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        live_plot(lambda: _fed_chart(look, found), key="context.fed", height=HEIGHT, on=(),
                  alt=t("states_context.fed_alt", **look.words), rev=(look.folder.id, look.digest))
    with side:
        st.markdown(t("states_context.fed_text", **look.words))
        st.markdown(t("states_context.caption", places=number(found.last.places),
                      tokens=number(found.tokens), window=found.window, **look.words))


def fed_answer(look: Look, found: Context) -> str:
    """After how many tokens nothing is missed, and from where order does not matter."""
    loss = shown(found.loss, "bits", named(look.config), brief=True)
    farthest = int(found.last.at[-1])
    if found.used is None:
        return t("states_context.more", n=farthest, loss=loss, **look.words)
    if found.used == 1:
        return t("states_context.one_is_enough", loss=loss, **look.words)
    order = "" if found.ordered is None or found.ordered >= found.window else \
        t("states_context.order", n=found.ordered, **look.words)
    return t("states_context.used", n=found.used, loss=loss, order=order, **look.words)


def _fed_chart(look: Look, found: Context) -> Any:
    order = found.shuffled.at < found.window
    base = found.loss + float(found.last.mean[-1])  # the window, all of it in order
    curves = [_curve(found.last, found.loss, "last"),
              Curve(found.shuffled.at[order], (base + found.shuffled.mean[order]) / _BIT,
                    _BAND * found.shuffled.error[order] / _BIT, t("states_context.curve.shuffled"),
                    dashed=True)]
    known = {int(y.name.removeprefix("kn")) - 1: y.full / _BIT for y in look.run.yardsticks
             if y.name.startswith("kn")}
    figure = fed_figure(
        curves, found.loss / _BIT,
        NGrams(sorted(known), [known[n] for n in sorted(known)], t("states_context.curve.ngram")),
        look.config.cell, found.used,
        (t("states_context.fed", **look.words), t("states_context.bits", **look.words),
         t("states_context.curve.whole")))
    figure.update_layout(uirevision=look.folder.id)
    return figure


def _curve(extra: Extra, level: float, name: str) -> Curve:
    return Curve(extra.at, (level + extra.mean) / _BIT, _BAND * extra.error / _BIT,
                 t(f"states_context.curve.{name}"))


# -- after one wrong token -------------------------------------------------------------------------
def _wrong(look: Look, answer: DeltaGenerator) -> None:
    found = recovery_of(look.path, look.step, look.digest)
    answer.markdown(wrong_answer(look, found))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        live_plot(lambda: _wrong_chart(look, found), key="context.wrong", height=HEIGHT, on=(),
                  alt=t("states_context.wrong_alt", **look.words),
                  rev=(look.folder.id, look.digest))
    with side:
        st.markdown(t("states_context.wrong_text", **look.words))
        st.markdown(t("states_context.wrong_caption", places=number(found.extra.places)))


def wrong_answer(look: Look, found: Recovery) -> str:
    """What one wrong token costs, and when that is over."""
    first = float(found.extra.mean[0]) / _BIT
    values = {"first": f"{first:.2f}", "total": f"{found.total / _BIT:.1f}", **look.words}
    if float(np.max(found.extra.mean)) / _BIT < _UNFELT:
        return t("states_context.unfelt", first=values["first"].replace("-", "−"), **look.words)
    if found.over is None:
        return t("states_context.not_over", n=int(found.extra.at[-1]), **values)
    return t("states_context.over", n=found.over - 1, **values)


def _wrong_chart(look: Look, found: Recovery) -> Any:
    figure = recovery_figure(
        _curve(found.extra, 0.0, "wrong"), found.over, look.config.cell,
        (t("states_context.after", **look.words), t("states_context.extra", **look.words),
         t("states_context.curve.nothing")))
    figure.update_layout(uirevision=look.folder.id)
    return figure
