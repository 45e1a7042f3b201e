"""Text to ids and back: by character, grapheme, byte, word, or by pieces that BPE has learned.

A tokenizer is a list of pieces; the id of a piece is its place in the list. Characters, graphemes
and words are counted in the training part alone, and where a piece is unknown, its id is 0,
`<unk>`, shown as �. It is never generated, so text written by a model holds only pieces that it has
read. Bytes are all known from the start, and BPE learns from the training part which of them to
read together.

Around any of them may stand marks for where a document begins and ends (see `marked`).

A new kind that divides text into pieces needs `divide` and a name (see `by_words`); one whose
pieces are bytes needs these (see `ByteUnits`). Either has its place in `KINDS`.
"""

from __future__ import annotations

import json

from rnnlm_core.data.stretches import Progress
from rnnlm_core.data.tokenizer.by_bpe import BpeTokenizer
from rnnlm_core.data.tokenizer.by_bytes import ByteTokenizer
from rnnlm_core.data.tokenizer.by_characters import CharTokenizer
from rnnlm_core.data.tokenizer.by_chinese import ChineseTokenizer
from rnnlm_core.data.tokenizer.by_graphemes import GraphemeTokenizer
from rnnlm_core.data.tokenizer.by_words import WordTokenizer
from rnnlm_core.data.tokenizer.interface import (
    MAX_VOCABULARY,
    UNKNOWN_ID,
    Ids,
    Kind,
    Tokenizer,
)
from rnnlm_core.data.tokenizer.marked import MarkedTokenizer, batches_of
from rnnlm_core.data.tokenizer.pieces import PieceTokenizer
from rnnlm_core.data.tokenizer.streams import UNKNOWN, TextStream
from rnnlm_core.errors import RunError

__all__ = [
    "KINDS", "MAX_VOCABULARY", "UNKNOWN", "UNKNOWN_ID", "BpeTokenizer", "ByteTokenizer",
    "CharTokenizer", "ChineseTokenizer", "GraphemeTokenizer", "Ids", "Kind", "MarkedTokenizer",
    "PieceTokenizer", "TextStream", "Tokenizer", "WordTokenizer", "batches_of", "fit", "from_json"]

KINDS: dict[str, type[Kind]] = {
    kind.kind: kind for kind in (CharTokenizer, GraphemeTokenizer, ByteTokenizer, WordTokenizer,
                                 ChineseTokenizer, BpeTokenizer)}


def fit(kind: str, training_text: str, max_vocabulary: int = MAX_VOCABULARY,
        min_frequency: int = 1, marks: str = "none", progress: Progress | None = None
        ) -> Tokenizer:
    """The tokenizer of this kind for a training text, with marks around its lines or paragraphs
    where these are named. Tells and raises as `Kind.fit`."""
    if marks == "none":
        return KINDS[kind].fit(training_text, max_vocabulary, min_frequency, progress)
    return MarkedTokenizer.fit_marked(KINDS[kind], marks, training_text, max_vocabulary,
                                      min_frequency, progress)


def from_json(text: str) -> Tokenizer:
    """What `to_json` wrote. Raises `RunError` where it is none."""
    try:
        values = json.loads(text)
        if values["kind"] != MarkedTokenizer.kind:
            return KINDS[values["kind"]].from_values(values)
        inside = values["inside"]
        return MarkedTokenizer.around(KINDS[inside["kind"]].from_values(inside),
                                      values["documents"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RunError("run.mismatch", what="tokenizer.json") from None
