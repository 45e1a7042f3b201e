"""The network: embedding, recurrent layers, output layer.

Trained with PyTorch's fused layers; `nets.cells` holds the same equations written out, reading the
very same parameters, for everything that looks inside.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnlm_core.config import RunConfig

# (h,) for the RNN and GRU, (h, c) for the LSTM; each (L, B, H)
Carried = tuple[Tensor, ...]


class SigmoidRNN(nn.RNN):
    """`nn.RNN` with the logistic function, run by the fused tanh kernel.

    σ(a) = (1 + tanh(a/2)) / 2, so with u = 2h − 1 the recurrence h' = σ(W x + U h + b) is
    u' = tanh(W/2 x + U/4 u + (b/2 + U·1/4)): the tanh kernel with scaled weights gives exactly the
    sigmoid network, gradients included.
    """

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """x (B, T, D), h (L, B, H) → all h_t of the top layer (B, T, H), last h (L, B, H)."""
        if h is None:
            h = x.new_zeros(self.num_layers, x.shape[0], self.hidden_size)
        last = []
        for layer in range(self.num_layers):
            w, u, b_x, b_h = (getattr(self, f"{name}_l{layer}")
                              for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            weights = [w / 2, u / 4, b_x / 2, b_h / 2 + u.sum(1) / 4]
            states, final = torch._VF.rnn_tanh(
                x, (2 * h[layer] - 1).unsqueeze(0), weights, True, 1, 0.0, self.training, False,
                True)
            x = (states + 1) / 2
            last.append((final[0] + 1) / 2)
            if layer + 1 < self.num_layers:
                x = functional.dropout(x, self.dropout, self.training)
        return x, torch.stack(last)


class LanguageModel(nn.Module):
    """P(next token | all tokens so far) by a recurrent network with V outputs."""

    def __init__(self, config: RunConfig, vocabulary: int) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        self.embedding = nn.Embedding(vocabulary, config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrent = _recurrent(config)
        self.output = nn.Linear(config.hidden, vocabulary)
        if config.cell == "lstm":
            self._set_forget_bias(config.forget_bias)

    def forward(self, ids: Tensor, carried: Carried | None = None) -> tuple[Tensor, Carried]:
        """ids (B, T) → logits of the next token (B, T, V) and the state after the last one."""
        x = self.dropout(self.embedding(ids))  # (B, T, E)
        h, last = self.recurrent(x, self._to_torch(carried))  # (B, T, H)
        return self.output(self.dropout(h)), last if isinstance(last, tuple) else (last,)

    def zero_state(self, batch: int) -> Carried:
        """The state before the first token: zeros, (L, B, H) each, two of them for the LSTM."""
        one = self.output.weight.new_zeros(self.config.layers, batch, self.config.hidden)
        return (one, one.clone()) if self.config.cell == "lstm" else (one,)

    def _to_torch(self, carried: Carried | None) -> Tensor | Carried | None:
        if carried is None or self.config.cell == "lstm":
            return carried
        return carried[0]

    def _set_forget_bias(self, value: float) -> None:
        """PyTorch adds two biases, so one holds the value and the other zero (Gers et al. 2000)."""
        hidden = self.config.hidden
        with torch.no_grad():
            for layer in range(self.config.layers):
                getattr(self.recurrent, f"bias_ih_l{layer}")[hidden:2 * hidden] = value
                getattr(self.recurrent, f"bias_hh_l{layer}")[hidden:2 * hidden] = 0.0


def _recurrent(config: RunConfig) -> nn.RNNBase:
    # nn.RNN warns about dropout with one layer, where it would do nothing
    between = config.dropout if config.layers > 1 else 0.0
    sizes = (config.embedding, config.hidden, config.layers)
    if config.cell == "lstm":
        return nn.LSTM(*sizes, batch_first=True, dropout=between)
    if config.cell == "gru":
        return nn.GRU(*sizes, batch_first=True, dropout=between)
    if config.activation == "sigmoid":
        return SigmoidRNN(*sizes, batch_first=True, dropout=between)
    return nn.RNN(*sizes, batch_first=True, dropout=between, nonlinearity=config.activation)


def build(config: RunConfig, vocabulary: int) -> LanguageModel:
    """A freshly initialised model: the same weights for the same seed, whatever ran before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return LanguageModel(config, vocabulary)
