"""The switch of *dialogue2*: one unit that knows the quotation, and that the network uses.

A GRU-48 as PyTorch starts it often spreads the quotation over several units: each of them knows a
part, and holding one does little. With the chrono start for 60 characters, about the longest
quotation, update gates begin with many lengths of memory, and single units come to hold it. Often
several hold it, so AUC alone does not say which of them is read: on the first half of the text the
unit is picked, among those of AUC ≥ .98, whose hold moves most. All that is reported is of the
second half. Where holding one does little, holding all that know tells whether they share the
memory.

Source: chrono start: Tallec & Ollivier 2018 (arXiv 1804.11188).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.reproduced import Row, measured
from rnnlm_core.insight.decisions import Decision, decisions_of
from rnnlm_core.insight.interventions import Intervention, control_units, matched, spread_of
from rnnlm_core.insight.labels import labels_of
from rnnlm_core.insight.ranks import auc
from rnnlm_core.insight.scoring import Approaches, approaches, score, score_changed
from rnnlm_core.insight.strips import all_units
from rnnlm_core.lab import Run

LONGEST, STEPS = 60, 500
HALF = 12_000  # characters
KNOWS, KNOWS_SOME = 0.98, 0.75  # AUC


@dataclass(frozen=True)
class Switch:
    """Of one run, all on the half that the unit was not picked on; shares of the separators."""

    right: float
    auc: float
    untouched: float  # `_` outside, nothing held
    held: float  # `_` outside, the unit held at its mean inside (taken on the other half)
    inside: float  # `_` inside, the unit held at its mean outside
    lost: float  # right separators lost with a control unit held at its own mean, the worst of five
    moved: float  # `_` outside with a control unit moved as many deviations, the mean of five
    sharing: int  # units of AUC ≥ .75 on the half that they were picked on
    together: float  # `_` outside with all of those held at their means inside


def quotation_switch(seeds: tuple[int, ...], runs: Path) -> list[Row]:
    from benchmarks.reproduce_corpora import trained_on

    name, seconds = f"gru, chrono {LONGEST}", []
    with measured("dialogue2", seeds) as found:
        trained = []
        for seed in seeds:
            began = time.process_time()
            trained.append(trained_on("dialogue2", "gru", STEPS, seed, runs, chrono_steps=LONGEST))
            seconds.append(time.process_time() - began)
        each = [switch_of(run) for run in trained]
    return [
        found.at_most(f"{name}: CPU seconds of one training", "≤ 10", 10.0, seconds, STEPS),
        found.at_least(f"{name}: right separator (chance .5)", "1.0", 0.995,
                       [s.right for s in each], STEPS),
        found.at_least(f"{name}: AUC of the picked unit, letters of the other half", "≥ .98", KNOWS,
                       [s.auc for s in each], STEPS),
        found.at_most(f"{name}: `_` outside quotations, untouched", "< .05", 0.05,
                      [s.untouched for s in each], STEPS),
        found.at_least(f"{name}: `_` outside, the unit held at its mean inside for 3 characters",
                       "> .30", 0.3, [s.held for s in each], STEPS),
        found.shown(f"{name}: `_` still inside, the unit held at its mean outside", ".36",
                    [s.inside for s in each], STEPS),
        found.at_most(f"{name}: accuracy lost with a control unit held at its mean (worst of 5)",
                      "< .05", 0.05, [s.lost for s in each], STEPS),
        found.shown(f"{name}: `_` outside, a control unit moved as far as the unit (mean of 5)",
                    "–", [s.moved for s in each], STEPS),
        found.shown(f"{name}: units of AUC ≥ {KNOWS_SOME:g}, which share the memory", "–",
                    [s.sharing for s in each], STEPS),
        found.shown(f"{name}: `_` outside, all of those held at their means inside", "–",
                    [s.together for s in each], STEPS)]


def switch_of(run: Run) -> Switch:
    text = run.validation_text[:2 * HALF]
    units = all_units(run.model, np.asarray(run.tokenizer.encode(text), np.int64))  # (H, T)
    label = next(one for one in labels_of(text) if one.name == "inside_quotes")
    first = np.arange(len(text)) < HALF
    values, where = label.values > 0.5, label.where
    on, off = (units[:, first & where & side].mean(1) for side in (values, ~values))
    decisions = decisions_of("dialogue2", text)
    pick, test = (_near(run, text, [d for d in decisions if (d.at < HALF) == early])
                  for early in (True, False))

    def scores(part: NDArray[np.bool_]) -> NDArray[np.floating]:
        found = auc(units[:, part & where], values[part & where])
        return np.maximum(found, 1 - found)  # whichever way round

    unit = picked(run, scores(first), on, pick)
    inside = Intervention((unit,), "clamp", float(on[unit]))
    spread = spread_of(units[:, first].T)
    controls = control_units(spread.sd, inside.units)
    some = tuple(int(u) for u in np.flatnonzero(scores(first) >= KNOWS_SOME))
    shared = Intervention(some or (unit,), "clamp", tuple(float(on[u]) for u in some or (unit,)))
    changes = [None, inside, replace(inside, value=float(off[unit])), shared,
               *[Intervention(one, "clamp", float(spread.mean[one[0]])) for one in controls],
               *[matched(inside, one, spread) for one in controls]]
    plain, held, away, together, *others = score_changed(run.model, run.tokenizer, test, changes)
    still, moved = others[:len(controls)], others[len(controls):]
    return Switch(
        score(run.model, run.tokenizer, run.validation_text, decisions)["all"].share,
        float(scores(~first)[unit]), 1 - plain["outside"].share, 1 - held["outside"].share,
        away["inside"].share, plain["all"].share - min(one["all"].share for one in still),
        float(np.mean([1 - one["outside"].share for one in moved])), len(shared.units),
        1 - together["outside"].share)


def picked(run: Run, scores: NDArray[np.floating], on: NDArray[np.floating], near: Approaches
           ) -> int:
    """Among the units that know, the one whose hold turns most separators outside into `_`."""
    best = int(scores.argmax())
    know = [int(u) for u in np.flatnonzero(scores >= KNOWS)] or [best]
    found = score_changed(run.model, run.tokenizer, near,
                          [Intervention((u,), "clamp", float(on[u])) for u in know])
    return min(zip(know, found, strict=True), key=lambda pair: pair[1]["outside"].share)[0]


def _near(run: Run, text: str, decisions: list[Decision]) -> Approaches:
    return approaches(run.model, run.tokenizer, text, decisions)
