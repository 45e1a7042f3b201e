"""The answer to "Which setting makes the difference?": no more than the runs show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnnlm_core.comparison import Axis, Lane, Verdict, verdict
from rnnlm_ui import runs
from rnnlm_ui.compare_runs import Row, comparable
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.page import plain

_BUDGET_APART = 1.15  # two runs that differ by more were not trained alike


def bits(nats: float) -> str:
    return f"{nats / math.log(2):.2f}"


def finding(found: Sequence[Lane], names: Sequence[str], chosen: Sequence[Row], axis: Axis) -> str:
    """Which setting is ahead, by how much, at what price, and whether that may be luck."""
    if not found:
        return t("compare.nothing")
    best = _loss(found[0])
    if len({row.facts.text for row in chosen}) > 1:
        shipped = all(runs.is_shipped(row.folder) for row in chosen)
        return joined([t("compare.other_texts", name=plain(names[0]), **best),
                        t("compare.shipped") if shipped else ""])
    if len(found) == 1:
        return _alone(found[0], plain(names[0]))
    said = verdict(found, axis, comparable(chosen))
    assert said is not None
    one, other = plain(names[0]), plain(names[1])
    running = any(runs.is_active(row.status.state) for row in chosen)
    its = _loss(said.other)
    if best["bits"] == its["bits"]:
        text = t("compare.level", one=one, other=other, **best)
    else:
        text = t("compare.ahead_so_far" if running else "compare.ahead", one=one, other=other,
                 its=its["bits"], **best)
    return joined([text, _price(said, other, axis), luck(said)])


def _loss(lane: Lane) -> dict[str, str]:
    return {"bits": bits(lane.loss), "nats": f"{lane.loss:.2f}"}


def _alone(lane: Lane, name: str) -> str:
    if lane.seeds > 1:
        return t("compare.alone_seeds", name=name, n=lane.seeds, low=bits(min(lane.losses)),
                 high=bits(max(lane.losses)))
    return t("compare.alone", name=name, **_loss(lane))


def _price(said: Verdict, other: str, axis: Axis) -> str:
    """What the second needed for a loss that both have, beside the first."""
    if said.ratio is None:
        return ""
    if 0.95 < said.ratio < 1.05:
        return t("compare.same_price", what=t(f"compare.what.{axis}"), at=bits(said.at))
    key = "compare.price" if said.ratio > 1 else "compare.price_less"
    return t(key, other=other, ratio=f"{said.ratio:.2g}", what=t(f"compare.what.{axis}"),
             at=bits(said.at))


def luck(said: Verdict) -> str:
    """Whether the difference may be one of seeds."""
    seeds = said.best.seeds, said.other.seeds
    if said.apart is None:
        return t("compare.one_seed") if seeds == (1, 1) else \
            t("compare.few_seeds", one=seeds[0], other=seeds[1])
    ranges = {name: f"{bits(min(lane.losses))}–{bits(max(lane.losses))}"
              for name, lane in (("one", said.best), ("other", said.other))}
    ranges["seeds"] = t("compare.seeds_each", n=seeds[0]) if seeds[0] == seeds[1] else \
        t("compare.seeds_both", one=seeds[0], other=seeds[1])
    return t("compare.apart", chance=f"{said.chance:.2g}", **ranges) if said.apart else \
        t("compare.overlap", **ranges)


def notes(chosen: Sequence[Row]) -> list[str]:
    """What a reader must know before comparing these, each in a sentence."""
    said, texts = [], {row.facts.text for row in chosen}
    if len(texts) == 1 and not comparable(chosen):
        said.append(t("compare.note_sample"))
    if len({(row.facts.config.tokenizer, row.facts.config.marks) for row in chosen}) > 1:
        said.append(t("compare.note_tokens"))
    if any(row.facts.unknown for row in chosen):
        said.append(t("compare.note_unknown"))
    if any(row.facts.characters is None for row in chosen):
        said.append(t("compare.note_text_gone"))
    ends = [[row.status.step for row in chosen], [_seconds(row) for row in chosen]]
    finished = all(row.status.state == "finished" for row in chosen)
    if finished and len(texts) == 1 and all(
            max(values) > _BUDGET_APART * min(values) for values in ends):
        said.append(t("compare.note_budget"))
    return said


def _seconds(row: Row) -> float:
    """Of training: those it was given, where it came to the end of the steps planned for them."""
    config, status = row.facts.config, row.status
    early = config.max_steps or status.ended_by in ("target", "patience")
    return status.seconds if early else config.max_seconds
