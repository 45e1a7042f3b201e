"""The recurrent network: fused layers of PyTorch, with what may stand between them.

`nets.cells` holds the same equations written out, reading the very same parameters, for everything
that looks inside.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.initialisation import initialise
from rnnlm_core.nets.language_model import Carried, LanguageModel


class SigmoidRNN(nn.RNN):
    """One layer of `nn.RNN` with the logistic function, run by the fused tanh kernel.

    σ(a) = (1 + tanh(a/2)) / 2, so with u = 2h − 1 the recurrence h' = σ(W x + U h + b) is
    u' = tanh(W/2 x + U/4 u + (b/2 + U·1/4)): the tanh kernel with scaled weights gives exactly the
    sigmoid network, gradients included.
    """

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """x (B, T, D), h (1, B, H) → all h_t (B, T, H), last h (1, B, H)."""
        if h is None:
            h = x.new_zeros(1, x.shape[0], self.hidden_size)
        w, u, b_x, b_h = (getattr(self, f"{name}_l0")
                          for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        weights = [w / 2, u / 4, b_x / 2, b_h / 2 + u.sum(1) / 4]
        states, final = torch._VF.rnn_tanh(
            x, 2 * h - 1, weights, True, 1, 0.0, self.training, False, True)
        return (states + 1) / 2, (final + 1) / 2


class RecurrentModel(LanguageModel):
    """P(next token | all tokens so far) by RNN, GRU or LSTM layers."""

    def make_layers(self, config: RunConfig, inputs: int) -> None:
        sizes = [inputs] + [config.hidden] * (config.layers - 1)
        self.layers = nn.ModuleList(_recurrent(config, size) for size in sizes)
        if config.layer_norm:
            self.norms = nn.ModuleList(nn.LayerNorm(config.hidden) for _ in sizes)
        for layer in self.layers:
            initialise(layer, config)  # type: ignore[arg-type]

    def read(self, ids: Tensor, carried: Carried | None = None) -> tuple[Tensor, Carried]:
        """ids (B, T) → what the output layer sees (B, T, H), and the state after the last one."""
        carried = self.zero_state(ids.shape[0]) if carried is None else carried
        x = self.input_dropout(self.embedding(ids))  # (B, T, D)
        last = []
        for index, layer in enumerate(self.layers):
            state = tuple(part[index:index + 1] for part in carried)  # each (1, B, H)
            h, after = layer(x, state if len(state) > 1 else state[0])  # (B, T, H)
            last.append(after if isinstance(after, tuple) else (after,))
            x = self.above(index, h, x)
            if index + 1 < len(self.layers):
                x = self.layer_dropout(x)
        return self.output_dropout(x), tuple(torch.cat(parts) for parts in zip(*last, strict=True))

    def above(self, index: int, h: Tensor, x: Tensor) -> Tensor:
        """What layer `index` hands up, from its states h and its input x: norm, then residual."""
        if self.config.layer_norm:
            h = self.norms[index](h)
        return h + x if self.config.residual and index else h

    def zero_state(self, batch: int) -> Carried:
        """The state before the first token: zeros, (L, B, H) each, two of them for the LSTM."""
        weight: Tensor = self.layers[0].weight_hh_l0  # type: ignore[assignment]
        one = weight.new_zeros(self.config.layers, batch, self.config.hidden)
        return (one, one.clone()) if self.config.cell == "lstm" else (one,)


def _recurrent(config: RunConfig, inputs: int) -> nn.RNNBase:
    if config.cell == "lstm":
        return nn.LSTM(inputs, config.hidden, batch_first=True)
    if config.cell == "gru":
        return nn.GRU(inputs, config.hidden, batch_first=True)
    if config.activation == "sigmoid":
        return SigmoidRNN(inputs, config.hidden, batch_first=True)
    return nn.RNN(inputs, config.hidden, batch_first=True, nonlinearity=config.activation)
