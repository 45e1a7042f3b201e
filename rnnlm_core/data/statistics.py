"""What a text holds before any network reads it: sizes, parts, frequencies, a passage."""

from __future__ import annotations

import math
import random
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.code_points import character_counts, stretches
from rnnlm_core.data.parts import Parts, Sizes, shared_share
from rnnlm_core.data.tokenizer import Ids, Tokenizer

_STRETCH = 1_000_000  # tokens
_LINE_SEARCH = 300  # characters: how far a passage may move on to begin with a line


@dataclass(frozen=True)
class TextStatistics:
    """Sizes and frequencies of a text, and how it is divided for training."""

    characters: int
    lines: int
    words: int  # parts between white space
    bytes: int  # in UTF-8
    counts: tuple[tuple[str, int], ...]  # of each character, the commonest first
    parts: Sizes
    shared: float | None  # of the held-out passages: the share that the training part has too

    @property
    def different(self) -> int:
        return len(self.counts)

    @property
    def entropy(self) -> float:
        """Bits a character when only the frequencies are known: −Σ p log₂ p."""
        shares = np.array([count for _, count in self.counts]) / self.characters
        return float(-(shares * np.log2(shares)).sum()) + 0.0  # not −0.0


def text_statistics(text: str, parts: Parts) -> TextStatistics:
    """Everything about a text of at least one character, however it is divided into tokens."""
    return TextStatistics(
        len(text), text.count("\n") + (not text.endswith("\n")), _words(text),
        sum(len(stretch.encode()) for stretch in stretches(text)),
        tuple(character_counts(text).most_common()), parts.sizes,
        shared_share(parts.training, parts.validation))


def _words(text: str) -> int:
    """Parts between white space, without a list of them all; one across two stretches counts once.
    """
    words, inside = 0, False
    for stretch in stretches(text):
        words += len(stretch.split()) - (inside and not stretch[0].isspace())
        inside = not stretch[-1].isspace()
    return words


@dataclass(frozen=True)
class TokenStatistics:
    """The same text as tokens."""

    vocabulary: int  # V, with one id for everything unknown where the kind has one
    training: int  # tokens
    validation: int
    characters_per_token: float
    counts: tuple[tuple[int, int], ...]  # how often each id occurs in the text, the commonest first
    unknown: tuple[str, ...]  # pieces of the validation part that have no id, each once
    unknown_count: int  # how many of its tokens they are
    unknown_training: int  # rare ones of the training part
    exact: bool  # the text comes back from its ids as it was

    @property
    def uniform(self) -> float:
        """Bits a token for a blind guess among V: where an untrained network starts."""
        return math.log2(self.vocabulary)

    @property
    def zipf(self) -> float:
        """Share of the commonest token if the n-th one were 1/n as common (Zipf 1949)."""
        return 1 / sum(1 / rank for rank in range(1, len(self.counts) + 1))

    @property
    def entropy(self) -> float:
        """Bits a token when only the frequencies are known: −Σ p log₂ p."""
        shares = np.array([count for _, count in self.counts]) / (self.training + self.validation)
        return float(-(shares * np.log2(shares)).sum()) + 0.0  # not −0.0

    @property
    def surprise(self) -> dict[int, float]:
        """−log₂ of each id's share, in bits."""
        total = self.training + self.validation
        return {token: -math.log2(count / total) for token, count in self.counts}


def token_statistics(parts: Parts, tokenizer: Tokenizer) -> TokenStatistics:
    """How a tokenizer divides the training and the validation part."""
    training, validation = tokenizer.encode(parts.training), tokenizer.encode(parts.validation)
    counts = _counted(training, tokenizer.size) + _counted(validation, tokenizer.size)
    found = np.flatnonzero(counts)
    order = found[np.argsort(-counts[found], kind="stable")]
    none = tokenizer.unknown_id
    missing = [0 if none is None else int((part == none).sum()) for part in (training, validation)]
    exact = (not any(missing) and comes_back(training, tokenizer, parts.training)
             and comes_back(validation, tokenizer, parts.validation))
    return TokenStatistics(
        tokenizer.size, len(training), len(validation),
        (len(parts.training) + len(parts.validation)) / (len(training) + len(validation)),
        tuple((int(i), int(counts[i])) for i in order),
        tokenizer.unknown_in(parts.validation) if missing[1] else (), missing[1], missing[0], exact)


def comes_back(ids: Ids, tokenizer: Tokenizer, text: str) -> bool:
    """Whether the text of `ids` is `text`, without holding it a second time."""
    at = 0
    for part in tokenizer.decoded(ids):
        if not text.startswith(part, at):
            return False
        at += len(part)
    return at == len(text)


def _counted(ids: Ids, size: int) -> NDArray[np.int64]:
    """How often each id occurs, (V,); a stretch at a time, since it takes eight bytes an id."""
    counts = np.zeros(size, np.int64)
    for start in range(0, len(ids), _STRETCH):
        counts += np.bincount(ids[start:start + _STRETCH], minlength=size)
    return counts


def character_name(character: str) -> str:
    """`LATIN SMALL LETTER A`, or `U+000A` for what Unicode gives no name."""
    return unicodedata.name(character, f"U+{ord(character):04X}")


def passage(text: str, seed: int, characters: int, lines: int) -> tuple[int, str]:
    """A few lines to look at and where they begin: the beginning for seed 0, else another place."""
    at = 0
    if seed:
        at = random.Random(seed).randrange(max(1, len(text) - characters))
        line_end = text.find("\n", at, at + _LINE_SEARCH)
        at = line_end + 1 if 0 <= line_end < len(text) - 1 else at
    part = text[at:at + characters]
    kept = part.splitlines(keepends=True)[:lines]
    return at, "".join(kept)
