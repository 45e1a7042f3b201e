"""What the tool says: its answers, and each rule in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnlm_core.errors import Problem
from rnnlm_core.figures.generate import MARKS
from rnnlm_core.figures.states import visible
from rnnlm_ui.generate.cuts_dials import rule_name
from rnnlm_ui.i18n import joined, number, percent, t
from rnnlm_ui.page import plain
from rnnlm_ui.states.prove_words import share_text
from rnnlm_ui.tokens import listed

if TYPE_CHECKING:
    from rnnlm_core.generate import SamplingSettings
    from rnnlm_core.insight.cuts import Stage
    from rnnlm_core.insight.decoding import Beamed, Measured

_FAR = 1.5  # so many times the human text's repetitions, and
_LEARNT = 0.95  # of the bits of a guess by frequencies alone; above it, hardly more is learnt
_MORE = 0.05  # so much of all 8-grams beyond them, is called more repetitive


def unknown_problem(pieces: Sequence[str]) -> Problem:
    return Problem("prompt.unknown_characters", {"characters": listed(pieces)})


def flat(text: str) -> str:
    """With line breaks as signs: texts below each other are compared at one glance."""
    return text.replace("\n", MARKS["\n"])


# -- one place ----------------------------------------------------------------------------------
def place_answer(found: Sequence[Stage], settings: SamplingSettings, choice: Any) -> str:
    """How many are left to draw from, how sure that is, and what became of the one that stands."""
    first, last = found[0], found[-1]
    how = "nothing" if len(found) == 1 else "left_one" if last.kept == 1 else "left"
    values = {"kept": number(last.kept), "all": number(first.kept), "bits": f"{last.entropy:.2f}",
              "model": f"{first.entropy:.2f}"}
    told = t(f"generate_cuts.{how}", **values)
    return joined([told, _of_here(found, settings, choice)])


def _of_here(found: Sequence[Stage], settings: SamplingSettings, choice: Any) -> str:
    if choice.here is None or len(found) == 1:
        return ""
    values = {"piece": plain(visible(choice.pieces[choice.here])),
              "before": share_text(float(found[0].p[choice.here])),
              "after": share_text(float(found[-1].p[choice.here]))}
    for stage in found:
        if stage.cut[choice.here]:
            return t("generate_cuts.here_cut", rule=rule_name(stage.rule, settings), **values)
    stays = values["before"] == values["after"]  # as far as it is told
    return t("generate_cuts.here_stays" if stays else "generate_cuts.here", **values)


def rule_by_rule(found: Sequence[Stage], settings: SamplingSettings, choice: Any) -> str:
    """A numbered list in the order in which the rules act."""
    lines = [f"{index}. **{rule_name(stage.rule, settings)}** "
             f"{_rule(stage, found[index - 1], found, settings, choice)}"
             for index, stage in enumerate(found) if index]
    return "\n".join(lines)


def _rule(stage: Stage, last: Stage, found: Sequence[Stage], settings: SamplingSettings,
          choice: Any) -> str:
    values = {"before": number(last.kept), "after": number(stage.kept),
              "bits": f"{stage.entropy:.2f}", "last_bits": f"{last.entropy:.2f}",
              "cut": number(int(stage.cut.sum()))}
    if stage.rule == "repetition_penalty":
        recent = len(set(choice.before[-settings.repetition_window:]))
        return t("generate_cuts.did.repetition_penalty", n=number(recent),
                 window=settings.repetition_window, **values)
    if stage.rule == "temperature":
        kind = "greedy" if settings.temperature == 0 else \
            "colder" if settings.temperature < 1 else "hotter"
        return t(f"generate_cuts.did.{kind}", **values)
    if stage.rule == "top_k":
        return t("generate_cuts.did.top_k", **values)
    if stage.rule == "top_p":
        assert stage.reached is not None
        return t("generate_cuts.did.top_p", without=f"{stage.reached[0]:.3f}", p=settings.top_p,
                 reached=f"{stage.reached[1]:.3f}", **values)
    assert stage.threshold is not None
    told = t("generate_cuts.did.min_p", threshold=f"{stage.threshold:.4f}", m=settings.min_p,
             top=f"{float(last.p.max()):.4f}", **values)
    if settings.temperature == 1:
        return told
    by_model = found[0].p  # what the same rule would keep if it came before everything
    early = int((by_model >= settings.min_p * float(by_model.max())).sum())
    return joined([told, t("generate_cuts.did.min_p_early", early=number(early))])


# -- whole texts --------------------------------------------------------------------------------
def more_repetitive(repeated: float, human: float) -> bool:
    """Clearly more than real text repeats itself on the same passages."""
    return repeated > _FAR * human and repeated > human + _MORE


def learnt_nothing(human: Measured | None, blind: float, names: dict[str, str]) -> str:
    """That no setting can be recommended, where the network is hardly less surprised by real text
    than one that knows only how frequent each token is (`blind` bits a character); else ""."""
    if human is None or human.surprise < _LEARNT * blind:
        return ""
    return t("generate_cuts.texts_nothing", bits=f"{human.surprise:.2f}", blind=f"{blind:.2f}",
             **names)


def texts_answer(names: Sequence[str], numbers: Sequence[Measured], human: Measured | None) -> str:
    """Which setting repeats itself most nearly as real text does, and which is farthest from it."""
    level = 0.0 if human is None else human.repeated
    order = sorted(range(len(names)), key=lambda i: abs(numbers[i].repeated - level))
    near, far = order[0], order[-1]
    if human is None:
        return t("generate_cuts.texts_alone", far=plain(names[far]),
                 far_share=percent(numbers[far].repeated))
    values = {"near": plain(names[near]), "near_share": percent(numbers[near].repeated),
              "human": percent(human.repeated)}
    if len(names) == 1:
        return t("generate_cuts.texts_one", **values)
    return t("generate_cuts.texts_answer", far=plain(names[far]),
             far_share=percent(numbers[far].repeated), **values)


def beam_answer(beams: Sequence[Beamed], human: Measured | None) -> str:
    """Whether the likeliest text is worse, claimed only where this run shows it."""
    one, wide = beams[0].measured, beams[-1].measured
    values = {"width": beams[-1].width, "bits": f"{wide.surprise:.2f}",
              "repeated": percent(wide.repeated), "one_bits": f"{one.surprise:.2f}",
              "one_repeated": percent(one.repeated)}
    if human is None:
        return t("generate_cuts.beam_alone", **values)
    values |= {"human_bits": f"{human.surprise:.2f}", "human": percent(human.repeated)}
    likelier = wide.surprise < human.surprise
    worse = more_repetitive(wide.repeated, human.repeated)
    kind = ("worse" if worse else "likelier") if likelier else "not_likelier"
    return t(f"generate_cuts.beam_{kind}", **values)


