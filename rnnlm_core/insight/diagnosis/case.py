"""What the diagnosis looks at: a run's curves and yardsticks, and what was measured in its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rnnlm_core.config import RunConfig
from rnnlm_core.insight.diagnosis.course import Course
from rnnlm_core.records import State, Yardstick


@dataclass(frozen=True)
class LayerNorms:
    """Of one part of the network: norms of its weights, their gradient, the next step's change."""

    name: str  # as `Plan.layer_names`
    weights: float
    gradient: float  # before clipping
    update: float


@dataclass(frozen=True)
class Activity:
    """Of one recurrent layer over validation text."""

    saturated: float  # share of (unit, step) pairs with |tanh| > 0.97
    dead: float  # share of ReLU units that are never above 0
    stuck: dict[str, float] = field(default_factory=dict)  # by gate: units always < 0.1 or > 0.9


@dataclass(frozen=True)
class Copying:
    """Longest passages that stand word for word in the training text, in characters."""

    written: float  # mean over the newest samples
    held_out: float | None  # mean over pieces of held-out text of the same length
    passage: str  # the longest of all
    length: int  # of each piece


@dataclass(frozen=True)
class Health:
    """What was measured in the weights of one step. None: could not be (text gone, too short)."""

    step: int
    layers: list[LayerNorms] = field(default_factory=list)
    of_peak: float = 0.0  # learning rate of the step that `layers` tell of, as a share of the peak
    activity: list[Activity] = field(default_factory=list)
    horizon: int | None = None  # lags until the gradient stays below 1 %; None: beyond, or unknown
    noise_scale: float | None = None  # sequences
    copying: Copying | None = None
    first_broken: str | None = None  # of a diverged run: the part that failed first
    broken_in: str = ""  # forward, backward, or largest where all was finite still
    grew_first: tuple[str, int, float] | None = None  # part, step, times its usual gradient norm


@dataclass(frozen=True)
class Case:
    """A run as the doctor sees it."""

    config: RunConfig
    state: State
    course: Course
    yardsticks: Sequence[Yardstick] = ()
    health: Health | None = None
