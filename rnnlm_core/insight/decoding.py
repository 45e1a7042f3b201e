"""Ways of writing, measured: how sure, how surprising, how repetitive, beside real text.

Texts of every setting go on from the same beginnings in held-out text, over the same noise. How
sure and how surprised the network is, is measured on its own distribution (temperature 1, no cut),
also of texts that were written otherwise: so settings compare with each other and with the human
text. All in bits a character, so that kinds of tokens compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.beam import beam_search
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput, RunError
from rnnlm_core.generate import generate_many
from rnnlm_core.insight.alignment import surprise_of_characters
from rnnlm_core.insight.repeats import LENGTH, repeated_share
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.records import SampledToken
from rnnlm_core.sampling import SamplingSettings

START, FEWEST = 100, 40  # tokens of a beginning; of a text, beginning and what is written
_AT_ONCE = 2048  # rows that the output layer takes: a vocabulary of words is wide

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Passages:
    """P places of a text: beginnings (P, T) to go on from, and how it went on there (P, N)."""

    starts: Ids
    human: Ids


@dataclass(frozen=True)
class Continuation:
    """What was written after a beginning, with the surprise of each of its characters in bits."""

    ids: tuple[int, ...]
    text: str
    bits: tuple[float, ...]


@dataclass(frozen=True)
class Measured:
    """Means over P texts. Bits a character of the network's own distribution."""

    entropy: float
    surprise: float
    repeated: float  # share of 8-grams that stood before in the same text
    kept: float | None  # candidates there were for a token; None where nothing was drawn


def passages(ids: Ids, count: int, length: int) -> Passages:
    """`count` passages at equal distances of a text's ids (T,); fewer and shorter ones of a short
    text. Errors: `text.too_short`."""
    if len(ids) < FEWEST:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST)
    start = min(START, len(ids) // 4)
    whole = min(start + length, len(ids))
    count = max(1, min(count, len(ids) // whole))
    places = np.linspace(0, len(ids) - whole, count).astype(int)
    cut = np.stack([ids[at:at + whole] for at in places]).astype(np.int64)
    return Passages(cut[:, :start], cut[:, start:])


def _repeated(texts: Sequence[str]) -> float:
    """Mean share of 8-grams that stood before, of the texts that have any."""
    return float(np.mean([repeated_share(text) for text in texts if len(text) >= LENGTH] or [0.0]))


def read(model: LanguageModel, tokenizer: Tokenizer, ids: Ids, since: int) -> tuple[Floats, Floats]:
    """ids (B, T) → bits of entropy before, and of surprise at, each token from `since` ≥ 1 on, both
    (B, T − since). Errors: `run.no_numbers`."""
    batch, whole = ids.shape
    with torch.no_grad():
        h, _ = model.read(torch.from_numpy(ids[:, :-1]).to(model.device))
        rows = h[:, since - 1:].reshape(-1, h.shape[-1])
        before, right = ids[:, since - 1:-1].ravel(), ids[:, since:].ravel()
        entropy, surprise = np.empty(len(rows)), np.empty(len(rows))
        for at in range(0, len(rows), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            logits = model.output(rows[None, part])[0].float().cpu().numpy().astype(np.float64)
            if not np.isfinite(logits).all():
                raise RunError("run.no_numbers")
            for row, token in zip(logits, before[part].tolist(), strict=True):
                row[tokenizer.barred_after(token)] = -np.inf
            logits -= logits.max(1, keepdims=True)
            with np.errstate(under="ignore"):
                p = np.exp(logits)
            p /= p.sum(1, keepdims=True)
            positive = np.maximum(p, 1e-300)  # as `SampledToken.surprise`
            entropy[part] = -(p * np.log2(positive)).sum(1)
            surprise[part] = -np.log2(positive[np.arange(len(p)), right[part]])
    return (np.maximum(entropy, 0).reshape(batch, whole - since),
            surprise.reshape(batch, whole - since))


def continuation(model: LanguageModel, tokenizer: Tokenizer, start: Sequence[int],
                 written: Sequence[int]) -> Continuation:
    """The surprise is at temperature 1, however it was written; bytes that open a character which
    never ends are not shown."""
    ids = np.array([[*start, *written]], np.int64)
    _, surprise = read(model, tokenizer, ids, len(start))
    text, owners = tokenizer.owners(written)
    return Continuation(tuple(written), text,
                        tuple(surprise_of_characters(surprise[0], owners).tolist()))


def measure(model: LanguageModel, tokenizer: Tokenizer, starts: Ids, written: Ids,
            kept: float | None = None) -> Measured:
    """Texts `written` (P, N) after their beginnings `starts` (P, T)."""
    entropy, surprise = read(model, tokenizer, np.concatenate([starts, written], 1),
                             starts.shape[1])
    texts = [tokenizer.decode(row) for row in written]
    characters = max(1, sum(map(len, texts)))
    return Measured(float(entropy.sum()) / characters, float(surprise.sum()) / characters,
                    _repeated(texts), kept)


def write_each(model: LanguageModel, tokenizer: Tokenizer, start: Sequence[int],
               settings: Sequence[SamplingSettings]) -> list[list[SampledToken]]:
    """One text with each of the settings after the same beginning, side by side as one batch."""
    texts: list[list[SampledToken]] = [[] for _ in settings]
    for position in generate_many(model, tokenizer, start, settings):
        for text, token in zip(texts, position, strict=True):
            if token is not None:
                text.append(token)
    return texts


def measure_settings(model: LanguageModel, tokenizer: Tokenizer, found: Passages,
                     settings: Sequence[SamplingSettings]) -> list[Measured]:
    """Each setting over all beginnings; text i is drawn with the seed and i by all of them."""
    length = found.human.shape[1]
    texts = [write_each(model, tokenizer, start.tolist(),
                        [replace(one, length=length, seed=(one.seed + i) % 2**63)
                         for one in settings]) for i, start in enumerate(found.starts)]
    measured = []
    for own in zip(*texts, strict=True):  # all of one setting
        kept = float(np.mean([token.kept for text in own for token in text]))
        ids = np.array([[token.id for token in text] for text in own], np.int64)
        measured.append(measure(model, tokenizer, found.starts, ids, kept))
    return measured


@dataclass(frozen=True)
class Beamed:
    """What a beam of one width writes after each of P beginnings."""

    width: int
    ids: Ids  # (P, N)
    measured: Measured


def measure_beams(model: LanguageModel, tokenizer: Tokenizer, found: Passages,
                  widths: Sequence[int]) -> list[Beamed]:
    """Beam search of each width over all beginnings."""
    beams = []
    for width in widths:
        best = beam_search(model, tokenizer, found.starts, width, found.human.shape[1])
        ids = np.stack([one.ids for one in best])
        beams.append(Beamed(width, ids, measure(model, tokenizer, found.starts, ids)))
    return beams
