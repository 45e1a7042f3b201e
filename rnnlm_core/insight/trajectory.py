"""The steps of one layer along a text, in float64: what Jacobians are taken at."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.config import Activation
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.states import refuse_no_numbers
from rnnlm_core.nets.cells import CellWeights, State, Step, layer_weights, state_of, unroll
from rnnlm_core.nets.jacobians import step_jacobian
from rnnlm_core.nets.language_model import LanguageModel

LAGS, FEWEST_LAGS = 100, 10
WARM_UP = 100  # characters read before, so that the states are on the trajectory
RUN_UP = 20  # steps of it in which the directions of the exponents fall into line
PLACES = ((256, 4), (512, 2))  # directions up to, places of the text that are averaged; then one


@dataclass(frozen=True)
class Trajectory:
    """The steps of one layer over B places of a text at once, oldest first; float64."""

    steps: Sequence[Step]
    before: Sequence[State]  # the state that each step began with, parts (B, H)
    weights: CellWeights
    activation: Activation = "tanh"

    @property
    def shape(self) -> tuple[int, int]:
        """B places, n directions: H, or 2H for the (h, c) of an LSTM."""
        state = self.before[0]
        return state[0].shape[0], len(state) * state[0].shape[1]

    def last(self, steps: int) -> Trajectory:
        return Trajectory(self.steps[-steps:], self.before[-steps:], self.weights, self.activation)

    def first_place(self) -> Trajectory:
        steps = [type(step)(*(part[:1] for part in step)) for step in self.steps]
        return Trajectory(steps, [tuple(part[:1] for part in state) for state in self.before],
                          self.weights, self.activation)

    def jacobian(self, index: int) -> Tensor:
        """J of one step, (B, n, n)"""
        return step_jacobian(self.steps[index], self.before[index], self.weights, self.activation)


def lags_of(tokens: int) -> int:
    """How many lags so long a text allows. Raises `BadInput`, text.too_short, below 30 tokens."""
    if tokens < FEWEST_LAGS + RUN_UP:
        raise BadInput("text.too_short", value=tokens, limit=FEWEST_LAGS + RUN_UP)
    return min(LAGS, tokens - RUN_UP)


def trajectory(model: LanguageModel, ids: NDArray[np.integer] | Tensor, layer: int) -> Trajectory:
    """`RUN_UP` and then `lags_of(N)` steps of a layer over text ids (N,), after a warm-up.

    Four places spread over the text, fewer for a large state. The model is not touched: a copy in
    float64 reads. Errors: `text.too_short`, `run.no_state` of a CNN, `run.no_numbers` where the
    network diverged.
    """
    text = np.asarray(ids, dtype=np.int64)
    followed = RUN_UP + lags_of(len(text))
    length = min(len(text), WARM_UP - RUN_UP + followed)
    config = model.config
    size = config.hidden * (2 if config.cell == "lstm" else 1)
    places = next((places for largest, places in PLACES if size <= largest), 1)
    starts = np.unique(np.linspace(0, len(text) - length, places).astype(np.int64))
    batch = torch.from_numpy(text[starts[:, None] + np.arange(length)])  # (B, length)
    reader = copy.deepcopy(model).to("cpu", torch.float64).eval().requires_grad_(False)
    weights = layer_weights(reader, layer)
    with torch.no_grad():
        carried = reader.zero_state(len(batch))
        if length > followed:
            _, carried = reader(batch[:, :-followed], carried)
        steps = unroll(reader, batch[:, -followed:], carried).layers[layer].steps
    states = [tuple(part[layer] for part in carried), *map(state_of, steps)]
    refuse_no_numbers(*(part.numpy() for state in states for part in state),
                      *(w.numpy() for w in weights))
    return Trajectory(steps, states[:-1], weights, config.activation)
