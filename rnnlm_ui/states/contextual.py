"""One word in different sentences: its places as points, and how alike the states there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.contextual import HEIGHT, PlaceWords, places_figure
from rnnlm_core.figures.states import visible
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs, session
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import joined, number, t
from rnnlm_ui.page import fault, plain
from rnnlm_ui.states.look import Look
from rnnlm_ui.states.reading import searched_characters
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.contextual import Likeness, Part, Place, WordStates

BEFORE, AFTER = 22, 10  # characters around a place that are shown: as many as a phone is wide
_WORD, _CELL_STATE = (f"contextual.{name}" for name in ("word", "cell_state"))


@st.cache_resource(max_entries=12, show_spinner=False)
def word_states(path: str, step: int, digest: str) -> WordStates:
    """The run's held-out text word by word, with the states of a moment. Raises as the run does."""
    from rnnlm_core.insight.contextual import read_words

    run = runs.opened(RunFolder(path), step)
    text, _ = look_inside.text_of(run)
    return read_words(run.model, run.tokenizer, text[:searched_characters(run.config)])


@st.cache_data(max_entries=256, show_spinner=False)
def likeness_of(path: str, step: int, digest: str, word: str, part: Part) -> Likeness:
    from rnnlm_core.insight.contextual import likeness, places_of

    read = word_states(path, step, digest)
    return likeness(read, places_of(read.words, word), part)


def section(look: Look, answer: DeltaGenerator) -> None:
    """What was found of the word into `answer`, its places below."""
    try:
        with st.spinner(t("contextual.reading")):
            read = word_states(look.path, look.shown.step, look.digest)
    except UnrollError as error:
        with answer:
            fault(error)
        return
    _view(look, read, answer)


def _view(look: Look, read: WordStates, answer: DeltaGenerator) -> None:
    from rnnlm_core.insight.contextual import FEWEST_PLACES, offered, places_of

    picture, side = st.columns([2.1, 1], gap="medium")
    with side:
        word, part = _choice(look, offered(read.words))
        st.markdown(t("contextual.text"))
    places = places_of(read.words, word)
    if len(places) < FEWEST_PLACES:
        answer.markdown(t("contextual.few", word=plain(word), n=len(places), limit=FEWEST_PLACES)
                        if word else t("contextual.nothing", limit=FEWEST_PLACES))
        return
    found = likeness_of(look.path, look.shown.step, look.digest, word, part)
    answer.markdown(_finding(found, word, len(places), look.config))
    with picture:
        live_plot(lambda: _figure(read, places, part), key="contextual.places", height=HEIGHT,
                  alt=t("contextual.alt", word=word),
                  rev=(look.folder.id, look.digest, word, part))


def _choice(look: Look, words: list[str]) -> tuple[str, Part]:
    """The word, of this text or typed; and which state, where there are two."""
    known = session.widget(_WORD, None)
    same = session.recall("contextual.run", "") == look.folder.id
    if not known or not (same or known in words):  # what was typed is for its own run
        session.set_widget(_WORD, words[0] if words else None)
    session.remember("contextual.run", look.folder.id)
    word = st.selectbox(t("contextual.word"), words, index=None, key=_WORD,
                        accept_new_options=True, persist_state="session")
    cell_state = look.config.cell == "lstm" and st.toggle(
        t("contextual.cell_state"), key=_CELL_STATE, persist_state="session")
    return (word or "").strip(), "c" if cell_state else "h"


def _finding(found: Likeness, word: str, places: int, config: RunConfig) -> str:
    """The word's own likeness, and what it is held against."""
    names = words_of(config)
    told = [t("contextual.own", word=plain(word), value=_cosine(found.own), n=number(places))]
    if found.others is not None:
        told.append(t("contextual.others", value=_cosine(found.others)))
    if found.same_end is not None:
        told.append(t("contextual.same_end", value=_cosine(found.same_end), word=plain(word),
                      **names))
    told.append(t("contextual.embedding", **names) if found.last_tokens == 1
                else t("contextual.embeddings", n=found.last_tokens, **names))
    return joined(told)


def _cosine(value: float) -> str:
    if 0.995 <= value < 1 - 1e-9:
        return "> 0.99"  # 1.00 would read as no difference at all
    return f"{value:.2f}".replace("-", "−")


def _figure(read: WordStates, places: list[Place], part: Part) -> Any:
    from rnnlm_core.insight.contextual import thinned
    from rnnlm_core.insight.plane import principal_path

    drawn = thinned(places)
    points, explained = principal_path(read.states(part)[[place.row for place in drawn]])
    words = PlaceWords(t("states.first", share=f"{explained[0]:.0%}"),
                       t("states.second", share=f"{explained[1]:.0%}"), t("contextual.before"),
                       t("contextual.other"))
    figure = places_figure(points, [place.before for place in drawn],
                           [_sentence(read.text, place) for place in drawn], words)
    figure.update_layout(uirevision=f"{part} {len(places)} {drawn[0].start}")
    return figure


def _sentence(text: str, place: Place) -> str:
    """The word in its surroundings, white space as signs."""
    before, after = text[max(0, place.start - BEFORE):place.start], text[place.end:][:AFTER]
    return visible(f"…{before}[{text[place.start:place.end]}]{after}…")
