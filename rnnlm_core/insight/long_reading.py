"""A long text as one part of the network reads it: thousands of states to search or to cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.corpus_labels import labels_at_tokens
from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.states import refuse_no_numbers
from rnnlm_core.insight.strips import joined, read_in_strips
from rnnlm_core.nets.language_model import LanguageModel

FEWEST_TOKENS = 50
_AT_ONCE = 2048  # rows that the output layer takes: a vocabulary of words is wide


@dataclass(frozen=True)
class LongReading:
    """T tokens, and one layer's state or gate of H units after each of them."""

    text: str  # what was read
    owners: NDArray[np.int64]  # of each character, the token that ends it; ascending
    pieces: tuple[str, ...]  # T
    ids: NDArray[np.int64]  # (T,)
    values: NDArray[np.float32]  # (T, H)
    surprise: NDArray[np.float32]  # (T,) bits of each token as it came; the first is NaN


def read_long(model: LanguageModel, tokenizer: Tokenizer, text: str, part: str = "h",
              layer: int = 0) -> LongReading:
    """Read `text` without dropout and keep one part: `h`, `c` or a gate, of one layer (0 lowest).

    Read in strips, as `units.all_units` does it. Unknown pieces are left out. Errors:
    `text.too_short` below 50 known tokens, `run.no_state` of a CNN, `run.no_numbers` where the
    states are none.
    """
    ids = np.array(tokenizer.known(text), np.int64)
    if len(ids) < FEWEST_TOKENS:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST_TOKENS)
    with torch.no_grad():
        trace = read_in_strips(model, ids)
        own = trace.layers[layer]
        kept = own.h if part == "h" else own.c if part == "c" else own.gates[part]
        assert kept is not None
        values = joined(kept, len(ids)).float().cpu().numpy()
        seen = joined(trace.seen, len(ids))[:-1]
        following = torch.from_numpy(ids[1:]).to(seen.device)
        nats = torch.cat([model.output.losses(seen[at:at + _AT_ONCE], following[at:at + _AT_ONCE])
                          for at in range(0, len(seen), _AT_ONCE)]).cpu().numpy()
    refuse_no_numbers(values)
    read, owners = tokenizer.owners(ids)
    surprise = np.concatenate([[np.nan], nats / np.log(2)]).astype(np.float32)
    return LongReading(read, owners, tuple(tokenizer.pieces[i] for i in ids), ids, values, surprise)


def telling_labels(corpus: str, text: str, owners: NDArray[np.int64], ids: NDArray[np.int64]
                   ) -> list[Label]:
    """The labels of a text at its tokens that vary and that the current token does not give away.
    """
    return [label for label in labels_at_tokens(corpus, text, owners, ids)
            if not label.given_away and label.where.any()
            and np.ptp(label.values[label.where]) > 0]
