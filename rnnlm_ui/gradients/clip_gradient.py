"""The gradient of one batch of a run's text, as its clipping is looked at on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.errors import BadInput
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import look_inside, runs

if TYPE_CHECKING:
    from torch import Tensor

    from rnnlm_core.lab import Run
    from rnnlm_core.nets.language_model import LanguageModel

_ROWS, _LENGTH = 32, 128  # of a batch at most


def batch_gradient(path: str, step: int | None) -> NDArray[np.float64]:
    """All trained parameters in one row (N,), float64. Raises `UnrollError`."""
    from rnnlm_core.insight.clipped_gradient import batch_gradients

    return next(batch_gradients(*model_and_text(path, step, 1)))


def model_and_text(path: str, step: int | None, count: int) -> tuple[LanguageModel, Tensor]:
    """A run's model at a moment, and `count` batches of the size it trains with."""
    from rnnlm_core.insight.clipped_gradient import batches

    run = runs.opened(RunFolder(path), step)
    return run.model, batches(_ids(run), min(_ROWS, run.config.batch),
                              min(_LENGTH, run.config.sequence_length), count)


def _ids(run: Run) -> NDArray[np.integer]:
    """Of the training text; where that is gone, of what there is."""
    from rnnlm_core.prepared import prepare

    try:
        return prepare(run.folder).train_ids
    except BadInput:
        return run.tokenizer.encode(look_inside.text_of(run)[0])
