"""From logits to a token: the rules of drawing, for one stream or for many side by side.

The order is fixed: repetition penalty, temperature, top-k, top-p, min-p, renormalise. The noise of
a position depends on the seed and the position alone (common random numbers), so that turning the
temperature deforms the same text instead of drawing another. The global generators are not touched.

Shapes: V vocabulary; B streams, each a row.

Source: Holtzman et al. 2020 (arXiv 1904.09751, top-p); Nguyen et al. 2024 (arXiv 2407.01082,
min-p); Keskar et al. 2019 (arXiv 1909.05858, section 4.1, repetition penalty); Gumbel-max:
Maddison et al. 2014 (arXiv 1411.0030).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import ConfigError, Problem

MAX_LENGTH = 100_000
ALTERNATIVES = 5

Floats = NDArray[np.float64]
Noise = Iterator[Floats]


@dataclass(frozen=True)
class SamplingSettings:
    """How to draw. Each cut is off at its default; temperature 0 is greedy."""

    temperature: float = 0.8  # divides the logits; 0 takes the likeliest
    top_k: int = 0  # keep the k likeliest; 0 keeps all, as does any k ≥ V
    top_p: float = 1.0  # keep the fewest likeliest that together reach p, the crossing one included
    min_p: float = 0.0  # keep those with at least min_p times the probability of the likeliest
    repetition_penalty: float = 1.0  # worsens the logits of tokens that were there lately; 1: off
    repetition_window: int = 64  # so many tokens back, those of the prompt included, are lately
    seed: int = 1
    length: int = 500  # tokens at most
    documents: int = 0  # stop at the end of so many, of a model that knows marks; 0: go on

    def problems(self) -> list[Problem]:
        """Everything wrong with these settings, as `generate.bad_setting`."""
        rules = {  # in signs, so that they read the same in every language
            "temperature": (0 <= _number(self.temperature) < math.inf, "≥ 0, < ∞"),
            "top_k": (_whole(self.top_k) and self.top_k >= 0, "0, 1, 2, …"),
            "top_p": (0 < _number(self.top_p) <= 1, "> 0, ≤ 1"),
            "min_p": (0 <= _number(self.min_p) <= 1, "≥ 0, ≤ 1"),
            "repetition_penalty": (1 <= _number(self.repetition_penalty) <= 10, "≥ 1, ≤ 10"),
            "repetition_window": (_whole(self.repetition_window) and self.repetition_window >= 1,
                                  "1, 2, 3, …"),
            "seed": (_whole(self.seed) and 0 <= self.seed < 2**63, "0, 1, …, 2⁶³ − 1"),
            "length": (_whole(self.length) and 0 <= self.length <= MAX_LENGTH,
                       f"0, 1, …, {MAX_LENGTH}"),
            "documents": (_whole(self.documents) and self.documents >= 0, "0, 1, 2, …"),
        }
        return [Problem("generate.bad_setting", {
            "field": name, "value": repr(getattr(self, name)), "rule": rule})
            for name, (good, rule) in rules.items() if not good]

    def checked(self) -> SamplingSettings:
        """These settings, or a `ConfigError` that lists everything wrong with them."""
        if found := self.problems():
            raise ConfigError(found)
        return self


def _number(value: object) -> float:
    """The value as a float; NaN, which fails every comparison, where it is none."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if good else math.nan  # type: ignore[arg-type]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# -- from logits to a draw ----------------------------------------------------------------------
def penalised(logits: NDArray[np.floating], settings: SamplingSettings, before: Sequence[int]
              ) -> Floats:
    """Logits (V,) with those of the last `repetition_window` ids of `before` made worse.

    A positive one is divided by the penalty, a negative one multiplied, however often the token was
    there. The first thing done to the logits. Unlike softmax it depends on where their 0 lies.
    """
    scores = np.array(logits, np.float64)
    if settings.repetition_penalty > 1:
        recent = np.unique(np.asarray(before[-settings.repetition_window:], np.int64))
        there = scores[recent]
        scores[recent] = np.where(there > 0, there / settings.repetition_penalty,
                                  there * settings.repetition_penalty)
    return scores


def reshape(logits: NDArray[np.floating], settings: SamplingSettings, before: Sequence[int] = ()
            ) -> Floats:
    """Logits (V,) → the probabilities (V,) to draw from after the ids `before`: repetition penalty,
    temperature, top-k, top-p, min-p.

    Each cut sees the renormalised rest of the one before. Ties are cut in favour of the lower id,
    so top-k leaves exactly k. At least one candidate always remains. Logits of −inf stay at 0.
    """
    p: Floats = _cut(penalised(logits, settings, before)[None], settings)[0]
    return p


def _cut(scores: Floats, settings: SamplingSettings) -> Floats:
    """(B, V) → (B, V): all of `reshape` but the penalty, row by row."""
    rows = np.arange(len(scores))[:, None]
    if settings.temperature == 0:
        certain = np.zeros(scores.shape)
        certain[rows, scores.argmax(1, keepdims=True)] = 1.0
        return certain
    with np.errstate(over="ignore"):  # the likeliest is exactly 1
        p: Floats = np.exp((scores - scores.max(1, keepdims=True)) / settings.temperature)
    k = settings.top_k
    if 0 < k < p.shape[1] or settings.top_p < 1:
        order = np.argsort(-p, axis=1, kind="stable")
        ranked = p[rows, order]
        if 0 < k < p.shape[1]:
            ranked[:, k:] = 0.0
        if settings.top_p < 1:
            above = np.cumsum(ranked, 1) - ranked  # probability of all likelier ones, 0 at first
            ranked[above >= settings.top_p * ranked.sum(1, keepdims=True)] = 0.0
        p[rows, order] = ranked
    if settings.min_p > 0:
        p[p < settings.min_p] = 0.0  # relative to the likeliest, whose value is 1
    p /= p.sum(1, keepdims=True)
    return p


def draw(p: Floats, noise: Floats) -> NDArray[np.int64]:
    """Draw from p (…, V) with noise E (…, V) ~ Exp(1), one a token: argmax p/E, (…).

    This is the Gumbel-max trick, argmax(ln p + G) with G = −ln E, without the logarithms.
    """
    drawn: NDArray[np.int64] = (p / noise).argmax(-1)
    return drawn


def noise_of(seed: int, size: int) -> Noise:
    """Exp(1) noise (V,) for position 0, 1, 2, …: fixed by the seed, the position and V alone."""
    rng = np.random.Generator(np.random.PCG64(seed))
    block = max(1, min(64, 65_536 // size))
    while True:
        yield from np.maximum(rng.standard_exponential((block, size)), 1e-300)


# -- rows of a batch ------------------------------------------------------------------------------
def kinds_of(settings: Sequence[SamplingSettings]) -> dict[SamplingSettings, list[int]]:
    """Rows that are reshaped alike: as one array."""
    kinds: dict[SamplingSettings, list[int]] = {}
    for row, each in enumerate(settings):
        kinds.setdefault(replace(each, seed=0, length=0, documents=0), []).append(row)
    return kinds


def sampled(logits: Floats, kinds: dict[SamplingSettings, list[int]], noise: Floats,
            tokenizer: Tokenizer, read: Sequence[Sequence[int]], forced: int | None = None
            ) -> Iterator[tuple[Any, ...]]:
    """The fields of a `SampledToken`, but for its text, for each row of the logits (B, V).

    `kinds` as of `kinds_of`, noise (B, V), `read` all ids of each stream so far, `forced` the id
    that stands here whatever is drawn. Logits of what can not be drawn here are set to −inf.
    """
    for row, ids in enumerate(read):
        logits[row, tokenizer.barred_after(ids[-1])] = -np.inf
    p = np.empty_like(logits)
    for settings, rows in kinds.items():
        scores = logits[rows] if settings.repetition_penalty == 1 else np.array(
            [penalised(logits[row], settings, read[row]) for row in rows])
        p[rows] = _cut(scores, settings)
    chosen = draw(p, noise) if forced is None else np.full(len(p), forced)
    model_p = np.exp(logits - logits.max(1, keepdims=True))
    model_p /= model_p.sum(1, keepdims=True)
    entropy = np.maximum(-np.vecdot(p, np.log2(np.maximum(p, 1e-300))), 0.0)  # 0 log 0 is 0
    of_chosen = model_p[np.arange(len(chosen)), chosen]
    return zip(chosen.tolist(), of_chosen.tolist(), (p > 0).sum(1).tolist(), entropy.tolist(),
               _likeliest(logits, model_p, tokenizer), strict=True)


def _likeliest(logits: Floats, p: Floats, tokenizer: Tokenizer
               ) -> Iterator[list[tuple[str, float]]]:
    """For each row up to five pieces with their probabilities, none of what is masked."""
    rows = np.arange(len(logits))[:, None]
    count = min(ALTERNATIVES, logits.shape[1])
    best = np.argpartition(logits, -count, 1)[:, -count:]
    scores = logits[rows, best]
    best = best[rows, np.argsort(-scores, 1, kind="stable")]
    allowed = np.isfinite(scores).sum(1)
    for ids, each, n in zip(best.tolist(), p[rows, best].tolist(), allowed.tolist(), strict=True):
        yield [(tokenizer.pieces[i], q) for i, q in zip(ids[:n], each, strict=False)]
