"""One step against a plain loop, the schedule, clipping, divergence, watching without effect."""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import pytest
import torch
from torch import nn

from rnnlm_core.config import RunConfig
from rnnlm_core.data.split import ValidationRows
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import ConfigError, Diverged, RunError
from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_core.planning import make_plan, refuse_missing_device
from rnnlm_core.prepared import Prepared
from rnnlm_core.trainer import Trainer, learning_rate
from rnnlm_core.trainer_state import restore, tensors_of, values_of
from tests.small_runs import SMALL, dropouts, plan_of, small_text

TOKENIZER = CharTokenizer.fit(small_text())
IDS = TOKENIZER.encode(small_text())
TRAIN = IDS[:1_400]
OPTIMIZERS = {
    "sgd": lambda p, rate: torch.optim.SGD(p, rate, fused=True),
    "momentum": lambda p, rate: torch.optim.SGD(p, rate, momentum=0.9, fused=True),
    "rmsprop": lambda p, rate: torch.optim.RMSprop(p, rate, alpha=0.99, eps=1e-8, foreach=True),
    "adam": lambda p, rate: torch.optim.Adam(p, rate, betas=(0.9, 0.999), fused=True),
    "adamw": lambda p, rate: torch.optim.AdamW(p, rate, weight_decay=0.01, fused=True),
}


def small(**changes: object) -> RunConfig:
    return dataclasses.replace(SMALL, **changes)  # type: ignore[arg-type]


def trainer_of(config: RunConfig, **plan: object) -> Trainer:
    return Trainer(config, plan_of(config, **plan), TRAIN, TOKENIZER.size)


# -- the step -------------------------------------------------------------------------------------
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_steps_equal_a_plain_loop_to_the_bit(cell: str, optimizer: str) -> None:
    config = small(cell=cell, optimizer=optimizer, learning_rate=0.01, clip_norm=0.1,
                   schedule="constant", warm_up_steps=0, weight_decay=decay_of(optimizer),
                   **dropouts(0.0))
    trainer = trainer_of(config)
    losses, norms, weights = plain_loop(trainer, cell, OPTIMIZERS[optimizer], steps=12)

    results = [trainer.step() for _ in range(12)]

    assert [r.loss.hex() for r in results] == [loss.hex() for loss in losses]
    assert [r.gradient_norm.hex() for r in results] == [norm.hex() for norm in norms]
    assert all(r.clipped_norm <= 0.1 for r in results) and max(norms) > 0.1
    ours = trainer.model.state_dict()
    assert all(torch.equal(ours[name], weight) for name, weight in weights.items())


def decay_of(optimizer: str) -> float:
    """The plain rules below have no decay but AdamW's own."""
    return 0.01 if optimizer == "adamw" else 0.0


def plain_loop(trainer: Trainer, cell: str, make, steps: int):  # type: ignore[no-untyped-def]
    """The same network, text and rule, written down from nn's parts."""
    v, e, h, b, t = TOKENIZER.size, 4, 8, 4, 8
    embedding, output = nn.Embedding(v, e), nn.Linear(h, v)
    layer = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](e, h, batch_first=True)
    parts = nn.ModuleDict({"embedding": embedding, "layers": nn.ModuleList([layer]),
                           "output": output})
    parts.load_state_dict(trainer.model.state_dict())
    optimizer = make(list(parts.parameters()), 0.01)
    offset = random.Random(1 * 1_000_003).randint(0, t)  # seed 1, epoch 0
    length = (len(TRAIN) - offset) // b
    rows = torch.tensor(TRAIN[offset:offset + b * length].astype(np.int64)).view(b, length)
    state, losses, norms = None, [], []
    for step in range(steps):
        window = rows[:, step * t:step * t + t + 1]
        hidden, state = layer(embedding(window[:, :-1]), state)
        loss = nn.functional.cross_entropy(output(hidden).reshape(b * t, v),
                                           window[:, 1:].reshape(b * t))
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(nn.utils.clip_grad_norm_(parts.parameters(), 0.1)))
        optimizer.step()
        state = tuple(s.detach() for s in state) if cell == "lstm" else state.detach()
        losses.append(float(loss.detach()))
    return losses, norms, parts.state_dict()


def expected_update(optimizer: str, w: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """The first step of the published rule, rate 0.01."""
    if optimizer in ("sgd", "momentum"):
        return w - 0.01 * g
    if optimizer == "rmsprop":
        return w - 0.01 * g / ((0.01 * g * g).sqrt() + 1e-8)
    moved = 0.01 * g / (g.abs() + 1e-8)  # both moments corrected: g / √g²
    return (w * (1 - 0.01 * 0.01) if optimizer == "adamw" else w) - moved


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_first_update_is_the_published_rule(optimizer: str) -> None:
    config = small(optimizer=optimizer, learning_rate=0.01, clip_norm=0.0,
                   weight_decay=decay_of(optimizer), **dropouts(0.0),
                   schedule="constant", warm_up_steps=0)
    trainer = trainer_of(config)
    before = [p.detach().double().clone() for p in trainer.model.parameters()]
    trainer.step()
    for w, p in zip(before, trainer.model.parameters(), strict=True):
        expected = expected_update(optimizer, w, p.grad.double())
        torch.testing.assert_close(p.detach().double(), expected, rtol=1e-5, atol=1e-7)


def test_clipping_keeps_the_direction() -> None:
    trainer = trainer_of(small(clip_norm=1.0))
    for p in trainer._parameters:
        p.grad = torch.zeros_like(p)
    trainer.model.output.bias.grad[:2] = torch.tensor([3.0, 4.0])
    trainer.parameter_norms, before, after = trainer._clip()
    assert (trainer.layer_norms, before, after) == ([0.0, 0.0, 5.0], 5.0, 1.0)
    assert dict(zip(trainer.parameter_names, trainer.parameter_norms, strict=True)) == {
        name: 5.0 if name == "output.bias" else 0.0
        for name, _ in trainer.model.named_parameters()}
    assert trainer.model.output.bias.grad[:2].tolist() == pytest.approx([0.6, 0.8], rel=1e-5)


def test_a_part_of_an_adaptive_vocabulary_that_does_not_come_up_has_norm_0() -> None:
    config = small(softmax="adaptive", loss="cross_entropy")
    trainer = Trainer(config, plan_of(config), TRAIN, 4_000)  # the text has the first few ids only
    result = trainer.step()
    gradients = {name: p.grad for name, p in trainer.model.named_parameters()}
    assert any(gradient is None for gradient in gradients.values())
    norms = {part: sum(float(g.norm()) ** 2 for name, g in gradients.items()
                       if g is not None and name.startswith(f"{part}.")) ** 0.5
             for part in trainer.layer_names}
    clip = config.clip_norm / max(config.clip_norm, result.gradient_norm)  # they are clipped by now
    assert [norms[part] for part in trainer.layer_names] == pytest.approx(
        [norm * clip for norm in result.layer_norms], rel=1e-4)


def test_clip_norm_0_leaves_the_gradient_alone() -> None:
    trainer = trainer_of(small(clip_norm=0.0))
    result = trainer.step()
    norm = math.sqrt(sum(float((p.grad.double() ** 2).sum()) for p in trainer._parameters))
    assert result.gradient_norm == result.clipped_norm == pytest.approx(norm, rel=1e-5)


# -- the schedule ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("step", "expected"), [
    (1, 0.1), (5, 0.5), (9, 0.9), (10, 1.0), (500, 1.0), (1_000, 1.0)])
def test_warm_up_then_constant(step: int, expected: float) -> None:
    config = small(schedule="constant", warm_up_steps=9, learning_rate=2.0)
    assert learning_rate(config, step, 1_000) == pytest.approx(2.0 * expected, rel=1e-12)


@pytest.mark.parametrize(("step", "expected"), [
    (250, 0.02 + 0.98 * (1 + math.sqrt(0.5)) / 2), (500, 0.51), (1_000, 0.02), (2_000, 0.02)])
def test_half_a_cosine_down_to_two_per_cent(step: int, expected: float) -> None:
    config = small(schedule="cosine", warm_up_steps=0, learning_rate=2.0)
    assert learning_rate(config, step, 1_000) == pytest.approx(2.0 * expected, rel=1e-12)


# -- divergence -----------------------------------------------------------------------------------
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("cell", "activation"), [("rnn", "relu"), ("lstm", "tanh")])
def test_diverging_keeps_the_weights_finite(cell: str, activation: str, optimizer: str) -> None:
    config = small(cell=cell, activation=activation, optimizer=optimizer, learning_rate=100.0,
                   clip_norm=0.0, warm_up_steps=0, schedule="constant", hidden=16)
    trainer = trainer_of(config)
    try:
        for _ in range(300):
            trainer.step()
    except Diverged as error:
        assert error.values["step"] == trainer.steps + 1
        assert len(str(error.values["loss"])) < 12
    assert all(bool(torch.isfinite(p).all()) for p in trainer.model.parameters())
    assert trainer.last_loss is None or math.isfinite(trainer.last_loss)


def test_a_network_that_explodes_is_found_out() -> None:
    config = small(cell="rnn", activation="relu", optimizer="sgd", learning_rate=100.0,
                   clip_norm=0.0, warm_up_steps=0, schedule="constant")
    trainer = trainer_of(config)
    with pytest.raises(Diverged, match=r"stopped being a number at step \d+ \(the last finite"):
        for _ in range(300):
            trainer.step()


# -- watching -------------------------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_watching_changes_nothing(cell: str) -> None:
    config = small(cell=cell, **dropouts(0.5), layers=2)
    rows = ValidationRows.cut(IDS, len(TRAIN))
    assert rows is not None

    def losses(watched: bool) -> list[str]:
        trainer, found = trainer_of(config), []
        for _ in range(8):
            if watched:
                trainer.evaluate(rows, live=True)
                trainer.evaluate(rows, live=False)
                list(generate(trainer.model, TOKENIZER, "ab", SamplingSettings(length=5)))
                tensors_of(trainer)
            result = trainer.step()
            found += [result.loss.hex(), result.gradient_norm.hex()]
        return found

    assert losses(watched=True) == losses(watched=False)


def test_the_seed_decides_whatever_ran_before() -> None:
    config = small(**dropouts(0.5))
    torch.manual_seed(99)
    first = [trainer_of(config).step().loss for _ in range(2)]
    torch.rand(7)
    assert [trainer_of(config).step().loss for _ in range(2)] == first
    assert trainer_of(small(**dropouts(0.5), seed=2)).step().loss != first[0]


# -- the whole state ------------------------------------------------------------------------------
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("cell", "before"), [("rnn", 0), ("gru", 50), ("lstm", 97)])
def test_restored_state_goes_on_to_the_bit(cell: str, before: int, optimizer: str) -> None:
    """An epoch has 43 steps: 50 and 97 lie in the second and third, and 60 more cross another."""
    config = small(cell=cell, optimizer=optimizer, layers=2, **dropouts(0.3), learning_rate=0.01)
    straight = trainer_of(config)
    for _ in range(before):
        straight.step()
    tensors = {n: t.clone() for n, t in tensors_of(straight).items()}
    values = values_of(straight)
    expected = [dataclasses.astuple(straight.step()) for _ in range(60)]
    assert straight.streams.epoch > values["epoch"]

    resumed = trainer_of(config)
    torch.rand(3)
    restore(resumed, tensors, values)
    assert [dataclasses.astuple(resumed.step()) for _ in range(60)] == expected
    assert all(torch.equal(t, tensors_of(resumed)[n]) for n, t in tensors_of(straight).items())


@pytest.mark.parametrize("changes", [
    {"hidden": 9}, {"layers": 2}, {"cell": "gru"}, {"cell": "rnn"}, {"embedding": 5},
    {"batch": 3}])
def test_the_state_of_another_config_is_refused(changes: dict[str, object]) -> None:
    other = trainer_of(small(**changes))
    other.step()
    trainer = trainer_of(small())
    with pytest.raises(RunError) as error:
        restore(trainer, tensors_of(other), values_of(other))
    assert error.value.code == "run.mismatch"
    assert trainer.step().loss > 0


def test_moments_of_another_shape_are_refused() -> None:
    other = trainer_of(small())
    other.step()
    tensors = tensors_of(other)
    tensors["optimizer.1.exp_avg"] = torch.zeros(2)
    with pytest.raises(RunError):
        restore(trainer_of(small()), tensors, values_of(other))


# -- the plan -------------------------------------------------------------------------------------
PREPARED = Prepared(TOKENIZER, IDS, len(TRAIN), ValidationRows.cut(IDS, len(TRAIN)))


def test_a_plan_draws_no_random_numbers_and_keeps_the_limits() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    plan = make_plan(small(max_steps=77, max_seconds=1e5), PREPARED)
    assert torch.equal(torch.rand(3), expected)
    assert (plan.total_steps, plan.batch, plan.sequence_length) == (77, 4, 8)
    assert plan.parameters == sum(p.numel() for p in trainer_of(small()).model.parameters())
    seconds = make_plan(small(max_steps=0, max_seconds=1.0), PREPARED).total_steps
    assert 5 < seconds < 5_000


def test_measuring_does_not_diverge() -> None:
    config = small(cell="rnn", activation="relu", optimizer="sgd", learning_rate=100.0,
                   clip_norm=0.0, warm_up_steps=0)
    assert make_plan(config, PREPARED).total_steps == config.max_steps


def test_the_plan_shrinks_the_batch_to_the_text() -> None:
    assert make_plan(small(batch=1_000), PREPARED).batch == len(TRAIN) // 9


def test_bf16_works_or_is_refused_with_a_sentence() -> None:
    try:
        plan = make_plan(small(precision="bf16"), PREPARED)
    except ConfigError as error:
        assert str(error) == "This processor cannot train with bfloat16. Choose fp32."
    else:
        assert plan.precision == "bf16"


@pytest.mark.parametrize(("device", "built", "reason"), [
    ("cuda", False, "built without CUDA"), ("cuda", True, "No NVIDIA GPU"),
    ("mps", True, "needs a Mac with Apple silicon")])
def test_a_missing_device_is_refused_with_its_reason(
        device: str, built: bool, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: built)
    with pytest.raises(ConfigError, match=rf"({reason}).*\. Choose cpu\.$"):
        refuse_missing_device(device)
