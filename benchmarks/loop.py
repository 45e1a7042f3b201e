"""One training loop in a process of its own, from the same weights on the same windows of a text.

`python -m benchmarks.loop WHICH RUN_FOLDER (--steps N | --seconds S)` prints one JSON
object: tokens a second by the wall's clock and by the processor's, and how long the probe took.
`python -m benchmarks.loop pair RUN_FOLDER --steps N` runs `ours` and `bare` in one process, a few
steps each in turn, so that what changes on the machine meanwhile meets both alike: a ratio that
two processes one after the other give with five percent of noise. WHICH is

- `ours`: this project's `Trainer`, at the precision its own probe chooses;
- `bare`: the plainest PyTorch loop of the same model, in float32, as anyone would write it;
- `characters`: a call of the layer for each character, as char-rnn.pytorch loops;
- `cells`: the same with `nn.LSTMCell`, the fastest way to write that loop.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout

from rnnlm_core.config import RunConfig
from rnnlm_core.data.batches import Streams, Window
from rnnlm_core.nets.build import build
from rnnlm_core.planning import make_plan
from rnnlm_core.prepared import Prepared, prepare
from rnnlm_core.records import Plan
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.schedules import learning_rate
from rnnlm_core.trainer import Trainer


class BareLoop:
    """Embedding, the fused layer, a linear output; AdamW, clipped, the state carried over."""

    def __init__(self, config: RunConfig, vocabulary: int) -> None:
        self.config = config
        self.embedding = nn.Embedding(vocabulary, config.embedding)
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[config.cell]
        self.recurrent = kind(config.embedding, config.hidden, config.layers, batch_first=True,
                              dropout=config.layer_dropout if config.layers > 1 else 0.0)
        self.output = nn.Linear(config.hidden, vocabulary)
        self.modules = nn.ModuleDict({"embedding": self.embedding, "output": self.output,
                                      "recurrent": self.recurrent})
        self.state: Any = None
        self.begin_like(build(config, vocabulary))
        self.optimizer = torch.optim.AdamW(self.modules.parameters(), config.learning_rate,
                                           weight_decay=config.weight_decay, fused=True)

    @torch.no_grad()
    def begin_like(self, model: nn.Module) -> None:
        """The weights of the model of this config and seed."""
        for ours, theirs in self.pairs(model):
            ours.copy_(theirs)

    @torch.no_grad()
    def write_into(self, model: nn.Module) -> None:
        for ours, theirs in self.pairs(model):
            theirs.copy_(ours)

    def pairs(self, model: nn.Module) -> list[tuple[Tensor, Tensor]]:
        """Each weight here and the one that it is there."""
        theirs = dict(model.named_parameters())
        found = [(self.embedding.weight, theirs["embedding.weight"]),
                 (self.output.weight, theirs["output.weight"]),
                 (self.output.bias, theirs["output.bias"])]
        for name, weight in self.recurrent.named_parameters():
            kind, layer = name.rsplit("_l", 1)
            found.append((weight, theirs[f"layers.{layer}.{kind}_l0"]))
        return found

    def losses(self, window: Window) -> Tensor:
        h, self.state = self.recurrent(
            dropout(self.embedding(window.inputs), self.config.input_dropout), self.state)
        logits = self.output(dropout(h, self.config.output_dropout))
        return cross_entropy(logits.flatten(0, 1), window.targets.flatten())

    def step(self, window: Window, rate: float) -> None:
        if window.fresh:
            self.state = None
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss = self.losses(window)
        loss.backward()
        nn.utils.clip_grad_norm_(self.modules.parameters(), self.config.clip_norm)
        self.optimizer.step()
        self.state = self.state.detach() if isinstance(self.state, Tensor) else tuple(
            part.detach() for part in self.state)
        loss.item()


class CharacterLoop(BareLoop):
    """One character of each row at a time, each with an output and a loss of its own."""

    def losses(self, window: Window) -> Tensor:
        total, length = torch.zeros(()), window.inputs.shape[1]
        for at in range(length):
            x = dropout(self.embedding(window.inputs[:, at]), self.config.input_dropout)
            logits = self.output(dropout(self.read(x), self.config.output_dropout))
            total = total + cross_entropy(logits, window.targets[:, at])
        return total / length

    def read(self, x: Tensor) -> Tensor:
        """x (B, D) → h (B, H); as github.com/spro/char-rnn.pytorch has it: the layer, one step."""
        h, self.state = self.recurrent(x[:, None], self.state)
        return h[:, 0]


class CellLoop(CharacterLoop):
    """The same with `nn.LSTMCell`, which costs less a step than the layer."""

    def __init__(self, config: RunConfig, vocabulary: int) -> None:
        super().__init__(config, vocabulary)
        self.cell = nn.LSTMCell(config.embedding, config.hidden)
        for name, weight in self.recurrent.named_parameters():  # shared: the optimizer has them
            setattr(self.cell, name.removesuffix("_l0"), weight)

    def read(self, x: Tensor) -> Tensor:
        self.state = self.cell(x, self.state)
        return self.state[0]


BLOCK = 20  # steps in turn
PEERS = {"bare": BareLoop, "characters": CharacterLoop, "cells": CellLoop}


def timed(step: Callable[[], object], tokens: int, steps: int, seconds: float) -> dict[str, float]:
    """Run it; tokens a second over the last four fifths."""
    walls, cores = [time.perf_counter()], [time.process_time()]
    while len(walls) <= steps if steps else walls[-1] - walls[0] < seconds:
        step()
        walls.append(time.perf_counter())
        cores.append(time.process_time())
    first, count = len(walls) // 5, len(walls) - 1 - len(walls) // 5
    return {"steps": len(walls) - 1, "wall": count * tokens / (walls[-1] - walls[first]),
            "processor": count * tokens / (cores[-1] - cores[first])}


def bare(kind: type[BareLoop], config: RunConfig, plan: Plan, prepared: Prepared
         ) -> tuple[BareLoop, Callable[[], Any]]:
    loop = kind(config, prepared.tokenizer.size)
    streams = Streams(prepared.train_ids, plan.batch, plan.sequence_length, config)
    done = iter(range(1, 1 << 40))
    torch.manual_seed(config.seed)  # of the dropout masks, as the trainer has it
    return loop, lambda: loop.step(
        streams.next(), learning_rate(config, next(done), plan.total_steps))


def in_turn(steps: dict[str, Callable[[], object]], count: int) -> dict[str, list[float]]:
    """Processor seconds of each block of steps; each loop has a random state of its own."""
    random_state = dict.fromkeys(steps, torch.get_rng_state())
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for block in range(count // BLOCK):
        for name in list(steps)[::1 if block % 2 == 0 else -1]:
            torch.set_rng_state(random_state[name])
            begin = time.process_time()
            for _ in range(BLOCK):
                steps[name]()
            seconds[name].append(time.process_time() - begin)
            random_state[name] = torch.get_rng_state()
    return seconds


def paired(ours: Callable[[], object], bare: Callable[[], object], tokens: int, count: int
           ) -> dict[str, float]:
    """Over the last four fifths of the blocks: tokens a second, and the median of their ratios."""
    seconds = in_turn({"ours": ours, "bare": bare}, count)
    first = len(seconds["ours"]) // 5
    blocks = {name: seen[first:] for name, seen in seconds.items()}
    rates = {name: BLOCK * tokens / statistics.median(seen) for name, seen in blocks.items()}
    return rates | {"ratio": statistics.median(
        b / o for o, b in zip(blocks["ours"], blocks["bare"], strict=True))}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=["pair", "ours", *PEERS])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    asked = parser.parse_args()
    folder = RunFolder(asked.folder)
    config, prepared = folder.config(), prepare(folder)
    torch.set_num_threads(config.threads)
    torch.optim.SGD([nn.Parameter(torch.zeros(1))])  # PyTorch's own imports are not the probe's
    begin = time.perf_counter()
    plan = make_plan(config, prepared)
    probe = time.perf_counter() - begin
    trainer = Trainer(config, plan, prepared.train_ids, prepared.tokenizer.size)
    tokens = plan.batch * plan.sequence_length
    found: dict[str, Any]
    if asked.which == "pair":
        assert prepared.rows is not None
        loop, step = bare(BareLoop, config, plan, prepared)
        found = paired(trainer.step, step, tokens, asked.steps)
        found["loss"] = trainer.evaluate(prepared.rows, live=False)
        loop.write_into(trainer.model)
        found["bare_loss"] = trainer.evaluate(prepared.rows, live=False)
    else:
        step = trainer.step if asked.which == "ours" else bare(
            PEERS[asked.which], config, plan, prepared)[1]
        found = timed(step, tokens, asked.steps, asked.seconds)
    found |= {"probe": probe, "precision": plan.precision, "bf16_speed": plan.bf16_speed}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
