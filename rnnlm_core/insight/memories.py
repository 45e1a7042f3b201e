"""The search for the units that hold what a generated text asks for."""

from __future__ import annotations

import numpy as np

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.insight.corpus_labels import corpus_labels
from rnnlm_core.insight.units import UnitFinding, best_units
from rnnlm_core.nets.language_model import LanguageModel


def find_memories(model: LanguageModel, untrained: LanguageModel, tokenizer: Tokenizer,
                  corpus: str, text: str, seed: int = 0) -> list[UnitFinding]:
    """The best unit for each of `corpus_labels`, with the guards of `insight.units`."""
    ids = tokenizer.encode(text).astype(np.int64)
    return best_units(model, untrained, corpus_labels(corpus, text), ids, seed=seed)
