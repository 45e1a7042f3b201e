"""The live picture of a training run: loss among its yardsticks, samples, gradient norm."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
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
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import duration, error_text, number, t
from rnnlm_ui.live import Column, RunTail, thinned
from rnnlm_ui.loss_units import DRAWN, FLOOR, to_unit, yardstick_name
from rnnlm_ui.milestones import crossings, event_marks
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import named

LOSS_HEIGHT = 480
_NORM_SECONDS = 2.0  # of training between two pictures of the norm: drawing costs the training
_TIMELINE = 5
_SAMPLE_LINES, _SAMPLE_CHARACTERS, _SAMPLE_HEIGHT = 5, 150, 236
_TIMELINE_CHARACTERS = 110
_BREAK_AFTER = 12  # characters of a word


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
