"""What a run shows of itself while it trains: a text it writes, and the states of a fixed one.

Neither draws from the generators of the training.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rnnlm_core.errors import RunError
from rnnlm_core.generate import SamplingSettings, character_surprise, generate
from rnnlm_core.insight.probe import write_probe
from rnnlm_core.prepared import Prepared
from rnnlm_core.records import WrittenSample
from rnnlm_core.trainer import Trainer

SAMPLE_CHARACTERS = 120
PROBE_CHARACTERS = 96


def sample(trainer: Trainer, prepared: Prepared, temperature: float, seconds: float
           ) -> WrittenSample | None:
    """About 120 characters, always from the same seed; None where the outputs are no numbers, so
    that the next step will find that the run has diverged."""
    length = max(1, round(SAMPLE_CHARACTERS / prepared.characters_per_token))
    settings = SamplingSettings(temperature=temperature, length=length, seed=trainer.config.seed)
    try:
        with np.errstate(all="ignore"):  # before a run diverges, its states may overflow
            tokens = list(generate(trainer.shown.eval(), prepared.tokenizer, "", settings))
    except RunError:
        return None
    return WrittenSample(trainer.steps, round(seconds, 3), "".join(t.text for t in tokens),
                         [round(bits, 2) for bits in character_surprise(tokens)], temperature)


def probe(trainer: Trainer, prepared: Prepared, folder: Path) -> None:
    """The states of the beginning of the validation text, as a file. A CNN has none."""
    if trainer.config.cell == "cnn":
        return
    ids = prepared.validation_ids if len(prepared.validation_ids) else prepared.train_ids
    text = prepared.tokenizer.decode(ids[:PROBE_CHARACTERS])
    with np.errstate(all="ignore"):
        write_probe(folder, trainer.steps, trainer.shown.eval(), prepared.tokenizer, text)
