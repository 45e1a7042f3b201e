"""The parts around the recurrent layers: input, dropout, output."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class OneHot(nn.Module):
    """Feeds a token in as the unit vector of its id: an embedding that is the identity matrix."""

    weight: Tensor  # (V, V)

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.eye(vocabulary), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (B, T) → (B, T, V)"""
        return functional.embedding(ids, self.weight)


class Dropout(nn.Module):
    """Inverted dropout of x (B, T, D); `variational` drops the same units at all T steps.

    Source: Srivastava et al. 2014; Gal & Ghahramani 2016 (arXiv 1512.05287). The share may be
    changed while a run trains.
    """

    def __init__(self, share: float, variational: bool) -> None:
        super().__init__()
        self.share, self.variational = share, variational

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.share == 0.0:
            return x
        if not self.variational:
            return functional.dropout(x, self.share)
        mask = functional.dropout(x.new_ones(x.shape[0], 1, x.shape[2]), self.share)
        return x * mask


class Linear(nn.Linear):
    """W_o h + b_o, and the loss of it."""

    def losses(self, h: Tensor, targets: Tensor, reduction: str = "none") -> Tensor:
        """h (N, H), targets (N,) → −log p of each target (N,) in nats, or their mean or sum.

        A target of −1 counts for nothing.
        """
        return token_losses(self(h), targets, reduction)


class TiedLinear(nn.Module):
    """An output layer that has no weights of its own: those of the embedding, and a bias.

    Source: Press & Wolf 2017 (arXiv 1608.05859).
    """

    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        # in a list, so that the shared weights are saved and counted once, as the embedding's
        self._of = [embedding]
        self.bias = nn.Parameter(torch.zeros(embedding.num_embeddings))
        with torch.no_grad():  # N(0, 1), the embedding's own start, would be far too sure of itself
            embedding.weight.mul_(embedding.embedding_dim**-0.5)

    @property
    def weight(self) -> Tensor:
        """(V, H)"""
        return self._of[0].weight

    def forward(self, h: Tensor) -> Tensor:
        return functional.linear(h, self.weight, self.bias)

    def losses(self, h: Tensor, targets: Tensor, reduction: str = "none") -> Tensor:
        return token_losses(self(h), targets, reduction)


def token_losses(logits: Tensor, targets: Tensor, reduction: str = "none") -> Tensor:
    """Cross-entropy in float32, logits (N, V), targets (N,) → (N,) nats, or their mean or sum."""
    return functional.cross_entropy(logits.float(), targets, ignore_index=-1, reduction=reduction)
