"""Computes what a shipped run shows before torch is loaded (`run.showcase`)."""

from __future__ import annotations

import contextlib

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.gradients import untrained_profiles
from rnnlm_core.insight.states import read_states
from rnnlm_core.insight.units import UnitFinding, find_units
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.run.showcase import FoundUnit, Showcase

SEARCHED = 24_000  # characters, as many as the pages read
SHOWN = 256
_ECHO = 0.1  # |correlation within the same character| below this: the unit only echoes it


def make_showcase(model: LanguageModel, untrained: LanguageModel, tokenizer: Tokenizer,
                  text: str) -> Showcase:
    """From held-out `text`: the best unit over its beginning, the reach of untrained networks.

    What the text is too short for is left out.
    """
    text, found = text[:SEARCHED], None
    fading: dict[str, NDArray[np.float32]] = {}
    with contextlib.suppress(BadInput):
        found = best_unit(find_units(model, untrained, tokenizer, text))
    with contextlib.suppress(BadInput):
        profiles = untrained_profiles(model.config, tokenizer.size, tokenizer.encode(text))
        fading.update((cell, _relative(profile.h.mean)) for cell, profile in profiles.items())
    reading = read_states(model, tokenizer, text[:SHOWN])
    cells = found is not None and found.part == "c" and reading.c is not None
    layers = reading.c if cells and reading.c is not None else reading.h
    states = layers[-1 if found is None else found.layer][reading.owners]  # one a character
    return Showcase(reading.text, states.astype(np.float16),
                    None if found is None else _kept(found, len(text)), fading)


def best_unit(findings: list[UnitFinding]) -> UnitFinding | None:
    """The memory that training has added most to; None where none is to be trusted."""
    memories = [f for f in findings if f.trusted and abs(f.within_character) >= _ECHO]
    return max(memories, key=_gain, default=None)


def _gain(finding: UnitFinding) -> float:
    bar = max(finding.control, finding.chance)
    return finding.strength - (2 * bar - 1 if finding.kind == "binary" else bar)


def _kept(finding: UnitFinding, read: int) -> FoundUnit:
    return FoundUnit(finding.label, finding.kind, finding.unit, finding.sign, finding.score,
                     finding.control, finding.chance, read)


def _relative(means: NDArray[np.float64]) -> NDArray[np.float32]:
    """Powers of ten below lag 0."""
    return np.asarray(np.log10(means / means[0]), np.float32)
