"""The explaining path: one step of each cell as its equations, every gate by name.

`nets.language_model` trains with PyTorch's fused layers; the functions here read the very same
parameters and give what those hide: gates, every h_t and c_t as a node of the graph.
Any batch shape, float32 or float64, never any dropout (the network as it is used, not trained).

Shapes: B batch, T time, D input, H hidden, V vocabulary, L layers; G = 1 (RNN), 3 (GRU), 4 (LSTM).
Row blocks of all parameters follow PyTorch: r, z, n for the GRU and i, f, g, o for the LSTM.
U_k is block k of W_hh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnlm_core.config import Activation, Cell
from rnnlm_core.errors import BadInput
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.nets.recurrent import RecurrentModel

State = tuple[Tensor, ...]  # (h,) or, for the LSTM, (h, c); each (B, H), of one layer
Hook = Callable[[int, int, State], State]  # (layer, t, state) → the state to go on with

GATES: dict[str, tuple[str, ...]] = {
    "rnn": (), "gru": ("r", "z", "n"), "lstm": ("i", "f", "g", "o")}
CELLS: tuple[Cell, ...] = ("rnn", "gru", "lstm")
_PHI: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}


class CellWeights(NamedTuple):
    """The parameters of one layer, in PyTorch's layout."""

    W_ih: Tensor  # (GH, D)
    W_hh: Tensor  # (GH, H)
    b_ih: Tensor  # (GH,)
    b_hh: Tensor  # (GH,)


class RNNStep(NamedTuple):
    a: Tensor  # before the activation function
    h: Tensor


class GRUStep(NamedTuple):
    r: Tensor  # reset gate
    z: Tensor  # update gate: the share of the OLD state that is kept
    n: Tensor  # candidate
    m: Tensor  # U_n h + b_hn, which r multiplies
    h: Tensor


class LSTMStep(NamedTuple):
    i: Tensor  # input gate
    f: Tensor  # forget gate: the share of the old cell that is kept
    g: Tensor  # candidate
    o: Tensor  # output gate
    c: Tensor
    h: Tensor


Step = RNNStep | GRUStep | LSTMStep


# -- one step ---------------------------------------------------------------------------------
def rnn_step(x: Tensor, h: Tensor, weights: CellWeights, activation: Activation = "tanh"
             ) -> RNNStep:
    """x (…, D), h (…, H) → a = W_ih x + b_ih + W_hh h + b_hh and h' = φ(a).

    Source: Elman, Finding Structure in Time, 1990; φ is tanh, ReLU or the logistic function.
    """
    return _rnn(input_product(x, weights), h, weights, activation)


def gru_step(x: Tensor, h: Tensor, weights: CellWeights) -> GRUStep:
    """x (…, D), h (…, H) → the gates and h' = (1 − z) ⊙ n + z ⊙ h.

    Source: Cho et al. 2014 (arXiv 1406.1078) in PyTorch's convention: r multiplies AFTER the
    matrix product (n = tanh(W_in x + b_in + r ⊙ (U_n h + b_hn)), Keras' reset_after=True, whose
    gate order is z, r, h), where Cho has U(r ⊙ h); z = 1 keeps the old state, where Chung et al.
    2014 (arXiv 1412.3555) have h' = (1 − z) ⊙ h + z ⊙ n.
    """
    return _gru(input_product(x, weights), h, weights)


def lstm_step(x: Tensor, h: Tensor, c: Tensor, weights: CellWeights) -> LSTMStep:
    """x (…, D), h and c (…, H) → the gates, c' = f ⊙ c + i ⊙ g and h' = o ⊙ tanh(c').

    Source: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; no peepholes.
    """
    return _lstm(input_product(x, weights), h, c, weights)


def input_product(x: Tensor, weights: CellWeights) -> Tensor:
    """W_ih x + b_ih for x (…, D) → (…, GH): does not depend on h, so taken for all t at once."""
    return linear(x, weights.W_ih, weights.b_ih)


def _rnn(wx: Tensor, h: Tensor, weights: CellWeights, activation: Activation) -> RNNStep:
    a = wx + linear(h, weights.W_hh, weights.b_hh)
    return RNNStep(a, _PHI[activation](a))


def _gru(wx: Tensor, h: Tensor, weights: CellWeights) -> GRUStep:
    wx_r, wx_z, wx_n = wx.chunk(3, -1)
    uh_r, uh_z, m = linear(h, weights.W_hh, weights.b_hh).chunk(3, -1)
    r = torch.sigmoid(wx_r + uh_r)
    z = torch.sigmoid(wx_z + uh_z)
    n = torch.tanh(wx_n + r * m)
    return GRUStep(r, z, n, m, (1 - z) * n + z * h)


def _lstm(wx: Tensor, h: Tensor, c: Tensor, weights: CellWeights) -> LSTMStep:
    a_i, a_f, a_g, a_o = (wx + linear(h, weights.W_hh, weights.b_hh)).chunk(4, -1)
    i, f, g, o = torch.sigmoid(a_i), torch.sigmoid(a_f), torch.tanh(a_g), torch.sigmoid(a_o)
    c = f * c + i * g
    return LSTMStep(i, f, g, o, c, o * torch.tanh(c))


def advance(cell: Cell, wx: Tensor, state: State, weights: CellWeights,
            activation: Activation = "tanh") -> Step:
    """One step of whichever cell, from the input product wx (…, GH) and the state before."""
    if cell == "lstm":
        return _lstm(wx, state[0], state[1], weights)
    if cell == "gru":
        return _gru(wx, state[0], weights)
    return _rnn(wx, state[0], weights, activation)


def state_of(step: Step) -> State:
    """What the step hands on: (h,), or (h, c) of an LSTM."""
    return (step.h, step.c) if isinstance(step, LSTMStep) else (step.h,)


def with_state(step: Step, state: State) -> Step:
    """The same step with its state replaced (by a hook that holds a unit at a value)."""
    if not isinstance(step, LSTMStep):
        return step._replace(h=state[0])
    h, c = followed(state_of(step), state, step.o)
    return step._replace(h=h, c=c)


def followed(state: State, changed: State, o: Tensor | None) -> State:
    """The state to go on with, after a hook has changed it; o is the output gate of an LSTM.

    h = o ⊙ tanh(c) is computed after c: where the hook changed c and left h alone, h follows c.
    """
    if o is None or changed[1] is state[1]:
        return changed
    h, c = changed
    return torch.where(h == state[0], o * torch.tanh(c), h), c


# -- all steps --------------------------------------------------------------------------------
@dataclass(frozen=True)
class LayerTrace:
    """What one layer did. `steps[t]` are nodes of the graph; `h`, `c` and `gates` are stacked."""

    cell: Cell
    steps: list[Step]  # T

    @cached_property
    def h(self) -> Tensor:
        """(B, T, H)"""
        return self._stacked("h")

    @cached_property
    def c(self) -> Tensor | None:
        """(B, T, H), of an LSTM only"""
        return self._stacked("c") if self.cell == "lstm" else None

    @cached_property
    def gates(self) -> dict[str, Tensor]:
        """r, z, n or i, f, g, o, each (B, T, H); none for the vanilla RNN"""
        return {name: self._stacked(name) for name in GATES[self.cell]}

    def _stacked(self, name: str) -> Tensor:
        return torch.stack([getattr(step, name) for step in self.steps], 1)


@dataclass(frozen=True)
class Trace:
    """All layers over a text, lowest first."""

    layers: tuple[LayerTrace, ...]
    model: RecurrentModel
    embedded: Tensor  # (B, T, D)

    def top(self, t: int) -> Tensor:
        """What the output layer sees at step t (B, H): the top state, normed and with its residual
        where the network has such."""
        x = self.embedded[:, t]
        for index, layer in enumerate(self.layers):
            x = self.model.above(index, layer.steps[t].h, x)
        return x

    @cached_property
    def seen(self) -> Tensor:
        """What the output layer sees after each token, (B, T, H)"""
        x = self.embedded
        for index, layer in enumerate(self.layers):
            x = self.model.above(index, layer.h, x)
        return x

    @cached_property
    def logits(self) -> Tensor:
        """(B, T, V), of the token after each one; computed when first asked for"""
        return self.model.output(self.seen)

    @property
    def carried(self) -> Carried:
        """The state after the last token, each (L, B, H)."""
        last = [state_of(layer.steps[-1]) for layer in self.layers]
        return tuple(torch.stack(parts) for parts in zip(*last, strict=True))


def recurrent(model: LanguageModel) -> RecurrentModel:
    """The model, if it has a state to look into. Raises `BadInput` for a CNN."""
    if not isinstance(model, RecurrentModel):
        raise BadInput("run.no_state")
    return model


def layer_weights(model: LanguageModel, layer: int) -> CellWeights:
    """The parameters of one recurrent layer themselves (no copy), lowest layer 0."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return CellWeights(*(getattr(recurrent(model).layers[layer], f"{name}_l0") for name in names))


def unroll_layer(cell: Cell, x: Tensor, state: State, weights: CellWeights,
                 activation: Activation = "tanh",
                 hook: Callable[[int, State], State] | None = None) -> list[Step]:
    """One layer over x (B, T, D) from `state`; also for weights that belong to no model."""
    steps: list[Step] = []
    # unbind, not wx[:, t]: the backward of a slice writes a gradient of full size at every step
    for t, wx in enumerate(input_product(x, weights).unbind(1)):
        step = advance(cell, wx, state, weights, activation)
        if hook is not None:
            step = with_state(step, hook(t, state_of(step)))
        state = state_of(step)
        steps.append(step)
    return steps


def unroll(model: LanguageModel, ids: Tensor, carried: Carried | None = None,
           hook: Hook | None = None) -> Trace:
    """The whole network over ids (B, T), T ≥ 1, step by step: equal to `model(ids)` in eval mode.

    `hook(layer, t, state)` sees every new state and returns the one to go on with; layer by layer,
    each over all t. What it returns (see `with_state`) is what the trace holds and what the layer
    above reads.
    """
    model, config = recurrent(model), model.config
    carried = model.zero_state(ids.shape[0]) if carried is None else carried
    x = embedded = model.embedding(ids)  # (B, T, D)
    layers = []
    for layer in range(config.layers):
        state = tuple(part[layer] for part in carried)
        steps = unroll_layer(config.cell, x, state, layer_weights(model, layer), config.activation,
                             partial(hook, layer) if hook is not None else None)
        layers.append(LayerTrace(config.cell, steps))
        if layer + 1 < config.layers:
            x = model.above(layer, layers[-1].h, x)
    return Trace(tuple(layers), model, embedded)
