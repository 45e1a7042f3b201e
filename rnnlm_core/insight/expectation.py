"""What a network expected at each place of a text: how surprised it was, and how open it held it.

On text that a network drew from its own probabilities, its mean surprise is its mean entropy, but
for chance: at each place the expected surprise is the entropy. So their difference is a sum of
steps of mean 0, whose variances are the network's own as well: they say how far chance reaches, on
whatever text. On other text the surprise is higher: by what the network does not know (the
cross-entropy less the entropy).

Source: Braverman et al. 2020 (arXiv 1906.05664), entropy and surprise of a model's own text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.generate import ALTERNATIVES
from rnnlm_core.nets.language_model import LanguageModel

TOGETHER = 0.9  # the probability of the candidates that are counted
SIGMAS = 1.96  # 95 % of a normal distribution
_AT_ONCE = 64  # tokens whose V probabilities are held
_LEAST = -1e4  # ln p of what cannot come: 0 times it is 0

Floats = NDArray[np.float64]
Ids = NDArray[np.integer]


@dataclass(frozen=True)
class Expectation:
    """Of T tokens, each before it was read. The first `given` were not guessed: NaN, 0 and []."""

    surprise: Floats  # (T,) bits: −log₂ of the probability of the token that came; NaN where it
    # cannot be written there at all (a mark amid a text)
    entropy: Floats  # (T,) bits
    variance: Floats  # (T,) bits², of the surprise of a token drawn there: Σ p (log₂ p)² − H²
    candidates: NDArray[np.int64]  # (T,) how many of the likeliest reach 90 % together
    alternatives: list[list[tuple[str, float]]]  # T; the five likeliest


class Balance(NamedTuple):
    """Mean surprise and mean entropy, in bits a token, over `tokens` places."""

    surprise: float
    entropy: float
    band: float  # their difference is at most this, 95 %, on text drawn from these probabilities
    tokens: int

    @property
    def excess(self) -> float:
        return self.surprise - self.entropy

    @property
    def within(self) -> bool:
        return abs(self.excess) <= self.band


def expectation(model: LanguageModel, tokenizer: Tokenizer, ids: Ids, given: int = 1
                ) -> Expectation:
    """Read `ids` (T,) from the zero state; probabilities at temperature 1, as text is written:
    without `<unk>`, and without marks where none can stand.

    Works with a CNN as well. Errors: `text.too_short` where nothing is left to guess,
    `run.no_numbers` of a network that diverged.
    """
    count = len(ids) - given
    if given < 1 or count < 1:
        raise BadInput("text.too_short", value=len(ids), limit=given + 1)
    read = torch.from_numpy(np.asarray(ids, np.int64))[None].to(model.device)
    surprise, entropy, variance = np.full((3, len(ids)), np.nan)
    candidates = np.zeros(len(ids), np.int64)
    alternatives: list[list[tuple[str, float]]] = [[] for _ in range(given)]
    carried = None
    with torch.no_grad():
        if given > 1:
            _, carried = model.read(read[:, :given - 1])
        for at in range(given, len(ids), _AT_ONCE):
            end = min(at + _AT_ONCE, len(ids))
            logits, carried = model(read[:, at - 1:end - 1], carried)
            log_p = _log_probabilities(logits[0].double().cpu().numpy(), tokenizer, ids[at - 1:])
            surprise[at:end] = _bits(log_p, ids[at:end])
            p, bits = np.exp(log_p), np.maximum(log_p, _LEAST) / -np.log(2)
            entropy[at:end] = (p * bits).sum(1).clip(0)
            variance[at:end] = (p * (bits - entropy[at:end, None])**2).sum(1)
            ranked = np.cumsum(-np.sort(-p, axis=1), axis=1)
            candidates[at:end] = (ranked < TOGETHER).sum(1) + 1
            alternatives += [_likeliest(row, tokenizer) for row in p]
    return Expectation(surprise, entropy, variance, candidates, alternatives)


def _log_probabilities(logits: Floats, tokenizer: Tokenizer, before: Ids) -> Floats:
    """ln p (N, V) of what comes after the N first tokens of `before`."""
    if not np.isfinite(logits).all():
        raise RunError("run.no_numbers")
    for row, last in zip(logits, before.tolist(), strict=False):
        row[tokenizer.barred_after(last)] = -np.inf
    shifted = logits - logits.max(1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return found


def _bits(log_p: Floats, came: Ids) -> Floats:
    """Surprise (N,) at the tokens that came; NaN at those that cannot be written there."""
    found = log_p[np.arange(len(came)), came] / -np.log(2)
    return np.where(np.isfinite(found), found, np.nan)


def _likeliest(p: Floats, tokenizer: Tokenizer) -> list[tuple[str, float]]:
    best = np.argpartition(p, -min(ALTERNATIVES, len(p)))[-ALTERNATIVES:]
    best = best[np.argsort(-p[best], kind="stable")]
    return [(tokenizer.pieces[i], float(p[i])) for i in best.tolist() if p[i] > 0]


def balance(found: Expectation) -> Balance:
    """Mean surprise beside mean entropy, and how far chance may part them.

    The band is 1.96 standard errors of surprise − entropy on text that is drawn from these very
    probabilities (temperature 1, no cuts), whose steps are uncorrelated. It is worked out from the
    probabilities, not from how the surprise of this text is spread: a safer text is spread less.
    """
    usable = ~np.isnan(found.surprise)
    surprise, entropy, variance = (
        one[usable] for one in (found.surprise, found.entropy, found.variance))
    count = int(usable.sum())
    if not count:
        raise BadInput("text.too_short", value=0, limit=1)
    return Balance(float(surprise.mean()), float(entropy.mean()),
                   SIGMAS * float(np.sqrt(variance.sum())) / count, count)


def token_surprise(model: LanguageModel, tokenizer: Tokenizer, ids: Ids) -> Floats:
    """The surprise alone, as `expectation` has it, NaN at the first token. Raises `RunError`,
    run.no_numbers."""
    read = torch.from_numpy(np.asarray(ids, np.int64))[None].to(model.device)
    found, carried = np.full(len(ids), np.nan), None
    with torch.no_grad():
        for at in range(1, len(ids), _AT_ONCE):
            end = min(at + _AT_ONCE, len(ids))
            logits, carried = model(read[:, at - 1:end - 1], carried)
            found[at:end] = _bits(_log_probabilities(
                logits[0].double().cpu().numpy(), tokenizer, ids[at - 1:]), ids[at:end])
    return found
