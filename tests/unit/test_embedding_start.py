"""An embedding that begins with vectors, frozen or not: in the trainer, in real runs, resumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rnnlm_core import launch
from rnnlm_core.data.vector_reading import Reading, VectorTable
from rnnlm_core.data.vector_table import keep_vectors
from rnnlm_core.errors import BadInput, ConfigError
from rnnlm_core.insight import health
from rnnlm_core.lab import Run
from rnnlm_core.nets.pretrained import Pretrained
from rnnlm_core.prepared import prepare
from rnnlm_core.run.checkpoint import load_at
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.trainer import Trainer
from rnnlm_core.trainer_state import restore, tensors_of, values_of
from rnnlm_core.worker import Worker, work
from tests.small_runs import SMALL, bits, ids_of, new_run, plan_of, small_text, with_plan

IDS, V = ids_of(small_text())
ROWS = np.random.default_rng(0).normal(size=(V, 4)).astype(np.float32)
TABLE = VectorTable(tuple("abcdef"), np.arange(24, dtype=np.float32).reshape(6, 4) + 1)
SOURCES = pytest.mark.parametrize("source", ["ppmi", "skipgram", "file"])


def trainer(**changes: Any) -> Trainer:
    config = replace(SMALL, **changes)
    return Trainer(config, plan_of(config), IDS, V)


def embedding(of: Trainer) -> np.ndarray:
    return of.model.embedding.weight.detach().numpy().copy()


def run_of(root: Path, source: str, **changes: Any) -> RunFolder:
    if source == "file":
        changes["vectors"] = keep_vectors(
            root / "corpora", Reading(TABLE, len(TABLE.words), "all"), "t.vec").sha256
    return with_plan(new_run(root, embedding_source=source, **changes))


# -- the trainer ----------------------------------------------------------------------------------
def test_known_rows_are_taken_and_the_others_keep_their_start() -> None:
    one, known = trainer(averaging=0.9), np.arange(V) % 2 == 0
    before = embedding(one)
    one.begin_with(Pretrained(ROWS, known))
    assert (embedding(one)[known] == ROWS[known]).all()
    assert (embedding(one)[~known] == before[~known]).all()
    assert (one.shown.embedding.weight.numpy() == embedding(one)).all()  # the average as well


def test_tied_weights_begin_smaller() -> None:
    one = trainer(tie_weights=True, hidden=4)
    one.begin_with(Pretrained(ROWS, np.ones(V, bool)))
    assert embedding(one) == pytest.approx(ROWS / 2)  # 1 / √E


@pytest.mark.parametrize("changes", [
    {}, {"optimizer": "momentum", "weight_decay": 0.5}, {"averaging": 0.9}, {"clip_value": 0.01},
    {"cell": "cnn"}, {"softmax": "adaptive"}], ids=str)
def test_a_frozen_embedding_stays_to_the_bit_and_all_else_learns(changes: dict[str, Any]) -> None:
    one = trainer(freeze_embedding=True, **changes)
    before, output = embedding(one), {n: p.detach().clone() for n, p in
                                      one.model.named_parameters() if n != "embedding.weight"}
    for _ in range(5):
        one.step()
    assert (embedding(one) == before).all()
    assert (one.shown.embedding.weight.detach().numpy() == before).all()
    assert all((p != output[n]).any() for n, p in one.model.named_parameters() if n in output)
    assert not any(name.startswith("optimizer.0.") for name in tensors_of(one))


def test_the_norms_of_the_layers_are_those_of_their_own_gradients() -> None:
    one = trainer(freeze_embedding=True, clip_norm=0.0, layers=2)
    result = one.step()
    assert one.layer_names == ["layers.0", "layers.1", "output"]
    for name, norm in zip(one.layer_names, result.layer_norms, strict=True):
        squares = sum(float(p.grad.square().sum()) for n, p in one.model.named_parameters()
                      if n.startswith(name) and p.grad is not None)
        assert norm == pytest.approx(squares**0.5, rel=1e-5)
    assert result.gradient_norm == pytest.approx(np.linalg.norm(result.layer_norms), rel=1e-5)


@pytest.mark.parametrize("optimizer", ["adamw", "momentum", "rmsprop"])
def test_a_frozen_training_goes_on_to_the_bit(optimizer: str) -> None:
    straight = trainer(freeze_embedding=True, averaging=0.9, optimizer=optimizer)
    straight.begin_with(Pretrained(ROWS, np.ones(V, bool)))
    for _ in range(4):
        straight.step()
    tensors = {n: t.clone() for n, t in tensors_of(straight).items()}
    values = values_of(straight)
    wanted = [straight.step() for _ in range(4)]
    resumed = trainer(freeze_embedding=True, averaging=0.9, optimizer=optimizer)
    restore(resumed, tensors, values)
    assert [resumed.step() for _ in range(4)] == wanted
    assert all(torch.equal(t, tensors_of(resumed)[n]) for n, t in tensors_of(straight).items())


# -- runs -----------------------------------------------------------------------------------------
class _Stops(Exception):
    pass


def stopped_at(folder: RunFolder, step: int) -> None:
    """A worker that is stopped there, its checkpoint kept."""
    one = Worker(folder)
    go: Callable[[], None] = one._one_step

    def until() -> None:
        if one.trainer.steps == step:
            one._save()
            raise _Stops
        go()

    one._one_step = until  # type: ignore[method-assign]
    assert one.run() == "failed"  # of the exception, after the save


@SOURCES
@pytest.mark.parametrize("frozen", [False, True])
def test_a_run_begins_with_the_vectors_and_resumes_to_the_bit(
        tmp_path: Path, source: str, frozen: bool) -> None:
    straight = run_of(tmp_path, source, freeze_embedding=frozen)
    assert work(straight) == "finished"
    broken = run_of(tmp_path, source, freeze_embedding=frozen)
    stopped_at(broken, 20)
    launch.reopen(broken)
    assert work(broken) == "finished"
    assert bits(straight) == bits(broken)
    first, last = (load_at(straight.checkpoints, s).weights()["embedding.weight"] for s in (0, 60))
    scratch = Trainer(straight.config(), plan_of(SMALL), IDS, V).model.embedding.weight
    assert not torch.equal(first, scratch)
    assert torch.equal(first, last) == frozen
    event, = [e for e in straight.events()[0] if e.kind == "pretrained"]
    tokens = prepare(straight).tokenizer
    assert event.values == {"known": 6 if source == "file" else tokens.size - 1, "of": tokens.size}


def test_the_vectors_of_a_file_come_to_their_own_tokens(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "file", max_steps=1)
    work(folder)
    run = Run(folder, 0)
    rows = run.model.embedding.weight.detach().numpy()
    found = np.stack([rows[run.tokenizer.id_of(letter)] for letter in "abcdef"])
    scale = (np.square(TABLE.vectors).mean()) ** -0.5
    assert found == pytest.approx(TABLE.vectors * scale)
    assert torch.equal(Run(folder).untrained.embedding.weight, run.model.embedding.weight)


def test_a_fork_goes_on_with_what_was_learned(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "ppmi")
    work(folder)
    copy = launch.fork(folder, 60, replace(folder.config(), max_steps=80, freeze_embedding=True),
                       tmp_path)
    assert work(with_plan(copy)) == "finished"
    was, now = (load_at(of.checkpoints, step).weights()["embedding.weight"]
                for of, step in ((folder, 60), (copy, 80)))
    assert torch.equal(was, now)
    with pytest.raises(ConfigError, match="embedding_source"):
        launch.fork(folder, 60, replace(folder.config(), embedding_source="skipgram"), tmp_path)


def test_a_table_that_does_not_fit_or_is_gone_makes_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has 4 numbers for each word, but embedding is 5"):
        run_of(tmp_path, "file", embedding=5)
    with pytest.raises(BadInput, match="not on this machine"):
        new_run(tmp_path, embedding_source="file", vectors="0" * 64)
    assert launch.list_runs(tmp_path) == []


def test_the_health_of_a_frozen_run_is_that_of_what_learns(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "ppmi", freeze_embedding=True)
    work(folder)
    found = health.examine(folder)
    assert [layer.name for layer in found.layers] == ["layers.0", "output"]
