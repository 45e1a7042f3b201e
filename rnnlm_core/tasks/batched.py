"""Several small networks trained side by side, as batched weights: hardly slower than one.

The networks differ in their seed alone. Every parameter has a leading axis S, every product is a
`bmm`; the equations are those of `nets.cells`, in PyTorch's layout. The input of a step is a symbol
(one-hot) or a few numbers; the output is read from h where a task asks for it.

Shapes: S seeds, B batch, T steps, H hidden, A inputs, C outputs; G = 1, 3, 4.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rnnlm_core.nets.parameters import GATES
from rnnlm_core.tasks.starts import Start

_PHI = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}
_SMALL_INPUT = 0.1  # standard deviation of W_ih beside an orthogonal or identity W_hh


class BatchedNetworks(nn.Module):
    """One recurrent layer and one linear readout for each seed."""

    W_ih: Tensor  # (S, GH, A)
    W_hh: Tensor  # (S, GH, H)
    b_ih: Tensor  # (S, GH)
    b_hh: Tensor  # (S, GH)
    W_o: Tensor  # (S, C, H)
    b_o: Tensor  # (S, C)

    def __init__(self, start: Start, seeds: list[int], inputs: int, hidden: int, outputs: int,
                 longest: int) -> None:
        """`longest` is the chrono start's T_max: the longest lag that is to be remembered.

        Network s begins exactly as it would alone with `seeds[s]`.
        """
        super().__init__()
        self.start, self.hidden = start, hidden
        each = [_initial(start, seed, inputs, hidden, outputs, longest) for seed in seeds]
        for name in each[0]:
            self.register_parameter(name, nn.Parameter(torch.stack([one[name] for one in each])))

    def states(self, inputs: Tensor) -> list[Tensor]:
        """Symbols (S, B, T), or numbers (S, B, T, A) → h_1 … h_T, each (S, B, H), from zero."""
        wx = self._input_side(inputs) + self.b_ih[:, None, None]  # (S, B, T, GH)
        h = wx.new_zeros(*inputs.shape[:2], self.hidden)
        c, recurrent, found = h, self.W_hh.transpose(1, 2), []
        if self.start.cell == "gru":
            for one in wx.unbind(2):
                h = _gru(one, torch.baddbmm(self.b_hh[:, None], h, recurrent), h)
                found.append(h)
            return found
        for one in (wx + self.b_hh[:, None, None]).unbind(2):
            a = torch.baddbmm(one, h, recurrent)
            if self.start.cell == "lstm":
                h, c = _lstm(a, c)
            else:
                h = _PHI[self.start.activation](a)
            found.append(h)
        return found

    def _input_side(self, inputs: Tensor) -> Tensor:
        """W_ih x for all steps at once, (S, B, T, GH)."""
        table = self.W_ih.transpose(1, 2)  # (S, A, GH); read at a symbol it is W_ih onehot(x)
        if inputs.is_floating_point():
            return torch.bmm(inputs.flatten(1, 2), table).view(*inputs.shape[:3], -1)
        return table[torch.arange(len(table))[:, None, None], inputs]

    def read(self, h: Tensor) -> Tensor:
        """h (S, N, H) → what the outputs say (S, N, C)."""
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


def _initial(start: Start, seed: int, inputs: int, hidden: int, outputs: int, longest: int
             ) -> dict[str, Tensor]:
    """The parameters of one network, drawn from a generator of its own."""
    draw = torch.Generator().manual_seed(seed)
    bound, gates = 1 / math.sqrt(hidden), GATES[start.cell]

    def uniform(*shape: int) -> Tensor:
        return (2 * torch.rand(shape, generator=draw) - 1) * bound

    found = {"W_ih": uniform(gates * hidden, inputs), "W_hh": uniform(gates * hidden, hidden),
             "b_ih": uniform(gates * hidden), "b_hh": uniform(gates * hidden),
             "W_o": uniform(outputs, hidden), "b_o": uniform(outputs)}
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
