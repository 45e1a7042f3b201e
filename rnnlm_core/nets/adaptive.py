"""An output layer for large vocabularies: frequent tokens cost much, rare ones little.

The vocabulary is sorted by falling frequency and cut into a head and tails. The head is a softmax
over its own tokens and one entry for each tail; a tail is a softmax over its tokens behind a
projection to H/4 (then H/16) numbers:
P(w | h) = P(w | h, head) in the head, P(tail | h, head) · P(w | h, tail) in a tail.
In training only the tails that hold a target are computed, and only where they do.

Source: Grave et al. 2017 (arXiv 1609.04309); `torch.nn.AdaptiveLogSoftmaxWithLoss`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from rnnlm_core.nets.adaptive_shape import cutoffs, division


class AdaptiveOutput(nn.Module):
    """The adaptive softmax with the two faces of an output layer.

    `losses` is the quick one, for learning; calling it gives log-probabilities, which serve as
    logits wherever those are asked for: their softmax is P, at temperature τ it is P^{1/τ}
    renormalised. There is no (V, H) matrix, so no `weight`.

    Which tokens are frequent is a buffer, `rank` (id → place by falling frequency), saved with the
    weights; until `order_by` is called ids count as sorted already.
    """

    rank: Tensor  # (V,) int64

    def __init__(self, hidden: int, vocabulary: int) -> None:
        super().__init__()
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(
            hidden, vocabulary, cutoffs(vocabulary), div_value=division(hidden), head_bias=True)
        self.register_buffer("rank", torch.arange(vocabulary))

    def order_by(self, counts: Tensor) -> None:
        """Sort by how often each id occurs in the training part, counts (V,). Before any training:
        the weights stay where they are, so that the same network would mean other tokens."""
        by_frequency = counts.argsort(descending=True, stable=True)
        self.rank[by_frequency] = torch.arange(len(counts), device=self.rank.device)

    def forward(self, h: Tensor) -> Tensor:
        """h (…, H) → log P of every token (…, V)."""
        with _in_float(h) as rows:
            by_frequency = self.softmax.log_prob(rows.reshape(-1, rows.shape[-1]))  # (N, V)
        return by_frequency.index_select(1, self.rank).view(*h.shape[:-1], -1)

    def losses(self, h: Tensor, targets: Tensor, reduction: str = "none") -> Tensor:
        """h (N, H), targets (N,) → −log P of each target (N,) in nats, or their mean or sum.

        A target of −1 counts for nothing. Raises IndexError where one is no id of the vocabulary.
        """
        counted = targets >= 0
        if reduction == "mean":
            return self.losses(h[counted], targets[counted]).mean()
        if reduction == "sum":
            return self.losses(h, targets).sum()
        if not bool(counted.all()):
            places = counted.nonzero().squeeze(1)
            if len(places) == 0:
                return h.new_zeros(len(targets))
            found = self.losses(h[places], targets[places])
            return found.new_zeros(len(targets)).index_copy(0, places, found)
        with _in_float(h) as rows:
            log_p: Tensor = self.softmax(rows, self.rank[targets]).output
        return -log_p


@contextmanager
def _in_float(h: Tensor) -> Iterator[Tensor]:
    """h, and what is done with it inside, without autocast: CPU autocast would take the logarithms
    in bfloat16, which PyTorch's layer cannot mix with float32."""
    with torch.autocast(h.device.type, enabled=False):
        yield h.float() if h.dtype in (torch.bfloat16, torch.float16) else h
