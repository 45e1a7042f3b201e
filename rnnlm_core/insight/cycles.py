"""Where greedy writing ends up: the likeliest token again and again, until the state repeats.

The network with its own likeliest token fed back is a map of its state onto the next one, nothing
is drawn by lot. Such a map often falls into a limit cycle: a loop of states, and of text.
Source: Pascanu et al. 2013 (arXiv 1211.5063), section 2.2, the network as a dynamical system.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.nets.cells import State
from rnnlm_core.nets.language_model import LanguageModel

STEPS = 1000
SURE = 100  # places over which a repetition has to hold
TOLERANCE = 1e-3  # of the largest |value| of any state, or of 1

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GreedyPath:
    """N tokens written greedily, and the states after reading each of them.

    Once `enters` is reached, the state is the same again every `period` tokens, to the tolerance.
    `text_period`: the tokens alone repeat so up to the end (for LSTMs that count, long before the
    state does). None: nothing repeats twice within N tokens.
    """

    ids: NDArray[np.int64]  # (N,)
    pieces: tuple[str, ...]
    h: Floats  # (L, N, H)
    c: Floats | None
    period: int | None
    enters: int | None
    text_period: int | None
    text_enters: int | None
    miss: float  # largest difference between a state and its return; NaN without a period


def write_greedily(model: LanguageModel, tokenizer: Tokenizer, start: NDArray[np.int64],
                   steps: int = STEPS, tolerance: float = TOLERANCE) -> GreedyPath:
    """Read the ids `start`, then write `steps` tokens, each the likeliest.

    Errors: `run.no_numbers` where the network's outputs are none, `run.no_state` of a CNN.
    """
    layers = model.config.layers
    seen: list[list[State]] = [[] for _ in range(layers)]

    def hook(layer: int, t: int, state: State) -> State:
        if t >= len(start):
            seen[layer].append(state)
        return state

    # a written token is read when the next one is asked for: one more, so that all are
    settings = SamplingSettings(temperature=0.0, length=steps + 1)
    tokens = list(generate(model, tokenizer, start.tolist(), settings, hook=hook))[:-1]
    ids = np.array([token.id for token in tokens], np.int64)
    parts = [np.stack([np.stack([state[part][0].float().cpu().numpy() for state in layer])
                       for layer in seen]) for part in range(len(seen[0][0]))]  # (L, N, H) each
    whole = np.concatenate([layer for part in parts for layer in part], axis=1)
    period, miss = repeats(whole, tolerance, ids)
    text_period, text_enters = text_loop(ids)
    return GreedyPath(
        ids, tuple(tokenizer.pieces[i] for i in ids), parts[0],
        parts[1] if len(parts) > 1 else None, period, _since(whole, period, tolerance),
        text_period, text_enters, miss)


def text_loop(ids: NDArray[np.int64]) -> tuple[int | None, int | None]:
    """The period with which tokens (N,) repeat up to their end, and the index from which on."""
    if not len(ids):
        return None, None
    values = ids[:, None].astype(np.float32)
    period, _ = repeats(values, 0.0, ids)
    return period, _since(values, period, 0.0)


def greedy_ids(model: LanguageModel, tokenizer: Tokenizer, start: NDArray[np.int64],
               steps: int = STEPS) -> NDArray[np.int64]:
    """The same writing of any network, of a CNN too: the tokens (N,) alone."""
    settings = SamplingSettings(temperature=0.0, length=steps)
    return np.array([token.id for token in generate(model, tokenizer, start.tolist(), settings)],
                    np.int64)


def repeats(states: Floats, tolerance: float, ids: NDArray[np.int64]) -> tuple[int | None, float]:
    """The shortest period of the end of states (N, D), and its largest difference.

    It has to hold, states and tokens, over the last 100 of them and over two of its own rounds: a
    run of one letter is none.
    """
    scale = tolerance * max(1.0, float(np.abs(states).max(initial=0.0)))
    last = np.abs(states - states[-1:]).max(1)
    for period in range(1, len(states) // 2 + 1):
        held = max(period, SURE)  # places that are like the one a period before
        if held + period > len(states):
            break
        if last[-1 - period] > scale or (ids[-held:] != ids[-held - period:-period]).any():
            continue
        miss = float(np.abs(states[-held:] - states[-held - period:-period]).max())
        if miss <= scale:
            return period, miss
    return None, float("nan")


def _since(states: Floats, period: int | None, tolerance: float) -> int | None:
    """From which index on each state is the same as the one a period later."""
    if period is None:
        return None
    scale = tolerance * max(1.0, float(np.abs(states).max(initial=0.0)))
    differs = np.flatnonzero(np.abs(states[period:] - states[:-period]).max(1) > scale)
    return int(differs[-1]) + 1 if len(differs) else 0
