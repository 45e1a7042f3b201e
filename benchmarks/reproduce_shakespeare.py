"""Tiny Shakespeare in three minutes on two cores, beside published figures and Kneser–Ney.

The text is read from a path and is never shipped. The last tenth, from the line end after 90 %, is
validation. Evaluated once, at the end, on all of it: read straight on with the state carried, after
the last 1,000 training characters, every target counted once, the first one predicted from the last
training character. Kneser–Ney is scored on the same targets.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from benchmarks.reproduced import Row, measured
from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import keep_own_text
from rnnlm_core.data.files import read_text_file
from rnnlm_core.lab import train
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.prepared import Prepared, prepare
from rnnlm_core.presets import SHAKESPEARE, SHAKESPEARE_NARROW
from rnnlm_core.yardsticks import all_yardsticks

RUN_UP = 1_000  # training characters read before the first scored one
TARGET = 1.46  # nats, three minutes, two cores
PUBLISHED = {"nanoGPT, about three minutes on a laptop CPU": 1.88,
             "nanoGPT, about three minutes on an A100": 1.4697}
_KNESER_NEY = {"kn2": 2.484, "kn3": 2.038, "kn4": 1.719, "kn5": 1.561, "kn6": 1.523,
               "kn7": 1.517, "kn8": 1.519}


RECIPES = {"shakespeare": SHAKESPEARE, "shakespeare_narrow": SHAKESPEARE_NARROW}


def shakespeare_config(recipe: str, seconds: float, seed: int, corpus: str) -> RunConfig:
    """The settings of a recipe for so many seconds."""
    return RunConfig(**{**RECIPES[recipe], "corpus": corpus, "max_characters": 2_000_000,
                        "max_seconds": seconds, "seed": seed})


def carried_loss(model: LanguageModel, prepared: Prepared,
                 at_once: int = 4_096) -> float:
    """Nats a character over the whole validation part, read straight on, `at_once` at a time."""
    start = len(prepared.train_ids)
    first = max(0, start - 1 - RUN_UP)
    ids = torch.from_numpy(np.asarray(prepared.ids[first:], np.int64))
    carried, total = None, 0.0
    with torch.no_grad():
        for at in range(0, len(ids) - 1, at_once):
            x, y = (ids[at + i:at + i + at_once] for i in (0, 1))
            logits, carried = model(x[None, :len(y)], carried)
            each = functional.cross_entropy(logits[0].float(), y, reduction="none").double()
            total += float(each[max(0, start - 1 - first - at):].sum())
    return total / len(prepared.validation_ids)


def shakespeare(recipe: str, seeds: tuple[int, ...], runs: Path, path: Path, seconds: float
                ) -> list[Row]:
    """Median of the seeds beside what is published, and every Kneser–Ney order on this split."""
    corpus = keep_own_text(runs / "corpora", read_text_file(path).text, path.name, 2_000_000)
    losses, steps = [], 0
    with measured(recipe, seeds) as found:
        for seed in seeds:
            run = train(shakespeare_config(recipe, seconds, seed, corpus.manifest.source), runs)
            prepared = prepare(run.folder)
            losses.append(carried_loss(run.model, prepared))
            steps = run.status.step
            print(f"  seed {seed}: {losses[-1]:.4f} nats in {steps} steps", file=sys.stderr)
    ours = statistics.median(losses)
    name = f"LSTM {run.config.hidden}, {seconds:g} s on two threads, whole validation part"
    rows = [found.at_most(name, f"{TARGET} (this project's aim)", TARGET, losses, steps)]
    rows += [found.row(f"{name}, beside {whose}", f"{value}", f"< {value}", f"{ours:.4f}", losses,
                       ours < value, steps) for whose, value in PUBLISHED.items()]
    for yardstick in all_yardsticks(prepared):
        if yardstick.name in _KNESER_NEY:
            rows.append(found.row(
                f"{yardstick.name} on the same targets, passed by the LSTM",
                f"{_KNESER_NEY[yardstick.name]}", f"> {ours:.4f}", f"{yardstick.full:.4f}",
                [yardstick.full], yardstick.full > ours, 0))
    return rows
