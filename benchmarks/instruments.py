"""What watching costs: evaluation, samples, probes, checkpoints and the journal of a default run.

Once by adding up the time inside each of them over a whole run, by the wall's clock (a checkpoint
waits for the disk), and once by comparing steps that are watched with steps that are not, in turn,
by the processor's: the medians, so that this is what every step costs, between evaluations. The
norms of the layers are a part of every step and so of `speed`; profiles of the gradient have a
share of their own, which `gradients` measures.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rows import Found, at_most
from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.worker import Worker


class Alone(Worker):
    """Without the n-grams: a process of their own computes them, once for a text."""

    def _start_yardsticks(self) -> None:
        pass


class Timed(Alone):
    """A worker that adds up what each instrument took, by the wall's clock."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self.spent: dict[str, float] = defaultdict(float)
        self.whole = 0.0
        self._inner = 0.0

    @contextmanager
    def _clock(self, name: str) -> Iterator[None]:
        begin, outer, self._inner = time.perf_counter(), self._inner, 0.0
        yield
        took = time.perf_counter() - begin
        self.spent[name] += took - self._inner  # without instruments inside this one
        self._inner = outer + took

    def _one_step(self) -> None:
        begin = time.perf_counter()
        super()._one_step()
        self.whole += time.perf_counter() - begin

    def _evaluate(self) -> float | None:
        with self._clock("evaluation"):
            return super()._evaluate()

    def _log(self, *given: object) -> None:
        with self._clock("metrics"):
            super()._log(*given)  # type: ignore[arg-type]

    def _sample(self) -> None:
        with self._clock("samples"):
            super()._sample()

    def _probe(self) -> None:
        with self._clock("probes"):
            super()._probe()

    def _keep(self, step: int, best: bool) -> None:
        with self._clock("checkpoints"):
            super()._keep(step, best)


class Alternating(Alone):
    """Every second step is watched, every other one only a step."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self.seconds: dict[bool, list[float]] = {True: [], False: []}  # of the processor

    def _one_step(self) -> None:
        watched = self.trainer.steps % 2 == 0 or self.clock.stands
        begin = time.process_time()
        if watched:
            super()._one_step()
        else:
            self.trainer.step()
        self.seconds[watched].append(time.process_time() - begin)

    def cost(self) -> float:
        """Watched over bare, less 1: the medians."""
        return statistics.median(self.seconds[True]) / statistics.median(self.seconds[False]) - 1


def instruments(runs: Path) -> list[Found]:
    """At the default settings."""
    config = RunConfig()
    timed = Timed(launch.create_run(config, runs))
    timed.run()
    shares = {name: spent / timed.whole for name, spent in timed.spent.items()}
    print("  " + ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
          + f" of {timed.whole:.0f} s", file=sys.stderr)
    alternating = Alternating(launch.create_run(config, runs))
    alternating.run()
    whole = sum(shares.values())
    return [at_most("instruments: share of a default run's time", whole, "", 0.03),
            at_most("instruments: the same without evaluations", whole - shares["evaluation"], "",
                    0.03),
            at_most("instruments: a common watched step over a bare one, less 1",
                    alternating.cost(), "", 0.03)]
