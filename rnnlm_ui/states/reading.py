"""A run's units over a text: searched for, scored and read once for all visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs
from rnnlm_ui.states.findings import by_training
from rnnlm_ui.tokens import listed

if TYPE_CHECKING:
    from rnnlm_core.insight.states import StateReading
    from rnnlm_core.insight.units import UnitFinding

SEARCHED_STATES = 8_000_000


@st.cache_data(max_entries=32, show_spinner=False)
def found_units(path: str, digest: str) -> list[UnitFinding]:
    """The search on the held-out text of a run, as its newest checkpoint is. Raises as it does."""
    from rnnlm_core.insight.units import find_units

    run = runs.opened(RunFolder(path))
    text = run.validation_text[:searched_characters(run.config)]
    return by_training(find_units(run.model, run.untrained, run.tokenizer, text,
                                  corpus=run.config.corpus))


@st.cache_data(max_entries=256, show_spinner=False)
def score_then(path: str, step: int, digest: str, finding: UnitFinding) -> float:
    """How well a unit that was found in the newest weights did its work at an earlier moment."""
    from rnnlm_core.insight.units import score_again

    run = runs.opened(RunFolder(path), step)
    return score_again(run.model, run.tokenizer,
                       run.validation_text[:searched_characters(run.config)], finding,
                       run.config.corpus)


def searched_characters(config: RunConfig) -> int:
    """Large networks are searched on less text: LSTM 512 × 2 took 12 s on 24,000 characters."""
    return max(6_000, min(look_inside.LONGEST, SEARCHED_STATES // (config.hidden * config.layers)))


@st.cache_resource(max_entries=24, show_spinner=False)
def read(path: str, step: int | None, digest: str, text: str) -> StateReading:
    """Every unit and gate over a short text. Raises where nothing of it is known."""
    run = runs.opened(RunFolder(path), step)
    unknown, tokenizer = run.tokenizer.unknown_in(text), run.tokenizer
    if unknown and not tokenizer.decode(tokenizer.known(text)):
        raise BadInput("prompt.unknown_characters", characters=listed(unknown))
    return run.states(text)
