"""Two networks, or two moments of one, over the same text: where they differ, and who is who.

The units of two networks have no common order, so they are compared by what they do over the text:
a layer with a layer by linear CKA, a unit with a unit by correlation, matched one to one.

Sources: CKA: Kornblith et al. 2019 (arXiv 1905.00414). Matched units: Li et al. 2015, Convergent
Learning (arXiv 1511.07543).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.data.tokenizer.spelling import Spelling, spelled
from rnnlm_core.errors import BadInput

FEWEST = 32  # characters at which both have just ended a token
_SHIFTS = 10  # of one network's states along the text, for what chance gives

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class CommonText:
    """A text as two networks read it, and the characters at which both have just ended a token."""

    text: str
    first: Spelling
    second: Spelling
    places: NDArray[np.int64]  # (N,) characters

    @property
    def tokens(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The token of each that ends at these characters, both (N,)."""
        return self.first.owners[self.places], self.second.owners[self.places]


class UnitPair(NamedTuple):
    first: int
    second: int
    correlation: float  # Pearson, with its sign


class Matching(NamedTuple):
    pairs: list[UnitPair]  # one to one, the strongest first
    chance: float  # 95 % of matchings with one text shifted along have a weaker strongest pair
    constant: int  # units of either that never move over the text: they match nothing


def common_text(text: str, first: Tokenizer, second: Tokenizer) -> CommonText:
    """`text` as each of the two reads it, without what it has no id for itself.

    Raises `BadInput` (text.little_in_common) where tokens of both end at fewer than 32 characters.
    """
    spellings = spelled(text, first), spelled(text, second)
    ends = [_is_end(one.owners) for one in spellings]
    places = np.flatnonzero(ends[0] & ends[1])
    if len(places) < FEWEST:
        raise BadInput("text.little_in_common", value=len(places), limit=FEWEST)
    return CommonText(text, *spellings, places)


def _is_end(owners: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each character is the last one of a known token."""
    ends: NDArray[np.bool_] = np.append(owners[1:] != owners[:-1], len(owners) > 0) & (owners >= 0)
    return ends[:len(owners)]


def surprise_of_characters(surprise: NDArray[np.floating], owners: NDArray[np.int64]) -> Floats:
    """Bits of each token (T,), spread evenly over the characters that it ends: (characters,).

    Bits of a token that ends no character (a byte within one) go to the next that does. What has
    none, as the first token, and characters that have no id: NaN.
    """
    known = owners[owners >= 0]
    if not len(known):
        return np.full(len(owners), np.nan)
    counts = np.bincount(known, minlength=len(surprise))
    bits, waiting = np.nan_to_num(np.asarray(surprise, np.float64)), 0.0
    for token in np.flatnonzero(counts == 0):
        if token + 1 < len(bits):
            bits[token + 1] += bits[token]
        else:
            waiting += bits[token]  # at the very end: nothing follows
    bits[known[-1]] += waiting
    told = (owners >= 0) & ~(np.isnan(surprise) & (bits == 0))[owners]
    spread: Floats = np.where(told, (bits / np.maximum(counts, 1))[owners], np.nan)
    return spread


class Cka(NamedTuple):
    value: float
    chance: float  # the mean with the second text shifted along: what such states share anyway


def linear_cka(first: NDArray[np.floating], second: NDArray[np.floating]) -> Cka:
    """‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖) of centred states X (T, H) and Y (T, K), in the Frobenius norm.

    1: the same up to rotation and one common scale; 0: nothing in common, or one never moves. With
    few tokens for many units it is high by chance, so what chance gives comes along.
    """
    x, y = _centred(first), _centred(second)
    own = float(np.linalg.norm(_gram(x)) * np.linalg.norm(_gram(y)))
    if own <= 0:
        return Cka(0.0, 0.0)

    def shared(shift: int) -> float:
        return float(np.linalg.norm(np.roll(y, shift, 0).T @ x) ** 2) / own

    return Cka(shared(0), float(np.mean([shared(shift) for shift in _shifts(len(x))])))


def _gram(values: Floats) -> Floats:
    """The smaller of the two matrices that have this Frobenius norm."""
    few = len(values) < values.shape[1]
    gram: Floats = values @ values.T if few else values.T @ values
    return gram


def match_units(first: NDArray[np.floating], second: NDArray[np.floating]) -> Matching:
    """Each unit of X (T, H) with one of Y (T, K), so that the sum of |correlation| is largest."""
    x, moving_x = _standard(first)
    y, moving_y = _standard(second)
    correlation = x.T @ y / len(x)
    rows, columns = linear_sum_assignment(-np.abs(correlation))
    pairs = sorted((UnitPair(int(moving_x[r]), int(moving_y[c]), float(correlation[r, c]))
                    for r, c in zip(rows, columns, strict=True)), key=lambda p: -abs(p.correlation))
    by_chance = [float(np.abs(x.T @ np.roll(y, shift, 0)).max(initial=0.0)) / len(x)
                 for shift in _shifts(len(x))]
    constant = first.shape[1] - len(moving_x) + second.shape[1] - len(moving_y)
    return Matching(pairs, float(np.quantile(by_chance, 0.95)), constant)


def _shifts(length: int) -> list[int]:
    """By how much a text is shifted, from a tenth of it to nine tenths."""
    tenth = length // 10
    shifts: list[int] = np.linspace(tenth, length - tenth, _SHIFTS).astype(int).tolist()
    return shifts


def _centred(values: NDArray[np.floating]) -> Floats:
    centred: Floats = values - values.mean(0, dtype=np.float64).astype(values.dtype)
    return centred


def _standard(values: NDArray[np.floating]) -> tuple[Floats, NDArray[np.int64]]:
    """The units that move, each with mean 0 and variance 1, and which they are."""
    centred = _centred(values)
    spread = centred.std(0)
    moving = np.flatnonzero(spread > 1e-9)
    return centred[:, moving] / spread[moving], moving
