"""Whether a network remembers what it must: right or wrong at the places where the text decides.

A decision (`insight.decisions`) is right where the network holds the true character likelier than
each rival; all other characters do not matter. `score_changed` asks the same with units changed
(`insight.interventions`) over the last characters before each decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.decisions import Decision
from rnnlm_core.insight.interventions import Intervention, side_by_side
from rnnlm_core.nets.cells import unroll
from rnnlm_core.nets.language_model import Carried, LanguageModel

CHANGED_STEPS = 3  # characters before a decision over which units are changed
_CONTEXT = 256  # characters read before a decision that is tested so


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


class Approaches(NamedTuple):
    """N decisions, each as the network stands shortly before it: read once, changed often."""

    decisions: list[Decision]
    carried: Carried  # (L, N, H) each
    ids: Tensor  # (N, steps): the last tokens before each decision

    @property
    def steps(self) -> int:
        return self.ids.shape[1]


def approaches(model: LanguageModel, tokenizer: Tokenizer, text: str,
               decisions: Sequence[Decision], steps: int = CHANGED_STEPS, most: int = 600
               ) -> Approaches:
    """The first `most` decisions that have 256 characters before them, each read from these.

    Errors: `text.too_short` where there is none.
    """
    usable = [d for d in decisions if d.at >= _CONTEXT][:most]
    if not usable:
        raise BadInput("text.too_short", value=len(text), limit=_CONTEXT + 1)
    ids = torch.from_numpy(tokenizer.encode(text).astype(np.int64))
    windows = torch.stack([ids[d.at - _CONTEXT:d.at] for d in usable]).to(model.device)
    with torch.no_grad():
        _, carried = model.read(windows[:, :-steps])
    return Approaches(usable, carried, windows[:, -steps:])


def score_changed(model: LanguageModel, tokenizer: Tokenizer, near: Approaches,
                  changes: Sequence[Intervention | None]) -> list[dict[str, Score]]:
    """The score under each change, made at the last steps before each decision; None: untouched.

    Step 0 of a change is the first of `near.ids`.
    """
    count = len(changes)
    with torch.no_grad():
        trace = unroll(model, near.ids.repeat(count, 1),
                       tuple(part.repeat(1, count, 1) for part in near.carried),
                       side_by_side(changes))
        logits = model.output(trace.seen[:, -1]).float().cpu().numpy()
    return [_tally(rows, tokenizer, near.decisions) for rows in np.split(logits, count)]
