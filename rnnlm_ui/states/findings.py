"""What the search for units found, judged and put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnlm_core.config import RunConfig
from rnnlm_ui import i18n
from rnnlm_ui.i18n import number, t
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.units import UnitFinding

ECHO = 0.1  # |correlation within the same character| below this: only the character's echo


@dataclass(frozen=True)
class Choice:
    """The unit that is looked at. `layer` 0 is the lowest."""

    part: str
    layer: int
    unit: int


def is_echo(finding: UnitFinding) -> bool:
    """Once each character's own mean is taken off, nothing is left of it."""
    return abs(finding.within_character) < ECHO


def is_memory(finding: UnitFinding) -> bool:
    return finding.trusted and not is_echo(finding)


def by_training(findings: Sequence[UnitFinding]) -> list[UnitFinding]:
    """Memories first, echoes last; the further above chance and the untrained network the earlier.

    AUC and rank correlation have no common scale, but both say how much training has added.
    """
    def gain(finding: UnitFinding) -> float:
        bar = max(finding.control, finding.chance)
        return finding.strength - (2 * bar - 1 if finding.kind == "binary" else bar)

    return sorted(findings, key=lambda f: (not is_memory(f), is_echo(f), -gain(f)))


def unit_name(part: str, layer: int, unit: int, config: RunConfig) -> str:
    """`42`; `c42` where there is more than h; with the layer where there are several."""
    name = f"{part}{unit}" if part != "h" or config.cell == "lstm" else str(unit)
    return name if config.layers == 1 else t("states.in_layer", name=name, layer=layer + 1)


def score_text(finding: UnitFinding, value: float) -> str:
    return t(f"states.score.{finding.kind}", value=f"{value:.2f}")


def finding_of(findings: Sequence[UnitFinding], choice: Choice, label: str = ""
               ) -> UnitFinding | None:
    """What was found on the chosen unit; of several, the label that was picked from the list."""
    own = [f for f in findings if choice == Choice(f.part, f.layer, f.unit)]
    return next((f for f in own if f.label == label), own[0] if own else None)


def answer(findings: Sequence[UnitFinding], choice: Choice, label: str, config: RunConfig) -> str:
    """What the chosen unit was found to tell; else that nothing was, and the best one beside it.

    Gates are not searched. What no unit tells is said plainly.
    """
    memories = [f for f in findings if is_memory(f)]
    if memories:
        own = finding_of(memories, choice, label)
        finding = own or memories[0]
        key = "answer" if own is not None else (
            "answer_other" if choice.part in ("h", "c") else "answer_gate")
        return t(f"states.{key}", name=_name(finding, config),
                 chosen=unit_name(choice.part, choice.layer, choice.unit, config),
                 claim=t(f"states.claim.{finding.label}"), **_numbers(finding))
    if findings:
        best = findings[0]
        return t("states.answer_none", name=_name(best, config),
                 label=t(f"states.label.{best.label}"), reason=doubt(best), **_numbers(best))
    return t("states.answer_nothing")


def answer_then(finding: UnitFinding, then: float, step: int, newest: int, config: RunConfig
                ) -> str:
    """How far the unit had come at an earlier moment, where it came to, and what luck gives."""
    return t("time.unit_then", name=_name(finding, config), step=number(step),
             claim=t(f"states.claim.{finding.label}"), then=score_text(finding, then),
             newest=number(newest), **_numbers(finding))


def doubt(finding: UnitFinding) -> str:
    """Why a finding counts for nothing."""
    if not finding.elsewhere:
        return t("states.doubt.elsewhere")
    if finding.few_spans:
        return t("states.doubt.spans", n=finding.spans)
    if finding.score <= finding.chance:
        return t("states.doubt.chance")
    if finding.score <= finding.control:
        return t("states.doubt.control")
    return t("states.doubt.echo")


def _name(finding: UnitFinding, config: RunConfig) -> str:
    return unit_name(finding.part, finding.layer, finding.unit, config)


def _numbers(finding: UnitFinding) -> dict[str, str]:
    return {"score": score_text(finding, finding.score), "control": f"{finding.control:.2f}",
            "chance": f"{finding.chance:.2f}"}


def entry(finding: UnitFinding, config: RunConfig) -> str:
    return t("states.entry", name=_name(finding, config),
             label=t(f"states.label.{finding.label}"), score=score_text(finding, finding.score))


def detail(finding: UnitFinding, config: RunConfig) -> str:
    """The guards of one finding: its echo, its stretches, its values."""
    return t(f"states.detail.{finding.kind}", name=_name(finding, config),
             within=signed(finding.within_character), spans=number(finding.spans),
             **words_of(config), on=signed(finding.mean_on), off=signed(finding.mean_off))


def tried(findings: Sequence[UnitFinding], config: RunConfig) -> dict[str, str]:
    """How large the search was: units, and labels that the text has enough cases of."""
    units = config.hidden * config.layers * (2 if config.cell == "lstm" else 1)
    return {"units": number(units), "labels": number(findings[0].tried / units)}


def signed(value: float) -> str:
    """`+0.53`, `−0.53`, `0`."""
    if not np.isfinite(value):
        return str(value)
    text = f"{value:+.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text.replace("-", "−")


def percent(share: float | None) -> str:
    """`48 %`; `–` where it cannot be said."""
    return "–" if share is None or not np.isfinite(share) else i18n.percent(share)
