"""What a single unit could hold to decide well in a generated text, and the search for one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.insight.decisions import CLOSERS, PAIRS
from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.units import UnitFinding, best_units
from rnnlm_core.nets.language_model import LanguageModel


def memories(corpus: str, text: str) -> list[Label]:
    """What a unit could hold at every character of `text` to decide well; empty for others.

    anbn: `counter`, a's less b's so far. dyck2: `depth`, and `top`, whether the innermost open
    bracket is a square one (where one is open). The last is searched away from openers, which show
    it; the two others count everywhere.
    """
    everywhere = np.ones(len(text), bool)
    if corpus == "anbn":
        return [Label("counter", "real", _counter(text), everywhere, False)]
    if corpus == "dyck2":
        depth, top = _open_brackets(text)
        away = np.array([c in CLOSERS for c in text])
        return [Label("depth", "real", depth, everywhere, False),
                Label("top", "binary", top, away & (depth > 0), False)]
    return []


def _counter(text: str) -> NDArray[np.float64]:
    count, out = 0, []
    for character in text:
        count = 0 if character == "\n" else count + (1 if character == "a" else -1)
        out.append(count)
    return np.array(out, np.float64)


def _open_brackets(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Depth after each character, and 1 where the innermost open bracket is the second kind."""
    to_close, depth, top = "", [], []
    for character in text:
        if character in PAIRS:
            to_close += PAIRS[character]
        elif character in CLOSERS:
            to_close = to_close[:-1]
        depth.append(len(to_close))
        top.append(to_close[-1:] == CLOSERS[1])
    return np.array(depth, np.float64), np.array(top, np.float64)


def find_memories(model: LanguageModel, untrained: LanguageModel, tokenizer: Tokenizer,
                  corpus: str, text: str, seed: int = 0) -> list[UnitFinding]:
    """The best unit for each of `memories`, with the guards of `insight.units`."""
    ids = tokenizer.encode(text).astype(np.int64)
    return best_units(model, untrained, memories(corpus, text), ids, seed=seed)
