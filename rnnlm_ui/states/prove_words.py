"""What an experiment showed, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnlm_core.figures.generate import percent
from rnnlm_core.figures.states import visible
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.findings import signed
from rnnlm_ui.states.prove_trial import Bench, Trial

if TYPE_CHECKING:
    from rnnlm_core.insight.effects import Effect
    from rnnlm_core.insight.interventions import Intervention
    from rnnlm_core.insight.scoring import Score

_NAMED = 4  # units that a sentence names
_BEFORE = 12  # characters before a place that are named
_SPOKEN = {" ": "space", "\n": "newline", "\t": "tab"}


def deed(made: Bench, change: Intervention) -> str:
    """`Holding unit 14 at its mean for “inside quotes” (+0.99)`"""
    units, finding = units_text(made, change.units), made.finding
    if change.kind == "clamp":
        value = float(np.asarray(change.value).flat[0])
        if finding is not None and finding.kind == "binary" and change.units == (finding.unit,):
            for side, mean in (("on", finding.mean_on), ("off", finding.mean_off)):
                if value == mean:
                    return t(f"states_prove.deed.clamp_{side}", units=units, value=signed(value),
                             label=t(f"states.label.{finding.label}"))
        return t("states_prove.deed.clamp", units=units, value=signed(value))
    if change.kind == "scale":
        factor = f"{change.value:g}".replace("-", "−")
        return t("states_prove.deed.scale", units=units, value=factor)
    return t(f"states_prove.deed.{change.kind}", units=units)


def units_text(made: Bench, units: Sequence[int]) -> str:
    names = [made.name(unit) for unit in units[:_NAMED]]
    if len(units) > _NAMED:
        return t("states_prove.units_more", names=t("states_prove.comma").join(names),
                 n=len(units) - _NAMED)
    key = "unit_name" if len(names) == 1 else "unit_names"
    return t(f"states_prove.{key}", names=t("states_prove.comma").join(names))


def controls_text(made: Bench, controls: Sequence[Intervention]) -> str:
    """`units 27, 6, 43`; draws of several units with a plus in between."""
    names = [" + ".join(made.name(unit) for unit in one.units) for one in controls]
    key = "unit_name" if len(names) == 1 else "unit_names"
    return t(f"states_prove.{key}", names=t("states_prove.comma").join(names)) if names else ""


def piece_text(piece: str) -> str:
    """A token in a sentence: what would not be seen is named."""
    if piece in _SPOKEN:
        return t(f"states_prove.sign.{_SPOKEN[piece]}")
    return f"“{plain(visible(piece))}”"


def found(made: Bench, tried: Trial, effect: Effect) -> str:
    """What the change did at this place, beside what it does to control units."""
    pieces = made.look.run.tokenizer.pieces
    verdict, told = effect.verdict, deed(made, tried.change)
    token = effect.token
    rises = effect.after[token] > effect.before[token]
    how = ("up" if rises else "down") if verdict == "moves" else verdict
    sentence = t(f"states_prove.found.{how}", deed=told, token=piece_text(pieces[token]),
                 was=piece_text(pieces[int(effect.before.argmax())]), after=context(made, tried),
                 numbers=numbers(effect.before[token], effect.after[token],
                                 [p[token] for p in effect.controls]))
    return joined([sentence, t("states_prove.null") if verdict == "nothing" else
                   t("states_prove.no_more") if verdict == "no_more" else ""])


def context(made: Bench, tried: Trial) -> str:
    """The characters before the place."""
    before = "".join(made.reading.pieces[:tried.place])
    return plain(("…" if len(before) > _BEFORE else "") + visible(before[-_BEFORE:]))


def share_text(share: float) -> str:
    """`0 %` where it is exactly none: of so many places, or after a cut."""
    return percent(share) if share else "0 %"


def numbers(before: float, after: float, controls: Sequence[float]) -> str:
    """`0 % → 77 % (5 control units: 0 % → 1 %)`"""
    own = t("states_prove.goes", before=share_text(before), after=share_text(after))
    if not controls:
        return t("states_prove.no_controls", own=own)
    its = t("states_prove.goes", before=share_text(before),
            after=share_text(float(np.mean(controls))))
    return t("states_prove.beside", own=own, n=len(controls), its=its)


def over_text(scores: list[dict[str, Score]]) -> str:
    """The group of decisions that the change has moved most, over the held-out text."""
    from rnnlm_core.insight.scoring import CHANGED_STEPS

    untouched, changed, *controls = scores
    group = max(untouched, key=lambda name: abs(changed[name].share - untouched[name].share))
    return t("states_prove.over_text", steps=CHANGED_STEPS, group=group_name(group),
             n=untouched[group].cases, numbers=numbers(untouched[group].share, changed[group].share,
                             [one[group].share for one in controls]))


def group_name(group: str) -> str:
    """Groups that are counted (`depth_2`) by their number."""
    name, _, number = group.rpartition("_")
    if number.isdigit():
        return t(f"states_prove.group_n.{name}", n=number)
    return t(f"states_prove.group.{group}")


def bits(value: float) -> str:
    return t("states_prove.bits", value=f"{value:.2f}")
