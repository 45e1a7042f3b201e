"""Speed on a GPU: `python benchmarks/gpu.py`, with nothing but torch ≥ 2.11 (and this file).

**Not measured yet: no machine with a GPU has run it.** What runs on a CPU too is tested there; the
capture of the graph is not. Report only figures that it printed, with the card it names.

Three ways of taking the same steps of the same network on the same text, in turn:
- *plain*: what anyone would write: the window comes from the host, the loss is read at every step;
- *resident*: text, position and losses stay on the card, fused AdamW: no host read a step;
- *graph*: the resident step, captured once as a CUDA graph and replayed: one launch a step, the
  carried state handed on by `copy_` after the backward pass.
All use PyTorch's own layers, on a GPU cuDNN's. Each row also shows the loss of the last step: the
three must agree, up to rounding, or one of them did other work.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import statistics
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

OLDEST = (2, 11)
VOCABULARY = 256  # bytes
RATE, CLIP = 2e-3, 1.0
WARM_UP = 5  # steps before anything is timed or captured
CELLS: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
PRECISIONS = ("fp32", "tf32", "bf16")


@dataclass(frozen=True)
class Size:
    """Of the network and of one step."""

    cell: str
    hidden: int
    layers: int
    batch: int
    length: int

    @property
    def tokens(self) -> int:
        return self.batch * self.length


def text_rows(batch: int) -> Tensor:
    """The topics of Python's own help as bytes, (batch, length) on the host."""
    found = importlib.util.find_spec("pydoc_data.topics")
    path = found.origin if found and found.origin else __file__
    ids = torch.frombuffer(bytearray(Path(path).read_bytes()), dtype=torch.uint8).long()
    return ids[:len(ids) // batch * batch].view(batch, -1)


class Network(nn.Module):
    """Embedding, recurrent layers, output; no dropout, so that all ways give the same losses."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, size.hidden)
        self.recurrent = CELLS[size.cell](size.hidden, size.hidden, size.layers, batch_first=True)
        self.output = nn.Linear(size.hidden, VOCABULARY)

    def forward(self, ids: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """ids (B, T), state of (L, B, H) each → logits (B, T, V), state after the last token"""
        h, last = self.recurrent(self.embedding(ids), state if len(state) > 1 else state[0])
        return self.output(h), last if isinstance(last, tuple) else (last,)


class Way(ABC):
    """Network, optimizer, text and state of one way; `step` takes one optimizer step."""

    def __init__(self, size: Size, precision: str, device: str) -> None:
        torch.manual_seed(0)
        self.size, self.precision, self.device = size, precision, device
        self.model = Network(size).to(device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), RATE,
                                           **self.settings_of_optimizer())
        zeros = torch.zeros(size.layers, size.batch, size.hidden, device=device)
        self.state: tuple[Tensor, ...] = (zeros, zeros.clone())[:2 if size.cell == "lstm" else 1]
        self.rows = text_rows(size.batch)  # (B, length)

    def settings_of_optimizer(self) -> dict[str, Any]:
        return {}

    @abstractmethod
    def step(self) -> None:
        """One optimizer step on the next window."""

    @abstractmethod
    def last_loss(self) -> float:
        """Of the newest step, nats a byte."""

    def autocast(self) -> AbstractContextManager[Any]:
        if self.precision != "bf16":
            return nullcontext()
        # the cache of cast weights would outlive the graph that made them
        return torch.autocast(self.device, torch.bfloat16, cache_enabled=False)

    def learn(self, window: Tensor) -> Tensor:
        """Forward, backward, clip and update on a window (B, T + 1); the loss, on the device, and
        the state after it in `self.after`."""
        self.optimizer.zero_grad(set_to_none=True)
        with self.autocast():
            logits, after = self.model(window[:, :-1], self.state)
        loss = cross_entropy(logits.float().flatten(0, 1), window[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP, foreach=True)
        self.optimizer.step()
        self.after = tuple(part.detach().float() for part in after)
        return loss.detach()


class Plain(Way):
    """The window from the host and the loss to the host at every step."""

    at, loss = 0, math.nan

    def step(self) -> None:
        columns = torch.arange(self.at, self.at + self.size.length + 1) % self.rows.shape[1]
        self.at += self.size.length
        self.loss = self.learn(self.rows[:, columns].to(self.device)).item()
        self.state = self.after

    def last_loss(self) -> float:
        return self.loss


class Resident(Way):
    """Everything on the device; the host only launches, and reads the loss when it is asked."""

    def __init__(self, size: Size, precision: str, device: str) -> None:
        super().__init__(size, precision, device)
        self.rows = self.rows.to(device)
        self.columns = torch.arange(size.length + 1, device=device)
        self.loss = torch.zeros((), device=device)

    def settings_of_optimizer(self) -> dict[str, Any]:
        return {"fused": True, "capturable": self.device == "cuda"}

    def step(self) -> None:
        window = self.rows.index_select(1, self.columns)
        self.loss.copy_(self.learn(window))
        for part, after in zip(self.state, self.after, strict=True):
            part.copy_(after)
        self.columns.add_(self.size.length).remainder_(self.rows.shape[1])

    def last_loss(self) -> float:
        return float(self.loss)


class Graph(Resident):
    """The resident step as a CUDA graph. Its first steps are taken in full, as capturing needs."""

    def __init__(self, size: Size, precision: str, device: str) -> None:
        super().__init__(size, precision, device)
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                super().step()
        torch.cuda.current_stream().wait_stream(aside)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):  # records and does not run
            super().step()

    def step(self) -> None:
        self.graph.replay()


WAYS: dict[str, type[Way]] = {"plain": Plain, "resident": Resident, "graph": Graph}


def opened(name: str, size: Size, precision: str, device: str) -> Way:
    """A way after its first `WARM_UP` steps."""
    way = WAYS[name](size, precision, device)
    for _ in range(0 if name == "graph" else WARM_UP):
        way.step()
    return way


def seconds_of(way: Way, steps: int) -> float:
    """Wall-clock seconds of so many steps, until the device has finished them."""
    wait = torch.cuda.synchronize if way.device == "cuda" else lambda: None
    wait()
    begin = time.perf_counter()
    for _ in range(steps):
        way.step()
    wait()
    return time.perf_counter() - begin


@dataclass(frozen=True)
class Row:
    cell: str
    precision: str
    way: str
    tokens_a_second: float
    ratio: float  # over the plain way, median of the turns
    loss: float


def measure(size: Size, precision: str, names: list[str], steps: int, turns: int,
            device: str = "cuda") -> list[Row]:
    """The ways in turn, `turns` times `steps` steps each. The plain one has to be among them."""
    use_tf32(precision == "tf32")
    ways = {name: opened(name, size, precision, device) for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(turns):
        for name in names if turn % 2 == 0 else reversed(names):
            times[name].append(seconds_of(ways[name], steps))
    return [Row(size.cell, precision, name, steps * size.tokens / statistics.median(times[name]),
                statistics.median(a / b for a, b in zip(times["plain"], times[name], strict=True)),
                ways[name].last_loss()) for name in names]


def use_tf32(wanted: bool) -> None:
    """Whether float32 products may be rounded to TF32 (PyTorch allows it for cuDNN by itself)."""
    kind = "tf32" if wanted else "ieee"
    torch.backends.cuda.matmul.fp32_precision = kind
    torch.backends.cudnn.rnn.fp32_precision = kind


def table(rows: list[Row]) -> str:
    lines = [f"{'cell':<6}{'precision':<11}{'way':<10}"
             f"{'tokens/s':>12}{'over plain':>12}{'loss':>9}"]
    lines += [f"{r.cell:<6}{r.precision:<11}{r.way:<10}{r.tokens_a_second:>12,.0f}"
              f"{r.ratio:>11.2f}×{r.loss:>9.4f}" for r in rows]
    return "\n".join(lines)


def why_not() -> str | None:
    """One sentence where nothing can be measured here."""
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < OLDEST:
        return f"This needs torch 2.11 or newer; here is {torch.__version__}."
    if not torch.cuda.is_available():
        return "There is no CUDA GPU that PyTorch can use here, so there is nothing to measure."
    return None


def positive(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def machine() -> str:
    card = torch.cuda.get_device_properties(0)
    return (f"{card.name}, {card.total_memory / 2**30:.0f} GiB, PyTorch {torch.__version__}, "
            f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python benchmarks/gpu.py")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    for name, value in (("hidden", 512), ("layers", 2), ("batch", 256), ("length", 64),
                        ("steps", 100), ("turns", 5)):
        parser.add_argument(f"--{name}", type=positive, default=value)
    asked = parser.parse_args(arguments)
    if sentence := why_not():
        print(sentence, file=sys.stderr)
        return 2
    print(machine())
    print(f"hidden {asked.hidden} × {asked.layers}, batch {asked.batch} × {asked.length}, "
          f"median of {asked.turns} × {asked.steps} steps")
    rows: list[Row] = []
    for cell in asked.cells:
        size = Size(cell, asked.hidden, asked.layers, asked.batch, asked.length)
        for precision in asked.precisions:
            try:
                rows += measure(size, precision, list(WAYS), asked.steps, asked.turns)
            except RuntimeError as problem:  # out of memory, or a kernel that cannot be captured
                print(f"{cell} {precision}: {str(problem).splitlines()[0]}", file=sys.stderr)
    print(table(rows))
    return 0 if rows else 1


if __name__ == "__main__":
    raise SystemExit(main())
