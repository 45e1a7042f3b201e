"""What a reach does, computed once for all visitors: everything here is kept by its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from rnnlm_core.records import SampledToken
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.insight.forcing import Forced as Draws
    from rnnlm_core.insight.interventions import Intervention
    from rnnlm_core.insight.steering import Held, Way
    from rnnlm_core.lab import Run

Ids = tuple[int, ...]
Forced = tuple[tuple[int, int], ...]  # position and token
_NEAR = 60  # written tokens among which a place is looked for
STEPS = 40  # over which the probabilities are followed after a forced token
# to pick the token that is told, and as many again to measure it; few of a larger vocabulary
DRAWS, FEW_DRAWS, _LARGE = 16, 4, 2_000
CONTROLS = 3  # states of random places


def _run(path: str, step: int | None) -> Run:
    return runs.opened(RunFolder(path), step)


@st.cache_data(max_entries=256, show_spinner=False)
def written(path: str, step: int | None, digest: str, start: Ids, settings: SamplingSettings,
            forced: Forced = ()) -> list[SampledToken]:
    """What it writes after `start`, with tokens forced at positions of what is written."""
    from rnnlm_core.insight.steering import write

    run = _run(path, step)
    return write(run.model, run.tokenizer, start, settings, forced=dict(forced))


# -- a forced token -------------------------------------------------------------------------------
@st.cache_data(max_entries=128, show_spinner=False)
def likeliest_place(path: str, step: int | None, digest: str, start: Ids, text: Ids, token: int
                    ) -> int:
    """Where in the first part of a written text the token was likeliest without being drawn."""
    import torch

    from rnnlm_core.insight.steering import probabilities, read

    run = _run(path, step)
    before, _ = read(run.model, start)
    near = text[:_NEAR]
    p = probabilities(run.model, run.tokenizer, torch.tensor([[start[-1], *near[:-1]]]), before)
    own = np.where(np.array(near) == token, -1.0, p[0, :, token])
    return int(own.argmax())


@st.cache_data(max_entries=128, show_spinner=False)
def control_of(path: str, step: int | None, digest: str, before: Ids, forced: int,
               without: Ids) -> tuple[int | None, float, float]:
    """The token whose probability there is near that of the forced one, None where none is; both
    probabilities."""
    import torch

    from rnnlm_core.insight.forcing import as_unlikely
    from rnnlm_core.insight.steering import probabilities

    run = _run(path, step)
    p = probabilities(run.model, run.tokenizer, torch.tensor([list(before)]))[0, -1]
    p[run.tokenizer.barred_after(before[-1])] = 0.0
    control = as_unlikely(p, forced, without)
    return control, float(p[control]) if control is not None else 0.0, float(p[forced])


@st.cache_data(max_entries=128, show_spinner=False)
def draws(path: str, step: int | None, digest: str, before: Ids,
          texts: tuple[Ids, Ids, Ids | None], watched: Ids, since: int, settings: SamplingSettings,
          never_told: Ids) -> Draws:
    """See `forcing.forced_draws`."""
    from dataclasses import replace

    from rnnlm_core.insight.forcing import forced_draws

    run = _run(path, step)
    many = DRAWS if run.tokenizer.size <= _LARGE else FEW_DRAWS
    longest = max(len(text) for text in texts if text is not None)
    return forced_draws(run.model, run.tokenizer, before, texts, watched, since,
                        replace(settings, length=longest + STEPS), many, never_told)


# -- a held unit ----------------------------------------------------------------------------------
@st.cache_data(max_entries=128, show_spinner=False)
def held(path: str, step: int | None, digest: str, start: Ids, settings: SamplingSettings,
         change: Intervention | None) -> list[SampledToken]:
    """What it writes with the change made from the last token of `start` on."""
    from rnnlm_core.insight.steering import read, write

    run = _run(path, step)
    before, _ = read(run.model, start)
    return write(run.model, run.tokenizer, start[-1:], settings,
                 change.over(0).hook if change is not None else None, before)


@st.cache_data(max_entries=128, show_spinner=False)
def values(path: str, step: int | None, digest: str, start: Ids, text: Ids,
           change: Intervention | None, shown: tuple[str, int, int]) -> NDArray[np.float32]:
    """The value of a unit (part, layer, unit) after each token of the text."""
    import torch

    from rnnlm_core.insight.steering import read
    from rnnlm_core.nets.cells import unroll

    run, (part, layer, unit) = _run(path, step), shown
    before, _ = read(run.model, start)
    with torch.no_grad():
        trace = unroll(run.model, torch.tensor([[start[-1], *text]]), before,
                       change.over(0).hook if change is not None else None)
    one = trace.layers[layer]
    states = one.c if part == "c" and one.c is not None else one.h
    found: NDArray[np.float32] = states[0, 1:, unit].float().numpy()
    return found


@st.cache_data(max_entries=128, show_spinner=False)
def held_effect(path: str, step: int | None, digest: str, start: Ids, text: Ids,
                change: Intervention, controls: tuple[Intervention, ...]) -> Held:
    """See `steering.while_reading`."""
    from rnnlm_core.insight.steering import while_reading

    run = _run(path, step)
    return while_reading(run.model, run.tokenizer, start, text, change, controls)


# -- an exchanged state ---------------------------------------------------------------------------
@st.cache_data(max_entries=128, show_spinner=False)
def exchanged(path: str, step: int | None, digest: str, a: Ids, b: Ids, layers: Ids,
              parts: tuple[str, ...], settings: SamplingSettings) -> list[SampledToken]:
    """What it writes after A with B's state of these layers and parts."""
    from rnnlm_core.insight.steering import exchange, read, write

    run = _run(path, step)
    before, _ = read(run.model, a)
    _, state = read(run.model, b)
    return write(run.model, run.tokenizer, a[-1:], settings, exchange(state, layers, parts), before)


@st.cache_data(max_entries=128, show_spinner=False)
def way_to(path: str, step: int | None, digest: str, a: Ids, b: Ids, layers: Ids,
           parts: tuple[str, ...], text: Ids) -> Way:
    """How far each step has come from A to B, beside states of random places of held-out text."""
    from rnnlm_core.insight.steering import read, way

    run = _run(path, step)
    ids = run.tokenizer.known(look_inside.text_of(run)[0])
    places = np.random.Generator(np.random.PCG64(0)).integers(1, max(2, len(ids)), CONTROLS)
    others = [read(run.model, ids[max(0, at - len(b)):at] or b)[1] for at in places.tolist()]
    return way(run.model, run.tokenizer, a, b, others, layers, parts, text)
