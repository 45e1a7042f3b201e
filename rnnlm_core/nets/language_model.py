"""What every network here has in common: embedding, layers, output layer.

`nets.recurrent` and `nets.cnn` are the two kinds; `nets.build` makes the one of a config.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import torch
from torch import Tensor, nn

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.adaptive import AdaptiveOutput
from rnnlm_core.nets.layers import Dropout, Linear, OneHot, TiedLinear

# what is carried from one window to the next: (h,) for the RNN and GRU, (h, c) for the LSTM, each
# (L, B, H); the left context of each block for the CNN
Carried = tuple[Tensor, ...]


class Output(Protocol):
    """What stands between the last state and the probabilities."""

    def __call__(self, h: Tensor) -> Tensor: ...
    def losses(self, h: Tensor, targets: Tensor, reduction: str = "none") -> Tensor: ...


class LanguageModel(nn.Module, ABC):
    """P(next token | the tokens so far), with V outputs. V vocabulary, D width of the input."""

    output: Output
    layers: nn.ModuleList

    def __init__(self, config: RunConfig, vocabulary: int) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        self.embedding = nn.Embedding(vocabulary, config.embedding) if config.embedding \
            else OneHot(vocabulary)
        self.make_layers(config, config.embedding or vocabulary)
        self.input_dropout = Dropout(config.input_dropout, config.variational_dropout)
        self.layer_dropout = Dropout(config.layer_dropout, config.variational_dropout)
        self.output_dropout = Dropout(config.output_dropout, config.variational_dropout)
        self.output = make_output(config, vocabulary, self.embedding)

    @abstractmethod
    def make_layers(self, config: RunConfig, inputs: int) -> None:
        """Set `layers` and what belongs to them; `inputs` is the width of an embedded token."""

    def forward(self, ids: Tensor, carried: Carried | None = None) -> tuple[Tensor, Carried]:
        """ids (B, T) → logits of the next token (B, T, V) and what to carry on."""
        h, carried = self.read(ids, carried)
        return self.output(h), carried

    @abstractmethod
    def read(self, ids: Tensor, carried: Carried | None = None) -> tuple[Tensor, Carried]:
        """ids (B, T) → what the output layer sees (B, T, H), and what to carry on."""

    @abstractmethod
    def zero_state(self, batch: int) -> Carried:
        """What is carried in front of the first token: zeros."""

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def set_dropouts(self, config: RunConfig) -> None:
        """The three shares as this config has them; they may change while a run trains."""
        self.input_dropout.share = config.input_dropout
        self.layer_dropout.share = config.layer_dropout
        self.output_dropout.share = config.output_dropout


def make_output(config: RunConfig, vocabulary: int, embedding: nn.Module) -> Output:
    """The output layer of a config: full, tied to the embedding, or adaptive."""
    if config.softmax == "adaptive":
        return AdaptiveOutput(config.hidden, vocabulary)
    if config.tie_weights and isinstance(embedding, nn.Embedding):
        return TiedLinear(embedding)
    return Linear(config.hidden, vocabulary)
