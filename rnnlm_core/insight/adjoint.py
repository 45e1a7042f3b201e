"""The gradient of one loss on every earlier state, by the chain rule written out.

Backwards through time one step is one matrix product and a few elementwise ones: what autograd
would record, allocate and look up at every step is known beforehand for these three cells. Forwards
it is `nets.cells` with every gate written into one array. Layers are gone through from the top;
what lies between two of them (norm, residual) acts on each step alone, so autograd takes all steps
of it at once.

Shapes and blocks as in `nets.cells`, time first: (T, B, …). Source: SCIENCE, hand BPTT; Hochreiter
& Schmidhuber 1997 with the forget gate of Gers et al. 2000; Cho et al. 2014 as PyTorch has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rnnlm_core.config import Activation, Cell
from rnnlm_core.nets.cells import CellWeights, State, input_product, layer_weights
from rnnlm_core.nets.jacobians import slope
from rnnlm_core.nets.language_model import Carried
from rnnlm_core.nets.recurrent import RecurrentModel


@dataclass(frozen=True)
class Course:
    """One layer over T steps: what it held before the first of them, its gates and states.

    `gates` are in the row blocks of the weights: a of the RNN; r, z, n of the GRU; i, f, g, o.
    """

    cell: Cell
    activation: Activation
    weights: CellWeights
    before: State  # each (B, H)
    gates: Tensor  # (T, B, GH)
    h: Tensor  # (T, B, H)
    c: Tensor | None = None  # of an LSTM
    m: Tensor | None = None  # of a GRU: U_n h + b_hn

    def gate(self, block: int) -> Tensor:
        """(T, B, H)"""
        hidden = self.h.shape[-1]
        return self.gates[..., block * hidden:(block + 1) * hidden]

    def earlier(self, part: int) -> Tensor:
        """h (0) or c (1) as each step found it, (T, B, H)."""
        states = self.h if part == 0 or self.c is None else self.c
        return torch.cat([self.before[part][None], states[:-1]])

    @property
    def slope(self) -> Tensor:
        """φ'(a) of an RNN, (T, B, H)"""
        return slope(self.gates, self.h, self.activation)


@dataclass(frozen=True)
class StateGradients:
    """∂L/∂h_t with c_t held and, of an LSTM, ∂L/∂c_t with all that follows from it; (T, B, H)."""

    h: Tensor
    c: Tensor | None


# -- forwards -------------------------------------------------------------------------------------
@torch.no_grad()
def courses(model: RecurrentModel, ids: Tensor, carried: Carried | None = None
            ) -> tuple[list[Course], Tensor]:
    """All layers over ids (B, T) from what was carried, lowest first, and what the output layer
    sees after the last step (B, H)."""
    config, found = model.config, []
    carried = model.zero_state(len(ids)) if carried is None else carried
    # each token's product with W_ih once, however often it occurs
    tokens, places = torch.unique(ids.T, return_inverse=True)
    embedded: Tensor = model.embedding(tokens)
    x = embedded[places]  # (T, B, D)
    for index in range(config.layers):
        state = tuple(part[index] for part in carried)
        weights = layer_weights(model, index)
        wx = input_product(x, weights) if index else input_product(embedded, weights)[places]
        found.append(_run(config.cell, config.activation, weights, state, wx))
        x = model.above(index, found[-1].h, x)
    return found, x[-1]


def _run(cell: Cell, activation: Activation, weights: CellWeights, before: State, wx: Tensor
         ) -> Course:
    """One layer over wx = W_ih x + b_ih (T, B, GH), which becomes the gates."""
    steps, batch, _ = wx.shape
    hidden = weights.W_hh.shape[1]
    h = wx.new_empty(steps, batch, hidden)
    W = weights.W_hh.t()
    if cell == "lstm":
        c = torch.empty_like(h)
        wx += weights.b_hh
        _lstm(W, wx, h, c, *before)
        return Course(cell, activation, weights, before, wx, h, c)
    if cell == "gru":
        m = torch.empty_like(h)
        wx[..., :2 * hidden] += weights.b_hh[:2 * hidden]
        _gru(W, weights.b_hh[2 * hidden:], wx, h, m, before[0])
        return Course(cell, activation, weights, before, wx, h, m=m)
    wx += weights.b_hh
    _rnn(W, activation, wx, h, before[0])
    return Course(cell, activation, weights, before, wx, h)


def _rnn(W: Tensor, activation: Activation, a: Tensor, h: Tensor, last: Tensor) -> None:
    for a_t, h_t in zip(a.unbind(0), h.unbind(0), strict=True):
        a_t.addmm_(last, W)
        if activation == "relu":
            torch.clamp(a_t, min=0, out=h_t)
        else:
            (torch.tanh if activation == "tanh" else torch.sigmoid)(a_t, out=h_t)
        last = h_t


def _lstm(W: Tensor, gates: Tensor, h: Tensor, c: Tensor, last: Tensor, last_c: Tensor) -> None:
    hidden, tau = h.shape[-1], torch.empty_like(last)
    blocks = [gates[..., k * hidden:(k + 1) * hidden].unbind(0) for k in range(4)]
    for a, i_f, i, f, g, o, h_t, c_t in zip(
            gates.unbind(0), gates[..., :2 * hidden].unbind(0), *blocks, h.unbind(0), c.unbind(0),
            strict=True):
        a.addmm_(last, W)
        i_f.sigmoid_()
        torch.mul(i, g.tanh_(), out=c_t).addcmul_(f, last_c)
        torch.mul(o.sigmoid_(), torch.tanh(c_t, out=tau), out=h_t)
        last, last_c = h_t, c_t


def _gru(W: Tensor, b_n: Tensor, gates: Tensor, h: Tensor, m: Tensor, last: Tensor) -> None:
    hidden = h.shape[-1]
    U_rz, U_n = W[:, :2 * hidden], W[:, 2 * hidden:]
    blocks = [gates[..., k * hidden:(k + 1) * hidden].unbind(0) for k in range(3)]
    for r_z, r, z, n, h_t, m_t in zip(
            gates[..., :2 * hidden].unbind(0), *blocks, h.unbind(0), m.unbind(0), strict=True):
        r_z.addmm_(last, U_rz).sigmoid_()
        torch.addmm(b_n, last, U_n, out=m_t)
        torch.lerp(n.addcmul_(r, m_t).tanh_(), last, z, out=h_t)  # (1 − z) ⊙ n + z ⊙ h
        last = h_t


# -- backwards ------------------------------------------------------------------------------------
def gradients(model: RecurrentModel, layers: list[Course], at_end: Tensor) -> list[StateGradients]:
    """Of every layer, lowest first, from ∂L/∂(what the output layer sees after the last step)
    `at_end` (B, H). Gradients take all paths, those through the layers above included."""
    up = torch.zeros_like(layers[-1].h)
    up[-1] = at_end
    found = []
    for index in reversed(range(len(layers))):
        into_h, into_x = _through_above(model, index, layers[index].h, up)
        reached, delta = _back(layers[index], into_h)
        found.append(reached)
        if index:
            up = delta @ layers[index].weights.W_ih
            if into_x is not None:
                up += into_x
    return found[::-1]


def _through_above(model: RecurrentModel, index: int, h: Tensor, up: Tensor
                   ) -> tuple[Tensor, Tensor | None]:
    """∂L/∂h and ∂L/∂x of a layer's states and inputs by what it hands up; x is only ever added."""
    if not (model.config.layer_norm or model.config.residual):
        return up, None
    with torch.enable_grad():
        leaf = h.detach().requires_grad_()
        x = torch.zeros_like(h).requires_grad_()
        into_h, into_x = torch.autograd.grad(model.above(index, leaf, x), (leaf, x), up,
                                             allow_unused=True)
    return into_h, into_x


@torch.no_grad()
def _back(course: Course, into_h: Tensor) -> tuple[StateGradients, Tensor]:
    """One layer, given what reaches each h_t from above: the gradients, and ∂L/∂(W_ih x_t)."""
    g = into_h.clone()
    if course.cell == "lstm":
        return _back_lstm(course, g)
    if course.cell == "gru":
        return _back_gru(course, g)
    delta, W = course.slope, course.weights.W_hh
    for t in reversed(range(len(g))):
        delta[t].mul_(g[t])
        if t:
            g[t - 1].addmm_(delta[t], W)
    return StateGradients(g, None), delta


def _back_gru(course: Course, g: Tensor) -> tuple[StateGradients, Tensor]:
    steps, batch, hidden = g.shape
    r, z, n = (course.gate(k) for k in range(3))
    assert course.m is not None
    into_n = (1 - z) * (1 - n**2)
    delta = torch.stack([into_n * course.m * r * (1 - r), (course.earlier(0) - n) * z * (1 - z),
                         into_n * r], 2)  # (T, B, 3, H), of the product with h
    W, flat = course.weights.W_hh, delta.view(steps, batch, 3 * hidden).unbind(0)
    for t in reversed(range(steps)):
        delta[t].mul_(g[t].unsqueeze(1))
        if t:
            g[t - 1].addmm_(flat[t], W).addcmul_(z[t], g[t])
    delta[:, :, 2] = into_n * g  # r multiplies only what comes from h
    return StateGradients(g, None), delta.flatten(2)


def _back_lstm(course: Course, g: Tensor) -> tuple[StateGradients, Tensor]:
    steps, batch, hidden = g.shape
    i, f, candidate, o = (course.gate(k) for k in range(4))
    assert course.c is not None
    tau = course.c.tanh()
    e = o * (1 - tau**2)  # ∂h/∂c
    delta = torch.stack([candidate * i * (1 - i), course.earlier(1) * f * (1 - f),
                         i * (1 - candidate**2), tau * o * (1 - o)], 2)  # (T, B, 4, H)
    c = torch.zeros_like(g)
    W, flat = course.weights.W_hh, delta.view(steps, batch, 4 * hidden).unbind(0)
    by_c, by_h = delta[:, :, :3].unbind(0), delta[:, :, 3].unbind(0)
    for t in reversed(range(steps)):
        c[t].addcmul_(g[t], e[t])
        by_c[t].mul_(c[t].unsqueeze(1))
        by_h[t].mul_(g[t])
        if t:
            g[t - 1].addmm_(flat[t], W)
            torch.mul(c[t], f[t], out=c[t - 1])
    return StateGradients(g, c), delta.flatten(2)
