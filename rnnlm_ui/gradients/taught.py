"""Taught: which losses the gradient of each state comes from, and what each guess hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput, RunError, UnrollError
from rnnlm_core.figures.gradients_taught import (
    BARS_HEIGHT,
    DECADES,
    MAP_HEIGHT,
    BarWords,
    MapWords,
    bars_figure,
    map_figure,
)
from rnnlm_core.figures.states import visible
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.gradients import taught_settings as settings
from rnnlm_ui.gradients.reach_words import factor_text
from rnnlm_ui.gradients.taught_text import text_picture
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnlm_core.insight.credit import Credit, Part

GROUPS = ("1", "2", "3", "6", "11", "21")
TOLD = (5, 10)  # the next guesses whose share is told beside that of the very next one


@dataclass(frozen=True)
class Window:
    """The text that is looked at, as tokens, and what was read before it."""

    ids: NDArray[np.int64]  # (T + 1,)
    before: NDArray[np.int64]
    pieces: tuple[str, ...]  # T + 1
    text: str
    owners: NDArray[np.int64]  # of each character, its token
    unknown: tuple[str, ...]


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """The answer, the text to point at, the bars, and the map beside them."""
    if not scene.digest:
        raise RunError("run.no_checkpoint")
    config = scene.config
    above, below = st.container(), st.container()
    with below:
        asked = settings.settings(scene)
    try:
        seen = window(scene, asked)
        key = (scene.path, scene.step, scene.digest, seen.ids.tobytes(), seen.before.tobytes(),
               asked.layer, asked.part)
        found = credit_of(*key)
    except UnrollError as error:  # a text of the reader's that is too short: they can mend it here
        with answer:
            look_inside.why_nothing(error)
        return
    answer.markdown(finding(found, first_credit(scene.path, *key[3:]), scene))
    with above:
        _pictures(seen, found, asked, key, config)
    if asked.lost is not None:
        st.markdown(t("gradients.own_text"))


def _pictures(seen: Window, found: Credit, asked: settings.Asked, key: Sequence[object],
              config: RunConfig) -> None:
    place = chosen_place(seen)
    text_picture(seen, found, place, config)
    picture, side = st.columns([1.75, 1], gap="medium")
    with picture:
        st.markdown(t(f"gradients_taught.bars.{asked.measure}", part=asked.part))
        _bars(found, seen, asked, key)
    with side:
        st.markdown(t("gradients_taught.map", part=asked.part))
        _map(found, seen, asked, place, key)


# -- what is computed once for all visitors -------------------------------------------------------
def window(scene: Scene, asked: settings.Asked) -> Window:
    """The reader's own text from the empty state, else a stretch of the run's as it was reached."""
    tokenizer = runs.opened(scene.folder).tokenizer
    if asked.own:
        ids = np.array(tokenizer.known(asked.own), np.int64)[:asked.tokens + 1]
        before, unknown = ids[:0], tokenizer.unknown_in(asked.own)
        if unknown and not len(ids):
            raise BadInput("text.all_unknown", characters=listed(unknown))
    else:
        text = settings.text_ids(scene.path)
        ids = text[asked.place:asked.place + asked.tokens + 1]
        before = text[max(0, asked.place - settings.WARM_UP):asked.place]
    if len(ids) < 2:
        raise BadInput("text.too_short", value=len(ids), limit=2)
    read, owners = tokenizer.owners(ids)
    return Window(ids, before, tuple(tokenizer.pieces[i] for i in ids), read, owners,
                  tuple(tokenizer.unknown_in(asked.own)) if asked.own else ())


@st.cache_data(max_entries=128, show_spinner=False)
def credit_of(path: str, step: int | None, digest: str, ids: bytes, before: bytes, layer: int,
              part: Part) -> Credit:
    from rnnlm_core.insight.credit import credit

    return credit(runs.opened(RunFolder(path), step).model, *_tokens(ids, before), layer, part)


@st.cache_data(max_entries=64, show_spinner=False)
def first_credit(path: str, ids: bytes, before: bytes, layer: int, part: Part) -> Credit:
    """The same of this network before its first step."""
    from rnnlm_core.insight.credit import credit

    return credit(runs.opened(RunFolder(path)).untrained, *_tokens(ids, before), layer, part)


def _tokens(*parts: bytes) -> tuple[NDArray[np.int64], ...]:
    """As arrays of their own: PyTorch warns of ones that cannot be written to."""
    return tuple(np.frombuffer(part, np.int64).copy() for part in parts)


# -- words ----------------------------------------------------------------------------------------
def finding(found: Credit, first: Credit, scene: Scene) -> str:
    """From how many guesses half of a state's gradient comes, and what it was before training."""
    within = found.within()
    if not np.isfinite(within).all():
        return t("gradients_taught.nothing")
    shares = "".join(t("gradients_taught.share", n=n, share=percent(within[n - 1]))
                     for n in TOLD if n <= found.farthest)
    sentence = t("gradients_taught.answer", half=_half(found), first=percent(within[0]),
                 shares=shares)
    told = [within[n - 1] for n in (1, *TOLD) if n <= found.farthest]
    if max(told) >= 1.005:  # it is written as more than 100 %
        sentence = t("gradients_taught.then", first=sentence, second=t("gradients_taught.against"))
    if (growth := found.by_lag()).explodes and growth.rate is not None:
        sentence = t("gradients_taught.then", first=sentence, second=t(
            "gradients_reach.explodes", rate=factor_text(growth.rate)))
    if scene.shown is not None and scene.shown.step == 0:
        return t("gradients_taught.then", first=sentence, second=t("gradients.answer_step_0"))
    if not np.isfinite(first.within()).all():
        return sentence
    return t("gradients_taught.then", first=sentence, second=t(
        "gradients_taught.untrained", first=percent(first.within()[0])))


def _half(found: Credit) -> str:
    half = found.guesses_for(0.5)
    if half is None:
        return t("gradients_taught.more", n=found.farthest)
    return t("gradients_taught.next_one") if half == 1 else t("gradients_taught.next", n=half)


def percent(share: float) -> str:
    return f"{round(100 * share):d}\N{NO-BREAK SPACE}%".replace("-", "−")  # a whole one has no −0


def chosen_place(seen: Window) -> int:
    """The guess that is looked at, as the index of its token: the reader's, else the last."""
    ids, place = session.recall("taught.place", (b"", 0))
    return int(place) if ids == seen.ids.tobytes() and 0 < place < len(seen.ids) \
        else len(seen.ids) - 1


# -- drawing --------------------------------------------------------------------------------------
def _bars(found: Credit, seen: Window, asked: settings.Asked, key: Sequence[object]) -> None:
    def draw() -> Any:
        measure, total = asked.measure, None
        if measure == "sizes":
            values = found.sizes
        elif measure == "parts":
            values, total = found.parts, found.whole
        else:
            whole = np.where(found.whole > 0, found.whole, np.inf)
            values = found.parts / whole
        figure = bars_figure(values, seen.pieces, total, BarWords(
            t("gradients_taught.state", part=asked.part),
            t(f"gradients_taught.measured.{measure}"),
            [t(f"gradients_taught.group.{name}") for name in GROUPS], t("gradients_taught.key")),
            share=measure == "shares")
        figure.update_layout(uirevision=f"{key[3:]}{measure}")
        return figure

    live_plot(draw, key="taught.bars", height=BARS_HEIGHT, on=(),
              alt=t("gradients_taught.bars_alt"), rev=(*key, asked.measure))


def _map(found: Credit, seen: Window, asked: settings.Asked, place: int, key: Sequence[object]
         ) -> None:
    def draw() -> Any:
        figure = map_figure(found.sizes, seen.pieces, place - 1, MapWords(
            t("gradients_taught.state", part=asked.part), t("gradients_taught.guess"),
            f"10⁻{DECADES:d}".replace(str(DECADES), "⁰¹²³⁴⁵⁶⁷⁸⁹"[DECADES]),
            t("gradients_taught.strongest"),
            t("gradients_taught.map_hover", guess="{guess}", state="{state}", value="{value}")))
        figure.update_layout(uirevision=f"{key[3:]}")
        return figure

    point = live_plot(draw, key="taught.map", height=MAP_HEIGHT,
                      alt=t("gradients_taught.map_alt", guess=plain(visible(seen.pieces[place]))),
                      rev=(*key, place)).click
    if point is not None and point.row is not None and point.row + 1 != place:
        session.remember("taught.place", (seen.ids.tobytes(), point.row + 1))
        session.page_again()
