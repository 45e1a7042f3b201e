"""A network that reads one token at a time, as fast as one processor reads its weights.

The equations of `nets.cells` once more, in NumPy: with a single row a step takes half the time of
the same in torch, and nn.LSTM packs its weights anew at every call. What does not depend on the
state is folded together beforehand: W_ih E[w] and the biases become a table, one row a token; the
rows of σ are halved, since σ(a) = (1 + tanh(a / 2)) / 2, so that one tanh does for all gates.

Shapes: B streams side by side, each a row; the others as in `nets.cells`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.config import Activation, Cell
from rnnlm_core.nets.adaptive import AdaptiveOutput
from rnnlm_core.nets.cells import CellWeights, Hook, followed, layer_weights, recurrent
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.nets.recurrent import RecurrentModel

Floats = NDArray[np.floating[Any]]
_QUIET = np.errstate(over="ignore", invalid="ignore")  # what is no number shows in the logits
_TABLE_LIMIT = 1_000_000  # numbers; a larger V × GH table costs more to make than it saves


class Writer:
    """The network as a machine that takes the next id of each stream and gives the logits after it.

    It has arrays of its own, so a model that has learned on wants a new one. A `carried` of one row
    is where all streams begin. `hook(layer, t, state)` sees every new state, all rows at once, and
    returns the one to go on with.
    """

    def __init__(self, model: LanguageModel, carried: Carried | None = None,
                 hook: Hook | None = None, streams: int = 1) -> None:
        config = model.config
        model = recurrent(model if model.device.type == "cpu" else copy.deepcopy(model).cpu())
        self.layers = [folded(layer_weights(model, layer), config.cell, config.activation)
                       for layer in range(config.layers)]
        self.cell = _CELLS[config.cell] if config.cell != "rnn" else _RNN[config.activation]
        self.embedding = _array(model.embedding.weight)  # (V, D)
        W, b = self.layers[0].W, self.layers[0].b
        small = model.vocabulary * len(b) <= _TABLE_LIMIT
        self.table = self.embedding @ W.T + b if small else None  # (V, GH)
        self.above, self.output = _above(model), _output(model)
        carried = model.zero_state(1) if carried is None else carried
        self.states: list[tuple[Floats, ...]] = [
            tuple(_rows(part[layer], streams, self.embedding.dtype) for part in carried)
            for layer in range(config.layers)]  # each (B, H)
        self.hook, self.position = hook, 0

    @_QUIET
    def read(self, ids: Sequence[int]) -> Floats:
        """One token into each stream; what the output layer sees after it (B, H)."""
        x: Floats = np.empty(0)
        if self.table is None or len(self.layers) > 1:
            x = self.embedding[ids]
        for index, layer in enumerate(self.layers):
            wx = self.table[ids] if index == 0 and self.table is not None \
                else x @ layer.W.T + layer.b
            step = self.cell(wx, self.states[index], layer.U, layer.b_n)
            state = step.state if self.hook is None else self._changed(index, step)
            self.states[index] = state
            x = self.above(index, state[0], x)
        self.position += 1
        return x

    @_QUIET
    def step(self, ids: Sequence[int]) -> NDArray[np.float64]:
        """One token into each stream; the logits (B, V) of the next ones."""
        return self.output(self.read(ids)).astype(np.float64)

    def _changed(self, layer: int, step: NumpyStep) -> tuple[Floats, ...]:
        state = tuple(torch.from_numpy(part) for part in step.state)
        assert self.hook is not None
        changed = self.hook(layer, self.position, state)
        o = None if step.o is None else torch.from_numpy(step.o)
        return tuple(part.numpy() for part in followed(state, changed, o))

    @property
    def carried(self) -> Carried:
        """The state now, each (L, B, H)."""
        return tuple(torch.from_numpy(np.stack(parts)) for parts in zip(*self.states, strict=True))


class ConvolutionWriter:
    """The same for a CNN, which has no state to hold a unit of: what it carries is its context."""

    def __init__(self, model: LanguageModel, carried: Carried | None = None, streams: int = 1
                 ) -> None:
        self.model = model
        carried = model.zero_state(1) if carried is None else carried
        self.carried = tuple(part.expand(-1, streams, -1) for part in carried)

    @torch.no_grad()
    def read(self, ids: Sequence[int]) -> None:
        """One token into each stream."""
        self.step(ids)

    @torch.no_grad()
    def step(self, ids: Sequence[int]) -> NDArray[np.float64]:
        """One token into each stream; the logits (B, V) of the next ones."""
        tokens = torch.tensor(ids, device=self.model.device)[:, None]
        logits, self.carried = self.model(tokens, self.carried)
        found: NDArray[np.float64] = logits[:, 0].double().cpu().numpy()
        return found


def writer_of(model: LanguageModel, carried: Carried | None = None, hook: Hook | None = None,
              streams: int = 1) -> Writer | ConvolutionWriter:
    """Whichever suits the network. Raises `BadInput` where a CNN's state is to be held."""
    if model.config.cell == "cnn" and hook is None:
        return ConvolutionWriter(model, carried, streams)
    return Writer(model, carried, hook, streams)


# -- what it is made of ----------------------------------------------------------------------------
class Folded(NamedTuple):
    """The parameters of one layer, for one step. Gates of an LSTM in the order i, f, o, g."""

    W: Floats  # (GH, D)
    U: Floats  # (GH, H)
    b: Floats  # (GH,), b_ih + b_hh but for b_hn
    b_n: Floats  # (H,), b_hn of a GRU, which r multiplies; of others empty


def folded(weights: CellWeights, cell: Cell, activation: Activation) -> Folded:
    """A copy of the weights in the order and scale that a step wants them in."""
    W, U, b_ih, b_hh = (_array(part) for part in weights)
    H = U.shape[1]
    rows, halved, b_n = np.arange(len(U)), 0, b_hh[:0]
    if cell == "lstm":
        rows, halved = np.r_[:2 * H, 3 * H:4 * H, 2 * H:3 * H], 3 * H
    elif cell == "gru":
        halved, b_n = 2 * H, b_hh[2 * H:].copy()
        b_hh = np.concatenate([b_hh[:2 * H], np.zeros_like(b_n)])
    elif activation == "sigmoid":
        halved = H
    W, U, b = W[rows], U[rows], (b_ih + b_hh)[rows]
    for part in (W, U, b):
        part[:halved] /= 2
    return Folded(W, U, b, b_n)


def _array(part: torch.Tensor) -> Floats:
    found: Floats = part.detach().cpu().numpy()
    return found


def _rows(part: torch.Tensor, streams: int, dtype: np.dtype[Any]) -> Floats:
    """(1, H), or (B, H) already → (B, H)"""
    found = _array(part).astype(dtype)
    return np.repeat(found, streams // len(found), axis=0)


def _above(model: RecurrentModel) -> Callable[[int, Floats, Floats], Floats]:
    """`RecurrentModel.above`: norm, then residual."""
    norms = [(*map(_array, norm.parameters()), norm.eps) for norm in model.norms] \
        if model.config.layer_norm else []  # weight, bias, ε
    residual = model.config.residual

    def above(index: int, h: Floats, x: Floats) -> Floats:
        if norms:
            weight, bias, eps = norms[index]
            away = h - h.mean(-1, keepdims=True)
            h = away / np.sqrt((away * away).mean(-1, keepdims=True) + eps) * weight + bias
        return h + x if residual and index else h
    return above


def _output(model: RecurrentModel) -> Callable[[Floats], Floats]:
    """The output layer of states (B, H); an adaptive one, which has no matrix, stays torch's."""
    output = model.output
    if isinstance(output, AdaptiveOutput):
        return lambda h: _array(torch.no_grad()(output)(torch.from_numpy(h)))
    W, b = _array(output.weight), _array(output.bias)  # type: ignore[attr-defined]
    return lambda h: h @ W.T + b


# -- one step: wx = W_ih x + b (B, GH), which it may overwrite ------------------------------------
# In place where an array is the step's own: to make one costs as much as to fill it.
class NumpyStep(NamedTuple):
    """(h,) or (h, c), each (B, H), and the output gate of an LSTM."""

    state: tuple[Floats, ...]
    o: Floats | None = None


def _sigmoid(halved: Floats) -> Floats:
    """σ(a) from tanh(a / 2), in place."""
    halved += 1
    halved *= 0.5
    return halved


def _rnn_with(phi: Callable[[Floats], Floats]) -> Callable[..., NumpyStep]:
    def rnn(wx: Floats, state: tuple[Floats, ...], U: Floats, _b_n: Floats) -> NumpyStep:
        wx += state[0] @ U.T
        return NumpyStep((phi(wx),))
    return rnn


def _gru(wx: Floats, state: tuple[Floats, ...], U: Floats, b_n: Floats) -> NumpyStep:
    h, H = state[0], U.shape[1]
    uh = h @ U.T
    rz = wx[:, :2 * H]
    rz += uh[:, :2 * H]
    _sigmoid(np.tanh(rz, out=rz))
    r, z = rz[:, :H], rz[:, H:]
    n = np.tanh(wx[:, 2 * H:] + r * (uh[:, 2 * H:] + b_n))
    return NumpyStep((n + z * (h - n),))  # (1 − z) ⊙ n + z ⊙ h


def _lstm(wx: Floats, state: tuple[Floats, ...], U: Floats, _b_n: Floats) -> NumpyStep:
    (h, c), H = state, U.shape[1]
    wx += h @ U.T
    np.tanh(wx, out=wx)
    ifo, g = _sigmoid(wx[:, :3 * H]), wx[:, 3 * H:]
    i, f, o = ifo[:, :H], ifo[:, H:2 * H], ifo[:, 2 * H:]
    c = f * c + i * g
    return NumpyStep((o * np.tanh(c), c), o)


_RNN: dict[str, Callable[..., NumpyStep]] = {
    "tanh": _rnn_with(np.tanh), "relu": _rnn_with(lambda a: np.maximum(a, 0)),
    "sigmoid": _rnn_with(lambda a: _sigmoid(np.tanh(a)))}
_CELLS: dict[str, Callable[..., NumpyStep]] = {"gru": _gru, "lstm": _lstm}
