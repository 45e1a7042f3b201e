"""Several small networks trained side by side, as batched weights: hardly slower than one.

The networks differ in their seed alone. Every parameter has a leading axis S, every product is a
`bmm`; the equations are those of `nets.cells`, in PyTorch's layout. The input is one symbol a step
(one-hot), the output is read after the last step.

Shapes: S seeds, B batch, T steps, H hidden, A input symbols, C classes; G = 1, 3, 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rnnlm_core.config import Activation, Cell
from rnnlm_core.nets.parameters import GATES

_PHI = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
_SMALL_INPUT = 0.1  # standard deviation of W_ih beside an orthogonal or identity W_hh


@dataclass(frozen=True)
class Start:
    """A cell and how its weights begin; what is not named keeps PyTorch's U(±1/√H).

    `orthogonal` and `identity` are W_hh, with biases 0 and small input weights, N(0, 0.1²): strong
    inputs push tanh to where its slope is small. (Le et al. take N(0, 0.001²) for the identity.)
    `forget_bias` (LSTM) and `update_bias` (GRU) are the whole bias of that gate, in b_ih, and all
    other biases are 0: at forget bias 5 that alone decides whether the gradient grows or merely
    lasts. `chrono` draws them from the length of the task instead, and −b_f for the input gate.
    Sources: orthogonal: Saxe et al. 2013 (arXiv 1312.6120). identity: Le et al. 2015 (1504.00941).
    Forget bias: Gers et al. 2000, Jozefowicz et al. 2015. chrono: Tallec & Ollivier 2018
    (1804.11188); in PyTorch's GRU z keeps the old state, so that b_z has the sign of b_f.
    """

    name: str
    cell: Cell
    activation: Activation = "tanh"
    orthogonal: bool = False
    identity: bool = False
    forget_bias: float | None = None
    update_bias: float | None = None
    chrono: bool = False


STARTS: dict[str, Start] = {start.name: start for start in (
    Start("rnn_default", "rnn"),
    Start("rnn_sigmoid", "rnn", "sigmoid"),
    Start("rnn_orthogonal", "rnn", orthogonal=True),
    Start("rnn_identity", "rnn", "relu", identity=True),
    Start("gru_default", "gru"),
    Start("gru_update_5", "gru", update_bias=5.0),
    Start("gru_chrono", "gru", chrono=True),
    Start("lstm_default", "lstm"),
    Start("lstm_forget_0", "lstm", forget_bias=0.0),
    Start("lstm_forget_1", "lstm", forget_bias=1.0),
    Start("lstm_forget_5", "lstm", forget_bias=5.0),
    Start("lstm_chrono", "lstm", chrono=True))}


class BatchedNetworks(nn.Module):
    """One recurrent layer and one linear readout for each seed."""

    W_ih: Tensor  # (S, GH, A)
    W_hh: Tensor  # (S, GH, H)
    b_ih: Tensor  # (S, GH)
    b_hh: Tensor  # (S, GH)
    W_o: Tensor  # (S, C, H)
    b_o: Tensor  # (S, C)

    def __init__(self, start: Start, seeds: list[int], symbols: int, hidden: int, classes: int,
                 longest: int) -> None:
        """`longest` is the chrono start's T_max: the longest lag that is to be remembered.

        Network s begins exactly as it would alone with `seeds[s]`.
        """
        super().__init__()
        self.start, self.hidden = start, hidden
        each = [_initial(start, seed, symbols, hidden, classes, longest) for seed in seeds]
        for name in each[0]:
            self.register_parameter(name, nn.Parameter(torch.stack([one[name] for one in each])))

    def states(self, symbols: Tensor) -> list[Tensor]:
        """symbols (S, B, T) → h_1 … h_T, each (S, B, H), from the zero state."""
        # (S, A, GH) read at the symbols is W_ih onehot(x), for all steps at once
        table = self.W_ih.transpose(1, 2)
        seeds = torch.arange(len(table))[:, None, None]
        wx = table[seeds, symbols] + self.b_ih[:, None, None]  # (S, B, T, GH)
        h = wx.new_zeros(*symbols.shape[:2], self.hidden)
        c, recurrent, found = h, self.W_hh.transpose(1, 2), []
        for one in wx.unbind(2):
            uh = torch.baddbmm(self.b_hh[:, None], h, recurrent)
            if self.start.cell == "lstm":
                h, c = _lstm(one + uh, c)
            elif self.start.cell == "gru":
                h = _gru(one, uh, h)
            else:
                h = _PHI[self.start.activation](one + uh)
            found.append(h)
        return found

    def read(self, h: Tensor) -> Tensor:
        """h (S, B, H) → logits (S, B, C)."""
        return torch.baddbmm(self.b_o[:, None], h, self.W_o.transpose(1, 2))


def _gru(wx: Tensor, uh: Tensor, h: Tensor) -> Tensor:
    hidden = h.shape[-1]
    r, z = torch.sigmoid(wx[..., :2 * hidden] + uh[..., :2 * hidden]).chunk(2, -1)
    n = torch.tanh(wx[..., 2 * hidden:] + r * uh[..., 2 * hidden:])
    return n + z * (h - n)


def _lstm(a: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    hidden = c.shape[-1]
    i, f = torch.sigmoid(a[..., :2 * hidden]).chunk(2, -1)
    g = torch.tanh(a[..., 2 * hidden:3 * hidden])
    c = f * c + i * g
    return torch.sigmoid(a[..., 3 * hidden:]) * torch.tanh(c), c


def _initial(start: Start, seed: int, symbols: int, hidden: int, classes: int, longest: int
             ) -> dict[str, Tensor]:
    """The parameters of one network, drawn from a generator of its own."""
    draw = torch.Generator().manual_seed(seed)
    bound, gates = 1 / math.sqrt(hidden), GATES[start.cell]

    def uniform(*shape: int) -> Tensor:
        return (2 * torch.rand(shape, generator=draw) - 1) * bound

    found = {"W_ih": uniform(gates * hidden, symbols), "W_hh": uniform(gates * hidden, hidden),
             "b_ih": uniform(gates * hidden), "b_hh": uniform(gates * hidden),
             "W_o": uniform(classes, hidden), "b_o": uniform(classes)}
    if start.orthogonal or start.identity:
        if start.orthogonal:
            nn.init.orthogonal_(found["W_hh"], generator=draw)
        else:
            found["W_hh"] = torch.eye(hidden)
        found["W_ih"].normal_(0.0, _SMALL_INPUT, generator=draw)
        found["b_ih"].zero_()
        found["b_hh"].zero_()
    _set_gate_bias(found, start, hidden, longest, draw)
    return found


def _set_gate_bias(found: dict[str, Tensor], start: Start, hidden: int, longest: int,
                   draw: torch.Generator) -> None:
    keeps = slice(hidden, 2 * hidden)  # f of the LSTM and z of the GRU are both block 1
    bias = start.forget_bias if start.cell == "lstm" else start.update_bias
    if start.chrono or bias is not None:
        found["b_ih"].zero_()
        found["b_hh"].zero_()
    if start.chrono:
        horizon = 1 + max(longest - 2, 0) * torch.rand(hidden, generator=draw)  # U(1, T_max − 1)
        found["b_ih"][keeps] = horizon.log()
        if start.cell == "lstm":
            found["b_ih"][:hidden] = -horizon.log()
    elif bias is not None:
        found["b_ih"][keeps] = bias
