"""How far back a model really looks: what it loses where the far past is missing or disturbed.

Three experiments on held-out text, each against the same places undisturbed: only the last n tokens
are fed (from the zero state); the tokens farther than n are put in random order; one token is
replaced and the loss is followed afterwards. Losses are in nats a token.

Source: Khandelwal et al. 2018, Sharp Nearby, Fuzzy Far Away (arXiv 1805.04623).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import BadInput
from rnnlm_core.nets.language_model import LanguageModel

LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 200)
ORDERED = (1, 2, 4, 8, 16, 32, 64, 128)  # how many near tokens keep their order
WINDOW = 200  # tokens that are fed where the far ones of them are shuffled
AFTER = 50  # tokens that the loss is followed for after a wrong one
BEFORE = 150  # that are read before it
PLACES, FEWEST_PLACES = 256, 64
NEAR = 0.01  # of the whole loss: less than that is not missed
OVER = 0.05  # of the largest extra loss: less than that counts as recovered
FEWEST_TOKENS = 120
_STREAM = 1_500  # tokens that are read in one go, for the loss with all before
_LOGITS = 4_000_000  # held at once: a large vocabulary times many places is much memory
_RUN_IN = 500  # of a stream, before its first place

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Extra:
    """Mean extra loss against the same places undisturbed, in nats a token, by `at`."""

    at: NDArray[np.int64]  # (N,) n, or the distance k after a wrong token
    mean: Floats  # (N,)
    error: Floats  # (N,) standard error of the mean, over the places
    places: int

    def settled(self, limit: float) -> int | None:
        """The first `at` from which on the mean is at most `limit`; None: not even at the last."""
        above = np.flatnonzero(self.mean > limit)
        first = int(above[-1]) + 1 if len(above) else 0
        return int(self.at[first]) if first < len(self.at) else None


@dataclass(frozen=True)
class Context:
    """What the far past is worth."""

    loss: float  # with everything before, mean over all tokens that had a long past
    tokens: int  # so many
    last: Extra  # only the last n are fed
    shuffled: Extra  # the window is fed, those farther than n in random order
    window: int  # how many tokens that is

    @property
    def used(self) -> int | None:
        """So many last tokens are as good as all, within 1 % of the loss; None: more than were
        tried."""
        return self.last.settled(NEAR * self.loss)

    @property
    def ordered(self) -> int | None:
        """Beyond so many their order does not matter, within 1 %."""
        return self.shuffled.settled(NEAR * self.loss)


@dataclass(frozen=True)
class Recovery:
    """After one wrong token."""

    extra: Extra  # at k = 1 … tokens after it

    @property
    def over(self) -> int | None:
        """The first k from which on less than 5 % of the largest extra loss is left."""
        return self.extra.settled(OVER * float(self.extra.mean.max()))

    @property
    def total(self) -> float:
        """Nats that one wrong token costs altogether."""
        return float(self.extra.mean.sum())


def places_for(config: RunConfig) -> int:
    """How many places are tried: 256 up to LSTM-128, of larger networks down to 64."""
    cost = config.hidden**2 * config.layers
    return max(FEWEST_PLACES, min(PLACES, PLACES * 128**2 // cost))


def context(model: LanguageModel, ids: NDArray[np.integer], places: int = PLACES, seed: int = 0
            ) -> Context:
    """Losses by how much is fed, and by how much is in order, at places of `ids` (T,).

    The level of a curve is `loss` plus its mean extra loss: the places differ by chance, what is
    compared at them does not. Errors: `text.too_short` below 120 tokens.
    """
    text = _checked(ids)
    window = min(WINDOW, len(text) // 3)
    with torch.inference_mode():
        losses = _all_losses(model, text)
        usable = np.flatnonzero(~np.isnan(losses))  # there, more than a window stands before
        draw = np.random.default_rng(seed)
        at = np.sort(draw.choice(usable, min(places, len(usable)), replace=False))
        past = text[at[:, None] + np.arange(-window, 0)]  # (P, window), the last one nearest
        lengths = [n for n in LENGTHS if n < window] + [window]
        fed = np.stack([_last_loss(model, past[:, -n:], text[at]) for n in lengths])
        ordered = [n for n in ORDERED if n < window]
        mixed = [_last_loss(model, _shuffled(past, n, draw), text[at]) for n in ordered]
    return Context(float(losses[usable].mean()), len(usable),
                   _extra(lengths, fed - losses[at]),
                   _extra([*ordered, window], np.stack([*mixed, fed[-1]]) - fed[-1]), window)


def recovery(model: LanguageModel, ids: NDArray[np.integer], places: int = PLACES, seed: int = 0
             ) -> Recovery:
    """One token replaced by another of the text, drawn as often as it stands there.

    Errors: `text.too_short` below 120 tokens, or where all tokens are the same.
    """
    text = _checked(ids)
    if (text == text[0]).all():
        raise BadInput("text.too_short", value=1, limit=FEWEST_TOKENS)
    after = min(AFTER, len(text) // 4)
    before = min(BEFORE, len(text) // 4)
    starts = len(text) - (before + after + 1)
    draw = np.random.default_rng(seed)
    chosen = np.sort(draw.choice(starts, min(places, starts), replace=False))
    clean = text[chosen[:, None] + np.arange(before + 1 + after)]  # (P, before + 1 + after)
    wrong = clean.copy()
    wrong[:, before] = [draw.choice(text[text != token]) for token in clean[:, before]]
    with torch.inference_mode():
        _, carried = model.read(torch.from_numpy(clean[:, :before]))
        pair = [_losses(model, read[:, before:-1], clean[:, before + 1:], carried)
                for read in (wrong, clean)]
    return Recovery(_extra(range(1, after + 1), (pair[0] - pair[1]).T))


def _checked(ids: NDArray[np.integer]) -> Ids:
    if len(ids) < FEWEST_TOKENS:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST_TOKENS)
    return np.asarray(ids, np.int64)


def _all_losses(model: LanguageModel, text: Ids) -> Floats:
    """The loss of each token after all before it in its stream, (T,).

    The text is read in streams side by side; NaN where little of its stream stands before a token.
    """
    streams = max(1, len(text) // _STREAM)
    length = len(text) // streams
    batch = text[:streams * length].reshape(streams, length)
    losses, found = np.full(len(text), np.nan), np.full((streams, length), np.nan)
    found[:, 1:] = _losses(model, batch[:, :-1], batch[:, 1:])
    found[:, :min(_RUN_IN, length // 2)] = np.nan
    losses[:streams * length] = found.ravel()
    return losses


def _losses(model: LanguageModel, read: Ids, targets: Ids, carried: tuple[Tensor, ...] | None = None
            ) -> Floats:
    """Of each token (B, T) in nats, after `read` (B, T) up to it."""
    states, _ = model.read(torch.from_numpy(read.copy()), carried)
    flat, rows = torch.from_numpy(targets.copy()).flatten(), max(1, _LOGITS // model.vocabulary)
    some = zip(torch.split(states.flatten(0, 1), rows), torch.split(flat, rows), strict=True)
    found = torch.cat([model.output.losses(h, wanted) for h, wanted in some])
    return found.double().numpy().reshape(targets.shape)


def _last_loss(model: LanguageModel, read: Ids, targets: Ids) -> Floats:
    """Of the token (B,) after `read` (B, n), fed from the zero state."""
    states, _ = model.read(torch.from_numpy(read.copy()))
    return model.output.losses(states[:, -1], torch.from_numpy(targets)).double().numpy()


def _shuffled(past: Ids, near: int, draw: np.random.Generator) -> Ids:
    """Each row in random order but for its last `near`."""
    return np.concatenate([draw.permuted(past[:, :-near], axis=1), past[:, -near:]], 1)


def _extra(at: list[int] | range, extra: Floats) -> Extra:
    """extra (N, places)"""
    return Extra(np.array(at, np.int64), extra.mean(1),
                 extra.std(1, ddof=1) / np.sqrt(extra.shape[1]), extra.shape[1])
