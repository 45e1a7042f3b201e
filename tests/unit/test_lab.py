"""The notebook's way: train, read the numbers, look inside, write."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import rnnlm_core
from rnnlm_core import RunConfig, train
from rnnlm_core.data.corpus import keep_own_text
from rnnlm_core.errors import ConfigError, CorpusError, Diverged, RunError
from rnnlm_core.lab import Run, resume
from rnnlm_core.records import Status, StepMetrics
from rnnlm_core.run.checkpoint import entries
from tests.small_runs import SMALL, dropouts, new_run, small_text, with_plan


def config_in(root: Path, **changes: object) -> RunConfig:
    kept = keep_own_text(root / "corpora", small_text(), "small", 10_000)
    return RunConfig(**{**vars(SMALL), "corpus": kept.manifest.source, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("lab")
    return train(config_in(root, cell="lstm", layers=2, max_steps=20), root)


def test_metrics_are_a_table_of_every_step(run: Run) -> None:
    table = run.metrics()
    assert list(table.columns) == list(StepMetrics.__dataclass_fields__)
    assert table.step.tolist() == list(range(1, 21))
    assert table.loss.between(0.1, 5).all() and table.learning_rate.max() <= 4e-3
    assert table.tokens.tolist() == [32 * step for step in range(1, 21)]
    assert table.validation.notna().sum() >= 3


def test_the_run_knows_its_settings_and_its_end(run: Run) -> None:
    assert run.config.layers == 2 and run.status.state == "finished"
    assert run.steps_kept == [0, 16, 20]
    assert [y.name for y in run.yardsticks][:2] == ["uniform", "unigram"]
    assert run.samples[0].step == 1 and run.samples[-1].step == 20


def test_the_probes_are_the_states_of_one_text_at_their_steps(run: Run) -> None:
    first, last = run.probes[0], run.probes[-1]
    assert (first.step, last.step) == (1, 20) and first.text == last.text
    assert run.validation_text.startswith(last.text)
    now = run.states(last.text)
    assert last.c is not None and now.c is not None
    for kept, expected in ((last.h, now.h[-1]), (last.c, now.c[-1]), (last.surprise, now.surprise)):
        assert np.allclose(kept, expected, atol=2e-3, equal_nan=True)
    assert not np.allclose(first.h, last.h, atol=2e-3)
    assert last.owners.tolist() == list(range(len(last.text)))


def test_it_writes_what_was_asked_for(run: Run) -> None:
    text = run.write("ab", length=30, seed=4)
    assert len(text) == 30 and text == run.write("ab", length=30, seed=4)
    assert set(text) <= set(small_text())
    with pytest.raises(ConfigError):
        run.write("ab", temperature=-1)


def test_what_it_never_saw_is_left_out_with_a_warning(run: Run) -> None:
    with pytest.warns(UserWarning, match="The model has no id for 中 文; these are left out."):
        text = run.write("a中文b", length=30, seed=4)
    assert text == run.write("ab", length=30, seed=4)


def test_states_of_every_layer_over_every_character(run: Run) -> None:
    reading = run.states("abba cad")
    assert [h.shape for h in reading.h] == [(8, 8), (8, 8)]
    assert reading.c is not None and all(np.abs(h).max() < 1 for h in reading.h)


def test_the_gradient_fades_over_the_asked_distance(run: Run) -> None:
    profile = run.gradient_reach(lags=12)
    assert profile.lags.tolist() == list(range(13)) and profile.c is not None
    for curve in (profile.h.mean, profile.c.mean):
        assert len(curve) == 13 and np.isfinite(curve).all() and curve[12] < curve[0]
    with pytest.raises(CorpusError, match="needs at least 2004"):
        run.gradient_reach(lags=1_000)


def test_an_earlier_step_is_another_model_than_the_last(run: Run) -> None:
    before, after = Run(run.path, step=0).model, run.model
    untrained = run.untrained
    assert torch.equal(before.output.weight, untrained.output.weight)
    assert not torch.equal(before.output.weight, after.output.weight)
    assert not after.training
    with pytest.raises(RunError, match=r"No moment is kept at step 3. Kept are: 0, 16, 20"):
        _ = Run(run.path, step=3).model


def test_progress_is_told_and_training_is_repeatable(tmp_path: Path) -> None:
    said: list[Status] = []
    config = config_in(tmp_path, max_steps=6, precision="fp32", **dropouts(0.5))
    first, second = train(config, tmp_path, said.append), train(config, tmp_path)
    assert first.path != second.path
    assert first.metrics().loss.tolist() == second.metrics().loss.tolist()
    assert (said[0].state, said[-1].state, said[-1].step) == ("starting", "finished", 6)


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, max_steps=30))
    folder.write("control.json", '{"wish":"stop"}')
    from rnnlm_core.worker import work

    assert work(folder) == "stopped"
    run = resume(folder.path)
    assert run.metrics().step.tolist() == list(range(1, 31))
    with pytest.raises(RunError, match="already finished, at step 30"):
        resume(folder.path)


def test_faults_are_errors_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        train(RunConfig(hidden=0), tmp_path)
    with pytest.raises(CorpusError):
        train(RunConfig(corpus="nothing"), tmp_path)
    with pytest.raises(RunError, match="There is no run in none"):
        Run(tmp_path / "none")
    with pytest.raises(Diverged, match="Lower the learning rate"):
        train(config_in(tmp_path, cell="rnn", activation="relu", optimizer="sgd", clip_norm=0.0,
                        learning_rate=100.0, warm_up_steps=0, schedule="constant", max_steps=500),
              tmp_path)


def test_weights_of_another_network_are_refused(run: Run, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(run.path, copied)
    changed = (copied / "config.json").read_text().replace('"hidden": 8', '"hidden": 9')
    (copied / "config.json").write_text(changed)
    with pytest.raises(RunError, match="tensor shapes"):
        _ = Run(copied).model


def test_a_run_without_a_checkpoint_is_told(tmp_path: Path) -> None:
    opened = Run(new_run(tmp_path))
    assert opened.steps_kept == entries(opened.folder.checkpoints) == []
    assert opened.metrics().empty
    with pytest.raises(RunError, match="no checkpoint yet"):
        _ = opened.model


def test_the_package_offers_what_it_says() -> None:
    assert all(getattr(rnnlm_core, name) is not None for name in rnnlm_core.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rnnlm_core.nothing
