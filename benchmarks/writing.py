"""Writing one token at a time: `nets.writer` beside the plain network of torch's own layers.

Both take an id and give the logits of the next: nn.Embedding, nn.LSTM (GRU, RNN) of one or two
layers, nn.Linear, in inference mode. By the processor's clock, one thread each, in turn. The floor
is a matrix-vector product with each matrix that a token needs: its weights read once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import nn

from benchmarks.rows import Found, at_least, at_most, in_turn, one_thread, ratio
from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.generate import SamplingSettings, Writer, generate, generate_many
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import CELLS

_LETTERS, _EMBEDDING = 96, 64
_SIZES = ((128, 1), (256, 2), (512, 2))
_TIMES_FASTER = {(128, 1): 8.0, (256, 2): 5.0}
_FLOOR = 2.0  # of reading the weights once, at the largest size
_STREAMS, _LENGTH = 100, 100
_TURNS = 15


@one_thread()
def writing(_runs: Path) -> list[Found]:
    found = [row for size in _SIZES for cell in CELLS for row in _steps(cell, *size)]
    return found + _streams()


def _steps(cell: Cell, hidden: int, layers: int) -> list[Found]:
    config = RunConfig(cell=cell, hidden=hidden, layers=layers, embedding=_EMBEDDING)
    model = build(config, _LETTERS).eval()
    writer, matrices = Writer(model), _matrices(model)
    tokens = 400 if hidden < 512 else 40
    found = in_turn({
        "writer": lambda: _a_token(lambda: writer.step([7]), tokens),
        "torch": _plain(cell, hidden, layers, tokens // 4),
        "floor": lambda: _a_token(lambda: [W @ x for W, x in matrices], tokens)}, _TURNS)
    name = f"{cell.upper()} {hidden} × {layers}"
    times, above = ratio(found["torch"], found["writer"]), ratio(found["writer"], found["floor"])
    rows: list[Found] = [
        (f"writing: a token, {name}", 1e6 * median(found["writer"]), "µs", "–", None),
        (f"writing: a token by nn.{cell.upper()} {hidden} × {layers}",
         1e6 * median(found["torch"]), "µs", "–", None)]
    limit = _TIMES_FASTER.get((hidden, layers))
    rows.append((f"writing: times faster than nn.{name}", times, "×", "–", None) if limit is None
                else at_least(f"writing: times faster than nn.{name}", times, "×", limit))
    to_floor = f"writing: times the reading of the weights, {name}"
    rows.append(at_most(to_floor, above, "×", _FLOOR) if hidden == _SIZES[-1][0]
                else (to_floor, above, "×", "–", None))
    return rows


def _matrices(model: nn.Module) -> list[tuple[np.ndarray, np.ndarray]]:
    """Those that a token is multiplied by, and what with: all but those of the table's layer."""
    kept = [part.detach().numpy() for name, part in model.named_parameters()
            if part.ndim == 2 and "embedding" not in name and name != "layers.0.weight_ih_l0"]
    return [(W, np.ones(W.shape[1], np.float32)) for W in kept]


def _plain(cell: Cell, hidden: int, layers: int, tokens: int) -> Callable[[], float]:
    embedding, output = nn.Embedding(_LETTERS, _EMBEDDING), nn.Linear(hidden, _LETTERS)
    layer = getattr(nn, cell.upper())(_EMBEDDING, hidden, layers, batch_first=True)
    ids, state = torch.tensor([[7]]), None

    def step() -> None:
        nonlocal state
        h, state = layer(embedding(ids), state)
        output(h)

    def measured() -> float:
        nonlocal state
        state = None
        with torch.inference_mode():
            return _a_token(step, tokens)
    return measured


def _a_token(step: Callable[[], object], tokens: int) -> float:
    begin = time.process_time()
    for _ in range(tokens):
        step()
    return (time.process_time() - begin) / tokens


def _streams() -> list[Found]:
    """The whole of writing, with the drawing and what is said of each token."""
    tokenizer = CharTokenizer.fit("".join(chr(ord(" ") + i) for i in range(_LETTERS - 1)))
    model = build(RunConfig(cell="lstm", hidden=128, embedding=_EMBEDDING), tokenizer.size).eval()
    wishes = [SamplingSettings(seed=seed, length=_LENGTH) for seed in range(_STREAMS)]

    def side_by_side() -> float:
        begin = time.process_time()
        for _ in generate_many(model, tokenizer, "0", wishes):
            pass
        return (time.process_time() - begin) / (_STREAMS * _LENGTH)

    def one_by_one() -> float:
        begin = time.process_time()
        for wish in wishes:
            for _ in generate(model, tokenizer, "0", wish):
                pass
        return (time.process_time() - begin) / (_STREAMS * _LENGTH)

    found = in_turn({"batch": side_by_side, "alone": one_by_one}, 5)
    return [
        ("writing: tokens a second, one stream, LSTM 128 × 1", 1 / median(found["alone"]), "/s",
         "–", None),
        (f"writing: tokens a second, {_STREAMS} streams, LSTM 128 × 1",
         1 / median(found["batch"]), "/s", "–", None),
        (f"writing: {_STREAMS} streams as a batch, times faster",
         ratio(found["alone"], found["batch"]), "×", "–", None)]
