"""Byte-level byte pair encoding (BPE), learned from the training part.

It begins with the 256 bytes. Again and again the commonest pair of neighbours becomes a piece of
its own, until there are V pieces. Nothing is merged across the end of a line, nor across the
borders of words, numbers and signs as GPT-2 draws them (a word takes the space before it along). So
each different word needs to be encoded only once, which takes less than half the time that the
library takes on running text.

Source: Sennrich et al. 2016 (arXiv 1508.07909); on bytes and with these borders: Radford et al.
2019, GPT-2.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from operator import index
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import regex

from rnnlm_core.config import BYTES
from rnnlm_core.data.stretches import Progress, sections
from rnnlm_core.data.tokenizer.by_bytes import ByteUnits, shown
from rnnlm_core.data.tokenizer.interface import MAX_VOCABULARY, Ids

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Library

Merges = tuple[tuple[int, int], ...]

LONGEST = 16  # bytes of a piece; without, a text that repeats itself becomes a few long pieces
_LINE = 2_000  # characters that are read at once of a line without end
_BATCH = 1_024  # lines that are handed over at once
_KEPT = 200_000  # different words whose ids are remembered through a text

# GPT-2's, with the end of a line as a border too
_WORD = regex.compile(r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
                      r"|[^\S\n]*\n|[^\S\n]+(?!\S)|[^\S\n]+")

# the library's threads do not live in a process that is forked off: it works without them there,
# where it would otherwise wait for them for ever
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        after_in_child=lambda: os.environ.update(TOKENIZERS_PARALLELISM="false"))


@dataclass(frozen=True)
class BpeTokenizer(ByteUnits):
    """Pieces of up to sixteen bytes; ids 0 to 255 are the bytes, then in the order of merging.

    Everything follows from `merges`: the ids of the two pieces that were joined, in order. No id
    has a meaning of its own, so that nothing in a text (such as `<|endoftext|>`) can call one up.
    """

    kind = "bpe"
    pieces: tuple[str, ...]
    units: tuple[bytes, ...]
    merges: Merges

    @classmethod
    def merged(cls, merges: Merges) -> Self:
        """Raises ValueError where a merge names a piece that there is not yet, or is too long."""
        units = [bytes([byte]) for byte in range(256)]
        known = set(units)
        for left, right in merges:
            if not (0 <= left < len(units) and 0 <= right < len(units)):
                raise ValueError(f"no piece {left} or {right} among {len(units)}")
            unit = units[left] + units[right]
            if len(unit) > LONGEST:
                raise ValueError(f"a piece of {len(unit)} bytes")
            if unit not in known:  # two pairs may make the same piece
                known.add(unit)
                units.append(unit)
        return cls(tuple(map(shown, units)), tuple(units), merges)

    @classmethod
    def fit(cls, text: str, max_vocabulary: int = MAX_VOCABULARY, min_frequency: int = 1,
            progress: Progress | None = None) -> Self:
        """At most `max_vocabulary` pieces (256 at least), merged from pairs that occur
        `min_frequency` times."""
        from tokenizers.models import BPE
        from tokenizers.trainers import BpeTrainer

        learned = _library(BPE(), by_word=True)
        read = chain.from_iterable(map(_batches, sections(text, progress)))
        learned.train_from_iterator(read, BpeTrainer(
            vocab_size=max(BYTES, max_vocabulary), min_frequency=min_frequency,
            initial_alphabet=list(_LETTERS), show_progress=False,
            max_token_length=LONGEST + 1))  # it keeps below this
        return cls.merged(_as_ids(json.loads(learned.to_str())["model"]["merges"]))

    def encode(self, text: str) -> Ids:
        known: dict[str, list[int]] = {}
        parts = [np.empty(0, self.dtype)]
        for lines in _batches(text):
            words = _WORD.findall("".join(lines))
            if len(known) > _KEPT:
                known.clear()
            new = list(set(words) - known.keys())
            known.update(zip(new, (word.ids for word in self._model.encode_batch_fast(new)),
                             strict=True))
            parts.append(np.fromiter(chain.from_iterable(map(known.__getitem__, words)),
                                     self.dtype))
        return np.concatenate(parts)

    @cached_property
    def _model(self) -> Library:
        from tokenizers.models import BPE

        spelled = ["".join(_LETTERS[byte] for byte in unit) for unit in self.units]
        return _library(BPE({letters: i for i, letters in enumerate(spelled)},
                            [(spelled[left], spelled[right]) for left, right in self.merges]),
                        by_word=False)

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, "merges": self.merges})

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        return cls.merged(tuple((index(left), index(right)) for left, right in values["merges"]))


def _library(model: Any, by_word: bool) -> Library:
    """The library around a model: bytes as its letters, and GPT-2's borders or none."""
    from tokenizers import Tokenizer as Library
    from tokenizers.pre_tokenizers import ByteLevel

    made = Library(model)
    made.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=by_word)
    return made


def _letters() -> str:
    """The letter by which the library writes each byte: itself where it has a sign in Latin-1,
    else the next one from U+0100 on."""
    signs = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    further = iter(range(0x100, 0x200))
    return "".join(chr(byte if byte in signs else next(further)) for byte in range(256))


_LETTERS = _letters()


def _as_ids(merges: Sequence[Sequence[str]]) -> Merges:
    """Pairs of pieces as the library spells them → pairs of ids."""
    ids = {letter: byte for byte, letter in enumerate(_LETTERS)}
    pairs = []
    for left, right in merges:
        pairs.append((ids[left], ids[right]))
        ids.setdefault(left + right, len(ids))
    return tuple(pairs)


def _batches(text: str) -> Iterator[list[str]]:
    lines = _lines(text)
    while batch := list(islice(lines, _BATCH)):
        yield batch


def _lines(text: str) -> Iterator[str]:
    """The text in lines with their ends, a long one cut in front of a space; halves of characters
    are question marks (the library knows none)."""
    start = 0
    while start < len(text):
        end = text.find("\n", start, start + _LINE) + 1
        if not end and start + _LINE < len(text):
            end = text.rfind(" ", start + 1, start + _LINE)
            end = end if end > 0 else start + _LINE
        end = end or len(text)
        yield text[start:end].encode("utf-8", "replace").decode()
        start = end
