"""A trial: one task, one start, one lag, several seeds, and what is known of it while it trains.

No torch here: a page asks what a task is, and reads results, without it.

    recall   x₁ is one of four symbols; x₂ … x_T are drawn from four others that say nothing; then a
             query symbol asks for x₁. T is the lag. Source of the family of tasks: Hochreiter &
             Schmidhuber 1997, Long short-term memory.
    echo     bits; the answer at step t is the bit of step t − lag, asked for ten times. Source:
             Jaeger 2001, Short term memory in echo state networks (there of real numbers).
    copy     ten symbols of eight, T − 1 blanks, a delimiter, ten blanks; the answer is T + 10
             blanks, then the ten symbols in order. `copied` may be less than ten. Source: Arjovsky
             et al. 2016 (arXiv 1511.06464), after Hochreiter & Schmidhuber 1997.
    adding   T pairs of a number from U(0, 1) and a mark, which is 1 once in the first half and once
             in the second, else 0; the answer at the end is the sum of the two marked numbers.
             Source: the same two; Arjovsky et al. place the marks so.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rnnlm_core.tasks.starts import STARTS, Start

TaskName = Literal["recall", "echo", "copy", "adding"]
RECALLED = 4  # symbols that may come first
ECHOED = 10  # answers of an echo
COPIED, ALPHABET = 10, 8  # symbols to copy as published, and of how many each is one
_MILLISECONDS = {"rnn": 0.09, "gru": 0.25, "lstm": 0.28}  # an optimizer and a time step, H ≤ 32
_VARIANCE = 1 / 6  # of the sum of two numbers from U(0, 1)


@dataclass(frozen=True)
class Task:
    """What is fixed about a task. `inputs` and `outputs` are numbers of symbols, or of numbers.

    A score is the share of right answers; for `adding` it is 1 − MSE / (1/6), the share of the
    variance that is explained. `solved` is the score that counts as solved, `chance` that of a
    network that remembers nothing: it guesses, or always says 1.
    """

    name: TaskName
    inputs: int
    outputs: int
    chance: float
    solved: float = 0.99
    numbers: bool = False  # the answer is a number and no symbol
    shortest: int = 1  # lag


TASKS: dict[str, Task] = {task.name: task for task in (
    Task("recall", 2 * RECALLED + 1, RECALLED, 1 / RECALLED),
    Task("echo", 2, 2, 1 / 2),
    Task("copy", ALPHABET + 2, ALPHABET + 1, 1 / ALPHABET),
    Task("adding", 2, 1, 0.0, 0.95, numbers=True, shortest=2))}


@dataclass(frozen=True)
class Trial:
    """Each seed is a network and a stream of its own. `clip_norm` 0: no clipping."""

    start: str  # a name of STARTS
    lag: int = 30
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    max_steps: int = 1_000
    hidden: int = 32
    batch: int = 32
    learning_rate: float = 5e-3
    clip_norm: float = 1.0
    task: TaskName = "recall"
    copied: int = COPIED  # symbols, for the task copy

    def __post_init__(self) -> None:
        if self.start not in STARTS or self.task not in TASKS:
            raise ValueError(f"no start {self.start!r} or no task {self.task!r}")
        if self.lag < self.what.shortest or min(self.hidden, self.batch, self.max_steps,
                                              self.copied) < 1:
            raise ValueError(f"{self.task} needs a lag of at least {self.what.shortest}, not "
                             f"{self.lag}, and hidden, batch, max_steps and copied of at least 1")

    @property
    def begin(self) -> Start:
        return STARTS[self.start]

    @property
    def what(self) -> Task:
        return TASKS[self.task]

    @property
    def length(self) -> int:
        """Steps of a sequence."""
        return {"recall": self.lag + 1, "echo": self.lag + ECHOED,
                "copy": self.lag + 2 * self.copied, "adding": self.lag}[self.task]

    @property
    def learns_from(self) -> int:
        """The first step (from 0) whose output has a part in the loss; all later ones have, too."""
        return 0 if self.task == "copy" else self.asks_from

    @property
    def asks_from(self) -> int:
        """The first step (from 0) whose answer counts for the score."""
        return {"recall": self.lag, "echo": self.lag, "copy": self.lag + self.copied,
                "adding": self.lag - 1}[self.task]

    @property
    def constant_loss(self) -> float:
        """The least loss without any memory: nats a step, for `adding` the mean squared error."""
        return {"recall": math.log(RECALLED), "echo": math.log(2),
                "copy": self.copied * math.log(ALPHABET) / self.length,
                "adding": _VARIANCE}[self.task]

    @property
    def expected_seconds(self) -> float:
        """CPU time at most on an ordinary machine: what is solved sooner takes less."""
        wider: float = max(1.0, self.hidden / 32) ** 1.2
        return self.max_steps * self.length * _MILLISECONDS[self.begin.cell] * wider / 1_000

    @property
    def key(self) -> str:
        """The same for the same settings, in any process."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Trial:
        return cls(**{**values, "seeds": tuple(values["seeds"])})


@dataclass(frozen=True)
class Progress:
    """After `step` optimizer steps, one value for each seed."""

    step: int
    seconds: float  # of this process' CPU time since the first step
    losses: tuple[float, ...]  # of this step's batch
    scores: tuple[float, ...]  # running mean over about ten steps, from 0
    solved_at: tuple[int | None, ...]  # the step at which the score first passed what is solved

    @property
    def solved(self) -> int:
        return sum(step is not None for step in self.solved_at)

    @property
    def diverged(self) -> int:
        """Seeds whose loss is no number any more."""
        return sum(not math.isfinite(loss) for loss in self.losses)
