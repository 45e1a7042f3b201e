"""Spot the mistake: a formula; the reader says what will happen, and then sees it run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.figures.gradients_textbook import Axes, Named, against_figure, lines_figure
from rnnlm_ui import session, warm
from rnnlm_ui.claims import readable
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients.textbook_formulas import EXERCISES as FORMULAS
from rnnlm_ui.i18n import percent, t
from rnnlm_ui.page import primary_label

if TYPE_CHECKING:
    from rnnlm_core.insight.textbook_exercises import Outcome

NAMES = tuple(FORMULAS)
PARTS = {"delta_loss": "loss", "squared_error": "loss", "test_text": "prediction"}
_KEY, _GUESSES = "spot", "textbook.guesses"
_SHOWN_LOSS = 2.6  # nats: above ln 8 = 2.08, what a network that knows nothing has


# -- computed once for all visitors ---------------------------------------------------------------
@st.cache_data(show_spinner=False)
def outcome(name: str, source: str) -> Outcome:
    warm.ready()
    from rnnlm_core.insight.textbook_exercises import EXERCISES, run

    rule = next(exercise.rule for exercise in EXERCISES if exercise.name == name)
    assert rule is not None
    return run(rule, source)  # type: ignore[arg-type]


@st.cache_data(show_spinner=False)
def right_answer(name: str) -> int:
    """Which of the three answers is right, by running it."""
    if name not in PARTS:
        from rnnlm_core.insight.textbook_exercises import FATES

        return FATES.index(outcome(name, source_of(name)).fate)
    warm.ready()
    from rnnlm_core.insight.textbook_exercises import answer_of

    return answer_of(name)


def source_of(name: str) -> str:
    warm.ready()
    from rnnlm_core.insight.textbook_exercises import EXERCISES

    return next(exercise.source for exercise in EXERCISES if exercise.name == name)


# -- the exercise ---------------------------------------------------------------------------------
def guesses() -> dict[str, int]:
    """The first answer to each exercise, in this session."""
    return session.recall(_GUESSES, {})


def prepare() -> None:
    """What takes a while the first time; a skeleton is shown meanwhile."""
    source_of(NAMES[0])


def show(answer: DeltaGenerator) -> None:
    given = guesses()
    name = st.segmented_control(
        t("textbook.exercise"), NAMES, key=session.choice(_KEY, NAMES, NAMES[0]), required=True,
        format_func=lambda n: _label(n, given), label_visibility="collapsed") or NAMES[0]
    question, seen = st.columns([1, 1.5], gap="large")
    with question:
        _ask(name, given)
    with seen:
        if name not in given:
            answer.markdown(t("textbook.spot_ask"))
            st.markdown(t("textbook.spot_wait"))
        elif name in PARTS:
            answer.markdown(_told(name, given) + t(f"textbook.spot_found.{name}", **_figures(name)))
            _answered(name)
            st.button(t("textbook.see_part", part=t(f"textbook.part.{PARTS[name]}")),
                      key="textbook.to_part", icon=":material/arrow_forward:",
                      on_click=session.set_widget, args=("textbook", PARTS[name]))
        else:
            _run(name, given, answer)


def _label(name: str, given: dict[str, int]) -> str:
    number = str(NAMES.index(name) + 1)
    if name not in given:
        return number
    return f"{number} {'✓' if given[name] == right_answer(name) else '✗'}"


def _ask(name: str, given: dict[str, int]) -> None:
    """The formula, three answers, Check; afterwards the score and the next one."""
    place = NAMES.index(name)
    st.markdown(t("textbook.question_of", n=place + 1, total=len(NAMES),
                  title=t(f"textbook.spot_title.{name}")))
    st.latex(FORMULAS[name][0])
    kind = name if name in PARTS else "rule"
    st.markdown(t(f"textbook.spot_question.{kind}") if kind != "rule" else t(
        f"textbook.spot_on.{source_of(name)}"))
    guess = st.radio(
        t("textbook.guess"), (0, 1, 2), index=given.get(name), disabled=name in given,
        key=f"textbook.guess.{name}.{name in given}", label_visibility="collapsed",
        format_func=lambda i: t(f"textbook.spot_option.{kind}_{i}"))
    with st.container(horizontal=True):
        if name not in given:
            st.button(primary_label(t("textbook.check"), "play_arrow", guess is None),
                      type="primary",
                      key="textbook.check", disabled=guess is None, on_click=_answer,
                      args=(name, guess))
        elif place + 1 < len(NAMES):
            st.button(primary_label(t("textbook.next_exercise"), "arrow_forward"), type="primary",
                      key="textbook.next_exercise", on_click=session.set_widget,
                      args=(_KEY, NAMES[place + 1]))
        if given:
            st.button(t("textbook.again"), key="textbook.again", type="tertiary", on_click=_forget)
    if given:
        right = sum(guess == right_answer(one) for one, guess in given.items())
        st.markdown(t("textbook.score", right=right, done=len(given), total=len(NAMES)))


def _answer(name: str, guess: int) -> None:
    session.remember(_GUESSES, {name: guess} | guesses())


def _forget() -> None:
    session.forget(_GUESSES)


def _told(name: str, given: dict[str, int]) -> str:
    right = given[name] == right_answer(name)
    return t("textbook.guessed_right" if right else "textbook.guessed_wrong") + " "


def _answered(name: str) -> None:
    """What is right, and why."""
    st.markdown(t("textbook.right_formula"))
    st.latex(FORMULAS[name][1])
    st.markdown(t(f"textbook.spot_why.{name}"))


# -- a rule is run --------------------------------------------------------------------------------
def _run(name: str, given: dict[str, int], answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.textbook_training import SMOOTHED, SOURCES, STEPS

    own = outcome(name, source_of(name))
    cosine = "–" if own.near.cosine is None else f"{own.near.cosine:.2f}".replace("-", "−")
    answer.markdown(_told(name, given) + t(
        f"textbook.fate.{own.fate}", cosine=cosine, error=readable(own.near.error),
        off=percent(own.near.error), end=_nats(own.curves.rule[-1]),
        right=_nats(own.curves.right[-1]), steps=STEPS))
    _answered(name)
    key = f"textbook.source.{name}"
    session.preset(key, source_of(name))
    picture, curves = st.columns(2, gap="small")
    with picture:
        st.markdown(t("textbook.against_title", n=len(own.truth), cosine=cosine))
        live_plot(lambda: against_figure(own.truth, own.found, Axes(
            t("textbook.by_differences"), t("textbook.by_rule"))),
            key="textbook.against", on=(), alt=t("textbook.against_alt"), rev=name)
    with curves:
        title, chart = st.container(), st.container()
        source = st.segmented_control(
            t("textbook.source"), SOURCES, key=key, required=True, persist_state="session",
            format_func=lambda s: t(f"textbook.source_name.{s}")) or SOURCES[0]
        shown = outcome(name, source).curves
        title.markdown(t("textbook.curves_title", end=_nats(shown.rule[-1]),
                         right=_nats(shown.right[-1])))
        steps = [SMOOTHED * i for i in range(len(shown.right))]

        def draw() -> Any:
            lines = [Named(t("textbook.this_rule"), steps, shown.rule, "rnn", 4, "solid",
                           t("textbook.this_rule_short")),
                     Named(t("textbook.right_rule"), steps, shown.right, "ink", 1.6, "dash",
                           t("textbook.right_rule_short"))]  # last, so that it is on top
            return lines_figure(lines, Axes(t("textbook.step"), t("textbook.loss_axis"),
                                            most=_SHOWN_LOSS))

        with chart:
            live_plot(draw, key="textbook.curves", on=(), alt=t("textbook.curves_alt"),
                      rev=(name, source))


def _nats(loss: float) -> str:
    if not math.isfinite(loss):
        return t("textbook.no_number")
    return t("textbook.nats", n=f"{loss:.2f}" if loss < 100 else f"{loss:,.0f}")


def _figures(name: str) -> dict[str, str]:
    """The numbers of an exercise that is no rule."""
    if name == "test_text":
        from rnnlm_ui.gradients.textbook_prediction import leaked

        leak = leaked()
        return {"before": f"{leak.test[0]:.2f}", "after": f"{leak.test[-1]:.2f}",
                "other_before": f"{leak.untouched[0]:.2f}",
                "other_after": f"{leak.untouched[-1]:.2f}", "best": f"{leak.best:.2f}"}
    from rnnlm_ui.gradients.textbook_loss import of_delta, steps_to_turn

    if name == "delta_loss":
        found = of_delta()
        return {"n": str(found.undefined), "total": str(len(found.true))}
    squared, entropy = (steps_to_turn(0.001, loss) for loss in ("squared", "cross_entropy"))
    return {"squared": str(squared), "entropy": str(entropy)}
