"""A guessing game on a text: a person against a network, both in bits a character.

Both give every character that could come next a share of 1, and pay −log₂ of the share that the
true one had. A network has such shares. A person makes them by a bet: the picked character gets
what was bet on it, all others divide the rest by how common they are in the training text. So the
two are scored by one rule, a proper one: nobody gains by betting more or less than they believe.

A character is what a reader takes for one (an extended grapheme cluster, UAX #29), whatever the
tokens of the network are. Tokens divide their bits among their characters: with the bytes of a
token known so far, the next ones are as likely as all tokens that begin so. Hence the bits of a
text are those of its tokens, and those of a character are what the network pays for the text with
it less what it pays for the text without.

Source: bets for shares, Cover & King 1978, "A convergent gambling estimate of the entropy of
English", IEEE Trans. Inf. Theory 24, 413–421; the game itself, Shannon 1951, "Prediction and
entropy of printed English", Bell Syst. Tech. J. 30, 50–64.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import GraphemeTokenizer, MarkedTokenizer, Tokenizer
from rnnlm_core.data.tokenizer.by_bytes import ByteUnits
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.nets.language_model import LanguageModel

BETS: dict[str, float] = {"sure": 0.95, "likely": 0.7, "maybe": 0.4}
RUN_UP, LENGTH = 60, 400  # characters that are shown first, and that are guessed
FEWEST = 40  # characters that a text needs to be played
OFFERED = 6
_LIKELIEST = 5

Floats = NDArray[np.float64]


def characters_of(text: str) -> list[str]:
    """As a reader counts them."""
    return list(GraphemeTokenizer.divide(text))


# -- the person -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Habits:
    """What everybody may know of a language: how common characters are, and what follows what."""

    counts: Counter[str]
    after_one: dict[str, Counter[str]]
    after_two: dict[tuple[str, str], Counter[str]]

    @classmethod
    def of(cls, text: str) -> Habits:
        """Counted in the training text, without a network."""
        seen = characters_of(text)
        one: dict[str, Counter[str]] = {}
        two: dict[tuple[str, str], Counter[str]] = {}
        for a, b in pairwise(seen):
            one.setdefault(a, Counter())[b] += 1
        for a, b, c in zip(seen, seen[1:], seen[2:], strict=False):
            two.setdefault((a, b), Counter())[c] += 1
        return cls(Counter(seen), one, two)

    @cached_property
    def _total(self) -> int:
        return sum(self.counts.values()) + len(self.counts) + 1

    def share(self, character: str) -> float:
        """How common it is, by Laplace's rule: one more than counted, and one for all that were
        never seen together. Over the known ones and the unseen the shares are 1."""
        return (self.counts[character] + 1) / self._total

    def offered(self, before: Sequence[str], count: int = OFFERED) -> list[str]:
        """The characters that most often follow the last two of `before`; where these are too few,
        those that follow the last one, then the commonest. Neither the network nor what really
        comes has a say."""
        first, last = ["", "", *before][-2:]
        ranked = [self.after_two.get((first, last), Counter()),
                  self.after_one.get(last, Counter()), self.counts]
        found = (c for counter in ranked for c, _ in counter.most_common(3 * count))
        return list(dict.fromkeys(found))[:count]


def bet_share(habits: Habits, pick: str | None, bet: float, true: str) -> float:
    """The share that a bet gives to the true character; without a pick all are as common as they
    are. A pick that was never seen takes the place of all unseen ones."""
    if pick is None:
        return habits.share(true)
    if pick == true:
        return bet
    return (1 - bet) * habits.share(true) / (1 - habits.share(pick))


# -- the network ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Passage:
    """N characters, and what the network held each of those from `first` on for, before it came."""

    characters: tuple[str, ...]
    first: int  # the first of them that is guessed
    shares: Floats  # (N − first,) of the true character
    likeliest: tuple[tuple[tuple[str, float], ...], ...]  # (N − first) the network's own guesses

    @property
    def length(self) -> int:
        """How many characters there are to guess."""
        return len(self.shares)


def place_of(text: str, number: int, run_up: int = RUN_UP, length: int = LENGTH) -> int:
    """Where in a text the game of this number begins: at a line where there are lines, always the
    same for the same number."""
    last = max(0, len(text) - run_up - length)
    lines = [0, *(at + 1 for at in range(last) if text[at] == "\n")]
    starts = lines if len(lines) > 1 or last == 0 else range(last + 1)
    return int(starts[np.random.Generator(np.random.PCG64(number)).integers(len(starts))])


def passage(model: LanguageModel, tokenizer: Tokenizer, text: str, number: int,
            run_up: int = RUN_UP, length: int = LENGTH) -> Passage:
    """The game of this number on a text. Both have read the run-up and nothing before it.

    Pieces that the vocabulary lacks are left out for both. `<unk>` and marks where none can stand
    are no characters: they are masked, as they are when the network writes.
    Errors: `text.few_characters` below `FEWEST` known characters; `run.no_numbers`.
    """
    at = place_of(text, number, run_up, length)
    ids = tokenizer.known(text[at:at + 2 * (run_up + length)])
    whole = characters_of(tokenizer.decode(ids))
    if len(whole) < FEWEST:
        raise BadInput("text.few_characters", value=len(whole), limit=FEWEST)
    used = whole[:run_up + length]
    first = min(run_up, len(used) // 2)
    reading = _Reading.of(model, tokenizer, ids)
    ends = np.cumsum([len(_bytes_of(c)) for c in used])
    bits = [reading.bits_until(int(end)) for end in ends[first - 1:]]
    shares = np.exp2(-np.diff(bits))
    guesses = tuple(_with_true(reading.likeliest_at(int(ends[first - 1 + n])), used[first + n],
                               float(share)) for n, share in enumerate(shares))
    return Passage(tuple(used), first, shares, guesses)


def _with_true(found: dict[str, float], true: str, share: float) -> tuple[tuple[str, float], ...]:
    """The likeliest first; the true one has the share that it is scored by."""
    found[true] = share
    return tuple(sorted(found.items(), key=lambda pair: -pair[1])[:_LIKELIEST])


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def that_never_come(tokenizer: Tokenizer, characters: Sequence[str]) -> tuple[str, ...]:
    """Those of some characters that no tokens spell, each once: in no text of this vocabulary."""
    base = tokenizer.base if isinstance(tokenizer, MarkedTokenizer) else tokenizer
    if isinstance(base, ByteUnits):
        return ()
    pieces = [spelled.decode("utf-8", "surrogatepass")
              for i, spelled in enumerate(token_bytes(tokenizer)) if i != tokenizer.unknown_id]
    # of several code points that are tokens each, a reader makes one character
    whole = isinstance(base, GraphemeTokenizer)
    known = {c for piece in pieces for c in (characters_of(piece) if whole else piece)}
    return tuple(dict.fromkeys(c for c in characters if not known.issuperset([c] if whole else c)))


def token_bytes(tokenizer: Tokenizer) -> list[bytes]:
    """What each id is written as, (V,); a start mark as nothing."""
    if isinstance(tokenizer, MarkedTokenizer):
        return [*token_bytes(tokenizer.base), b"", tokenizer.separator.encode()]
    return list(tokenizer.units) if isinstance(tokenizer, ByteUnits) else \
        [_bytes_of(piece) for piece in tokenizer.pieces]


@dataclass(frozen=True)
class _Reading:
    """T tokens as bytes, and the probability (T, V) of each token before it came; row 0 is not
    known, since nothing comes before the first token."""

    ids: list[int]
    ends: list[int]  # (T,) bytes up to the end of each token
    whole: bytes
    p: Floats
    order: list[int]  # ids by their bytes
    ordered: list[bytes]
    first_characters: list[str]  # (V,) of each token; "" where its bytes make none

    @classmethod
    def of(cls, model: LanguageModel, tokenizer: Tokenizer, ids: list[int]) -> _Reading:
        with torch.no_grad():
            logits = model(torch.tensor([ids]).to(model.device))[0][0].double().cpu().numpy()
        if not np.isfinite(logits).all():
            raise RunError("run.no_numbers")
        for row, token in zip(logits, ids, strict=True):
            row[tokenizer.barred_after(token)] = -np.inf
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        spelled = token_bytes(tokenizer)
        order = sorted(range(len(spelled)), key=spelled.__getitem__)
        parts = [spelled[i] for i in ids]
        return cls(ids, np.cumsum([len(part) for part in parts]).tolist(), b"".join(parts),
                   np.concatenate([np.full((1, p.shape[1]), np.nan), p[:-1]]), order,
                   [spelled[i] for i in order], [_first_character(b) for b in spelled])

    def bits_until(self, end: int) -> float:
        """What the network pays for the bytes between the first token and `end`."""
        token = bisect_left(self.ends, end)  # the one that brings the last of these bytes
        if token == 0:
            return 0.0
        begun = self._that_begin(self.whole[self.ends[token - 1]:end])
        return float(self._paid[token - 1] - np.log2(self.p[token, begun].sum()))

    def likeliest_at(self, at: int) -> dict[str, float]:
        """Shares of the next characters after the first `at` bytes, as far as one more token, or
        the rest of this one, makes them."""
        token = bisect_left(self.ends, at)
        begun = self.whole[self.ends[token - 1] if token else 0:at]
        same = self._that_begin(begun)
        if token == 0:
            return {}
        p, found = self.p[token], dict[str, float]()
        mass = float(p[same].sum())
        for i in same:
            rest = self.ordered[self._place[i]][len(begun):]
            if rest and (character := _first_character(rest)):
                found[character] = found.get(character, 0.0) + float(p[i]) / mass
        if at == self.ends[token] and token + 1 < len(self.ids):
            ended = float(p[self.ids[token]]) / mass
            after = np.bincount(self._groups, self.p[token + 1] * ended, len(self._names))
            for g in np.argsort(-after)[:_LIKELIEST + 1]:
                if self._names[g]:
                    found[self._names[g]] = found.get(self._names[g], 0.0) + float(after[g])
        return found

    def _that_begin(self, prefix: bytes) -> list[int]:
        """The ids of all tokens whose bytes begin so."""
        low = bisect_left(self.ordered, prefix)
        stem = prefix.rstrip(b"\xff")
        high = bisect_left(self.ordered, stem[:-1] + bytes([stem[-1] + 1])) if stem \
            else len(self.ordered)
        return self.order[low:high]

    @cached_property
    def _paid(self) -> Floats:
        """(T,) bits for all tokens after the first, each one included"""
        own = self.p[np.arange(1, len(self.ids)), self.ids[1:]]
        return np.concatenate([[0.0], np.cumsum(-np.log2(own))])

    @cached_property
    def _place(self) -> dict[int, int]:
        return {i: place for place, i in enumerate(self.order)}

    @cached_property
    def _names(self) -> list[str]:
        return sorted(set(self.first_characters))

    @cached_property
    def _groups(self) -> NDArray[np.intp]:
        """(V,) the place of each token's first character among `_names`"""
        return np.searchsorted(self._names, self.first_characters)


def _first_character(spelled: bytes) -> str:
    """The first character of some bytes; "" where they do not even make one."""
    whole = spelled.decode("utf-8", "ignore")
    if not whole or not spelled.startswith(_bytes_of(whole[0])):
        return ""
    return next(iter(GraphemeTokenizer.divide(whole)))
