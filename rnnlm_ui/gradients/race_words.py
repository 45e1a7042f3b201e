"""What a race shows, in words: who reaches how far, who learnt what, and how each racer stands."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnnlm_core.config import Cell, RunConfig
from rnnlm_core.errors import Problem
from rnnlm_core.insight.race import Reach, Standing, Verdict, of_one_kind, verdict
from rnnlm_core.records import Status
from rnnlm_core.sweep import CELLS
from rnnlm_ui.compare_runs import Row
from rnnlm_ui.i18n import error_text, joined, number, percent, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import words_of

_COLOURS = {"rnn": "orange", "gru": "green", "lstm": "blue"}  # the theme's, of the same hues


def finding(standings: Sequence[Standing], config: RunConfig) -> str:
    """One sentence each: the reach, what was learnt, whether the two go together, the seed."""
    if not standings:
        return t("gradients_race.nothing_yet")
    ranked, words = of_one_kind(standings), words_of(config)
    broken = [s for s in standings if s.broken]
    if not ranked:
        return _broken(broken)
    said = verdict(ranked)
    return joined([_reach(ranked, said, words), _unlike(standings, ranked),
                   _learnt(ranked, said, words), _together(said, len(ranked)), _broken(broken),
                   t("gradients_race.one_seed") if len(ranked) > 1 else ""])


def _unlike(standings: Sequence[Standing], ranked: Sequence[Standing]) -> str:
    """From which steps the reach of each is, where not all are from the same."""
    untrained = [s.cell for s in standings if s not in ranked and not s.broken]
    said = t("gradients_race.still_untrained", cells=_cells(untrained)) if untrained else ""
    if len({s.step for s in ranked}) > 1:
        each = t("gradients_race.comma").join(
            f"{s.cell.upper()} {number(s.step)}" for s in ranked)
        said = joined([t("gradients_race.of_steps", each=each), said])
    return said


def _broken(broken: Sequence[Standing]) -> str:
    if not broken:
        return ""
    bits = [(s.cell.upper(), _bits(s.loss)) for s in broken]
    return t("gradients_race.broken", even=_bits(broken[0].even), n=len(broken),
             each=t("gradients_race.comma").join(f"{cell} {loss}" for cell, loss in bits))


def _bits(nats: float | None) -> str:
    """Of a loss that may be no number any more."""
    if nats is None or not math.isfinite(nats):
        return "∞"
    return f"{nats / math.log(2):.2f}"


def spread_text(reach: Reach) -> str:
    """`36 to 63`, or "" where other windows give the same."""
    if reach.spread is None or reach.spread[0] == reach.spread[1]:
        return ""
    low, high = reach.spread
    last = t("gradients.beyond", n=reach.lags) if reach.beyond else str(high)
    return t("gradients_race.spread", low=low, high=last)


def reach_text(reach: Reach) -> str:
    return t("gradients.beyond", n=reach.lags) if reach.beyond else str(reach.lags)


def _reach(standings: Sequence[Standing], said: Verdict, words: dict[str, str]) -> str:
    """`now ← untrained` of each, the farthest first."""
    order = sorted(standings, key=lambda s: (s.reach.beyond, s.reach.lags), reverse=True)
    each = t("gradients_race.comma").join(_each_reach(s) for s in order)
    if len(said.farthest) == len(standings) > 1:
        return t("gradients_race.reach_alike", each=each, **words)
    return t("gradients_race.reach", cells=_cells(said.farthest), each=each, **words)


def _each_reach(standing: Standing) -> str:
    cell, now = standing.cell.upper(), reach_text(standing.reach)
    notes = [spread_text(standing.reach), "" if standing.before is None else
             t("gradients_race.before_training", before=reach_text(standing.before))]
    noted = t("gradients_race.semicolon").join(filter(None, notes))
    return t("gradients_race.each_reach_noted", cell=cell, now=now, notes=noted) if noted else \
        t("gradients_race.each_reach", cell=cell, now=now)


def _learnt(standings: Sequence[Standing], said: Verdict, words: dict[str, str]) -> str:
    if said.by_answers:
        answers = [(s.cell, s.right) for s in standings if s.right is not None]
        each = t("gradients_race.comma").join(
            f"{cell.upper()} {percent(found.whole)}"
            for cell, found in sorted(answers, key=lambda pair: -pair[1].whole))
        first = answers[0][1]
        where = t("gradients_race.where_at", n=first.distance, **words) \
            if first.distance is not None else t("gradients_race.where_known", **words)
        key = "nobody" if said.nobody else "right"
        return t(f"gradients_race.{key}", where=where, each=each, chance=percent(first.chance))
    losses = [(s.cell, s.loss / math.log(2)) for s in standings if s.loss is not None]
    if not losses:
        return ""
    each = t("gradients_race.comma").join(
        f"{cell.upper()} {bits:.2f}" for cell, bits in sorted(losses, key=lambda pair: pair[1]))
    return t("gradients_race.losses", each=each)


def _together(said: Verdict, racers: int) -> str:
    """Whether who reaches far is who learnt; where several are ahead, who learnt most."""
    if not 0 < len(said.learnt) < racers:
        return ""
    if len(said.learnt) > 1 or len(said.farthest) > 1:
        return t("gradients_race.learnt_most", learnt=_cells(said.learnt))
    key = "together" if said.agree else "not_together"
    return t(f"gradients_race.{key}", far=_cells(said.farthest), learnt=_cells(said.learnt))


def _cells(cells: Sequence[Cell]) -> str:
    return t("gradients_race.and").join(cell.upper() for cell in cells)


# -- how each stands -------------------------------------------------------------------------------
def standing_line(row: Row, status: Status) -> str:
    """`**RNN** step 1,204: training`, in the cell's colour, with what went wrong."""
    cell = row.facts.config.cell
    state = t("gradients_race.waits" if status.state == "queued" else
              f"compare.state.{status.state}")
    if status.state in ("diverged", "failed") and status.error is not None:
        state += t("gradients_race.colon") + plain(
            error_text(Problem(status.error["code"], status.error["values"])))
    return t("gradients_race.standing", colour=_COLOURS.get(cell, "gray"), cell=cell.upper(),
             step=number(status.step), state=state)


def notes(racers: Sequence[Row], members: Sequence[Row]) -> list[str]:
    """What a reader must know of this race, each in a sentence."""
    said = []
    gone = [cell.upper() for cell in CELLS if cell not in {r.facts.config.cell for r in racers}]
    if gone:
        said.append(t("gradients_race.gone", cells=t("gradients_race.and").join(gone),
                      n=len(racers)))
    seeds = {row.facts.config.seed for row in members}
    if len(seeds) > 1:
        said.append(t("gradients_race.seeds", n=len(seeds), seed=min(seeds)))
    if len({row.facts.config.hidden for row in racers}) > 1:
        said.append(t("gradients_race.same_size", sizes=t("gradients_race.comma").join(
            f"{r.facts.config.cell.upper()} {r.facts.config.hidden}" for r in racers)))
    return said

