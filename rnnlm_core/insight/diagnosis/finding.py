"""What the diagnosis says, and what several rules need: evidence and changes to suggest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from rnnlm_core.config import RunConfig
from rnnlm_core.insight.diagnosis.case import Case

Sure = Literal["clear", "likely", "possible"]

FEWEST_STEPS = 100  # below, nothing can be said
# change of the weights a step, against their size (Karpathy, CS231n, has 1e-3); healthy 2e-3…2e-2
SLOW_UPDATE = 1e-3  # 1e-5…1e-3
NGRAM_AHEAD = 0.02  # nats
NEAR_THE_BEST = 0.02  # nats


@dataclass(frozen=True)
class Evidence:
    code: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One sentence's worth: `code` and `values` are words and numbers of it, in nats."""

    code: str
    sure: Sure
    values: dict[str, Any]
    evidence: tuple[Evidence, ...] = ()
    suggestion: dict[str, Any] = field(default_factory=dict)  # changes of the config
    at: int | None = None  # the step to fork from; None: the newest


# -- evidence -------------------------------------------------------------------------------------
def fastest_part(case: Case) -> tuple[str, float] | None:
    """The part whose weights change most a step, relatively, at the peak of the learning rate."""
    health = case.health
    if health is None or not health.layers or not health.of_peak:
        return None
    return max(((p.name, p.update / max(p.weights, 1e-30) / health.of_peak)
                for p in health.layers), key=lambda pair: pair[1])


def update_of(fastest: tuple[str, float]) -> Evidence:
    return Evidence("update", {"part": fastest[0], "ratio": fastest[1], "usual": SLOW_UPDATE})


def ngram_ahead(case: Case, back: int) -> tuple[int, float] | None:
    """Order and loss of the best n-gram that reads at least `back` characters and is ahead."""
    if not case.course.validated:
        return None
    now = float(case.course.curve[1][-1])
    better = [(y.live, int(y.name[2:])) for y in case.yardsticks if y.name.startswith("kn")
              and int(y.name[2:]) > back and y.live < now - NGRAM_AHEAD]
    return (min(better)[1], min(better)[0]) if better else None


def at_the_best(case: Case) -> bool:
    """Whether nothing is left to learn, as far as a generated text tells."""
    best = [y.live for y in case.yardsticks if y.name == "best"]
    return bool(best) and float(case.course.curve[1][-1]) < best[0] + NEAR_THE_BEST


# -- changes --------------------------------------------------------------------------------------
def large_start(config: RunConfig) -> bool:
    """W_hh began larger than its norm-keeping size; PyTorch's own start knows no gain."""
    return config.initialisation != "pytorch" and config.gain > 1


def lower(rate: float, by: float) -> float:
    return max(1e-6, rounded(rate / by))


def rounded(value: float) -> float:
    return float(f"{value:.2g}")
