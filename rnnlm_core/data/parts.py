"""What is trained on, what is scored while training, and what is kept for the very end.

*Contiguous*: the text is cut in order, held-out parts last, with a gap in front of each where one
is asked for. *Own*: the text comes divided, as a dataset that has a validation or test split, and
stays so. *By line* and *by paragraph*: every document goes to the part that its hash names, so
that it stays there whatever is added around it. Two documents that differ in white space alone are
one: the first stays, the others are left out, for a copy in the training part would be a leak.

All of it happens in characters, before any window is cut, a vocabulary counted or anything encoded.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.config import RunConfig
from rnnlm_core.data.code_points import code_points
from rnnlm_core.data.copies import SHARED_LENGTH, fingerprint
from rnnlm_core.data.own_parts import pieces
from rnnlm_core.data.split import SHORTEST_VALIDATION, split_point
from rnnlm_core.errors import CorpusError

_ASKED = 100_000  # windows of the held-out part
_BITS = 22
_KEY = 16  # bytes of a hash that tell documents apart: among 10¹⁹, two might be taken for one
_BLOCK = 250_000  # characters of the training part that are compared at a time
_BASE = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ / golden ratio (Knuth, TAOCP 3, 6.4)


@dataclass(frozen=True)
class Sizes:
    """How long the parts are, in characters, and what was found to divide."""

    training: int
    validation: int
    test: int
    documents: int = 0  # different ones; 0 where the text was cut as one piece
    copies: int = 0  # documents that were left out because they had been there before


@dataclass(frozen=True)
class Parts:
    """The three parts, each empty where there is none."""

    training: str
    validation: str
    test: str
    documents: int = 0  # as in `Sizes`
    copies: int = 0

    @property
    def start(self) -> int:
        """Index of the first validation character in the training and validation parts."""
        return len(self.training)

    @property
    def sizes(self) -> Sizes:
        return Sizes(len(self.training), len(self.validation), len(self.test), self.documents,
                     self.copies)


def divide(text: str, config: RunConfig, own: Sequence[int] = ()) -> Parts:
    """The parts of a text under `config`'s division, validation_share, test_share and gap.

    `own` are the lengths of the parts that the text came in (`Manifest.parts`). Raises
    `CorpusError` where it came in none and should have, or where nothing is left to train on.
    """
    if config.division == "own":
        if not own:
            raise CorpusError("corpus.no_own_parts")
        training, validation, test = [*pieces(text, own), ""][:3]
        parts = Parts(training, validation, test)
    elif config.division == "contiguous":
        parts = _cut(text, config)
    else:
        parts = _by_document(text, config)
    if not parts.training:
        raise CorpusError("corpus.nothing_to_train")
    return parts


def _cut(text: str, config: RunConfig) -> Parts:
    validation, test, gap = config.validation_share, config.test_share, config.gap
    by_paragraph = config.marks == "paragraphs"  # so that a start mark stands at a beginning
    start = split_point(text, validation + test, by_paragraph)
    held_out = text[start:]
    last = split_point(held_out, test / (validation + test), by_paragraph) if held_out else 0
    return Parts(text[:max(0, start - gap)] if held_out else text,
                 held_out[:max(0, last - gap) if 0 < last < len(held_out) else last],
                 held_out[last:])


def _by_document(text: str, config: RunConfig) -> Parts:
    found: set[bytes] = set()
    documents = 0
    parts = {name: io.StringIO() for name in ("training", "validation", "test")}
    for document in documents_of(text, config.division):
        documents += 1
        digest = fingerprint(document)
        if (key := digest[:_KEY]) in found:
            continue
        found.add(key)
        place = int.from_bytes(digest[:8]) / 2**64  # uniform in [0, 1)
        parts["validation" if place < config.validation_share else
              "test" if place < config.validation_share + config.test_share else
              "training"].write(document)
    joined = {name: parts.pop(name).getvalue() for name in list(parts)}
    for name in ("validation", "test"):  # too little to say anything: it is trained on
        if len(joined[name]) < SHORTEST_VALIDATION:
            joined["training"] += joined[name]
            joined[name] = ""
    return Parts(**joined, documents=len(found), copies=documents - len(found))


def documents_of(text: str, division: str) -> Iterator[str]:
    """The lines, or the paragraphs (lines up to a blank one), of a text, without blank ones, one
    after the other: as a list, those of fifty million characters would take a gigabyte.

    Each line ends with a line end and each paragraph with a blank line, the last one too: they
    stay apart in whatever order they stand.
    """
    first: int | None = None  # character of the paragraph
    start = last = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = end if end >= 0 else len(text)
        blank = not text[start:end].strip()
        if division == "lines" and not blank:
            yield f"{text[start:end]}\n"
        elif division == "paragraphs" and not blank:
            first, last = start if first is None else first, end
        elif first is not None:
            yield f"{text[first:last]}\n\n"
            first = None
        start = end + 1
    if first is not None:
        yield f"{text[first:last]}\n\n"


def shared_share(training: str, held_out: str, length: int = SHARED_LENGTH) -> float | None:
    """The share of the held-out windows of `length` characters that the training part has too.

    None where the held-out text is shorter than one window. Windows are compared by a 64-bit hash;
    of a long text about 100,000 are asked for, evenly spread.
    """
    count = len(held_out) - length + 1
    if count <= 0:
        return None
    step = -(-count // _ASKED)
    windows = np.concatenate([hashes[-at % step::step] for at, hashes in _blocks(held_out, length)])
    wanted = np.unique(windows)
    seen = np.zeros(len(wanted), bool)
    maybe = np.zeros(2**_BITS, bool)  # by the first bits of a hash: most windows end here
    maybe[wanted >> np.uint64(64 - _BITS)] = True
    for _, block in _blocks(training, length):
        block = block[maybe[block >> np.uint64(64 - _BITS)]]
        places = np.minimum(np.searchsorted(wanted, block), len(wanted) - 1)
        seen[places[wanted[places] == block]] = True
    return float(seen[np.searchsorted(wanted, windows)].mean())


def _blocks(text: str, length: int) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """Of each block of a text, where it begins and the hashes of the windows that begin in it."""
    for at in range(0, len(text), _BLOCK):
        yield at, _hashes(text[at:at + _BLOCK + length - 1], length)


def _hashes(text: str, length: int) -> NDArray[np.uint64]:
    """The polynomial hash of every window, from those of half its length (Horner's rule, mod 2⁶⁴).
    """
    if len(text) < length:
        return np.zeros(0, np.uint64)
    points = code_points(text).astype(np.uint64) + np.uint64(1)
    if length == 1:
        return points
    half = length // 2
    halves = _hashes(text, half)
    power = np.uint64(pow(int(_BASE), half, 2**64))
    doubled: NDArray[np.uint64] = halves[:len(halves) - half] * power + halves[half:]
    if length % 2:
        doubled = doubled[:len(text) - length + 1] * _BASE + points[length - 1:]
    return doubled
