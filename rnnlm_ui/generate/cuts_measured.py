"""What was measured of a run's writing, once for all visitors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs
from rnnlm_ui.toolbox import Scene

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.insight.decoding import Beamed, Continuation, Measured, Passages
    from rnnlm_core.lab import Run

BEGINNINGS, LENGTH = 8, 200  # texts that a setting is measured on, tokens of each
BEAM_BEGINNINGS, BEAM_LENGTH = 6, 150
WIDTHS = (1, 4, 16)


@st.cache_data(max_entries=64, show_spinner=False)
def passages_of(path: str, step: int | None, digest: str, count: int, length: int) -> Passages:
    """From held-out text; where it is gone, from what the run wrote. Raises where that is short."""
    from rnnlm_core.insight.decoding import passages

    run = runs.opened(RunFolder(path), step)
    ids = np.array(run.tokenizer.known(look_inside.text_of(run)[0]), np.int64)
    return passages(ids, count, length)


@st.cache_data(max_entries=64, show_spinner=False)
def human_of(path: str, step: int | None, digest: str, count: int, length: int) -> Measured | None:
    """Of the passages as they stand there; None where the text is gone."""
    from rnnlm_core.insight.decoding import measure

    run = runs.opened(RunFolder(path), step)
    if look_inside.text_of(run)[1] is not None:
        return None
    found = passages_of(path, step, digest, count, length)
    return measure(run.model, run.tokenizer, found.starts, found.human)


def blind_of(scene: Scene, found: Passages) -> float:
    """Bits a character of the passages for a guess that knows only how frequent each token is, the
    run's unigram yardstick; for equal chances, log2 V a token, where the run has none."""
    from rnnlm_core.nets.ngram import uniform_loss

    tokenizer = opened(scene).tokenizer
    kept = {yardstick.name: yardstick.full for yardstick in scene.folder.yardsticks()}
    nats = kept.get("unigram", float(uniform_loss(tokenizer.size)))
    characters = sum(len(tokenizer.decode(row)) for row in found.human)
    return nats / math.log(2) * found.human.size / max(1, characters)


@st.cache_data(max_entries=128, show_spinner=False)
def measured(path: str, step: int | None, digest: str, settings: tuple[SamplingSettings, ...]
             ) -> list[Measured]:
    from rnnlm_core.insight.decoding import measure_settings

    run = runs.opened(RunFolder(path), step)
    found = passages_of(path, step, digest, BEGINNINGS, LENGTH)
    return measure_settings(run.model, run.tokenizer, found, settings)


@st.cache_data(max_entries=128, show_spinner=False)
def written(path: str, step: int | None, digest: str, start: tuple[int, ...],
            settings: tuple[SamplingSettings, ...]) -> list[Continuation]:
    """One text with each of the settings after these ids."""
    from rnnlm_core.insight.decoding import continuation, write_each

    run = runs.opened(RunFolder(path), step)
    texts = write_each(run.model, run.tokenizer, start, settings)
    return [continuation(run.model, run.tokenizer, start, [token.id for token in text])
            for text in texts]


@st.cache_data(max_entries=32, show_spinner=False)
def beams(path: str, step: int | None, digest: str) -> list[Beamed]:
    from rnnlm_core.insight.decoding import measure_beams

    run = runs.opened(RunFolder(path), step)
    found = passages_of(path, step, digest, BEAM_BEGINNINGS, BEAM_LENGTH)
    return measure_beams(run.model, run.tokenizer, found, WIDTHS)


@st.cache_data(max_entries=64, show_spinner=False)
def beam_text(path: str, step: int | None, digest: str, start: tuple[int, ...], width: int
              ) -> Continuation:
    from rnnlm_core.beam import beam_search
    from rnnlm_core.insight.decoding import continuation

    run = runs.opened(RunFolder(path), step)
    [found] = beam_search(run.model, run.tokenizer, np.array([start]), width, BEAM_LENGTH)
    return continuation(run.model, run.tokenizer, start, found.ids.tolist())


@st.cache_data(max_entries=64, show_spinner=False)
def read_again(path: str, step: int | None, digest: str, start: tuple[int, ...],
               ids: tuple[int, ...]) -> Continuation:
    """What stands there already, with its surprise."""
    from rnnlm_core.insight.decoding import continuation

    run = runs.opened(RunFolder(path), step)
    return continuation(run.model, run.tokenizer, start, ids)


def start_of(scene: Scene, found: Passages, prompt: str, index: int) -> tuple[int, ...]:
    """The ids that a shown text goes on from: the reader's own, else one of the beginnings."""
    if prompt:
        from rnnlm_core.generate import starting_ids

        return tuple(starting_ids(opened(scene).tokenizer, prompt))
    return tuple(found.starts[index].tolist())


def opened(scene: Scene) -> Run:
    return runs.opened(scene.folder, scene.step)
