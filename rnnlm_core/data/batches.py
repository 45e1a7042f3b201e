"""The training text as B parallel streams, read T tokens at a time.

Row b of every batch goes on where row b of the batch before ended, so the hidden state can be
carried over (truncated back-propagation through time with k1 = k2 = T). Each epoch starts at
another offset, a function of seed and epoch alone: the position (epoch, index) is all there is to
save, and resuming is exact. No DataLoader: its iterator draws from the global generator.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor

from rnnlm_core.data.tokenizer import Ids


class Streams:
    """Endless batches; `epoch` and `index` are the position of the next one."""

    def __init__(self, ids: Ids, batch: int, sequence_length: int, seed: int,
                 device: str = "cpu") -> None:
        """Needs at least batch · (sequence_length + 1) ids (see `split.fit_to_text`)."""
        self._ids = torch.from_numpy(ids.astype("int32")).to(device)
        self.batch, self.sequence_length, self.seed = batch, sequence_length, seed
        self.epoch, self.index = 0, 0
        self._open_epoch()

    def next(self) -> tuple[Tensor, Tensor, bool]:
        """Inputs (B, T), targets (B, T) one later, and whether a new epoch starts here."""
        if self.index + self.sequence_length + 1 > self._rows.shape[1]:
            self.epoch, self.index = self.epoch + 1, 0
            self._open_epoch()
        starts = self.index == 0
        window = self._rows[:, self.index:self.index + self.sequence_length + 1].long()
        self.index += self.sequence_length
        return window[:, :-1], window[:, 1:], starts

    def go_to(self, epoch: int, index: int) -> None:
        self.epoch, self.index = epoch, index
        self._open_epoch()

    def _open_epoch(self) -> None:
        spare = len(self._ids) - self.batch * (self.sequence_length + 1)
        offset = random.Random(self.seed * 1_000_003 + self.epoch).randint(
            0, min(self.sequence_length, spare))
        length = (len(self._ids) - offset) // self.batch
        self._rows = self._ids[offset:offset + self.batch * length].view(self.batch, length)
