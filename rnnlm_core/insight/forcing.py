"""A token that is forced into the text: which other token it makes likelier or rarer from there on.

Of V tokens, some share always rises by chance, and by more than two standard errors if V is large.
So the token that is told is picked on one half of the draws, and all that is said of it is measured
on the other half.

Shapes: T steps, V vocabulary, W watched tokens, N draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import ttest_1samp

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.generate import SamplingSettings
from rnnlm_core.insight.steering import probabilities, read, write
from rnnlm_core.nets.language_model import LanguageModel

Floats = NDArray[np.float64]
Ids = Sequence[int]
How = Literal["up", "down", "no_more", "nothing"]
FACTOR = 3.0  # a control is at most so many times as likely, or as unlikely, as the forced token
SMALL = 0.01  # of one probability, below which nothing is said
_CHANCE = 0.05
_MOST = 8_000_000  # probabilities at a time
CLOSES = {"(": ")", "[": "]", "{": "}", "<": ">", "“": "”", "‘": "’", "（": "）", "「": "」",
          "『": "』", "《": "》", "【": "】", '"': '"'}


class Rise(NamedTuple):
    """Mean P of a token over all steps: untouched, forced, with the control forced (None: there is
    none), and what may be said of it."""

    before: float
    after: float
    control: float | None
    how: How


class Watched(NamedTuple):
    """P of each watched token after step 0 (the forced one), 1, … of N texts, (W, N, T); of the
    control None where there is none. Texts of the same n meet the same chance."""

    free: Floats
    forced: Floats
    control: Floats | None

    def rise(self, token: int) -> Rise:
        """`nothing`: not shown to change, by a paired t test over the draws at 5 %, or by less
        than a point. `no_more`: as much under the control. Else `up` or `down`."""
        free, forced = (one[token].mean(1) for one in (self.free, self.forced))
        control = self.control[token].mean(1) if self.control is not None else None
        before, after = float(free.mean()), float(forced.mean())
        its = float(control.mean()) if control is not None else None
        how: How = "up" if after > before else "down"
        if not _apart(forced, free):
            how = "nothing"
        elif control is not None and its is not None and (
                abs(after - before) <= abs(its - before) or not _apart(forced, control)):
            how = "no_more"
        return Rise(before, after, its, how)


def _apart(one: Floats, other: Floats) -> bool:
    """Whether two means over the same N draws are shown to differ."""
    by = one - other
    if abs(by.mean()) < SMALL or len(by) < 2:
        return False
    if np.ptp(by) == 0:  # the same in every draw: no chance in it
        return True
    return float(ttest_1samp(by, 0.0).pvalue) < _CHANCE


class Forced(NamedTuple):
    """`tokens` (W,) are watched; the one at place `told` was picked on other draws than these."""

    watched: Watched
    tokens: list[int]
    told: int


def as_unlikely(p: Floats, forced: int, without: Ids) -> int | None:
    """The token whose probability (V,) is most like that of the forced one, to force in its place
    as a control; None where none is within a factor of three."""
    distance = np.full(len(p), np.inf)
    possible = p > 0
    distance[possible] = np.abs(np.log(p[possible]) - np.log(max(p[forced], 1e-300)))
    distance[[forced, *without]] = np.inf
    found = int(distance.argmin())
    return found if distance[found] <= np.log(FACTOR) else None


def forced_draws(model: LanguageModel, tokenizer: Tokenizer, before: Ids,
                 texts: tuple[Ids, Ids, Ids | None], watched: Ids, since: int,
                 settings: SamplingSettings, draws: int, never_told: Ids = ()) -> Forced:
    """2 N texts each, on the seeds from that of the settings on, that begin after `before` with the
    `texts`: untouched, forced and control (None: no control); an empty one is drawn from its first
    token on. The first N pick which token is told: the one that the forced text has moved most,
    beyond what the control did to it. The other N are what is returned.

    P is that after token `since` of the written ones and after each later one. What is picked comes
    beside the watched tokens; it is none of `never_told`. Draws are N.
    """
    carried, after = read(model, before)
    found: list[Floats] = []
    for first in texts:
        if first is None:
            continue
        rows = torch.tensor([[token.id for token in write(
            model, tokenizer, before[-1:], replace(settings, seed=(settings.seed + n) % 2**63),
            carried=carried, forced=dict(enumerate(first)))] for n in range(2 * draws)])
        at_once = max(1, _MOST // (settings.length * tokenizer.size))
        found.append(np.concatenate([probabilities(
            model, tokenizer, ids, tuple(part.repeat(1, len(ids), 1) for part in after)
            )[:, since:].astype(np.float32) for ids in torch.split(rows, at_once)]))
    free, forced, *control = (p[:draws].mean((0, 1)) for p in found)
    beyond = np.abs(forced - free) - (np.abs(control[0] - free) if control else 0.0)
    beyond[[*never_told, *_marks(tokenizer)]] = -np.inf
    told = int(beyond.argmax())
    tokens = list(dict.fromkeys([*watched, told]))
    of = [p[draws:, :, tokens].transpose(2, 0, 1).astype(np.float64) for p in found]
    return Forced(Watched(of[0], of[1], of[2] if control else None), tokens, tokens.index(told))


def _marks(tokenizer: Tokenizer) -> list[int]:
    """Ids that are never seen in a text."""
    return [i for i in (tokenizer.unknown_id, tokenizer.start_id) if i is not None]
