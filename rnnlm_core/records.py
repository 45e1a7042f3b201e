"""The lines and small files of a run folder, as typed records.

Every record is a flat dataclass that turns into one JSON object and back. Numbers that are not
finite are written as null (`NaN` is not JSON) with the flag that says so.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any, Literal, Self

State = Literal["queued", "starting", "running", "paused", "finished", "stopped", "diverged",
                "failed", "lost", "not_responding"]
FINAL_STATES = frozenset({"finished", "stopped", "diverged", "failed"})


class _Record:
    def to_json(self) -> str:
        # `vars` and not `asdict`: records are flat, and a step's line is written at every step
        return json.dumps(_finite(vars(self)), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> Self:
        known = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        return cls(**{k: v for k, v in values.items() if k in known})


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return value


@dataclass(frozen=True)
class StepMetrics(_Record):
    """One logged training step (`metrics.jsonl`). Losses in nats a token."""

    step: int
    tokens: int  # trained on so far
    seconds: float  # of training so far, pauses left out
    loss: float | None  # of this very step's batch
    validation: float | None = None  # on the live validation sample, at some steps
    gradient_norm: float | None = None  # of all parameters together, before clipping
    clipped_norm: float | None = None  # after clipping
    learning_rate: float = 0.0
    tokens_per_second: float = 0.0
    finite: bool = True
    layer_norms: list[float] = field(default_factory=list)  # as `Plan.layer_names`, before clipping
    parameter_norms: list[float] = field(default_factory=list)  # as `Plan.parameter_names`, before


@dataclass(frozen=True)
class WrittenSample(_Record):
    """Text the model wrote at a step (`samples.jsonl`), with each character's surprise in bits."""

    step: int
    seconds: float
    text: str
    surprise: list[float] = field(default_factory=list)
    temperature: float = 0.8


@dataclass(frozen=True)
class GradientReach(_Record):
    """How far the gradient reaches back at a step, in one layer (`profiles.jsonl`).

    `h` and `c` are log₁₀ of the geometric means by lag, index k is lag k, of `LagProfile`'s two
    curves; −300 is its floor. Horizons in tokens, None: beyond the last lag. Rates a step.
    """

    step: int
    seconds: float  # of training so far
    layer: int  # 0 is the lowest
    windows: int
    h: list[float]
    h_horizon: int | None = None
    h_rate: float | None = None
    c: list[float] = field(default_factory=list)  # of an LSTM only
    c_horizon: int | None = None
    c_rate: float | None = None
    cost: float = 0.0  # seconds that the profiles of all layers took of the worker

    @property
    def lags(self) -> int:
        return len(self.h) - 1


@dataclass(frozen=True)
class Event(_Record):
    """Something that happened (`events.jsonl`): planned, paused, resumed, continued, …"""

    step: int
    time: float  # seconds since 1970
    kind: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan(_Record):
    """What the worker decided once, before step 1 (`plan.json`), and keeps on every resume."""

    total_steps: int  # the schedule is a function of step / total_steps
    precision: Literal["fp32", "bf16"]
    bf16_speed: float | None  # steps a second in bf16 over fp32, None where not tried
    threads: int
    device: str
    batch: int  # as asked, or shrunk to the text
    sequence_length: int
    evaluate_every: int  # steps
    sample_every: int
    live_width: int  # leading columns of the validation rows that make the live sample
    torch_version: str
    cpu: str  # what torch detected, e.g. AVX2: sums differ between kinds
    parameters: int
    layer_names: list[str] = field(default_factory=list)  # lowest first
    parameter_names: list[str] = field(default_factory=list)  # those that are trained, lowest first


@dataclass(frozen=True)
class Control(_Record):
    """The app's wish (`control.json`). `single_steps` counts up, so that a wish is idempotent."""

    wish: Literal["run", "pause", "stop"] = "run"
    single_steps: int = 0
    knobs: dict[str, float] = field(default_factory=dict)  # what differs from the config now


@dataclass(frozen=True)
class Origin(_Record):
    """Where a run comes from (`origin.json`), written once with its folder."""

    kind: Literal["fork", "sweep", "race", "repeat"]
    group: str = ""  # the runs that were made together share it
    parent: str = ""  # of a fork: the run it was copied from
    step: int = 0  # of a fork: the last step that both share
    exact: bool = False  # of a fork: from a whole checkpoint, nothing changed
    changed: dict[str, Any] = field(default_factory=dict)  # settings that tell it from the others


@dataclass(frozen=True)
class Card(_Record):
    """What a person says of a run (`card.json`)."""

    name: str = ""
    note: str = ""
    star: bool = False


@dataclass(frozen=True)
class Status(_Record):
    """What the worker says of itself (`status.json`)."""

    state: State
    activity: str = ""  # code of what it is doing: importing, reading, measuring, training, …
    step: int = 0
    total_steps: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None
    tokens_per_second: float = 0.0
    heartbeat: float = 0.0  # seconds since 1970
    pid: int = 0
    process_started: float = 0.0
    host: str = ""
    resumes: int = 0  # counts up each time a worker takes the folder: files may have been cut
    error: dict[str, Any] | None = None  # code and values of an UnrollError
    final_validation: float | None = None  # nats, on the whole validation text
    final_reset: float | None = None  # the same, each window from an empty state
    final_test: float | None = None  # nats, on the test part, which nothing before has looked at
    ended_by: str = ""  # steps, seconds, target or patience
    best_validation: float | None = None  # nats, on the live validation sample
    best_step: int = 0


XZ = "xz"  # the yardstick that is known of the whole validation text alone


@dataclass(frozen=True)
class Yardstick(_Record):
    """A loss to compare with, in nats a token, on exactly the positions the model is scored on."""

    name: str  # uniform, unigram, kn2 … kn8, xz; best: what no model passes, where it is known
    live: float  # on the live validation sample
    full: float  # on the whole validation text


@dataclass(frozen=True)
class SampledToken:
    """One generated token and what else it could have been."""

    id: int
    text: str
    probability: float  # under the model at temperature 1, before any cut
    kept: int  # candidates that were left to draw from
    entropy: float  # bits, of the distribution drawn from
    alternatives: list[tuple[str, float]]  # most probable first, at temperature 1

    @property
    def surprise(self) -> float:
        """Bits: −log₂ of the probability the model gave to this token."""
        return -math.log2(max(self.probability, 1e-300))
