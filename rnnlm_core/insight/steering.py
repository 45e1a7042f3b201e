"""Reaching into a network while it writes: a forced token, a held unit, the state of another text.

Each is measured on the same text for all that are compared, or on many draws, never on one: what is
said of a change says also what the same change does elsewhere (another token as unlikely, control
units, states of random places).

Shapes: K changes, T tokens, V vocabulary, W watched tokens, N draws. `<unk>` is left out of all
probabilities, as nothing writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import RunError
from rnnlm_core.generate import SamplingSettings, Writer, generate
from rnnlm_core.insight.effects import Effect
from rnnlm_core.insight.interventions import Intervention
from rnnlm_core.nets.cells import Hook, State, unroll
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.records import SampledToken

Floats = NDArray[np.float64]
Part = str  # "h" or "c"
_MOST = 8_000_000  # probabilities at a time
CLOSES = {"(": ")", "[": "]", "{": "}", "<": ">", "“": "”", "‘": "’", "（": "）", "「": "」",
          "『": "』", "《": "》", "【": "】", '"': '"'}


def write(model: LanguageModel, tokenizer: Tokenizer, start: Sequence[int],
          settings: SamplingSettings, hook: Hook | None = None, carried: Carried | None = None,
          forced: Mapping[int, int] | None = None) -> list[SampledToken]:
    """All of what `generate` writes; raises as it does."""
    return list(generate(model, tokenizer, start, settings, hook=hook, carried=carried,
                         forced=forced))


def read(model: LanguageModel, ids: Sequence[int]) -> tuple[Carried, Carried]:
    """The state before the last token, and after it: to the bit that of the writing network.

    Raises `run.no_state` for a CNN.
    """
    writer = Writer(model)
    for token in ids[:-1]:
        writer.read([token])
    before = writer.carried
    writer.read([ids[-1]])
    return before, writer.carried


def probabilities(model: LanguageModel, tokenizer: Tokenizer, ids: Tensor,
                  carried: Carried | None = None, hook: Hook | None = None) -> Floats:
    """ids (B, T) → P of the next token after each (B, T, V). Raises `run.no_numbers`."""
    with torch.no_grad():
        logits = unroll(model, ids.to(model.device), carried, hook).logits.double().cpu()
    if not torch.isfinite(logits).all():
        raise RunError("run.no_numbers")
    if tokenizer.unknown_id is not None:
        logits[..., tokenizer.unknown_id] = -torch.inf
    p: Floats = logits.softmax(-1).numpy()
    return p


# -- a forced token -------------------------------------------------------------------------------
class Watched(NamedTuple):
    """P of each watched token after step 0 (the forced one), 1, … of N texts, (W, N, T)."""

    free: Floats
    forced: Floats
    control: Floats

    def rise(self, token: int) -> tuple[float, float, float, float]:
        """Mean over all steps: untouched, forced, with the control forced; and how far forced and
        control are apart in standard errors over the draws."""
        free, forced, control = (one[token].mean(1) for one in self)
        apart = forced - control
        error = float(apart.std(ddof=1) / np.sqrt(len(apart))) if len(apart) > 1 else np.inf
        return (float(free.mean()), float(forced.mean()), float(control.mean()),
                float(apart.mean()) / max(error, 1e-12))


def as_unlikely(p: Floats, forced: int, without: Sequence[int]) -> int:
    """The token whose probability (V,) is most like that of the forced one, to force in its place
    as a control."""
    distance = np.abs(np.log(np.maximum(p, 1e-300)) - np.log(max(p[forced], 1e-300)))
    distance[[forced, *without]] = np.inf
    distance[p == 0] = np.inf
    return int(distance.argmin())


def forced_draws(model: LanguageModel, tokenizer: Tokenizer, before: Sequence[int],
                 texts: tuple[Sequence[int], Sequence[int], Sequence[int]],
                 watched: Sequence[int], since: int, settings: SamplingSettings, draws: int
                 ) -> tuple[Watched, list[int]]:
    """N texts each, on the seeds from that of the settings on, that begin after `before` with the
    three `texts`: untouched, forced and control; an empty one is drawn from its first token on.

    P is that after token `since` of the written ones and after each later one. Beside the watched
    tokens comes the one that the forced text has moved most, beyond what the control did to it.
    Returns all of them, and which they are.
    """
    carried, after = read(model, before)
    found = []
    for first in texts:
        rows = torch.tensor([[token.id for token in write(
            model, tokenizer, before[-1:], replace(settings, seed=(settings.seed + n) % 2**63),
            carried=carried, forced=dict(enumerate(first)))] for n in range(draws)])
        at_once = max(1, _MOST // (settings.length * tokenizer.size))
        found.append(np.concatenate([probabilities(
            model, tokenizer, ids, tuple(part.repeat(1, len(ids), 1) for part in after)
            )[:, since:].astype(np.float32) for ids in torch.split(rows, at_once)]))
    free, forced, control = (p.mean((0, 1)) for p in found)
    beyond = np.abs(forced - free) - np.abs(control - free)
    beyond[[*watched, *_marks(tokenizer)]] = -np.inf
    tokens = [*watched, int(beyond.argmax())]
    return Watched(*(p[:, :, tokens].transpose(2, 0, 1).astype(np.float64) for p in found)), tokens


def _marks(tokenizer: Tokenizer) -> list[int]:
    """Ids that are never seen in a text."""
    return [i for i in (tokenizer.unknown_id, tokenizer.start_id) if i is not None]


# -- a held unit ----------------------------------------------------------------------------------
def while_reading(model: LanguageModel, tokenizer: Tokenizer, before: Sequence[int],
                  text: Sequence[int], change: Intervention, controls: Sequence[Intervention]
                  ) -> tuple[Effect, Floats]:
    """Both read the same `text` after `before`, one with the change made from the last token of
    `before` on: the mean of what is expected at each of the T tokens of the text, and how P of the
    token that tells the effect goes, (2 + C, T): untouched, changed, each control."""
    carried, _ = read(model, before)
    ids = torch.tensor([[before[-1], *text[:-1]]])
    each = [probabilities(model, tokenizer, ids, carried, one.over(0).hook if one else None)[0]
            for one in (None, change, *controls)]
    mean = np.stack([p.mean(0) for p in each])
    effect = Effect(mean[0], mean[1], mean[2:])
    return effect, np.stack([p[:, effect.token] for p in each])


# -- the state of another text --------------------------------------------------------------------
def exchange(state: Carried, layers: Sequence[int], parts: Sequence[Part], at: int = 0) -> Hook:
    """Puts what `state` (each part (L, 1, H)) has of these layers and parts into the network after
    it has read token `at`. Of an LSTM's c alone, h follows at once (see `nets.cells.with_state`).
    """
    names = ("h", "c")[:len(state)]
    given = {(layer, names.index(part)): state[names.index(part)][layer]
             for layer in layers for part in parts}

    def hook(layer: int, t: int, own: State) -> State:
        if t != at:
            return own
        return tuple(given[layer, k].to(part).expand_as(part) if (layer, k) in given else part
                     for k, part in enumerate(own))
    return hook


class Way(NamedTuple):
    """Total variation from what is expected after B, step by step (T,): of A, of A with B's state,
    and of A with each of C other states (C, T). All read the same text."""

    own: Floats
    exchanged: Floats
    controls: Floats

    def share(self, one: Floats, steps: int) -> float:
        """How far from A to B it has come over the first steps: 1 at B, 0 at A."""
        apart = float(self.own[:steps].sum())
        return 1 - float(one[:steps].sum()) / apart if apart > 0 else 0.0


def way(model: LanguageModel, tokenizer: Tokenizer, a: Sequence[int], b: Sequence[int],
        others: Sequence[Carried], layers: Sequence[int], parts: Sequence[Part],
        text: Sequence[int]) -> Way:
    """How A with B's state comes to expect what is expected after B while all read `text`."""
    before, _ = read(model, a)
    before_b, state_b = read(model, b)
    rows = torch.tensor([[a[-1], *text]])
    hooks = [None, *(exchange(state, layers, parts) for state in (state_b, *others))]
    own, exchanged, *controls = (probabilities(model, tokenizer, rows, before, hook)[0]
                                 for hook in hooks)
    goal = probabilities(model, tokenizer, torch.tensor([[b[-1], *text]]), before_b)[0]
    return Way(_apart(own, goal), _apart(exchanged, goal),
               np.stack([_apart(one, goal) for one in controls]) if controls
               else np.zeros((0, len(goal))))


def _apart(one: Floats, other: Floats) -> Floats:
    found: Floats = np.abs(one - other).sum(-1) / 2
    return found
