"""Where a text is cut, what fits into it, and which positions are scored.

A cut is made in characters, at a line's end where there is one near. Validation is read in rows,
each after some tokens of warm-up that are not scored, so that a batch of rows gives nearly the loss
of reading straight on. The *live* sample is the beginning of every row, as long as the machine
reads quickly: spread over the whole validation text, the same through a run. Yardsticks are
computed on the same positions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.own_parts import SHORTEST_PART
from rnnlm_core.data.tokenizer import Ids
from rnnlm_core.errors import CorpusError

ROWS = 32
WARM_UP = 32  # tokens read before the first scored one of a row
_LINE_SEARCH = 2_000
_BLANK_LINES = re.compile(r"\n\n+")
SHORTEST_VALIDATION = SHORTEST_PART


def split_point(text: str, validation_share: float, by_paragraph: bool = False) -> int:
    """Index of the first validation character; `len(text)` where there is no validation.

    Where there is one near, a line begins there; `by_paragraph`: a paragraph.
    """
    cut = round(len(text) * (1 - validation_share))
    if len(text) - cut < SHORTEST_VALIDATION:
        return len(text)
    last = min(cut + _LINE_SEARCH, (cut + len(text)) // 2)
    if by_paragraph and (blank := _BLANK_LINES.search(text, cut - 2, last)):
        return blank.end()
    line_end = text.find("\n", cut - 1, last)
    return line_end + 1 if line_end >= 0 else cut


@dataclass(frozen=True)
class Fit:
    """Batch and sequence length as they fit the text."""

    batch: int
    sequence_length: int


def fit_to_text(tokens: int, batch: int, sequence_length: int) -> Fit:
    """The asked sizes, the batch shrunk so that every row holds one whole sequence and its target.

    Raises `CorpusError` where not even one sequence fits.
    """
    if tokens < sequence_length + 1:
        raise CorpusError("corpus.too_short", value=tokens, limit=sequence_length + 1)
    return Fit(min(batch, tokens // (sequence_length + 1)), sequence_length)


@dataclass(frozen=True)
class ValidationRows:
    """Inputs and targets of the validation text in R rows of W scored positions.

    inputs (R, WARM_UP + W) ids, targets (R, W) ids with −1 where a row is past the text's end;
    `live_width` is the number of leading targets of each row that make the live sample.
    """

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    warm_up: int
    live_width: int

    @classmethod
    def cut(cls, ids: Ids, start: int, rows: int = ROWS) -> ValidationRows | None:
        """Rows over `ids[start:]`, with what stands before each row as its warm-up; all is live.

        Needs at least one id before `start`, to predict the first validation token from.
        """
        count = len(ids) - start
        if count == 0:
            return None
        rows = max(1, min(rows, count // SHORTEST_VALIDATION))
        width = -(-count // rows)
        warm_up = min(WARM_UP, start - 1)  # the first input is the token before that
        targets = np.full((rows, width), -1, np.int64)
        inputs = np.full((rows, warm_up + width), ids[-1], np.int64)
        for row in range(rows):  # row by row: places of all at once would take as much again
            begin = start + row * width
            scored = ids[begin:begin + width]
            read = ids[begin - warm_up - 1:begin + width - 1]
            targets[row, :len(scored)], inputs[row, :len(read)] = scored, read
        return cls(inputs, targets, warm_up, width)

    def live_width_for(self, tokens: float) -> int:
        """The widest of the whole row, its half, quarter, …, that scores about `tokens`."""
        rows, width = map(int, self.targets.shape)
        while rows * width > tokens and width > SHORTEST_VALIDATION:
            width = -(-width // 2)
        return width

    def live_and_full(self, losses: NDArray[np.float64]) -> tuple[float, float]:
        """Mean of a loss per validation position over the live sample and over all of them."""
        scored = self.targets >= 0
        grid = np.zeros(scored.shape)
        grid[scored] = losses
        live = np.zeros_like(scored)
        live[:, :self.live_width] = True
        return float(grid[scored & live].mean()), float(losses.mean())
