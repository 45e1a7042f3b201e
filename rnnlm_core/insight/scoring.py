"""Whether a network remembers what it must: right or wrong at the places where the text decides.

A decision (`insight.decisions`) is right where the network holds the true character likelier than
each rival; all other characters do not matter.

Source: holding a unit: Radford et al. 2017 (arXiv 1704.01444).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.decisions import Decision
from rnnlm_core.insight.units import Part
from rnnlm_core.nets.cells import Hook, State, unroll
from rnnlm_core.nets.language_model import LanguageModel

HELD_STEPS = 3  # characters before a decision over which a unit is held
_CONTEXT = 256  # characters read before a decision that is tested with a unit held


class Score(NamedTuple):
    """`right` of `cases`; `chance` is what blind guessing among the choices gives."""

    right: int
    cases: int
    chance: float

    @property
    def share(self) -> float:
        return self.right / self.cases


def score(model: LanguageModel, tokenizer: Tokenizer, text: str,
          decisions: Sequence[Decision]) -> dict[str, Score]:
    """Each group's score. `text` is read once from the zero state, straight on, without dropout.

    Decisions about the first character have nothing to stand on and are left out. Errors:
    `text.too_short` where none is left.
    """
    usable = [d for d in decisions if d.at > 0]
    if not usable:
        raise BadInput("text.too_short", value=len(text), limit=2)
    ids = torch.from_numpy(tokenizer.encode(text).astype(np.int64))
    with torch.no_grad():
        logits, _ = model(ids[None].to(model.device))
    return _tally(logits[0].float().cpu().numpy()[[d.at - 1 for d in usable]], tokenizer, usable)


def _tally(logits: NDArray[np.float32], tokenizer: Tokenizer, decisions: Sequence[Decision]
           ) -> dict[str, Score]:
    """logits (N, V) before each of N decisions → the score of each group."""
    found: dict[str, list[tuple[bool, float]]] = {}
    for row, decision in zip(logits, decisions, strict=True):
        right = bool(row[tokenizer.id_of(decision.right)]
                     > max(row[tokenizer.id_of(rival)] for rival in decision.rivals))
        for group in decision.groups:
            found.setdefault(group, []).append((right, 1 / (1 + len(decision.rivals))))
    return {group: Score(sum(r for r, _ in cases), len(cases),
                         sum(c for _, c in cases) / len(cases))
            for group, cases in sorted(found.items())}


def score_with_unit_held(model: LanguageModel, tokenizer: Tokenizer, text: str,
                         decisions: Sequence[Decision], part: Part, layer: int, unit: int,
                         value: float, most: int = 600) -> dict[str, Score]:
    """The score with one unit held at `value` over the last three characters of each decision.

    Each of the first `most` decisions that have 256 characters before them is read from these.
    Errors: `text.too_short` where there is none.
    """
    usable = [d for d in decisions if d.at >= _CONTEXT][:most]
    if not usable:
        raise BadInput("text.too_short", value=len(text), limit=_CONTEXT + 1)
    ids = torch.from_numpy(tokenizer.encode(text).astype(np.int64))
    windows = torch.stack([ids[d.at - _CONTEXT:d.at] for d in usable])
    hook = _holding(part, layer, unit, value, since=_CONTEXT - HELD_STEPS)
    with torch.no_grad():
        logits = unroll(model, windows.to(model.device), hook=hook).logits[:, -1]
    return _tally(logits.float().cpu().numpy(), tokenizer, usable)


def _holding(part: Part, layer: int, unit: int, value: float, since: int) -> Hook:
    def hook(at_layer: int, t: int, state: State) -> State:
        if at_layer != layer or t < since:
            return state
        held = list(state)
        index = 0 if part == "h" else 1
        held[index] = state[index].clone()
        held[index][:, unit] = value
        return tuple(held)
    return hook
