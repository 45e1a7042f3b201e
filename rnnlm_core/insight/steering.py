"""Reaching into a network while it writes: a held unit, the state of another text. (A forced token:
`insight.forcing`.)

Each is measured on the same text for all that are compared: what is said of a change says also what
the same change does elsewhere (control units, states of random places).

Shapes: T tokens, V vocabulary, C controls. `<unk>` is left out of all probabilities, as nothing
writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import RunError
from rnnlm_core.generate import SamplingSettings, Writer, generate
from rnnlm_core.insight.effects import NOTHING
from rnnlm_core.insight.interventions import Intervention
from rnnlm_core.nets.cells import Hook, State, unroll
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.records import SampledToken

Floats = NDArray[np.float64]
Part = str  # "h" or "c"


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


# -- a held unit ----------------------------------------------------------------------------------
class Held(NamedTuple):
    """What a change moves at each of the T places of a text that all read.

    `moved` (1 + C, T): total variation from the untouched network, of the change and of each
    control. `path` (2 + C, T): P of `token`, untouched, changed, each control. `token` is the one
    whose mean moved most beyond the controls; `there` the one that moved most at the place where
    most moved, and `jump` its P there, untouched and changed.
    """

    moved: Floats
    token: int
    path: Floats
    there: int
    jump: tuple[float, float]

    @property
    def most(self) -> int:
        """The place where most moved."""
        return int(self.moved[0].argmax())

    @property
    def verdict(self) -> Literal["nothing", "no_more", "moves"]:
        """`nothing`: not a point of probability at any place. `no_more`: no more on average than
        under some control. Place by place, as changes of a mean may cancel out."""
        if self.moved[0].max() < NOTHING:
            return "nothing"
        mean, *controls = self.moved.mean(1)
        return "no_more" if mean <= max(controls, default=0.0) else "moves"


def while_reading(model: LanguageModel, tokenizer: Tokenizer, before: Sequence[int],
                  text: Sequence[int], change: Intervention, controls: Sequence[Intervention]
                  ) -> Held:
    """All read the same `text` after `before`, with a change made from the last token of `before`
    on: what is expected at each of the T tokens of the text."""
    carried, _ = read(model, before)
    ids = torch.tensor([[before[-1], *text[:-1]]])
    free, *others = (probabilities(model, tokenizer, ids, carried,
                                   one.over(0).hook if one else None)[0]
                     for one in (None, change, *controls))
    by = [np.abs(p.mean(0) - free.mean(0)) for p in others]
    token = int((by[0] - np.max([np.zeros_like(by[0]), *by[1:]], axis=0)).argmax())
    moved = np.stack([_apart(p, free) for p in others])
    most = int(moved[0].argmax())
    there = int(np.abs(others[0][most] - free[most]).argmax())
    return Held(moved, token, np.stack([p[:, token] for p in (free, *others)]), there,
                (float(free[most, there]), float(others[0][most, there])))


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
