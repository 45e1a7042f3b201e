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
from rnnlm_core.errors import BadInput

FEWEST = 32  # characters at which both have just ended a token
_SHIFTS = 10  # of one network's states along the text, for what chance gives

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class CommonText:
    """A text that both read, and the characters at which both have ended a token.

    `first` and `second` are the tokens of each that end at these characters, (N,).
    """

    text: str
    first_ids: NDArray[np.int64]
    second_ids: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]


class UnitPair(NamedTuple):
    first: int
    second: int
    correlation: float  # Pearson, with its sign


class Matching(NamedTuple):
    pairs: list[UnitPair]  # one to one, the strongest first
    chance: float  # 95 % of matchings with one text shifted along have a weaker strongest pair
    constant: int  # units of either that never move over the text: they match nothing


def common_text(text: str, first: Tokenizer, second: Tokenizer) -> CommonText:
    """What is left of `text` without what either has no id for, and where tokens of both end.

    Raises `BadInput` (text.too_short) below 32 such places.
    """
    read, before = text, None
    while read != before:  # what one leaves out may join what the other then reads differently
        before = read
        for tokenizer in (first, second):
            read = tokenizer.owners(tokenizer.known(read))[0]
    ids = [np.array(tokenizer.known(read), np.int64) for tokenizer in (first, second)]
    ends = [_ends(tokenizer.owners(own)[1])
            for tokenizer, own in zip((first, second), ids, strict=True)]
    places = np.flatnonzero((ends[0] >= 0) & (ends[1] >= 0))
    if len(places) < FEWEST:
        raise BadInput("text.too_short", value=len(places), limit=FEWEST)
    return CommonText(read, ids[0], ids[1], ends[0][places], ends[1][places])


def _ends(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """The token that each character is the last of, else −1; of several without a character of
    their own in between, the last."""
    is_last = np.append(owners[1:] != owners[:-1], True)
    return np.where(is_last, owners, -1)


def surprise_of_characters(surprise: NDArray[np.floating], owners: NDArray[np.int64]) -> Floats:
    """Bits of each token (T,), spread evenly over the characters that it ends: (characters,).

    Bits of a token that ends no character (a byte within one) go to the next that does. The first
    token has none (NaN) and counts as 0.
    """
    counts = np.bincount(owners, minlength=len(surprise))
    bits, waiting = np.nan_to_num(np.asarray(surprise, np.float64)), 0.0
    for token in np.flatnonzero(counts == 0):
        if token + 1 < len(bits):
            bits[token + 1] += bits[token]
        else:
            waiting += bits[token]  # at the very end: nothing follows
    bits[owners[-1]] += waiting
    spread: Floats = (bits / np.maximum(counts, 1))[owners]
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
