"""A word vocabulary of 10,000: the adaptive softmax against a plain loop with the full one.

Two LSTM loops of the same settings take turns, a few dozen steps at a time, on the same text; both
read the same windows from the same weights, so that only the output layer differs. Time is the
processor's (one thread), so that busy neighbours count little. Ratio: median of the turns.
`python -m benchmarks words [--text PATH]`; without a path, Python's own library is the text.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.rows import Found, one_thread
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.tokenizer import WordTokenizer
from rnnlm_core.nets.adaptive import AdaptiveOutput

VOCABULARY, EMBEDDING, HIDDEN = 10_000, 256, 256
BATCH, LENGTH, RATE, WARM_UP, CLIP, DROPOUT = 32, 64, 4e-3, 20, 1.0, 0.1
TURNS, STEPS = 5, 40  # steps a turn
VALIDATION = 32_768  # tokens at most

Losses = Callable[[Tensor, Tensor], Tensor]  # h (N, H), targets (N,) → (N,) nats


class Loop:
    """Embedding, nn.LSTM and an output layer, trained as anyone would: AdamW, clipped, carried."""

    def __init__(self, train: Tensor, output: nn.Module, losses: Losses) -> None:
        torch.manual_seed(0)  # the same weights below either output layer
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.recurrent = nn.LSTM(EMBEDDING, HIDDEN, batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.losses = losses
        self.parameters = [p for part in (self.embedding, self.recurrent, output)
                           for p in part.parameters()]
        self.optimizer = torch.optim.AdamW(self.parameters, RATE, weight_decay=0.01, fused=True)
        length = len(train) // BATCH
        self.rows = train[:BATCH * length].view(BATCH, length)
        self.at, self.done = 0, 0
        self.state: tuple[Tensor, Tensor] | None = None

    def turn(self, steps: int) -> float:
        """Train on; processor seconds a step."""
        begin = time.process_time()
        for _ in range(steps):
            self._step()
        return (time.process_time() - begin) / steps

    def _step(self) -> None:
        if self.at + LENGTH + 1 > self.rows.shape[1]:
            self.at, self.state = 0, None
        window = self.rows[:, self.at:self.at + LENGTH + 1]
        self.at, self.done = self.at + LENGTH, self.done + 1
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * min(1.0, self.done / WARM_UP)
        self.optimizer.zero_grad()
        h, state = self.recurrent(self.dropout(self.embedding(window[:, :-1])), self.state)
        targets = window[:, 1:].flatten()
        self.losses(self.dropout(h).flatten(0, 1), targets).mean().backward()
        nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.optimizer.step()
        self.state = (state[0].detach(), state[1].detach())

    @torch.no_grad()
    def evaluate(self, ids: Tensor) -> float:
        """Nats a token over ids, read as 16 rows with the state carried; no dropout."""
        rows = ids[:(len(ids) - 1) // 16 * 16 + 1]
        inputs, targets = rows[:-1].view(16, -1), rows[1:].view(16, -1)
        total, state = 0.0, None
        for at in range(0, inputs.shape[1], LENGTH):
            h, state = self.recurrent(self.embedding(inputs[:, at:at + LENGTH]), state)
            total += float(self.losses(h.flatten(0, 1), targets[:, at:at + LENGTH].flatten()).sum())
        return total / targets.numel()


def loops(train: Tensor) -> tuple[Loop, Loop]:
    """The full softmax and the adaptive one."""
    torch.manual_seed(1)
    full = nn.Linear(HIDDEN, VOCABULARY)
    torch.manual_seed(1)
    adaptive = AdaptiveOutput(HIDDEN, VOCABULARY)
    adaptive.order_by(train.bincount(minlength=VOCABULARY))
    return (Loop(train, full, lambda h, y: cross_entropy(full(h), y, reduction="none")),
            Loop(train, adaptive, adaptive.losses))


@one_thread()
def words(text: Path | None) -> list[Found]:
    """Rows for `python -m benchmarks`; a progress line a turn on the standard error stream."""
    name = "Python's library" if text is None else text.name
    whole = BUILTIN["source"]() if text is None else text.read_text("utf-8")
    split = len(whole) * 9 // 10
    tokenizer = WordTokenizer.fit(whole[:split], VOCABULARY)
    train, validation = (torch.from_numpy(tokenizer.encode(part).astype("int64"))
                         for part in (whole[:split], whole[split:]))
    print(f"  {name}: {tokenizer.size:,} pieces, {len(train):,} tokens to train on",
          file=sys.stderr)
    full, adaptive = loops(train)
    full.turn(2), adaptive.turn(2)  # caches and allocations
    ratios = []
    for number in range(TURNS):
        first, second = (full, adaptive) if number % 2 == 0 else (adaptive, full)
        seconds = {first: first.turn(STEPS), second: second.turn(STEPS)}
        ratios.append(seconds[full] / seconds[adaptive])
        print(f"  full {seconds[full] * 1e3:.0f} ms  adaptive {seconds[adaptive] * 1e3:.0f} ms  "
              f"ratio {ratios[-1]:.2f}", file=sys.stderr)
    losses = [loop.evaluate(validation[:VALIDATION]) for loop in (full, adaptive)]
    print(f"  validation after {full.done} steps: full {losses[0]:.4f}, adaptive {losses[1]:.4f}",
          file=sys.stderr)
    ratio, behind = statistics.median(ratios), losses[1] - losses[0]
    return [
        (f"words: adaptive over full softmax, {name}", ratio, "×", ">= 3", ratio >= 3),
        (f"words: its loss over the full one's, {name}", behind, "nats", "<= 0.02",
         behind <= 0.02)]
