"""A long text read in strips side by side: every unit over thousands of tokens at once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.insight.states import refuse_no_numbers
from rnnlm_core.nets.cells import State, Trace, unroll
from rnnlm_core.nets.language_model import LanguageModel

STRIPS, WARM_UP = 48, 128  # a long text is read in strips side by side, each with a run-up

Floats = NDArray[np.float32]


def all_units(model: LanguageModel, ids: NDArray[np.int64]) -> Floats:
    """Every unit of h (all layers), then of c, over ids (T,) → (units, T).

    Read in strips at once: see `read_in_strips`. Raises `RunError`, run.no_numbers, of a network
    that diverged.
    """
    with torch.no_grad():
        trace = read_in_strips(model, ids)
        parts = [layer.h for layer in trace.layers]
        parts += [layer.c for layer in trace.layers if layer.c is not None]
        units = torch.stack([joined(part, len(ids)).T for part in parts])  # (P, H, T)
    values = units.flatten(0, 1).float().cpu().contiguous().numpy()
    refuse_no_numbers(values)
    return values


def read_in_strips(model: LanguageModel, ids: NDArray[np.int64]) -> Trace:
    """ids (T,) as `strips_of` cuts them, the first strip from the zero state where the text begins.

    `joined` makes one text of it again.
    """
    later = torch.ones(STRIPS, 1, device=model.device)
    later[0] = 0.0

    def begins_with_the_text(_layer: int, t: int, state: State) -> State:
        return state if t >= WARM_UP else tuple(part * later for part in state)

    return unroll(model, torch.from_numpy(strips_of(ids)).to(model.device),
                  hook=begins_with_the_text)


def strips_of(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """ids (T,) cut into 48 strips of equal length, each with the 128 tokens before it.

    After these the state no longer depends on where reading began, but for a memory that is longer.
    → (48, 128 + length), where 48 · length ≥ T: the last strip ends in copies of the last token,
    and the first begins with copies of the first, for which the reader has to put the zero state.
    """
    length = -(-len(ids) // STRIPS)
    padded = np.concatenate([np.repeat(ids[:1], WARM_UP), ids,
                             np.repeat(ids[-1:], STRIPS * length - len(ids))])
    windows = np.arange(STRIPS)[:, None] * length + np.arange(WARM_UP + length)
    strips: NDArray[np.int64] = padded[windows]
    return strips


def joined(part: Tensor, count: int) -> Tensor:
    """What was read in strips (48, 128 + length, …) as one text again, (T, …)."""
    return part[:, WARM_UP:].flatten(0, 1)[:count]
