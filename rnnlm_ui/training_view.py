"""The live picture of a training run: answer, loss among its yardsticks, samples, gradient norm."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.errors import RunError
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_core.figures.training import (
    Line,
    LossWords,
    NormWords,
    gradient_norm_figure,
    loss_figure,
)
from rnnlm_core.records import Status, WrittenSample, Yardstick
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import duration, error_text, joined, number, t
from rnnlm_ui.live import Column, RunTail, thinned
from rnnlm_ui.milestones import crossings, event_marks, passed_at, passed_text
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import Tokens, named

UNITS = ("bits", "nats", "perplexity")
_UNIT = "unit"  # the key of the switch
_REACHED = 0.0005  # in the unit that is shown: less to go than can be written
FLOOR = "best"  # the yardstick that is never passed
DRAWN = ("uniform", "unigram", "kn2", "kn3", "kn4", "kn5", FLOOR)
HIGHEST_PERPLEXITY = 1e6
LOSS_HEIGHT = 480
_NORM_SECONDS = 2.0  # of training between two pictures of the norm: drawing costs the training
_TIMELINE = 5
_SAMPLE_LINES, _SAMPLE_CHARACTERS, _SAMPLE_HEIGHT = 5, 150, 236
_TIMELINE_CHARACTERS = 110
_BREAK_AFTER = 12  # characters of a word


def unit_switch() -> str:
    """What losses are told in, on every page."""
    return st.segmented_control(
        t("train.unit"), UNITS, key=session.choice(_UNIT, UNITS, UNITS[0]), required=True,
        format_func=lambda u: t(f"train.unit_name.{u}"), label_visibility="collapsed") or UNITS[0]


def chosen_unit() -> str:
    """The switch as it stands."""
    return session.widget(_UNIT, UNITS[0])


def to_unit(unit: str) -> Callable[[Column], Column]:
    """From nats a token."""
    if unit == "bits":
        return lambda nats: nats / math.log(2)
    if unit == "nats":
        return lambda nats: nats
    return lambda nats: np.minimum(np.exp(np.minimum(nats, 700.0)), HIGHEST_PERPLEXITY)


def shown(nats: float, unit: str, tokens: Tokens | None = None, brief: bool = False) -> str:
    """A loss with its unit, as in the answer sentence; for tokens that are no characters in bits a
    character too, unless it must be `brief`."""
    tokens = tokens or named(RunConfig())
    value = float(to_unit(unit)(np.array(nats)))
    text = f"> {HIGHEST_PERPLEXITY:,.0f}" if value >= HIGHEST_PERPLEXITY else f"{value:.2f}"
    value_text = t(f"train.value.{unit}", value=text, one=tokens.one)
    return value_text if brief else tokens.with_bits(value_text, nats)


def yardstick_name(name: str) -> str:
    return t(f"yardstick.{name}") if not name.startswith("kn") else \
        t("yardstick.kn", order=name.removeprefix("kn"))


@dataclass(frozen=True)
class Standing:
    """Where a loss stands among the yardsticks, each loss on the same positions as theirs."""

    loss: float
    passed: list[tuple[str, float]]  # the hardest last
    ahead: list[tuple[str, float]]  # the next to beat first


def standing(loss: float, yardsticks: list[Yardstick], whole: bool) -> Standing:
    values = [(y.name, y.full if whole else y.live) for y in yardsticks if y.name != FLOOR]
    values.sort(key=lambda pair: -pair[1])
    return Standing(loss, [v for v in values if loss < v[1]], [v for v in values if loss >= v[1]])


def finding(status: Status, tail: RunTail, yardsticks: list[Yardstick], unit: str,
            tokens: Tokens | None = None) -> str:
    """The answer to "Is it learning?" in one sentence, recomputed at every look; and how far it is
    to the best possible, where that is known."""
    whole = status.final_validation is not None
    _, losses = tail.validation()
    if not whole and not len(losses):
        return _without_validation(tail, unit, tokens)
    loss = status.final_validation if status.final_validation is not None else float(losses[-1])
    said = _among(loss, whole, status, tail, yardsticks, unit, tokens)
    best = next((y.full if whole else y.live for y in yardsticks if y.name == FLOOR), None)
    if best is None or status.state == "diverged":
        return said
    return joined([said, _to_the_best(loss, best, unit, tokens)])


def _to_the_best(loss: float, best: float, unit: str, tokens: Tokens | None) -> str:
    convert, its = to_unit(unit), shown(best, unit, tokens, brief=True)
    away = float(convert(np.array(loss)) - convert(np.array(best)))
    if away < _REACHED:
        return t("train.best_reached", best=its)
    return t("train.best_left", best=its, away=f"{away:.3f}")


def _among(loss: float, whole: bool, status: Status, tail: RunTail, yardsticks: list[Yardstick],
           unit: str, tokens: Tokens | None) -> str:
    """The loss among the yardsticks that can be passed."""
    place = standing(loss, yardsticks, whole)
    value = shown(loss, unit, tokens)
    where = t("train.on_all" if whole else "train.on_sample")
    if not yardsticks or status.state == "diverged":
        return t("train.finding_alone", value=value, where=where)
    if not place.ahead and not any(y.name.startswith("kn") for y in yardsticks):
        return t("train.finding_waiting", value=value, where=where,
                 passed=yardstick_name(place.passed[-1][0]))
    if not place.ahead:
        return t("train.finding_all", value=value, where=where,
                 name=_with_moment(place.passed[-1][0], yardsticks, tail),
                 its=shown(place.passed[-1][1], unit, tokens))
    next_name, next_loss = place.ahead[0]
    convert = to_unit(unit)
    away = float(convert(np.array(loss)) - convert(np.array(next_loss)))
    values = {"value": value, "where": where, "next": yardstick_name(next_name),
              "away": f"{away:.2f}"}
    if not place.passed:
        return t("train.finding_none", **values)
    return t("train.finding", passed=_with_moment(place.passed[-1][0], yardsticks, tail), **values)


def _with_moment(name: str, yardsticks: list[Yardstick], tail: RunTail) -> str:
    """A yardstick by name; of an n-gram also when it was passed. The others go in no time."""
    own = yardstick_name(name)
    live = next((y.live for y in yardsticks if y.name == name), None)
    when = passed_at(tail, live) if live is not None and name.startswith("kn") else None
    return own if when is None else passed_text(own, when)


def _without_validation(tail: RunTail, unit: str, tokens: Tokens | None) -> str:
    losses = tail.column("loss")
    losses = losses[np.isfinite(losses)]
    if not len(losses):
        return t("train.finding_nothing")
    return t("train.finding_training_only", value=shown(float(losses[-50:].mean()), unit, tokens))


def facts(folder: RunFolder, config: RunConfig) -> str:
    """The run's own settings in one grey line, and what was decided otherwise than asked."""
    plan, optimizer = folder.plan(), t(f"choice.optimizer.{config.optimizer}")
    parts = [f"{optimizer} {config.learning_rate:g}",
             t("train.fact_batch", batch=plan.batch if plan else config.batch,
               length=config.sequence_length, many=named(config).many)]
    if plan is not None:
        parts += [t(f"choice.precision.{plan.precision}"),
                  t("train.fact_parameters", n=number(plan.parameters))]
        if plan.threads > 1:
            parts.append(t("train.fact_threads", n=plan.threads))
    notes = " ".join(error_text(notice) for notice in launch.notices(folder))
    line = ":gray[" + plain(" · ".join(parts)) + "]"
    return f"{line} :material/info: {plain(notes)}" if notes else line


def final_facts(status: Status, config: RunConfig, unit: str, tokens: Tokens) -> str:
    """What the end measured besides: without a carried state, and on the test part."""
    found = []
    if status.final_validation is not None and status.final_reset is not None:
        found.append(t("train.final_reset", carried=shown(status.final_validation, unit, tokens),
                       reset=shown(status.final_reset, unit, tokens),
                       length=config.sequence_length, many=tokens.many))
    if status.final_test is not None:
        found.append(t("train.final_test", value=shown(status.final_test, unit, tokens)))
    return ":gray[" + " · ".join(found) + "]" if found else ""


def loss_chart(tail: RunTail, yardsticks: list[Yardstick], config: RunConfig, unit: str,
               revision: object, decorate: Callable[[Any], None] = lambda figure: None) -> None:
    """The hero: validation and training loss, the yardsticks as the grid; then `decorate`."""
    marks = event_marks(tail.folder)

    def draw() -> object:
        convert = to_unit(unit)
        _, losses = tail.validation()
        now = float(losses[-1]) if len(losses) else math.inf  # ✓ is what the sentence says too
        ahead = [y.live for y in yardsticks if y.live <= now and y.name != FLOOR]
        drawn = {yardstick_name(y.name): y.live for y in yardsticks
                 if y.name in DRAWN and y.name != FLOOR}
        lines = [_line(y, now, bool(ahead) and y.live == max(ahead), convert)
                 for y in yardsticks if y.name in DRAWN]
        words = LossWords(t(f"train.axis.{unit}", one=named(config).one), t("train.step_axis"),
                          t("train.training"), t("train.validation"))
        figure = loss_figure(tail.loss_curves(convert), lines, config.cell, words, LOSS_HEIGHT,
                             crossings(tail, drawn, convert), marks)
        decorate(figure)
        figure.update_layout(uirevision=f"{tail.folder.id} {unit}")
        return figure

    live_plot(draw, key="train.loss", alt=t("train.loss_alt"), height=LOSS_HEIGHT,  # type: ignore[arg-type]
              rev=(tail.folder.id, tail.visible, unit, len(yardsticks), len(marks), revision))


def _line(yardstick: Yardstick, now: float, following: bool, convert: Callable[[Column], Column]
          ) -> Line:
    name, floor = yardstick_name(yardstick.name), yardstick.name == FLOOR
    return Line(float(convert(np.array(yardstick.live))), name, name,
                now < yardstick.live and not floor, following and not floor, floor)


def norm_chart(tail: RunTail, config: RunConfig, revision: object) -> None:
    """The gradient's norm, titled with the share of steps that were clipped."""
    before, after = tail.column("gradient_norm"), tail.column("clipped_norm")
    st.markdown(t("train.norm_title", share=f"{tail.clipped_share:.0%}") if config.clip_norm
                else t("train.norm_title_free"))

    def draw() -> object:
        steps = tail.column("step")
        words = NormWords(t("train.norm_axis"), t("train.step_axis"), t("train.norm_before"),
                          t("train.norm_after"), t("train.norm_limit"))
        figure = gradient_norm_figure(thinned(steps, before), thinned(steps, after),
                                      config.clip_norm, config.cell, words)
        figure.update_layout(uirevision=tail.folder.id)
        return figure

    live_plot(draw, key="train.norm", alt=t("train.norm_alt"), height=190,  # type: ignore[arg-type]
              rev=(tail.folder.id, int(tail.seconds // _NORM_SECONDS), revision))


def newest_sample(samples: list[WrittenSample]) -> None:
    """What it writes now, coloured by its own surprise."""
    if not samples:
        st.markdown(t("train.writes_not_yet"))
        return
    sample = samples[-1]
    st.markdown(t("train.writes", step=number(sample.step)))
    with st.container(border=True, height=_SAMPLE_HEIGHT):  # fixed: what is below must not jump
        coloured_text(_beginning(sample.text),
                      surprise_fill(sample.surprise), key="train.sample", size="1.05rem",
                      legend=(t("train.expected"), t("train.surprising"), surprise_gradient()),
                      label=t("train.sample_label", step=sample.step))


def _beginning(text: str) -> str:
    """Few enough lines that the chart below stays on the screen."""
    lines = text[:_SAMPLE_CHARACTERS].split("\n")[:_SAMPLE_LINES]
    return "\n".join(lines)


def timeline(samples: list[WrittenSample]) -> None:
    """How its writing changed: a few moments spread over the run, the newest first."""
    if len(samples) < 2:
        return
    st.subheader(t("train.timeline"), anchor=False)
    earlier = samples[:-1]
    count = min(_TIMELINE, len(earlier))
    # spread by logarithm: most of the change is at the beginning
    at = sorted({round(len(earlier) ** (i / max(1, count - 1))) - 1 for i in range(count)})
    # one element: every one more is drawn again at each look
    rows = [f"| {number(earlier[index].step)} | {plain(_one_line(earlier[index].text))} |"
            for index in reversed(at)]
    head = f"| {t('train.timeline_step')} | {t('train.timeline_text')} |"
    st.markdown("\n".join([head, "|--:|:--|", *rows]))


def _one_line(text: str) -> str:
    """Long words may be broken, so that a phone need not scroll sideways."""
    line = text[:_TIMELINE_CHARACTERS].replace("\n", " ⏎ ")
    return re.sub(rf"(\S{{{_BREAK_AFTER}}})(?=\S)", "\\1\u200b", line)


def progress_text(status: Status) -> str:
    """Time left first, then step and speed."""
    parts = []
    if status.seconds_left is not None:
        parts.append("**" + t("train.left", time=duration(status.seconds_left)) + "**")
    parts.append(t("train.step_of", step=number(status.step), total=number(status.total_steps)))
    if status.tokens_per_second and status.state == "running":
        parts.append(t("train.speed", thousand=f"{status.tokens_per_second / 1000:.1f}"))
    return " · ".join(parts)


def queue_text(folder: RunFolder) -> str:
    """Where a waiting run stands. Looking at it also keeps the queue going."""
    try:
        place = launch.queue_place(folder)
    except RunError as error:
        return plain(error_text(error))
    if place is None:
        return t("train.activity.next_up")
    if place.seconds is None or place.seconds < 1:  # it may be memory or the disk that it waits for
        return t("train.activity.queued", place=place.place, of=place.of)
    return t("train.activity.queued_time", place=place.place, of=place.of,
             time=duration(place.seconds))


def progress_share(status: Status) -> float:
    if status.state == "finished":
        return 1.0
    by_steps = status.step / status.total_steps if status.total_steps else 0.0
    if status.seconds_left is None:
        return min(1.0, by_steps)
    by_time = status.seconds / max(1e-9, status.seconds + status.seconds_left)
    return min(1.0, max(by_steps, by_time))
