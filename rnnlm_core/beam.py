"""Beam search: the text that the network holds for the likeliest, as far as a beam can see.

All candidates have the same number of tokens at every step, so their probabilities compare as they
are and nothing has to be set right for length; an end mark is a token like any other. A beam as
wide as all texts of that length is exact, one of width 1 is greedy writing.

Source: Lowerre 1976, The Harpy Speech Recognition System; that the likeliest texts are not the good
ones: Holtzman et al. 2020 (arXiv 1904.09751).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import ConfigError, Problem, RunError
from rnnlm_core.nets.language_model import LanguageModel

WIDEST, LONGEST = 64, 1_000

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Likeliest:
    """The best candidate of a beam in the end, and ln p of it after its beginning."""

    ids: Ids  # (N,)
    log_p: float


def beam_search(model: LanguageModel, tokenizer: Tokenizer, starts: Ids, width: int, length: int
                ) -> list[Likeliest]:
    """Go on from each of P beginnings, starts (P, T), by `length` tokens; one result for each.

    At every step each of the `width` candidates is continued by every token, and the likeliest
    `width` are kept; of equal ones those that come first. All P · width rows are one batch. What is
    never written (`tokenizer.barred_after`) is left out before the probabilities are taken, as in
    `generate`. Errors: `generate.bad_setting`, `run.no_numbers`.
    """
    _check(width, length)
    prompts, size = len(starts), tokenizer.size
    scores, ids = np.zeros((prompts, 1)), np.empty((prompts, 1, 0), np.int64)
    last = starts[:, -1:]  # (P, candidates)
    with torch.no_grad():
        carried = model.zero_state(prompts)
        if starts.shape[1] > 1:
            _, carried = model.read(torch.from_numpy(starts[:, :-1]).to(model.device), carried)
        for _ in range(length):
            fed = torch.from_numpy(last.reshape(-1, 1)).to(model.device)
            logits, carried = model(fed, carried)
            log_p = _log_probabilities(logits[:, 0].float().cpu().numpy(), tokenizer, last.ravel())
            total = (scores[:, :, None] + log_p.reshape(*last.shape, size)).reshape(prompts, -1)
            best = np.stack([_largest(row, width) for row in total])  # (P, candidates after)
            scores = np.take_along_axis(total, best, 1)
            parent, last = best // size, best % size
            ids = np.concatenate([np.take_along_axis(ids, parent[:, :, None], 1),
                                  last[:, :, None]], 2)
            rows = (parent + np.arange(prompts)[:, None] * (total.shape[1] // size)).ravel()
            carried = tuple(part.index_select(1, torch.from_numpy(rows).to(part.device))
                            for part in carried)
    return [Likeliest(found[0], float(score[0])) for found, score in zip(ids, scores, strict=True)]


def _check(width: int, length: int) -> None:
    rules = {"width": (1 <= width <= WIDEST, width, f"1, 2, …, {WIDEST}"),
             "length": (0 <= length <= LONGEST, length, f"0, 1, …, {LONGEST}")}
    wrong = [Problem("generate.bad_setting", {"field": name, "value": repr(value), "rule": rule})
             for name, (good, value, rule) in rules.items() if not good]
    if wrong:
        raise ConfigError(wrong)


def _log_probabilities(logits: NDArray[np.float32], tokenizer: Tokenizer, last: Ids) -> Floats:
    """logits (B, V) after the tokens `last` (B,) → ln p, −∞ where a token is never written."""
    if not np.isfinite(logits).all():
        raise RunError("run.no_numbers")
    scores = logits.astype(np.float64)
    for row, token in zip(scores, last.tolist(), strict=True):
        row[tokenizer.barred_after(token)] = -np.inf
    scores -= scores.max(1, keepdims=True)
    with np.errstate(under="ignore"):
        found: Floats = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    return found


def _largest(values: Floats, count: int) -> Ids:
    """Where the `count` largest of values (N,) stand, largest first, equal ones in their order."""
    count = min(count, len(values))
    least = np.partition(values, -count)[-count]
    reach = np.flatnonzero(values >= least)
    return reach[np.argsort(-values[reach], kind="stable")[:count]]
