"""The two runs of the clipping tool: one setting apart, and only the clipped one learns."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnnlm_core import launch
from rnnlm_core.clip_pair import pair
from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import load_corpus
from rnnlm_core.data.parts import divide
from rnnlm_core.errors import ConfigError, Diverged
from rnnlm_core.trainer import Trainer
from tests.small_runs import plan_of

STEPS = 60  # it breaks within a dozen; the clipped one is past its worst by then


def losses(config: RunConfig, root: Path) -> tuple[list[float], bool]:
    """Of the first steps, and whether it diverged."""
    text = load_corpus(config.corpus, root, config.max_characters).text
    tokenizer, _ = launch.fitted(text, config)
    ids = tokenizer.encode(divide(text, config).training)
    trainer = Trainer(config, plan_of(config), ids, tokenizer.size)
    found = []
    try:
        while trainer.steps < STEPS:
            found.append(trainer.step().loss)
    except Diverged:
        return found, True
    return found, False


@pytest.mark.parametrize("seed", [1, 2])
def test_one_diverges_and_the_other_goes_on(seed: int, tmp_path: Path) -> None:
    free, clipped = (losses(variant.config, tmp_path) for variant in pair(1.0, seed))
    assert free[1] and max(free[0]) > 2 * free[0][0]
    assert not clipped[1] and len(clipped[0]) == STEPS
    assert min(clipped[0][-10:]) < clipped[0][0]


def test_they_differ_in_one_setting() -> None:
    free, clipped = (vars(variant.config) for variant in pair(0.1, 7))
    assert {name for name in free if free[name] != clipped[name]} == {"clip_norm"}
    assert (free["clip_norm"], clipped["clip_norm"], free["seed"]) == (0, 0.1, 7)


def test_a_seed_that_cannot_be_is_told() -> None:
    with pytest.raises(ConfigError):
        pair(1.0, -1)
