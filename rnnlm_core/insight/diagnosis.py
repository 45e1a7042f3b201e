"""What could be better about a run, each with its evidence and one change to try.

Pure functions over what a run folder holds. The curves alone are enough for half of it and cost
a millisecond; what has to be measured in the weights (`insight.health`) makes the rest. Needs no
torch. A finding is a reading of signs, not a proof: each says how sure it is, and the suggested
change is an experiment.

Thresholds were set between 16 healthy and 21 spoilt runs on 60,000 characters of Unicode names
(LSTM, GRU, RNN; H = 32, 400 steps of 16 × 32 characters): the figures beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.config import DROPOUTS, RunConfig
from rnnlm_core.records import State, StepMetrics, Yardstick

Floats = NDArray[np.float64]
Sure = Literal["clear", "likely", "possible"]

FEWEST_STEPS = 100  # below, nothing can be said
RISE, GAP = 0.05, 0.1  # nats: of validation above its best; between validation and training
WIDE = 0.3  # nats between them, where validation stands still: 0.65 and more; healthy up to 0.05
COPIES = 1.5  # times as long as held-out text's: 26.6 against 35.8 on text that repeats itself
STRAIGHT = 0.6  # share of the fall in the first half of all learning: 0.31–0.50; healthy 0.73–0.99
JUMPS = 0.1  # of validation, against its whole fall: 0.15–5 and more; healthy up to 0.02
MANY_JUMPS = 0.3
WILD = 1.5  # times the first loss: 1.6 and far more; healthy 1.0
# change of the weights a step, against their size (Karpathy, CS231n, has 1e-3); healthy 2e-3…2e-2
SLOW_UPDATE = 1e-3  # 1e-5…1e-3
FAST_UPDATE = 0.03  # 0.05–0.18; healthy up to 0.02
STILL_FALLING = 0.03  # nats in the second half of the steps: 0.06–0.2; 0.01 once all is learnt
NGRAM_AHEAD = 0.02  # nats
SWING = 0.2  # nats, of single steps: 0.32–0.46 at 8–32 characters a step, 0.06–0.13 at 512
NOISY = 10  # noise scale over batch; at 1, half of each step is noise (McCandlish et al. 2018)
CLIPPED = 0.9  # of the second half's steps
GROWN = 10.0  # times its usual size; the highest peak of healthy runs was 2 (LSTM) to 11 (ReLU)
EXPLODES = 100.0  # times the clip norm: 4e4; healthy below 1
SATURATED = 0.5  # share of |tanh| > 0.97: 0.65–0.95; healthy 0.08–0.21
DEAD = 0.1  # of the units: 0.12–0.38; healthy 0–0.03 (Lu et al. 2019, arXiv 1903.06733)
STUCK = 0.5  # of the units: 1.0; healthy 0–0.12
MOST_DROPOUT = 0.5


# -- what is looked at -------------------------------------------------------------------------
@dataclass(frozen=True)
class Course:
    """The curves of a run, one entry a logged step; NaN where nothing was measured. Nats."""

    step: Floats
    loss: Floats
    validation: Floats
    gradient_norm: Floats
    clipped_norm: Floats
    learning_rate: Floats

    @classmethod
    def of(cls, rows: Sequence[StepMetrics]) -> Course:
        def column(name: str) -> Floats:
            values = [getattr(row, name) for row in rows]
            return np.array([math.nan if v is None else v for v in values], np.float64)
        return cls(*(column(name) for name in cls.__dataclass_fields__))

    @cached_property
    def curve(self) -> tuple[Floats, Floats]:
        """Steps and losses: the evaluations; where there are few, the training loss in 20 bins."""
        seen = np.isfinite(self.validation)
        if seen.sum() >= 5:
            return self.step[seen], self.validation[seen]
        good = np.isfinite(self.loss)
        bins = [b for b in np.array_split(np.flatnonzero(good), 20) if len(b)]
        return (np.array([self.step[b].mean() for b in bins]),
                np.array([self.loss[b].mean() for b in bins]))

    @property
    def validated(self) -> bool:
        return bool(np.isfinite(self.validation).sum() >= 5)

    @property
    def second_half(self) -> NDArray[np.bool_]:
        late: NDArray[np.bool_] = self.step > self.step[-1] / 2
        return late

    @cached_property
    def training(self) -> float:
        """The training loss at the end: the mean over the last twentieth of the steps."""
        good = self.loss[np.isfinite(self.loss)]
        return float(good[-max(10, len(good) // 20):].mean()) if len(good) else math.nan

    @cached_property
    def first(self) -> float:
        """The loss of the first step, before any change: about ln V."""
        good = self.loss[np.isfinite(self.loss)]
        return float(good[0]) if len(good) else math.nan

    @cached_property
    def fallen_late(self) -> float:
        """What the curve lost in the second half of the steps."""
        at, losses = self.curve
        return float(np.interp(at[-1] / 2, at, losses) - losses[-1])

    @cached_property
    def first_share(self) -> float:
        """Share of the whole fall in the first half of the learning rate's sum: ½ is a line."""
        at, losses = self.curve
        learnt = np.interp(at, self.step, np.cumsum(self.learning_rate))
        middle = np.interp(learnt[-1] / 2, learnt, losses)
        fall = losses[0] - losses[-1]
        return float((losses[0] - middle) / fall) if fall > 0 else math.nan

    @cached_property
    def jumps(self) -> float:
        """All rises of validation together, over its whole fall. Rises after the best count only
        where training has not gone on falling: else it is memorising. 0 without validation, for
        training loss rises and falls with its text."""
        if not self.validated:
            return 0.0
        _, losses = self.curve
        until = len(losses) if self.training > losses.min() else int(np.argmin(losses)) + 1
        rises = np.maximum(0, np.diff(losses[:until])).sum()
        return float(rises / max(losses[0] - losses.min(), 1e-9))

    @cached_property
    def swing(self) -> float:
        """Standard deviation of single steps' loss around its course, over the second half."""
        late = self.loss[self.second_half]
        late = late[np.isfinite(late)]
        return float(np.diff(late).std() / math.sqrt(2)) if len(late) > 10 else 0.0

    @cached_property
    def clipped(self) -> float:
        """Share of the second half's steps that were clipped."""
        late = self.second_half
        return float(np.mean(self.clipped_norm[late] < self.gradient_norm[late]))


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


# -- what is found -----------------------------------------------------------------------------
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


_TOO_FAST = {"rate_high", "rate_wild", "exploding"}


def diagnose(case: Case) -> list[Finding]:
    """The strongest first. One finding, `fine`, where nothing is wrong; none of a run too short."""
    if case.state == "diverged":
        return [_diverged(case)]
    if not len(case.course.step) or case.course.step[-1] < FEWEST_STEPS:
        return []
    found = list(_all(case))
    codes = {finding.code for finding in found}
    # one cause, one finding: what another finding explains is left out
    if codes & {*_TOO_FAST, "rate_low", "memorising", "apart"}:
        found = [f for f in found if f.code not in ("still_learning", "too_small")]
    if codes & _TOO_FAST:
        found = [f for f in found if f.code not in ("vanishing", "saturated", "rate_low")]
    ranks = ("clear", "likely", "possible")
    return sorted(found, key=lambda f: ranks.index(f.sure)) or [_fine(case)]


def _all(case: Case) -> Iterator[Finding]:
    """In the order of their weight."""
    for look in (_exploding, _rate_high, _memorising, _rate_low, _dead, _stuck, _saturated,
                 _vanishing, _too_small, _batch_small, _still_learning):
        finding = look(case)
        if finding is not None:
            yield finding


def _diverged(case: Case) -> Finding:
    """Which layer went first, from the last good weights."""
    config, course, health = case.config, case.course, case.health
    evidence, last = [], int(course.step[-1]) if len(course.step) else 0
    if health is not None and health.first_broken is not None:
        evidence.append(Evidence(f"broken_{health.broken_in}", {"part": health.first_broken}))
    if health is not None and health.grew_first is not None:
        part, step, factor = health.grew_first
        evidence.append(Evidence("grew_first", {"part": part, "step": step, "factor": factor}))
    norms = course.gradient_norm[np.isfinite(course.gradient_norm)]
    grew = len(norms) > 1 and norms[-1] > 10 * np.median(norms)
    if len(norms) >= 10:
        evidence.append(Evidence("last_norm", {
            "norm": float(norms[-1]), "median": float(np.median(norms))}))
    free = config.clip_norm == 0 and config.clip_value == 0
    sudden = free and grew and len(norms) > FEWEST_STEPS
    change = {"clip_norm": 1.0} if sudden else {"learning_rate": _lower(config.learning_rate, 10)}
    if last < FEWEST_STEPS and _large_start(config):
        change = {"gain": 1.0}
    at, losses = course.curve
    best = int(at[np.nanargmin(losses)]) if len(losses) else 0
    return Finding("diverged", "clear", {"step": last}, tuple(evidence), change,
                   best if sudden else 0)


def grew_first(rows: Sequence[StepMetrics], names: Sequence[str]) -> tuple[str, int, float] | None:
    """The part whose gradient was the first to leave its usual size: step, and times its median.

    Looks at the last 200 logged steps. None where none grew, or the run did not log its layers.
    """
    rows = [row for row in rows[-200:] if len(row.layer_norms) == len(names) > 0]
    if len(rows) < 4:
        return None
    norms = np.array([[math.nan if v is None else v for v in row.layer_norms] for row in rows])
    usual = np.nanmedian(norms[:max(3, len(norms) // 2)], axis=0)
    times = norms / np.maximum(usual, 1e-30)
    for row, grown in zip(rows, np.nan_to_num(times, nan=np.inf), strict=True):
        if grown.max() > GROWN:
            part = int(np.argmax(grown))
            return names[part], row.step, float(grown[part])
    return None


def _exploding(case: Case) -> Finding | None:
    course, config = case.course, case.config
    late = course.gradient_norm[course.second_half]
    if not config.clip_norm or course.clipped < CLIPPED \
            or np.nanmedian(late) < EXPLODES * config.clip_norm:
        return None
    change: dict[str, Any] = {"gain": 1.0} if _large_start(config) else {"cell": "lstm"} \
        if config.cell == "rnn" else {"learning_rate": _lower(config.learning_rate, 10)}
    return Finding("exploding", "clear", {"norm": float(np.nanmedian(late))},
                   (Evidence("clipped", {"share": course.clipped, "clip": config.clip_norm}),),
                   change, 0)


def _rate_high(case: Case) -> Finding | None:
    course, config = case.course, case.config
    fastest, worst = _fastest(case), float(np.max(course.curve[1]))
    if worst > WILD * course.first:
        return Finding("rate_wild", "clear", {"rate": config.learning_rate, "worst": worst,
                                              "first": course.first},
                       (_update(fastest),) if fastest else (),
                       {"learning_rate": _lower(config.learning_rate, 10)}, 0)
    if course.jumps < JUMPS:
        return None
    evidence = [Evidence("clipped", {"share": course.clipped, "clip": config.clip_norm})] \
        if course.clipped > CLIPPED else []
    evidence += [_update(fastest)] if fastest else []
    sure: Sure = "clear" if course.jumps > MANY_JUMPS or (
        fastest and fastest[1] > FAST_UPDATE) else "likely"
    by = 10 if course.jumps > MANY_JUMPS else 3
    return Finding("rate_high", sure, {"jumps": course.jumps, "rate": config.learning_rate},
                   tuple(evidence), {"learning_rate": _lower(config.learning_rate, by)}, 0)


def _rate_low(case: Case) -> Finding | None:
    course, config = case.course, case.config
    _, losses = course.curve
    simple = [y.live for y in case.yardsticks if y.name == "unigram"]
    above = bool(simple) and losses[-1] > simple[0]
    fastest = _fastest(case)
    straight = course.first_share <= STRAIGHT or losses[0] - losses[-1] < STILL_FALLING
    slow = fastest is not None and fastest[1] < SLOW_UPDATE
    if not straight or not (above or slow) or course.clipped > CLIPPED:
        return None
    evidence = [Evidence("above_unigram", {"loss": simple[0]})] if above else []
    evidence += [_update(fastest)] if fastest else []
    return Finding("rate_low", "clear" if slow and above else "likely",
                   {"share": course.first_share, "rate": config.learning_rate,
                    "first": float(losses[0]), "now": float(losses[-1])}, tuple(evidence),
                   {"learning_rate": min(100.0, _rounded(config.learning_rate * 10))}, 0)


def _memorising(case: Case) -> Finding | None:
    """Validation rises, or stands still far above training."""
    course, config = case.course, case.config
    at, losses = course.curve
    best, now = int(np.argmin(losses)), float(np.median(losses[-3:]))
    # a curve that still falls has its best among its last, and no rise
    gap, rise = now - course.training, now - losses[best] if best < len(losses) - 3 else 0.0
    if not course.validated or losses[best] >= course.first or gap <= GAP:
        return None
    values = {"now": now, "training": course.training}
    copying = case.health.copying if case.health else None
    evidence = () if copying is None else (_copies(copying),)
    if rise > RISE:
        copies = copying is not None and _is_copying(copying)
        return Finding("memorising", "clear" if copies or rise > 4 * RISE else "likely",
                       {**values, "best": float(losses[best]), "best_step": int(at[best])},
                       evidence, _against_memorising(config), int(at[best]))
    if gap > WIDE and course.fallen_late < STILL_FALLING:
        sure: Sure = "likely" if copying is None or _is_copying(copying) else "possible"
        return Finding("apart", sure, values, evidence, _against_memorising(config),
                       int(at[best]) // 2)
    return None


def _is_copying(copying: Copying) -> bool:
    return copying.held_out is not None and copying.written > COPIES * copying.held_out


def _copies(copying: Copying) -> Evidence:
    return Evidence("copies_alone" if copying.held_out is None else "copies", {
        "written": copying.written, "held_out": copying.held_out, "passage": copying.passage,
        "length": copying.length})


def _against_memorising(config: RunConfig) -> dict[str, Any]:
    if max(getattr(config, name) for name in DROPOUTS) >= MOST_DROPOUT:
        return {"weight_decay": min(1.0, max(0.1, 3 * config.weight_decay))}
    return {name: min(MOST_DROPOUT, round(getattr(config, name) + 0.2, 2))
            for name in ("input_dropout", "output_dropout")}


def _still_learning(case: Case) -> Finding | None:
    course, config = case.course, case.config
    losses = course.curve[1]
    now = float(losses[-1])
    if case.state not in ("finished", "stopped") or course.fallen_late < STILL_FALLING \
            or now > losses.min() + STILL_FALLING:
        return None
    ahead = _ngram_ahead(case, 1)
    evidence = (Evidence("ngram_ahead", {"order": ahead[0], "loss": ahead[1]}),) if ahead else ()
    change: dict[str, Any] = {}
    if config.max_steps:
        change["max_steps"] = min(10_000_000, 2 * config.max_steps)
    if config.max_seconds:
        change["max_seconds"] = min(86_400.0, 2 * config.max_seconds)
    return Finding("still_learning", "likely", {"before": now + course.fallen_late, "now": now},
                   evidence, change)


def _too_small(case: Case) -> Finding | None:
    """Flat, no better on its training text than on others, and an n-gram does better."""
    course, config = case.course, case.config
    ahead = _ngram_ahead(case, 1)
    now = float(course.curve[1][-1])
    if not course.validated or ahead is None or course.fallen_late >= STILL_FALLING \
            or now - course.training > GAP:
        return None
    largest = max(getattr(config, name) for name in DROPOUTS)
    change: dict[str, Any] = {"hidden": min(2048, 2 * config.hidden)}
    if config.tie_weights:
        change["embedding"] = change["hidden"]
    if largest >= 0.3:
        change = {name: round(getattr(config, name) / 2, 2) for name in DROPOUTS
                  if getattr(config, name)}
    return Finding("too_small", "likely", {"now": now, "training": course.training},
                   (Evidence("ngram_ahead", {"order": ahead[0], "loss": ahead[1]}),), change, 0)


def _batch_small(case: Case) -> Finding | None:
    course, config = case.course, case.config
    if course.swing < max(SWING, course.fallen_late):
        return None
    scale = case.health.noise_scale if case.health else None
    evidence = (Evidence("noise", {"scale": scale, "batch": config.batch}),) if scale else ()
    noisy = scale is not None and scale > NOISY * config.batch
    return Finding("batch_small", "likely" if noisy else "possible",
                   {"swing": course.swing, "fall": course.fallen_late, "batch": config.batch,
                    "tokens": config.batch * config.sequence_length}, evidence,
                   {"batch": min(1024, 4 * config.batch)}, 0)


# -- from the weights --------------------------------------------------------------------------
def _dead(case: Case) -> Finding | None:
    worst = max((a.dead for a in _activity(case)), default=0.0)
    if worst < DEAD:
        return None
    return Finding("dead", "clear", {"share": worst, "layer": _layer(case, "dead")},
                   (), {"learning_rate": _lower(case.config.learning_rate, 3)}, 0)


def _stuck(case: Case) -> Finding | None:
    found = [(share, gate, index + 1) for index, layer in enumerate(_activity(case))
             for gate, share in layer.stuck.items()]
    share, gate, layer = max(found, default=(0.0, "", 0))
    if share < STUCK:
        return None
    config = case.config
    change: dict[str, Any] = {"learning_rate": _lower(config.learning_rate, 3)}
    if gate == "f" and config.forget_bias != 1.0:
        change = {"forget_bias": 1.0}
    elif gate == "z" and config.update_bias != 0.0:
        change = {"update_bias": 0.0}
    return Finding("stuck", "likely", {"share": share, "gate": gate, "layer": layer}, (), change, 0)


def _saturated(case: Case) -> Finding | None:
    worst = max((a.saturated for a in _activity(case)), default=0.0)
    config = case.config
    if worst < SATURATED or config.cell != "rnn":
        return None  # h of a GRU or LSTM near ±1 is memory: their gradient has another way
    horizon = case.health.horizon if case.health else None
    evidence = (Evidence("horizon", {"horizon": horizon}),) if horizon is not None else ()
    change = {"gain": 1.0} if _large_start(config) else {
        "learning_rate": _lower(config.learning_rate, 3)}
    return Finding("saturated", "possible", {"share": worst, "layer": _layer(case, "saturated")},
                   evidence, change, 0)


def _vanishing(case: Case) -> Finding | None:
    """An n-gram that looks further back than the gradient reaches does better."""
    horizon, config = case.health.horizon if case.health else None, case.config
    ahead = None if horizon is None else _ngram_ahead(case, horizon + 1)
    if horizon is None or ahead is None or horizon * 2 > config.sequence_length:
        return None
    if config.cell == "rnn" and config.activation == "sigmoid":
        change: dict[str, Any] = {"activation": "tanh"}  # σ' ≤ ¼: ‖J‖ ≤ σ_max / 4
    elif config.cell == "rnn":
        change = {"cell": "lstm"}
    else:
        change = {"chrono_steps": config.sequence_length}
    return Finding("vanishing", "likely", {"horizon": horizon, "length": config.sequence_length},
                   (Evidence("ngram_further", {"order": ahead[0], "loss": ahead[1],
                                               "back": ahead[0] - 1}),), change, 0)


def _activity(case: Case) -> Sequence[Activity]:
    return case.health.activity if case.health else ()


def _layer(case: Case, name: str) -> int:
    """The layer (from 1) in which it is worst."""
    return int(np.argmax([getattr(a, name) for a in _activity(case)])) + 1


def _fastest(case: Case) -> tuple[str, float] | None:
    """The part whose weights change most a step, relatively, at the peak of the learning rate."""
    health = case.health
    if health is None or not health.layers or not health.of_peak:
        return None
    return max(((p.name, p.update / max(p.weights, 1e-30) / health.of_peak)
                for p in health.layers), key=lambda pair: pair[1])


def _update(fastest: tuple[str, float]) -> Evidence:
    return Evidence("update", {"part": fastest[0], "ratio": fastest[1], "usual": SLOW_UPDATE})


def _ngram_ahead(case: Case, back: int) -> tuple[int, float] | None:
    """Order and loss of the best n-gram that reads at least `back` characters and is ahead."""
    if not case.course.validated:
        return None
    now = float(case.course.curve[1][-1])
    better = [(y.live, int(y.name[2:])) for y in case.yardsticks if y.name.startswith("kn")
              and int(y.name[2:]) > back and y.live < now - NGRAM_AHEAD]
    return (min(better)[1], min(better)[0]) if better else None


def _fine(case: Case) -> Finding:
    """What was looked at and is as it should be."""
    course, health = case.course, case.health
    now = float(course.curve[1][-1])
    evidence = [Evidence("fine_curve", {"jumps": course.jumps, "late": course.fallen_late})]
    if course.validated:
        evidence.append(Evidence("fine_gap", {"now": now, "training": course.training}))
    if health is not None and (fastest := _fastest(case)) is not None:
        evidence.append(_update(fastest))
    if health is not None and health.copying is not None and health.copying.held_out is not None:
        evidence.append(Evidence("copies_fine", {
            "written": health.copying.written, "held_out": health.copying.held_out}))
    return Finding("fine", "likely", {}, tuple(evidence))


def _large_start(config: RunConfig) -> bool:
    """W_hh began larger than its norm-keeping size; PyTorch's own start knows no gain."""
    return config.initialisation != "pytorch" and config.gain > 1


def _lower(rate: float, by: float) -> float:
    return max(1e-6, _rounded(rate / by))


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")
