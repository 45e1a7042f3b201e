"""One word in different sentences: the state after it as a contextual embedding.

An embedding is one vector for each token, wherever it stands; the hidden state after a word holds
what came before it, too. How far apart one word's places lie is said by their mean cosine, beside
that of different words: in a narrow cone of states any two are near. Nearness is not shown to be
likeness of meaning.

Source: Ethayarajh 2019 (arXiv 1909.00512): self-similarity, and the anisotropy that it is held
against; his baseline is a random sample of words, here it is all pairs of different ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import ChineseTokenizer, Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.strips import all_units
from rnnlm_core.insight.units import unit_names
from rnnlm_core.nets.language_model import LanguageModel

FEWEST_PLACES = 3  # of a word: two points have no cloud
MOST_PLACES = 400  # points that are drawn
MOST_OFFERED = 40

Floats = NDArray[np.float64]
Part = Literal["h", "c"]


class Word(NamedTuple):
    text: str
    start: int  # its characters in the text
    end: int


class Place(NamedTuple):
    """Where the word that was looked for stands; several words where a phrase was."""

    row: int  # of its last word
    before: str  # the word before it; empty at the beginning
    start: int
    end: int


@dataclass(frozen=True)
class WordStates:
    """A text word by word, and the last layer's state after each of them (W words, H units)."""

    text: str  # what was read
    words: tuple[Word, ...]
    last_tokens: NDArray[np.int64]  # (W,) id of the token that ends each
    h: NDArray[np.float32]  # (W, H)
    c: NDArray[np.float32] | None  # (W, H), LSTM only

    def states(self, part: Part) -> NDArray[np.float32]:
        return self.c if part == "c" and self.c is not None else self.h


@dataclass(frozen=True)
class Likeness:
    """Mean cosines between states. None where there is no pair to take a mean of."""

    own: float  # two places of the word
    others: float | None  # two different words
    same_end: float | None  # the word and a different one that ends in the same token
    last_tokens: int  # how many different ones the word ends in: with one, its embedding is one


def words_of(text: str) -> list[Word]:
    """Words, numbers and signs, Chinese cut into words: what is not white space."""
    words, at = [], 0
    for piece in ChineseTokenizer.divide(text):
        if not piece.isspace():
            words.append(Word(piece, at, at + len(piece)))
        at += len(piece)
    return words


def read_words(model: LanguageModel, tokenizer: Tokenizer, text: str) -> WordStates:
    """Read `text` without dropout and keep the state after the last token of each word.

    Read in strips, as `all_units` does it. Unknown pieces are left out. Errors: `text.too_short`
    where no known piece is left, `run.no_state` of a CNN.
    """
    ids = np.array(tokenizer.known(text), np.int64)
    if len(ids) == 0:
        raise BadInput("text.too_short", value=0, limit=1)
    read, owners = tokenizer.owners(ids)
    words = words_of(read)
    ends = owners[np.array([word.end - 1 for word in words], np.int64)]
    units, names = all_units(model, ids), unit_names(model.config)
    parts = {part: units[names.index((part, model.config.layers - 1, 0)):][:model.config.hidden]
             for part in ("h", "c") if (part, 0, 0) in names}
    kept = {part: np.ascontiguousarray(values[:, ends].T) for part, values in parts.items()}
    return WordStates(read, tuple(words), ids[ends], kept["h"], kept.get("c"))


def offered(words: Sequence[Word]) -> list[str]:
    """The commonest words that stand in enough places; signs only where there is nothing else."""
    counts = Counter(word.text for word in words)
    common = [word for word, count in counts.most_common() if count >= FEWEST_PLACES]
    return ([word for word in common if word[0].isalnum()] or common)[:MOST_OFFERED]


def places_of(words: Sequence[Word], sought: str) -> list[Place]:
    """Where a word, or several in a row, stands in the text; in order, capitals told apart."""
    wanted = [word.text for word in words_of(sought)]
    if not wanted:
        return []
    texts, count = [word.text for word in words], len(wanted)
    return [Place(i + count - 1, texts[i - 1] if i else "", words[i].start,
                  words[i + count - 1].end)
            for i in range(len(texts) - count + 1) if texts[i:i + count] == wanted]


def thinned(places: Sequence[Place]) -> list[Place]:
    """At most 400 of them, evenly over the text."""
    return list(places[::-(-len(places) // MOST_PLACES) or 1])


def likeness(read: WordStates, places: Sequence[Place], part: Part = "h") -> Likeness:
    """How alike the states of these places are, two or more, and what to hold it against.

    All means are over all pairs: with unit vectors u, a mean cosine is what their sums give.
    """
    values = read.states(part).astype(np.float64)
    units = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-300)
    rows = np.array([place.row for place in places])
    ends = read.last_tokens[rows]
    names, kinds = np.unique([word.text for word in read.words], return_inverse=True)
    end = np.bincount(ends).argmax()  # where it ends in several, the commonest
    rivals = (read.last_tokens == end) & ~np.isin(kinds, kinds[rows])
    return Likeness(_within(units[rows]), _between_groups(units, kinds, len(names)),
                    _between(units[rows[ends == end]], units[rivals]), len(np.unique(ends)))


def _within(units: Floats) -> float:
    """Over the pairs of different rows (N, H), N ≥ 2: (‖Σu‖² − Σ‖u‖²) / (N² − N)."""
    total = units.sum(0)
    return float((total @ total - (units**2).sum()) / (len(units) * (len(units) - 1)))


def _between(some: Floats, others: Floats) -> float | None:
    if not len(some) or not len(others):
        return None
    return float(some.mean(0) @ others.mean(0))


def _between_groups(units: Floats, groups: NDArray[np.int64], count: int) -> float | None:
    """Over the pairs of rows of different groups: all pairs less those within each."""
    sums = np.zeros((count, units.shape[1]))
    np.add.at(sums, groups, units)
    total, sizes = sums.sum(0), np.bincount(groups, minlength=count)
    pairs = len(units)**2 - int((sizes**2).sum())
    return float((total @ total - (sums**2).sum()) / pairs) if pairs else None
