"""What a text holds before any network reads it: sizes, parts, frequencies, a passage."""

from __future__ import annotations

import math
import random
import unicodedata
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.code_points import character_counts
from rnnlm_core.data.parts import Parts, Sizes, shared_share
from rnnlm_core.data.stretches import Progress, stretches
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


def token_statistics(parts: Parts, tokenizer: Tokenizer, progress: Progress | None = None
                     ) -> TokenStatistics:
    """How a tokenizer divides the training and the validation part, a section at a time.

    `progress` is told how many characters of both are done.
    """
    training = _counted(parts.training, tokenizer, progress)
    told = None if progress is None else (
        lambda done: progress(len(parts.training) + done))
    validation = _counted(parts.validation, tokenizer, told)
    counts = training.counts + validation.counts
    found = np.flatnonzero(counts)
    order = found[np.argsort(-counts[found], kind="stable")]
    tokens = training.tokens + validation.tokens
    return TokenStatistics(
        tokenizer.size, training.tokens, validation.tokens,
        (len(parts.training) + len(parts.validation)) / tokens,
        tuple((int(i), int(counts[i])) for i in order), tuple(validation.unknown),
        validation.unknown_of(tokenizer), training.unknown_of(tokenizer),
        training.exact and validation.exact)


@dataclass
class _Count:
    """What the sections of a part have together."""

    counts: NDArray[np.int64]  # (V,)
    tokens: int = 0
    exact: bool = True
    unknown: dict[str, None] = field(default_factory=dict)  # in order of appearance

    def unknown_of(self, tokenizer: Tokenizer) -> int:
        return 0 if tokenizer.unknown_id is None else int(self.counts[tokenizer.unknown_id])


def _counted(text: str, tokenizer: Tokenizer, progress: Progress | None) -> _Count:
    found = _Count(np.zeros(tokenizer.size, np.int64))
    for section in tokenizer.sections(text, progress):
        ids = tokenizer.encode(section)
        for at in range(0, len(ids), _STRETCH):  # eight bytes an id
            found.counts += np.bincount(ids[at:at + _STRETCH], minlength=tokenizer.size)
        found.tokens += len(ids)
        if tokenizer.unknown_id is not None and (ids == tokenizer.unknown_id).any():
            found.unknown.update(dict.fromkeys(tokenizer.unknown_in(section)))
            found.exact = False
        elif found.exact:
            found.exact = comes_back(ids, tokenizer, section)
    return found


def comes_back(ids: Ids, tokenizer: Tokenizer, text: str) -> bool:
    """Whether the text of `ids` is `text`, without holding it a second time."""
    at = 0
    for part in tokenizer.decoded(ids):
        if not text.startswith(part, at):
            return False
        at += len(part)
    return at == len(text)


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
