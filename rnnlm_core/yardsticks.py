"""Losses to compare with, on this very split: uniform, unigram, Kneser–Ney n-grams, the best one.

`python -m rnnlm_core.yardsticks RUN_FOLDER` computes them without torch in a process of its own,
so that training is not held up, and keeps them in the store for the next run on the same split.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from rnnlm_core.data.compression import xz_bits
from rnnlm_core.data.generated import family_of, teaching
from rnnlm_core.data.generated.grammar import losses
from rnnlm_core.files import replace_file
from rnnlm_core.nets.ngram import KneserNey, uniform_loss, unigram_losses
from rnnlm_core.prepared import Prepared, manifest, prepare
from rnnlm_core.records import XZ, Yardstick
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder

ORDERS = range(2, 9)
_CONTEXT = max(ORDERS) - 1


def simple_yardsticks(prepared: Prepared) -> list[Yardstick]:
    """Uniform and unigram: there at once. Empty where there is no validation text."""
    if prepared.rows is None:
        return []
    uniform = float(uniform_loss(prepared.tokenizer.size))
    unigram = unigram_losses(prepared.train_ids, prepared.validation_ids, prepared.tokenizer.size)
    return [Yardstick("uniform", uniform, uniform),
            Yardstick("unigram", *prepared.rows.live_and_full(unigram))]


def best_yardstick(prepared: Prepared, source: str) -> Yardstick | None:
    """What no model passes but by luck: the loss of the probabilities that this text was drawn by.

    Of texts from `data.generated`. It is taken on the scored positions themselves and not from the
    long-run rate, above or below which a text of this length may lie by chance: what luck is in the
    text, a model and these probabilities share, and only their difference counts, whose expected
    value is never negative. A token that is no character has the losses of its characters. None
    for other texts, and where a character has no id: telling less, a model may lose less.
    """
    known = teaching(source)
    if known is None or prepared.rows is None or prepared.tokenizer.unknown_id in prepared.ids:
        return None
    text, owners = prepared.tokenizer.owners(prepared.ids.tolist())
    first = int(np.searchsorted(owners, prepared.start))
    of_tokens = np.zeros(len(prepared.validation_ids))
    np.add.at(of_tokens, owners[first:] - prepared.start, losses(known.grammar, text, first))
    return Yardstick("best", *prepared.rows.live_and_full(of_tokens)) \
        if np.isfinite(of_tokens).all() else None


def xz_yardstick(prepared: Prepared) -> Yardstick | None:
    """What the file compressor `xz` makes of the validation text after the training text.

    It has no loss for each position, so it stands for the whole text alone. None where a piece has
    no id: the text is not in the ids then.
    """
    if prepared.rows is None or prepared.tokenizer.unknown_id in prepared.ids:
        return None
    decode = prepared.tokenizer.decode
    training, validation = decode(prepared.train_ids), decode(prepared.validation_ids)
    nats = xz_bits(training, validation) * math.log(2) * len(validation)
    return Yardstick(XZ, *[nats / len(prepared.validation_ids)] * 2)


def all_yardsticks(prepared: Prepared, source: str = "") -> list[Yardstick]:
    """Those, modified Kneser–Ney of order 2 to 8, each on every validation position, xz, and the
    best of a generated text.
    """
    if prepared.rows is None:
        return []
    model = KneserNey.fit(prepared.train_ids, max(ORDERS), prepared.tokenizer.size)
    ids, start = prepared.ids, len(prepared.train_ids)
    first = max(0, start - _CONTEXT)
    found = simple_yardsticks(prepared)
    for order in ORDERS:
        of_order = model.losses(ids[first:], order, start - first)
        found.append(Yardstick(f"kn{order}", *prepared.rows.live_and_full(of_order)))
    others = (xz_yardstick(prepared), best_yardstick(prepared, source))
    return found + [yardstick for yardstick in others if yardstick is not None]


def _made_as(folder: RunFolder) -> str:
    """The text by its name, where its parts stand in the order in which it was written: without
    gaps and copies it is another text, of which the probabilities of its rules say nothing."""
    config = folder.config()
    return "" if config.division != "contiguous" or config.gap else manifest(folder).source


def cache_path(folder: RunFolder, prepared: Prepared) -> Path:
    """Where the yardsticks of this split are kept: they depend on text and cut alone, the best one
    on how the text was made.
    """
    digest = hashlib.sha256(prepared.ids.tobytes()).hexdigest()
    live = 0 if prepared.rows is None else prepared.rows.live_width
    key = f"{digest} {len(prepared.train_ids)} {prepared.tokenizer.size} {live}"
    if family_of(source := _made_as(folder)):
        key += f" {source}"
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    return folder.store / "yardsticks" / f"{name}.json"


def compute_beside(folder: RunFolder, prepared: Prepared) -> subprocess.Popen[bytes] | None:
    """At once where another run on this split has left them, else by a process of their own."""
    if prepared.rows is None or folder.yardsticks()[2:]:
        return None
    kept = cache_path(folder, prepared)
    if kept.is_file():
        folder.write("yardsticks.json", kept.read_text("utf-8"))
        return None
    folder.write_yardsticks(simple_yardsticks(prepared))
    with open(folder.path / "worker.log", "ab") as log:
        return subprocess.Popen(
            process.command("rnnlm_core.yardsticks", folder.path), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, env=process.environment())


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(10)  # the training process goes first
    folder = RunFolder(sys.argv[1])
    prepared = prepare(folder)
    found = all_yardsticks(prepared, _made_as(folder))
    folder.write_yardsticks(found)
    kept = cache_path(folder, prepared)
    kept.parent.mkdir(parents=True, exist_ok=True)
    replace_file(kept, json.dumps([json.loads(y.to_json()) for y in found]).encode())


if __name__ == "__main__":
    main()
