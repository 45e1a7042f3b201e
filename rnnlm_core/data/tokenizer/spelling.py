"""Which part of a text each token is, also of the text that a vocabulary lacks."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer.interface import Tokenizer
from rnnlm_core.data.tokenizer.marked import MarkedTokenizer, batches_of
from rnnlm_core.data.tokenizer.pieces import PieceTokenizer


class Spelling(NamedTuple):
    """A text as a network reads it: without the pieces that it has no id for."""

    ids: NDArray[np.int64]  # (T,)
    owners: NDArray[np.int64]  # of each character of the text the token that ends it; −1: unknown


def spelled(text: str, tokenizer: Tokenizer) -> Spelling:
    """The known tokens of `text`, and where in it they stand."""
    ids: list[int] = []
    owners: list[int] = []
    for part, tokens in divided(text, tokenizer):
        known = tokenizer.unknown_id not in tokens
        if known:
            ids += tokens
        owners += [len(ids) - 1 if known else -1] * len(part)
    return Spelling(np.array(ids, np.int64), np.array(owners, np.int64))


def divided(text: str, tokenizer: Tokenizer) -> list[tuple[str, list[int]]]:
    """The shortest parts of a text that are whole tokens, each with its ids.

    Of bytes, the characters, each with several; of all else the pieces, `<unk>` among them. A start
    mark is a part without text, an end mark has that of the line end or blank line in its place.
    """
    if isinstance(tokenizer, MarkedTokenizer):
        return _between_marks(text, tokenizer)
    if isinstance(tokenizer, PieceTokenizer):
        pieces = list(tokenizer.divide(text))
        return [(p, [int(i)]) for p, i in zip(pieces, tokenizer.encode(text), strict=True)]
    tokens = tokenizer.encode(text).tolist()
    _, owners = tokenizer.owners(tokens)
    found, start, first = [], 0, 0
    for end in (*np.flatnonzero(np.diff(owners)) + 1, len(owners)) if len(owners) else ():
        last = int(owners[end - 1]) + 1
        found.append((text[start:end], tokens[first:last]))
        start, first = int(end), last
    return found


def _between_marks(text: str, tokenizer: MarkedTokenizer) -> list[tuple[str, list[int]]]:
    found: list[tuple[str, list[int]]] = []
    for document in chain.from_iterable(batches_of(text, tokenizer.documents)):
        found += [("", [tokenizer.start_id]), *divided(document, tokenizer.base),
                  (tokenizer.separator, [tokenizer.end_id])]
    return found if text.endswith(tokenizer.separator) else found[:-1]
