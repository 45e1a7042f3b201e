"""What is decided once, before step 1, and kept for the whole life of a run.

A few steps on a copy of the model measure the machine: whether bf16 pays (with AMX it nearly
doubles an LSTM's speed, without it is slower or refused), and how many steps fit into a budget in
seconds. The learning-rate schedule is a function of the step, so a budget in seconds becomes a
number of steps here; the run ends at whichever comes first.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence

import torch

from rnnlm_core.config import RunConfig
from rnnlm_core.data.split import fit_to_text
from rnnlm_core.errors import ConfigError, Problem
from rnnlm_core.nets.devices import unavailable
from rnnlm_core.nets.parameters import parameter_count
from rnnlm_core.prepared import Prepared
from rnnlm_core.records import Plan
from rnnlm_core.trainer import Trainer

_ROUND_SECONDS, _PROBE_SECONDS = 0.12, 0.45  # for each precision that is tried
_FEWEST_ROUNDS = 3
_ALIKE = 1.3  # rounds on a quiet machine are closer
_HARMLESS_RATE = 1e-6
_TRAINING_SHARE = 0.92  # of a budget in seconds; evaluations and checkpoints take the rest
_WATCH_SECONDS = 8.0  # about so often the run is evaluated and writes a sample
_EVALUATION_SHARE = 0.0056  # of the time, at most about, besides those of the kept moments
_TRY_BF16 = ("AVX512", "AMX")


def make_plan(config: RunConfig, prepared: Prepared, done: tuple[int, float] = (0, 0.0)) -> Plan:
    """Measure and decide. `done` steps and seconds of another run count, where this one forks it.

    Draws from the global generator only inside `fork_rng`.
    """
    refuse_missing_device(config.device)
    fit = fit_to_text(len(prepared.train_ids), config.batch, config.sequence_length)
    draft = Plan(1_000_000, "fp32", None, config.threads, config.device, fit.batch,
                 fit.sequence_length, 1, 1, 0, torch.__version__,
                 torch.backends.cpu.get_cpu_capability(), 0)
    with torch.random.fork_rng(devices=[]):
        # the copy must not diverge while it is measured: that is for the run itself to find
        harmless = dataclasses.replace(config, learning_rate=_HARMLESS_RATE)
        plain = Trainer(harmless, draft, prepared.train_ids, prepared.tokenizer.size)
        seconds, gain = _measure(plain, prepared)
    bf16 = config.precision == "bf16" or (gain is not None and gain > 1.05)
    seconds = seconds / gain if bf16 and gain else seconds
    every = max(1, round(_WATCH_SECONDS / seconds))
    # reading forward costs about a third of a training step
    quick = _WATCH_SECONDS * _EVALUATION_SHARE * 3 * fit.batch * fit.sequence_length / seconds
    return dataclasses.replace(
        draft, total_steps=_total_steps(config, seconds, done),
        precision="bf16" if bf16 else "fp32", bf16_speed=gain, evaluate_every=every,
        sample_every=every, layer_names=plain.layer_names,
        parameter_names=plain.parameter_names,
        live_width=0 if prepared.rows is None else prepared.rows.live_width_for(quick),
        parameters=parameter_count(config, prepared.tokenizer.size))


def refuse_missing_device(device: str) -> None:
    """Raises `ConfigError` where this machine has no such device."""
    if code := unavailable(device):
        raise ConfigError([Problem(code, {"value": device})])


def _measure(plain: Trainer, prepared: Prepared) -> tuple[float, float | None]:
    """Seconds a step in fp32, and the speed of bf16 over it where that was worth trying."""
    config, draft = plain.config, plain.plan
    try_it = config.precision == "bf16" or (
        config.precision == "auto"
        and (config.device == "cuda" or draft.cpu.startswith(_TRY_BF16)))
    if not try_it:
        return step_seconds(plain)[0], None
    half = Trainer(config, dataclasses.replace(draft, precision="bf16"), prepared.train_ids,
                   prepared.tokenizer.size)
    try:
        half.step()
    except RuntimeError:  # no such kernel on this processor
        if config.precision == "bf16":
            raise ConfigError([Problem("config.bf16_missing")]) from None
        return step_seconds(plain)[0], None
    seconds, in_half = step_seconds(plain, half)
    return seconds, seconds / in_half


def step_seconds(*trainers: Trainer) -> list[float]:
    """Time of a step of each, after one that is not counted: the median of the quickest round.

    They step in turn: whatever else the machine does meanwhile meets all of them. What it does for
    a moment only must not decide a whole run (two threads beside a busy process step at a fifth of
    their speed), so while rounds differ the probe goes on, up to its limit.
    """
    for trainer in trainers:
        trainer.step()
    begin, rounds = time.perf_counter(), [_round(trainers)]
    while len(rounds) < _FEWEST_ROUNDS or (
            time.perf_counter() - begin < _PROBE_SECONDS * len(trainers)
            and max(map(sum, rounds)) > _ALIKE * min(map(sum, rounds))):
        rounds.append(_round(trainers))
    return min(rounds, key=sum)


def _round(trainers: Sequence[Trainer]) -> list[float]:
    """The median of a few steps of each."""
    times: list[list[float]] = [[] for _ in trainers]
    begin = time.perf_counter()
    while len(times[0]) < 2 or time.perf_counter() - begin < _ROUND_SECONDS * len(trainers):
        for trainer, own in zip(trainers, times, strict=True):
            before = time.perf_counter()
            trainer.step()  # reads the loss, so that a GPU has finished
            own.append(time.perf_counter() - before)
    return [statistics.median(own) for own in times]


def _total_steps(config: RunConfig, seconds_a_step: float, done: tuple[int, float]) -> int:
    steps, seconds = done
    limits = [config.max_steps] if config.max_steps else []
    if config.max_seconds:
        left = (config.max_seconds - seconds) * _TRAINING_SHARE
        limits.append(steps + max(1, int(left / seconds_a_step)))
    return min(limits)
