"""What the curves alone tell; the weights, where they were measured, make it surer."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnlm_core.config import DROPOUTS, RunConfig
from rnnlm_core.insight.diagnosis.case import Case, Copying
from rnnlm_core.insight.diagnosis.finding import (
    SLOW_UPDATE,
    Evidence,
    Finding,
    Sure,
    at_the_best,
    fastest_part,
    large_start,
    lower,
    ngram_ahead,
    rounded,
    update_of,
)

RISE, GAP = 0.05, 0.1  # nats: of validation above its best; between validation and training
WIDE = 0.3  # nats between them, where validation stands still: 0.65 and more; healthy up to 0.05
COPIES = 1.5  # times as long as held-out text's: 26.6 against 35.8 on text that repeats itself
STRAIGHT = 0.6  # share of the fall in the first half of all learning: 0.31–0.50; healthy 0.73–0.99
JUMPS = 0.1  # of validation, against its whole fall: 0.15–5 and more; healthy up to 0.02
MANY_JUMPS = 0.3
WILD = 1.5  # times the first loss: 1.6 and far more; healthy 1.0
FAST_UPDATE = 0.03  # 0.05–0.18; healthy up to 0.02
STILL_FALLING = 0.03  # nats in the second half of the steps: 0.06–0.2; 0.01 once all is learnt
SWING = 0.2  # nats, of single steps: 0.32–0.46 at 8–32 characters a step, 0.06–0.13 at 512
NOISY = 10  # noise scale over batch; at 1, half of each step is noise (McCandlish et al. 2018)
CLIPPED = 0.9  # of the second half's steps
EXPLODES = 100.0  # times the clip norm: 4e4; healthy below 1
MOST_DROPOUT = 0.5


def exploding(case: Case) -> Finding | None:
    course, config = case.course, case.config
    late = course.gradient_norm[course.second_half]
    if not config.clip_norm or course.clipped < CLIPPED \
            or np.nanmedian(late) < EXPLODES * config.clip_norm:
        return None
    change: dict[str, Any] = {"gain": 1.0} if large_start(config) else {"cell": "lstm"} \
        if config.cell == "rnn" else {"learning_rate": lower(config.learning_rate, 10)}
    return Finding("exploding", "clear", {"norm": float(np.nanmedian(late))},
                   (Evidence("clipped", {"share": course.clipped, "clip": config.clip_norm}),),
                   change, 0)


def rate_high(case: Case) -> Finding | None:
    course, config = case.course, case.config
    fastest, worst = fastest_part(case), float(np.max(course.curve[1]))
    if worst > WILD * course.first:
        return Finding("rate_wild", "clear", {"rate": config.learning_rate, "worst": worst,
                                              "first": course.first},
                       (update_of(fastest),) if fastest else (),
                       {"learning_rate": lower(config.learning_rate, 10)}, 0)
    if course.jumps < JUMPS:
        return None
    evidence = [Evidence("clipped", {"share": course.clipped, "clip": config.clip_norm})] \
        if course.clipped > CLIPPED else []
    evidence += [update_of(fastest)] if fastest else []
    sure: Sure = "clear" if course.jumps > MANY_JUMPS or (
        fastest and fastest[1] > FAST_UPDATE) else "likely"
    by = 10 if course.jumps > MANY_JUMPS else 3
    return Finding("rate_high", sure, {"jumps": course.jumps, "rate": config.learning_rate},
                   tuple(evidence), {"learning_rate": lower(config.learning_rate, by)}, 0)


def rate_low(case: Case) -> Finding | None:
    course, config = case.course, case.config
    _, losses = course.curve
    simple = [y.live for y in case.yardsticks if y.name == "unigram"]
    above = bool(simple) and losses[-1] > simple[0]
    fastest = fastest_part(case)
    straight = course.first_share <= STRAIGHT or losses[0] - losses[-1] < STILL_FALLING
    slow = fastest is not None and fastest[1] < SLOW_UPDATE
    if not straight or not (above or slow) or course.clipped > CLIPPED or at_the_best(case):
        return None
    evidence = [Evidence("above_unigram", {"loss": simple[0]})] if above else []
    evidence += [update_of(fastest)] if fastest else []
    return Finding("rate_low", "clear" if slow and above else "likely",
                   {"share": course.first_share, "rate": config.learning_rate,
                    "first": float(losses[0]), "now": float(losses[-1])}, tuple(evidence),
                   {"learning_rate": min(100.0, rounded(config.learning_rate * 10))}, 0)


def memorising(case: Case) -> Finding | None:
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


def still_learning(case: Case) -> Finding | None:
    course, config = case.course, case.config
    losses = course.curve[1]
    now = float(losses[-1])
    if case.state not in ("finished", "stopped") or course.fallen_late < STILL_FALLING \
            or now > losses.min() + STILL_FALLING:
        return None
    ahead = ngram_ahead(case, 1)
    evidence = (Evidence("ngram_ahead", {"order": ahead[0], "loss": ahead[1]}),) if ahead else ()
    change: dict[str, Any] = {}
    if config.max_steps:
        change["max_steps"] = min(10_000_000, 2 * config.max_steps)
    if config.max_seconds:
        change["max_seconds"] = min(86_400.0, 2 * config.max_seconds)
    return Finding("still_learning", "likely", {"before": now + course.fallen_late, "now": now},
                   evidence, change)


def too_small(case: Case) -> Finding | None:
    """Flat, no better on its training text than on others, and an n-gram does better."""
    course, config = case.course, case.config
    ahead = ngram_ahead(case, 1)
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


def batch_small(case: Case) -> Finding | None:
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
