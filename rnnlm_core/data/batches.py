"""The training text as windows of B rows by T tokens, and where the state is carried or emptied.

*Carried* windows: row b goes on where row b of the window before ended, so the hidden state can be
carried over (truncated back-propagation through time). k1 = T tokens are new in each window, and
the gradient reaches back k2 = `backprop_length` tokens: a longer reach reads tokens once more, from
the state in front of them; a shorter one cuts the window up. `carry_length` empties the state at
fixed places. *Random* windows begin anywhere, each from an empty state.

Everything is a function of seed, epoch and index: the position is all there is to save, and
resuming is exact. No DataLoader: its iterator draws from the global generator.

Source: Williams & Peng 1990 (BPTT(k2; k1)).
"""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import Ids


class Window(NamedTuple):
    """What one step reads: `lead` tokens for the gradient alone, then T that are learned from."""

    inputs: Tensor  # (B, lead + T)
    targets: Tensor  # (B, T), one later than the last T inputs
    lead: int
    fresh: bool  # the state before it is empty
    keep: int  # the state after so many inputs is where the next window begins


class Streams:
    """Endless windows; `epoch` and `index` (tokens into each row) are the position of the next."""

    def __init__(self, ids: Ids, batch: int, sequence_length: int, config: RunConfig,
                 device: str = "cpu") -> None:
        """Needs at least batch · (sequence_length + 1) ids (see `split.fit_to_text`)."""
        self._ids = torch.from_numpy(ids.astype("int32")).to(device)
        self.batch, self.sequence_length, self._seed = batch, sequence_length, config.seed
        self._random = config.windows == "random"
        self._lead = max(0, config.backprop_length - sequence_length)
        # rounded up to whole windows
        self._carry = -(-config.carry_length // sequence_length) * sequence_length
        self.epoch, self.index = 0, 0
        self._open_epoch()

    def next(self) -> Window:
        if self.index + self.sequence_length + 1 > self._length:
            self.epoch, self.index = self.epoch + 1, 0
            self._open_epoch()
        window = self._random_window() if self._random else self._carried_window()
        self.index += self.sequence_length
        return window

    def go_to(self, epoch: int, index: int) -> None:
        self.epoch, self.index = epoch, index
        self._open_epoch()

    def _carried_window(self) -> Window:
        at, length = self.index, self.sequence_length
        emptied = at // self._carry * self._carry if self._carry else 0
        lead = min(self._lead, at - emptied)
        next_lead = min(self._lead, at + length - emptied)
        # `narrow` is a slice in half the time
        tokens = self._rows.narrow(1, at - lead, lead + length + 1).long()
        return Window(tokens.narrow(1, 0, lead + length), tokens.narrow(1, lead + 1, length), lead,
                      at == emptied, lead + length - next_lead)

    def _random_window(self) -> Window:
        draw = np.random.default_rng([self._seed, self.epoch, self.index])
        starts = draw.integers(0, len(self._ids) - self.sequence_length, self.batch)
        places = torch.from_numpy(starts[:, None] + np.arange(self.sequence_length + 1))
        tokens = self._ids[places.to(self._ids.device)].long()
        return Window(tokens[:, :-1], tokens[:, 1:], 0, True, self.sequence_length)

    def _open_epoch(self) -> None:
        """Each epoch starts at another offset, so that windows do not always cut at one place."""
        spare = len(self._ids) - self.batch * (self.sequence_length + 1)
        offset = random.Random(self._seed * 1_000_003 + self.epoch).randint(
            0, min(self.sequence_length, spare))
        self._length = (len(self._ids) - offset) // self.batch
        self._rows = self._ids[offset:offset + self.batch * self._length].view(
            self.batch, self._length)
