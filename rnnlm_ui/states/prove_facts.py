"""What a change does, computed once for all visitors: everything here is kept by its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs
from rnnlm_ui.generate.wishes import DEFAULTS
from rnnlm_ui.states.reading import read

if TYPE_CHECKING:
    from rnnlm_core.insight.effects import Effect, LossUnderChange, Written
    from rnnlm_core.insight.interventions import Intervention, Spread
    from rnnlm_core.insight.scoring import Approaches, Score
    from rnnlm_core.lab import Run

Changes = tuple["Intervention | None", ...]
MEASURED = 6_000  # characters over which units are measured
SCORED = 2_048  # tokens of a small network
_WORK = 1_024 * 128**2  # tokens × H² × layers: a large network scores fewer
WRITTEN = 120  # tokens


def _run(path: str, step: int | None) -> Run:
    return runs.opened(RunFolder(path), step)


@st.cache_data(max_entries=64, show_spinner=False)
def spread(path: str, step: int | None, digest: str, part: str, layer: int) -> Spread:
    """How the units of a layer vary over the run's held-out text."""
    from rnnlm_core.insight.interventions import spread_of
    from rnnlm_core.insight.strips import all_units
    from rnnlm_core.insight.units import unit_names

    run = _run(path, step)
    text, _ = look_inside.text_of(run)
    ids = np.array(run.tokenizer.known(text[:MEASURED]) or [run.tokenizer.first_known], np.int64)
    rows = [name[:2] == (part, layer) for name in unit_names(run.config)]
    return spread_of(all_units(run.model, ids)[rows].T)


@st.cache_data(max_entries=512, show_spinner=False)
def effect(path: str, step: int | None, digest: str, text: str, change: Intervention, place: int,
           controls: tuple[Intervention, ...]) -> Effect:
    """At token `place` of a text; the steps of all changes count from the text's beginning."""
    from rnnlm_core.insight.effects import next_token

    run, since = _run(path, step), change.since
    return next_token(run.model, run.tokenizer, read(path, step, digest, text), since, place,
                      moved(change, since), [moved(one, since) for one in controls])


@st.cache_data(max_entries=256, show_spinner=False)
def writing(path: str, step: int | None, digest: str, text: str, change: Intervention | None,
            place: int, keep: bool, seed: int, shown: tuple[str, int, int]) -> Written:
    """How the text goes on from token `place`, untouched or changed; `shown` as in `write_on`."""
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.insight.effects import write_on
    from rnnlm_core.insight.interventions import kept_up

    run, hook, since = _run(path, step), None, place - 1
    if change is not None:
        since = change.since
        near = moved(change, since)
        hook = kept_up(near, place - since) if keep else near.hook
    settings = SamplingSettings(temperature=DEFAULTS["temperature"], length=WRITTEN, seed=seed)
    return write_on(run.model, run.tokenizer, read(path, step, digest, text), since, place,
                    settings, hook, shown)


def moved(change: Intervention, by: int) -> Intervention:
    """The same change with its steps counted from step `by`."""
    return change.over(change.since - by, None if change.until is None else change.until - by)


@st.cache_data(max_entries=256, show_spinner=False)
def losses(path: str, step: int | None, digest: str, changes: Changes
           ) -> tuple[LossUnderChange, float]:
    """Loss on the held-out text with each change made throughout, and its characters a token.

    Raises where that text is gone.
    """
    from rnnlm_core.insight.effects import loss_rows, loss_under

    run = _run(path, step)
    text = run.validation_text[:look_inside.LONGEST]
    ids = run.tokenizer.encode(text)
    size = run.config.hidden**2 * run.config.layers
    found = loss_under(run.model, loss_rows(ids, min(SCORED, max(256, _WORK // size))), changes)
    return found, len(text) / len(ids)


@st.cache_resource(max_entries=16, show_spinner=False)
def decisions(path: str, step: int | None, digest: str) -> Approaches | None:
    """Where a generated text decides, as the network comes to it; None for other texts."""
    from rnnlm_core.errors import UnrollError
    from rnnlm_core.insight.decisions import decisions_of
    from rnnlm_core.insight.scoring import approaches

    run = _run(path, step)
    if run.config.tokenizer != "characters":
        return None
    try:
        text = run.validation_text[:look_inside.LONGEST]
        found = decisions_of(run.config.corpus, text)
        return approaches(run.model, run.tokenizer, text, found) if found else None
    except UnrollError as error:
        if error.code == "text.too_short":
            return None  # too little is held out to test on
        raise


@st.cache_data(max_entries=256, show_spinner=False)
def scores(path: str, step: int | None, digest: str, changes: Changes) -> list[dict[str, Score]]:
    """Right decisions under each change; its steps do not matter."""
    from rnnlm_core.insight.scoring import score_changed

    run, near = _run(path, step), decisions(path, step, digest)
    assert near is not None
    return score_changed(run.model, run.tokenizer, near, changes)
