"""What watching costs: evaluation, samples, probes, checkpoints and the journal of a default run.

Once by adding up the time inside each of them over a whole run, by the wall's clock (a checkpoint
waits for the disk), and once by comparing stretches of one run that are watched with stretches that
only step, in turn, by the processor's (which also sees what an instrument does to the caches). The
norms of the layers are a part of every step and so of `speed`.
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
    """Watched for one period of evaluation, then as many steps with nothing else, and so on."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self.periods: dict[int, list[float]] = defaultdict(list)  # of the processor, each step

    def _one_step(self) -> None:
        period = self.trainer.steps // self.plan.evaluate_every
        begin = time.process_time()
        if period % 2 and self._running_since is not None:
            self.trainer.step()
        else:
            super()._one_step()
        self.periods[period].append(time.process_time() - begin)

    def cost(self) -> float:
        """Watched over bare, less 1: the median over neighbouring periods after the first two."""
        every = self.plan.evaluate_every
        whole = [sum(self.periods[p]) for p in sorted(self.periods)
                 if len(self.periods[p]) == every]
        return statistics.median(w / b for w, b in zip(whole[2::2], whole[3::2], strict=False)) - 1


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
            at_most("instruments: a watched step over a bare one", alternating.cost(), "", 0.03)]
