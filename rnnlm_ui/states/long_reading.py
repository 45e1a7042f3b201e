"""A run's held-out text as one part of the network reads it, once for all visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs
from rnnlm_ui.states.reading import searched_characters

if TYPE_CHECKING:
    from rnnlm_core.insight.labels import Label
    from rnnlm_core.insight.long_reading import LongReading


@st.cache_resource(max_entries=6, show_spinner=False)
def long_reading(path: str, step: int | None, digest: str, part: str, layer: int,
             untrained: bool = False) -> LongReading:
    """Of the network at a moment, or as it was before its first step. Raises as `read_long`."""
    from rnnlm_core.insight.long_reading import read_long

    run = runs.opened(RunFolder(path), step)
    text, _ = look_inside.text_of(run)
    return read_long(run.untrained if untrained else run.model, run.tokenizer,
                     text[:searched_characters(run.config)], part, layer)


@st.cache_resource(max_entries=12, show_spinner=False)
def long_labels(path: str, step: int | None, digest: str) -> list[Label]:
    """What the text's own features are at each token of it."""
    from rnnlm_core.insight.long_reading import telling_labels

    config = RunFolder(path).config()
    reading = long_reading(path, step, digest, "h", 0)
    return telling_labels(config.corpus, reading.text, reading.owners, reading.ids)
