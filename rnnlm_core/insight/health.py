"""What can be measured in a run's kept weights: signs of good and of bad health.

Needs torch and a second or two, so it is done when somebody asks, never because a page looks on.
Works on copies and with generators of its own: measuring changes no run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from rnnlm_core import prepared
from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput, Diverged
from rnnlm_core.insight.diagnosis import (
    Activity,
    Copying,
    Health,
    LayerNorms,
    grew_first,
)
from rnnlm_core.insight.gradients import lag_profile
from rnnlm_core.insight.overlap import longest_overlaps, passages
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import unroll
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.prepared import Prepared
from rnnlm_core.records import WrittenSample
from rnnlm_core.run.checkpoint import Checkpoint, load_latest_whole, load_weights
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.trainer import Trainer
from rnnlm_core.trainer_state import restore

ROWS, STEPS = 16, 128  # of the validation text over which activity is measured
LAGS, WINDOWS = 100, 8
BATCHES = 16  # for the noise of the gradient
SAMPLES = 8  # the newest ones, whose overlap is taken
SATURATED, SHUT, OPEN = 0.97, 0.1, 0.9  # |tanh|; gates (Karpathy et al. 2015)
ALWAYS = 0.99  # of the steps

Floats = NDArray[np.float64]


def examine(folder: RunFolder, diverged: bool = False) -> Health:
    """Measure the newest checkpoint. What its text is gone or too short for is left out.

    Raises `RunError` where there is no checkpoint. LSTM-256 on a million characters: 2 s, one core.
    """
    found, config = load_weights(folder.checkpoints), folder.config()
    tokenizer = prepared.tokenizer(folder)
    model = build(config, tokenizer.size)
    model.load_state_dict(found.weights())
    health = Health(found.step)
    with contextlib.suppress(BadInput):
        health = _from_held_out(health, model.eval(), tokenizer, prepared.validation_text(folder))
    try:
        text = prepared.prepare(folder)
    except BadInput:
        return health
    rows = training_rows(text, config, seed=found.step)
    if diverged:
        part, where = first_broken(model, rows[0])
        plan = folder.plan()
        names = plan.layer_names if plan is not None else []
        return replace(health, first_broken=part, broken_in=where,
                       grew_first=grew_first(folder.metrics()[0], names))
    health = replace(health, noise_scale=noise_scale(model, rows),
                     copying=_copying(folder.samples()[0], text))
    with contextlib.suppress(BadInput):  # no whole checkpoint: shipped without
        health = _with_norms(health, folder, text, load_latest_whole(folder.checkpoints))
    return health


def training_rows(text: Prepared, config: RunConfig, seed: int) -> Tensor:
    """Batches of the training text from anywhere in it, (BATCHES, B, T + 1) ids."""
    ids = text.train_ids.astype(np.int64)
    length = min(config.sequence_length, len(ids) - 1)
    starts = np.random.default_rng(seed).integers(
        0, len(ids) - length, (BATCHES, config.batch))
    return torch.from_numpy(ids[starts[..., None] + np.arange(length + 1)])


# -- what the units do -----------------------------------------------------------------------------
def _from_held_out(health: Health, model: LanguageModel, tokenizer: Tokenizer, text: str
                   ) -> Health:
    if model.config.cell == "cnn":
        return health  # neither states nor gates
    ids = tokenizer.encode(text).astype(np.int64)
    health = replace(health, activity=activity(model, ids))
    lags = min(LAGS, len(ids) - 2)
    profile = lag_profile(model, ids, lags, WINDOWS)
    horizons = [c.horizon for c in (profile.h, profile.c) if c is not None]
    longest = None if None in horizons else max(h for h in horizons if h is not None)
    return replace(health, horizon=longest)


@torch.no_grad()
def activity(model: LanguageModel, ids: NDArray[np.int64]) -> list[Activity]:
    """Of each recurrent layer, lowest first, over up to 16 × 128 characters of `ids` (N,)."""
    rows = max(1, min(ROWS, len(ids) // STEPS))
    width = min(STEPS, len(ids))
    starts = np.linspace(0, len(ids) - width, rows).astype(int)
    trace = unroll(model, torch.from_numpy(ids[starts[:, None] + np.arange(width)]))
    found = []
    for layer in trace.layers:
        h = layer.h.flatten(0, 1)  # (N, H)
        gates = {n: g.flatten(0, 1) for n, g in layer.gates.items() if n not in ("n", "g")}
        relu = layer.cell == "rnn" and model.config.activation == "relu"
        found.append(Activity(
            saturated=0.0 if relu else _saturated(h, model.config),
            dead=float((h <= 0).all(0).float().mean()) if relu else 0.0,
            stuck={n: float((_always(g < SHUT) | _always(g > OPEN)).float().mean())
                   for n, g in gates.items()}))
    return found


def _saturated(h: Tensor, config: RunConfig) -> float:
    """Share of (unit, step) pairs in the flat part of the activation function."""
    if config.cell == "rnn" and config.activation == "sigmoid":
        h = 2 * h - 1  # as a tanh
    return float((h.abs() > SATURATED).float().mean())


def _always(condition: Tensor) -> Tensor:
    return condition.float().mean(0) >= ALWAYS


# -- gradients -------------------------------------------------------------------------------------
def part_of(parameter: str) -> str:
    """The part of the network that a parameter belongs to: embedding, layers.0, …, output."""
    first, *rest = parameter.split(".")
    return f"{first}.{rest[0]}" if rest and rest[0].isdigit() else first


def norms_by_part(tensors: dict[str, Tensor]) -> dict[str, float]:
    """Euclidean norm of all tensors of each part together, lowest part first."""
    squares: dict[str, float] = {}
    for name, tensor in tensors.items():
        part = part_of(name)
        squares[part] = squares.get(part, 0.0) + float(tensor.detach().double().square().sum())
    return {part: square**0.5 for part, square in squares.items()}


def _loss(model: LanguageModel, rows: Tensor) -> Tensor:
    logits, _ = model(rows[:, :-1])
    return cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten())


def gradients(model: LanguageModel, rows: Tensor) -> dict[str, Tensor]:
    """Of the mean loss over rows (B, T + 1), each row from an empty state."""
    trained = [(n, p) for n, p in model.named_parameters()
               if not (model.config.freeze_embedding and part_of(n) == "embedding")]
    names, parameters = zip(*trained, strict=True)
    found = torch.autograd.grad(_loss(model, rows), parameters, materialize_grads=True)
    return dict(zip(names, found, strict=True))


def noise_scale(model: LanguageModel, rows: Tensor) -> float | None:
    """B = tr Σ / |G|² in sequences: beyond it, a larger batch buys little. rows (K, B, T + 1).

    From K batches of the same size: E|g|² = |G|² + tr Σ / b, with the mean of all K as the larger
    batch. None where the estimate of |G|² is not positive: then noise is all that is seen.
    Source: McCandlish et al. 2018 (arXiv 1812.06162), appendix A.1.
    """
    count, batch = rows.shape[:2]
    vectors = [torch.cat([g.flatten() for g in gradients(model, part).values()]) for part in rows]
    small = float(torch.stack([v.square().sum() for v in vectors]).mean())
    large = float(torch.stack(vectors).mean(0).square().sum())
    signal = (count * large - small) / (count - 1)
    noise = batch * count * (small - large) / (count - 1)
    return noise / signal if signal > 0 else None


def _with_norms(health: Health, folder: RunFolder, text: Prepared, whole: Checkpoint) -> Health:
    """Norms of each part at the next step, made on a copy of the run."""
    plan, config = folder.plan(), folder.config()
    if plan is None:
        return health
    plan = replace(plan, device="cpu", precision="fp32")
    with torch.random.fork_rng(devices=[]):
        trainer = Trainer(config, plan, text.train_ids, text.tokenizer.size)
        restore(trainer, whole.tensors, whole.values)
        before = {n: p.detach().clone() for n, p in trainer.model.named_parameters()
                  if p.requires_grad}
        try:
            result = trainer.step()
        except Diverged:
            return health
    after = dict(trainer.model.named_parameters())
    scale = result.gradient_norm / max(result.clipped_norm, 1e-30)  # the gradient before clipping
    weights = norms_by_part(before)
    gradient = norms_by_part({n: p.grad * scale for n, p in after.items() if p.grad is not None})
    update = norms_by_part({n: after[n] - was for n, was in before.items()})
    layers = [LayerNorms(part, weights[part], gradient.get(part, 0.0), update[part])
              for part in weights]
    peak = trainer.config.learning_rate
    return replace(health, layers=layers, of_peak=result.learning_rate / peak)


def first_broken(model: LanguageModel, rows: Tensor) -> tuple[str, str]:
    """The part that fails first on a batch (B, T + 1), and where: forward, backward or largest.

    Forward: the lowest part whose output is no number. Backward: the highest one whose gradient is
    none. Where all are finite, the part whose gradient is largest against its weights.
    """
    broken: list[str] = []
    with _watched(model, broken):
        found = gradients(model, rows)
    if broken:
        return broken[0], "forward"
    norms, weights = norms_by_part(found), norms_by_part(dict(model.named_parameters()))
    bad = [part for part, norm in norms.items() if not np.isfinite(norm)]
    if bad:
        return bad[-1], "backward"
    return max(norms, key=lambda part: norms[part] / max(weights[part], 1e-30)), "largest"


@contextlib.contextmanager
def _watched(model: nn.Module, broken: list[str]) -> Iterator[None]:
    """While it lasts, parts whose output is not finite are noted, the first to fail first."""
    def watch(name: str) -> torch.utils.hooks.RemovableHandle:
        def look(_module: nn.Module, _inputs: object, output: object) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, Tensor) and not bool(first.isfinite().all()):
                broken.append(part_of(name))
        return model.get_submodule(name).register_forward_hook(look)

    names = [n for n, m in model.named_modules() if n and not isinstance(m, nn.ModuleList)]
    handles = [watch(name) for name in names]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


# -- what it writes --------------------------------------------------------------------------------
def _copying(samples: list[WrittenSample], text: Prepared) -> Copying | None:
    """How much of its newest samples stands word for word in the training text."""
    written = [sample.text for sample in samples[-SAMPLES:] if sample.text]
    if not written:
        return None
    length = min(map(len, written))
    written = [one[:length] for one in written]
    true = passages(text.tokenizer.decode(text.validation_ids), length, SAMPLES)
    found = longest_overlaps([*written, *true], text.tokenizer.decode(text.train_ids))
    own, others = found[:len(written)], found[len(written):]
    best = max(range(len(own)), key=lambda i: own[i].length)
    passage = written[best][own[best].start:own[best].start + own[best].length]
    return Copying(float(np.mean([o.length for o in own])),
                   float(np.mean([o.length for o in others])) if others else None,
                   passage, length)
