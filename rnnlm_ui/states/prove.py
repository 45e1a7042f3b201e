"""Prove: change one or more units over a span, and see what the network does with them.

A correlation finds a unit; what follows from a change shows whether the network uses it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.generate import MARKS
from rnnlm_core.figures.states import Scale
from rnnlm_core.figures.states_prove import Pair, pairs_figure, pairs_height
from rnnlm_ui import look_inside, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import fault
from rnnlm_ui.states import prove_facts
from rnnlm_ui.states.choice import settings
from rnnlm_ui.states.findings import signed
from rnnlm_ui.states.look import Look, has_no_limits, scale_of
from rnnlm_ui.states.prove_controls import controls
from rnnlm_ui.states.prove_start import STRONGEST, go_to, settle
from rnnlm_ui.states.prove_trial import Bench, Trial, bench, span_of, trial
from rnnlm_ui.states.prove_words import (
    bits,
    context,
    controls_text,
    found,
    group_name,
    over_text,
    share_text,
)

if TYPE_CHECKING:
    from rnnlm_core.insight.effects import Effect, Written

_EACH = 4  # tokens that are shown of the likeliest before, and of those after
SEED, KEEP = "prove.seed", "prove.keep"


def show(look: Look, answer: DeltaGenerator) -> None:
    """As a fragment: a slider that is dragged repaints only this tool."""
    place = answer.empty()
    st.fragment(lambda: _experiment(look, place), key="prove")()
    settings(look.config)


def _experiment(look: Look, answer: DeltaGenerator) -> None:
    made = bench(look)
    settle(made)
    try:
        tried = trial(made)
        effect = prove_facts.effect(look.path, look.step, look.digest, look.reading.text,
                                    tried.change, tried.place, tried.controls)
    except UnrollError as error:
        with answer:
            fault(error)
        _text(made, None, None)
        controls(made)
        return
    answer.markdown(found(made, tried, effect))
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        _text(made, tried, effect)
        controls(made)
    with side:
        _next_token(made, tried, effect)
    _writing(made, tried)
    _everywhere(made, tried)


# -- the text, the span and the place -------------------------------------------------------------
def _text(made: Bench, tried: Trial | None, effect: Effect | None) -> None:
    """Filled with the first chosen unit, in the span as it was changed; a click chooses a place."""
    reading, (since, until) = made.reading, span_of(made.reading)
    unit = tried.change.units[0] if tried is not None else made.look.choice.unit
    values = made.states[:, unit].copy()
    if tried is not None and effect is not None:
        since, until = tried.change.since, tried.change.until or until
        values[since:tried.place] = effect.states[:, unit]
    scale = scale_of(values, made.part, made.look.config)
    marked = tuple(int(i) for i in np.searchsorted(reading.owners, [since, until]))
    place = tried.place if tried is not None else len(reading.ids)
    selected = int(np.searchsorted(reading.owners, place))
    clicked = coloured_text(
        reading.text, scale.fills(values[reading.owners]), key="prove.text", size="1.3rem",
        selected=selected if selected < len(reading.owners) else None,
        marked=marked,  # type: ignore[arg-type]
        legend=_legend(made, unit, scale), label=t("states_prove.text_label", **made.look.words),
        tips=[t("states_prove.tip", value=signed(float(values[i]))) for i in reading.owners])
    if session.recall(STRONGEST, None) == (made.look.folder.id, reading.text, place):
        st.markdown(t("states_prove.strongest"))
    if clicked is not None:
        go_to(max(1, int(reading.owners[clicked])), span_of(reading))
        session.again()


def _legend(made: Bench, unit: int, scale: Scale) -> tuple[str, str, str]:
    low, high = signed(scale.low), signed(scale.top)
    if has_no_limits(made.part, made.look.config):
        low, high = f"≤ {low}", f"≥ {high}"
    return (t("states.end", name=made.name(unit), value=low), high,
            scale.gradient)


# -- the next token ------------------------------------------------------------------------------
def _next_token(made: Bench, tried: Trial, effect: Effect) -> None:
    """The likeliest before and after, untouched, changed, and with the control units changed."""
    pieces = made.look.run.tokenizer.pieces
    best = [int(i) for p in (effect.before, effect.after) for i in np.argsort(-p)[:_EACH]]
    shown = sorted(dict.fromkeys(best), key=lambda i: -max(effect.before[i], effect.after[i]))
    pairs = [Pair("".join(MARKS.get(c, c) for c in pieces[i]), float(effect.before[i]),
                  float(effect.after[i]), tuple(float(p[i]) for p in effect.controls))
             for i in shown[:_EACH + 2]]
    st.subheader(t("states_prove.after", before=context(made, tried)), anchor=False)
    live_plot(lambda: pairs_figure(pairs, share_text, t("states_prove.ring")), key="prove.next",
              height=pairs_height(len(pairs)), on=(), rev=tuple(pairs),
              alt=t("states_prove.next_alt", **made.look.words))
    names = controls_text(made, tried.controls)
    st.markdown(t("states_prove.key", controls=names) if names else t("states_prove.key_alone"))
    with st.popover(t("states_prove.how_label"), type="tertiary", icon=":material/help:"):
        st.markdown(t("states_prove.how", **made.look.words))


# -- what it writes ------------------------------------------------------------------------------
def _writing(made: Bench, tried: Trial) -> None:
    """The same random numbers, so that every difference comes from the change."""
    look = made.look
    session.preset(KEEP, True)
    session.preset(SEED, 1)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.subheader(t("states_prove.writes"), anchor=False, width="content")
        keep = st.toggle(t("states_prove.keep"), key=KEEP, persist_state="session",
                         disabled=tried.change.kind == "patch")
        st.button(t("states_prove.another"), icon=":material/casino:", key="prove.another",
                  on_click=_another)
    seed, shown = int(session.widget(SEED, 1)), (made.part, made.layer, tried.change.units[0])
    free, changed = (prove_facts.writing(
        look.path, look.step, look.digest, look.reading.text, change, tried.place,
        keep and tried.change.kind != "patch" and change is not None, seed, shown)
        for change in (None, tried.change))
    from rnnlm_core.insight.effects import first_difference

    scale = scale_of(np.concatenate([free.values, changed.values]), made.part, look.config)
    parts = first_difference(free.text, changed.text)
    for column, name, one in zip(st.columns(2, gap="medium"), ("free", "changed"),
                                 (free, changed), strict=True):
        with column:
            _written(name, one, scale, parts)
    if parts is None:
        st.markdown(t("states_prove.same_text"))


def _written(name: str, one: Written, scale: Scale, parts: int | None) -> None:
    st.markdown(t(f"states_prove.written.{name}"))
    coloured_text(one.text, scale.fills(one.values), key=f"prove.{name}", size="1.1rem",
                  selected=parts if parts is not None and parts < len(one.text) else None,
                  label=t(f"states_prove.written_label.{name}"))


def _another() -> None:
    session.set_widget(SEED, int(session.widget(SEED, 1)) + 1)


# -- over the whole held-out text ----------------------------------------------------------------
def _everywhere(made: Bench, tried: Trial) -> None:
    """Decisions of a generated text, and the loss: not of this place only."""
    if tried.change.kind == "patch":
        st.markdown(t("states_prove.only_here"))
        return
    look = made.look
    changes = tuple(None if one is None else one.over(0)
                    for one in (None, tried.change, *tried.controls))
    left, right = st.columns(2, gap="medium")
    try:
        with st.spinner(t("states_prove.measuring")):
            near = prove_facts.decisions(look.path, look.step, look.digest)
            with left if near is not None else st.container():
                _loss(made, changes)
            if near is not None:
                with right:
                    _decisions(look, changes)
    except UnrollError as error:  # the held-out text is gone: a limit, not a fault
        st.markdown(look_inside.note(error))


def _decisions(look: Look, changes: prove_facts.Changes) -> None:
    scores = prove_facts.scores(look.path, look.step, look.digest, changes)
    pairs = [Pair(group_name(group), score.share, scores[1][group].share,
                  tuple(one[group].share for one in scores[2:]))
             for group, score in scores[0].items()]
    st.markdown(over_text(scores))
    live_plot(lambda: pairs_figure(pairs, share_text, t("states_prove.ring"), mono=False),
              key="prove.decisions", height=pairs_height(len(pairs)), on=(), rev=tuple(pairs),
              alt=t("states_prove.decisions_alt"))


def _loss(made: Bench, changes: prove_facts.Changes) -> None:
    look = made.look
    (nats, scored), characters = prove_facts.losses(look.path, look.step, look.digest, changes)
    values = [one / math.log(2) / characters for one in nats]
    pair = Pair("", values[0], values[1], tuple(values[2:]))
    more = values[1] - values[0]
    st.markdown(t("states_prove.loss", n=number(scored), before=f"{values[0]:.2f}",
                  after=f"{values[1]:.2f}", more=signed(more), **look.words)
                + (t("states_prove.loss_controls", n=len(values) - 2,
                     its=signed(float(np.mean(values[2:])) - values[0]))
                   if values[2:] else t("states_prove.loss_alone")))
    live_plot(lambda: pairs_figure([pair], bits, t("states_prove.ring"), top=None, mono=False),
              key="prove.loss", height=pairs_height(1), on=(), rev=pair,
              alt=t("states_prove.loss_alt"))
