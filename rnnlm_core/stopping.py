"""When a run ends: steps and seconds, a loss that is good enough, or no better one for a while.

Knows no files and no clock: the worker tells it what was measured and asks why to stop.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from rnnlm_core.config import RunConfig

Reason = Literal["steps", "seconds", "target", "patience"]


class Stopping:
    """The best validation loss so far (nats, on the live sample) and how long ago it was."""

    def __init__(self, config: RunConfig, total_steps: int) -> None:
        self._config, self._total = config, total_steps
        self.best, self.best_step, self.since_best = math.inf, 0, 0

    def see(self, step: int, validation: float) -> bool:
        """Take one evaluation in; whether it is the best so far."""
        if validation < self.best:
            self.best, self.best_step, self.since_best = validation, step, 0
            return True
        self.since_best += 1
        return False

    def reason(self, step: int, seconds: float) -> Reason | None:
        """Why the run ends here, None where it goes on. The first rule that holds is named."""
        config = self._config
        if step >= self._total:
            return "steps"
        if config.max_seconds and seconds >= config.max_seconds:
            return "seconds"
        if config.target_loss and self.best <= config.target_loss:
            return "target"
        if config.patience and self.since_best >= config.patience:
            return "patience"
        return None

    def values(self) -> dict[str, Any]:
        """Its whole memory, for a checkpoint."""
        return {"best": self.best if math.isfinite(self.best) else None,
                "best_step": self.best_step, "since_best": self.since_best}

    def restore(self, values: dict[str, Any]) -> None:
        best = values.get("best")
        self.best = math.inf if best is None else best
        self.best_step = values.get("best_step", 0)
        self.since_best = values.get("since_best", 0)
