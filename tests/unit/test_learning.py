"""What must be learned, against what can be known: constant text, a Markov chain's entropy."""

from __future__ import annotations

import numpy as np
import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.data.split import ValidationRows
from rnnlm_core.trainer import Trainer
from tests.small_runs import dropouts, plan_of

CHAIN = np.array([[0.8, 0.15, 0.05], [0.1, 0.2, 0.7], [0.3, 0.5, 0.2]])  # row: from, column: to


def settings(cell: str, steps: int) -> RunConfig:
    return RunConfig(cell=cell, embedding=8, hidden=16, batch=16, sequence_length=32,  # type: ignore[arg-type]
                     max_steps=steps, max_seconds=0.0, learning_rate=0.02, receptive_field=4,
                     **dropouts(0.0))  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])
def test_a_constant_text_goes_to_zero(cell: str) -> None:
    config = settings(cell, 150)
    trainer = Trainer(config, plan_of(config), np.ones(2_000, np.uint16), 3)
    losses = [trainer.step().loss for _ in range(150)]
    assert losses[-1] < 1e-3
    assert min(losses) >= 0


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])
def test_a_markov_chain_is_learned_to_its_entropy_rate_and_never_under(cell: str) -> None:
    draw = np.random.default_rng(3)
    ids = np.zeros(60_000, np.uint16)
    for t, u in enumerate(draw.random(len(ids) - 1)):
        ids[t + 1] = np.searchsorted(CHAIN[ids[t]].cumsum(), u)
    start = 40_000
    stationary = np.linalg.matrix_power(CHAIN, 200)[0]
    entropy_rate = -(stationary[:, None] * CHAIN * np.log(CHAIN)).sum()
    truth = -np.log(CHAIN[ids[start - 1:-1], ids[start:]]).mean()  # of the chain on this very text
    assert truth == pytest.approx(entropy_rate, abs=0.01)
    config = settings(cell, 300)
    trainer = Trainer(config, plan_of(config), ids[:start] + 1, 4)  # 0 is <unk>
    for _ in range(300):
        trainer.step()
    rows = ValidationRows.cut(ids + 1, start)
    assert rows is not None
    loss = trainer.evaluate(rows, live=False)
    assert truth - 0.001 < loss < truth + 0.02  # KL ≥ 0 but for the noise of 20,000 tokens
