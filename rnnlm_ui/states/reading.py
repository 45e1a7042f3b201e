"""A run's units over a text: searched for, scored and read once for all visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs
from rnnlm_ui.states.findings import by_training
from rnnlm_ui.tokens import listed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rnnlm_core.insight.labels import Label
    from rnnlm_core.insight.picking import Floats
    from rnnlm_core.insight.states import StateReading
    from rnnlm_core.insight.units import Candidate, UnitFinding

SEARCHED_STATES = 8_000_000


class HeldOut(NamedTuple):
    """The text that is searched, as its tokens, and its labels."""

    text: str  # what is known of it
    owners: NDArray[np.int64]  # of each character, the token that ends it
    ids: NDArray[np.int64]  # (T,)
    labels: list[Label]


@st.cache_resource(max_entries=8, show_spinner=False)
def held_out(path: str) -> HeldOut:
    """Of a run; large networks are searched on less of it. Raises where it is short or gone."""
    from rnnlm_core.insight.units import token_labels

    run = runs.opened(RunFolder(path))
    ids, labels = token_labels(run.tokenizer,
                               run.validation_text[:searched_characters(run.config)],
                               run.config.corpus)
    return HeldOut(*run.tokenizer.owners(ids), ids, labels)


@st.cache_resource(max_entries=3, show_spinner=False)
def unit_states(path: str, step: int | None, digest: str) -> Floats:
    """Every unit (U, T) over the held-out text, as the weights of a moment have it."""
    from rnnlm_core.insight.strips import all_units

    return all_units(runs.opened(RunFolder(path), step).model, held_out(path).ids)


@st.cache_resource(max_entries=3, show_spinner=False)
def untrained_states(path: str) -> Floats:
    """The same of the network before its first step."""
    from rnnlm_core.insight.strips import all_units

    return all_units(runs.opened(RunFolder(path)).untrained, held_out(path).ids)


@st.cache_data(max_entries=32, show_spinner=False)
def candidates(path: str, step: int | None, digest: str) -> list[Candidate]:
    """The search without its guards, in a fraction of the time."""
    from rnnlm_core.insight.units import first_list, unit_names

    run = runs.opened(RunFolder(path), step)
    return first_list(unit_states(path, step, digest), unit_names(run.config),
                      held_out(path).labels)


@st.cache_data(max_entries=32, show_spinner=False)
def found_units(path: str, digest: str, step: int | None = None) -> list[UnitFinding]:
    """The search on the held-out text of a run, as the checkpoint of a moment is: the newest, or
    that of a step. Raises as the run does."""
    from rnnlm_core.insight.units import search, unit_names

    config = runs.opened(RunFolder(path), step).config
    text = held_out(path)
    return by_training(search(unit_states(path, step, digest), untrained_states(path),
                              unit_names(config), text.labels, text.ids, None, echoes=True))


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
