"""Two runs that differ in one thing: whether the gradient is clipped. One learns, one diverges.

A ReLU network that begins as the identity (IRNN; Le et al. 2015, arXiv 1504.00941) keeps what it
reads, adds to it, and has nothing that saturates: its gradient explodes over 64 steps. Plain SGD
does not rescale it either. The learning rate grows evenly from 0, so that the unclipped run makes
its first steps before it breaks. Its seeds are counted in `benchmarks/reproduce_clipping.py`.
"""

from __future__ import annotations

from rnnlm_core import sweep
from rnnlm_core.config import RunConfig
from rnnlm_core.sweep import Variant

STEPS, SEQUENCE = 600, 64
EXPLODES = RunConfig(
    corpus="names", max_characters=200_000, cell="rnn", activation="relu",
    initialisation="identity", hidden=128, embedding=32, input_dropout=0.0, layer_dropout=0.0,
    output_dropout=0.0, sequence_length=SEQUENCE, batch=16, optimizer="sgd", learning_rate=0.6,
    schedule="constant", warm_up_steps=STEPS, weight_decay=0.0, max_steps=STEPS, max_seconds=0.0,
    precision="fp32")


def pair(limit: float, seed: int) -> list[Variant]:
    """Without clipping, and with the norm clipped at `limit`. Raises `ConfigError`."""
    config = RunConfig(**{**vars(EXPLODES), "seed": seed})
    return sweep.grid(config, {"clip_norm": [0.0, limit]})
