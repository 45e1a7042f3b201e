"""The yardsticks without a network: uniform, unigram, and n-grams with modified Kneser–Ney.

An n-gram model predicts from the last n - 1 tokens and nothing else. Interpolated Kneser–Ney takes
a discount D off every count c and hands what it saved to the model with one token less:

    p(w | u) = max(c(u w) - D(c(u w)), 0) / c(u •)  +  γ(u) · p(w | u without its first token)

with γ(u) the mass saved after u, so that Σ_w p(w | u) = 1. At the highest order c is how often u w
occurs; below, it is how many different tokens occur before u w (its continuation count). The last
step down is the uniform distribution 1 / V. A context that was never continued has γ = 1.

Source: Chen & Goodman 1999, "An empirical study of smoothing techniques for language modeling",
Computer Speech & Language 13, 359–394, "Modified Kneser–Ney smoothing": interpolated, three D.

Everything is vectorised: the k-grams of the training text are numbered 0, 1, …, and a k-gram is
looked up by the key (number of its first k - 1 tokens) · V + its last token. A number is smaller
than the length of the text, so keys fit into int64 whatever V and k, where V^k would not.
Shapes: T tokens, V vocabulary, K different k-grams, C different (k-1)-grams.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer[Any]]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Estimate:
    """The two terms of the formula at one order, for one kind of count."""

    share: Floats  # (K,) of each k-gram: max(c - D, 0) / c(u •)
    rest: Floats  # (C,) of each context: γ


@dataclass(frozen=True)
class KneserNey:
    """Interpolated modified Kneser–Ney of every order up to the one fitted. Make one with `fit`."""

    vocabulary: int
    keys: tuple[Ints, ...]  # [k - 1]: (K,) ascending; the index is the k-gram's number
    highest: tuple[_Estimate, ...]  # [k - 1]: from counts, when k is the order of the model
    lower: tuple[_Estimate, ...]  # [k - 1]: from continuation counts, when the order is above k

    @classmethod
    def fit(cls, ids: Ids, order: int, vocabulary: int) -> KneserNey:
        """Count the (T,) token ids of the training text once, for all orders 1, …, `order`.

        Raises ValueError for an order below 1, ids that are no vector, or ids outside 0, …, V - 1.
        """
        if order < 1:
            raise ValueError(f"order is {order}, but must be at least 1")
        tokens = _checked(ids, vocabulary)
        all_keys: list[Ints] = []
        highest: list[_Estimate] = []
        lower: list[_Estimate] = []
        ends: Ints = np.zeros(len(tokens) + 1, np.int64)  # numbers of the (k-1)-grams in the text
        size = 1  # C, how many different ones
        for k in range(1, order + 1):
            keys, found = np.unique(_keys(ends, tokens, k, vocabulary), return_inverse=True)
            if k > 1:  # each k-gram is one different token before its last k - 1 tokens
                suffix: Ints = np.empty(len(keys), np.int64)
                suffix[found] = ends[1:]
                before = np.bincount(suffix, minlength=size)
                lower.append(_estimate(before, all_keys[-1] // vocabulary, len(highest[-1].rest)))
            highest.append(_estimate(np.bincount(found), keys // vocabulary, size))
            all_keys.append(keys)
            ends, size = found, len(keys)
        return cls(vocabulary, tuple(all_keys), tuple(highest), tuple(lower))

    def probabilities(self, context: Ids, order: int) -> Floats:
        """p(w | context) of every token w, (V,), by the model of `order`.

        Only the last `order` - 1 ids count. A shorter context is read by the model of its own
        order, one more than its length. Raises ValueError for an order outside 1, …, the one
        fitted, ids that are no vector, or ids outside 0, …, V - 1.
        """
        self._check_order(order)
        tokens = _checked(context, self.vocabulary)
        order = min(order, len(tokens) + 1)
        tokens = tokens[len(tokens) + 1 - order:]
        result = np.full(self.vocabulary, 1 / self.vocabulary)
        for k in range(1, order + 1):
            number = self._ends(tokens[len(tokens) + 1 - k:], k - 1)[-1][-1]
            if number < 0:
                break  # never seen, and so no longer one either
            estimate, keys = self._estimate(k, order), self.keys[k - 1]
            first = number * self.vocabulary
            seen = slice(*np.searchsorted(keys, [first, first + self.vocabulary]))
            result *= estimate.rest[number]
            result[keys[seen] - first] += estimate.share[seen]
        return result

    def losses(self, ids: Ids, order: int, start: int = 1) -> Floats:
        """-log p in nats of each of `ids[start:]`, (T - start,), given the ids before it.

        All of `ids` serves as context, the part before `start` too. A token with fewer than
        `order` - 1 tokens before it is scored by the model of as many as there are. Always finite.
        Raises ValueError as `probabilities` does, and for a start outside 0, …, T.
        """
        self._check_order(order)
        tokens = _checked(ids, self.vocabulary)
        if not 0 <= start <= len(tokens):
            raise ValueError(f"start is {start}, but must be from 0 to the {len(tokens)} ids given")
        short = range(start, min(order - 1, len(tokens)))  # tokens with less context than wanted
        likelihoods = [self._likelihoods(tokens[:t + 1], t + 1) for t in short]
        first = max(start, order - 1)
        likelihoods.append(self._likelihoods(tokens[first + 1 - order:], order))
        return -np.log(np.concatenate(likelihoods))

    def _likelihoods(self, tokens: Ints, order: int) -> Floats:
        """p of each of tokens[order - 1:], (T - order + 1,), each with a whole context."""
        ends = self._ends(tokens, order)
        length = max(0, len(tokens) - order + 1)
        result = np.full(length, 1 / self.vocabulary)
        for k in range(1, order + 1):
            contexts = ends[k - 1][order - k:len(ends[k - 1]) - 1]
            kgrams = ends[k][order - k:]
            estimate = self._estimate(k, order)
            # a missing number is -1 and picks the value appended at the end
            result *= np.append(estimate.rest, 1.0)[contexts]
            result += np.append(estimate.share, 0.0)[kgrams]
        return result

    def _ends(self, tokens: Ints, order: int) -> list[Ints]:
        """[k]: the number of the k-gram ending at each token from the k-th on, or -1 if unseen."""
        ends: list[Ints] = [np.zeros(len(tokens) + 1, np.int64)]
        for k in range(1, order + 1):
            keys = self.keys[k - 1]
            wanted = _keys(ends[-1], tokens, k, self.vocabulary)
            places = np.searchsorted(keys, wanted)
            # the key of an unseen context is negative, and so equal to none
            seen = np.append(keys, np.iinfo(np.int64).max)[places] == wanted
            ends.append(np.where(seen, places, -1))
        return ends

    def _estimate(self, k: int, order: int) -> _Estimate:
        return self.highest[k - 1] if k == order else self.lower[k - 1]

    def _check_order(self, order: int) -> None:
        if not 1 <= order <= len(self.keys):
            raise ValueError(f"order is {order}, but this model was fitted for 1 to "
                             f"{len(self.keys)}; fit it again with a higher order")


def unigram_losses(train_ids: Ids, ids: Ids, vocabulary: int) -> Floats:
    """-log p in nats of each id, (T,), from its frequency in the training text, plus one.

    Laplace's rule, p(w) = (c(w) + 1) / (T_train + V): finite for tokens never seen. Raises
    ValueError for ids that are no vector or outside 0, …, V - 1.
    """
    counts = np.bincount(_checked(train_ids, vocabulary), minlength=vocabulary) + 1
    losses: Floats = -np.log(counts / counts.sum())
    return losses[_checked(ids, vocabulary)]


def uniform_loss(vocabulary: int) -> float:
    """log V in nats: the loss of knowing nothing."""
    return math.log(vocabulary)


def _checked(ids: Ids, vocabulary: int) -> Ints:
    """The ids as an int64 vector."""
    ids = np.asarray(ids)
    if ids.ndim != 1:
        raise ValueError(f"ids have shape {ids.shape}, but must be a vector")
    if len(ids) and (ids.min() < 0 or ids.max() >= vocabulary):
        raise ValueError(f"ids go from {ids.min()} to {ids.max()}, but must lie in "
                         f"0, …, {vocabulary - 1}; encode with the vocabulary of the training text")
    return ids.astype(np.int64)


def _keys(ends: Ints, tokens: Ints, k: int, vocabulary: int) -> Ints:
    """The key of each k-gram in a text, (T - k + 1,), from the numbers of its (k-1)-grams."""
    keys: Ints = ends[:-1] * vocabulary + tokens[k - 1:]
    return keys


def _estimate(counts: Ints, contexts: Ints, size: int) -> _Estimate:
    """Share and rest from the (K,) counts of k-grams and the number of each one's context."""
    discounts = _discounts(counts)[np.minimum(counts, 3)]
    totals = np.bincount(contexts, counts, size)
    saved = np.bincount(contexts, discounts, size)
    divisors = np.maximum(totals, 1)  # counts are whole: only 0 / 0 is touched
    return _Estimate(share=(counts - discounts) / divisors[contexts],
                     rest=np.where(totals > 0, saved / divisors, 1.0))


def _discounts(counts: Ints) -> Floats:
    """D of a count of 0, 1, 2, and 3 or more, (4,), from how many k-grams have each count.

    D_c = c - (c + 1) Y n_{c+1} / n_c with Y = n_1 / (n_1 + 2 n_2), n_c k-grams occurring c times.
    Where a small or a regular text gives no value (n_c = 0) or none above 0, c / 2 stands in,
    KenLM's fallback (0.5, 1, 1.5): something is always saved, and no token has probability 0.
    Source: as above, the discounts from counts of counts.
    """
    n = np.bincount(np.minimum(counts, 5), minlength=5)
    y = n[1] / max(n[1] + 2 * n[2], 1)
    result = np.zeros(4)
    for c in (1, 2, 3):
        estimate = c - (c + 1) * y * n[c + 1] / n[c] if n[c] else 0.0
        result[c] = estimate if estimate > 0 else c / 2
    return result
