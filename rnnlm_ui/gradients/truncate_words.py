"""What `truncate` says: the answer, its numbers as a table, the sentences above the charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_ui.i18n import t
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagCurve
    from rnnlm_core.insight.truncation import Bias, Truncation
    from rnnlm_ui.gradients.truncate import Cut

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SAME_ANGLE, SAME_ERROR = 0.5, 0.005  # degrees; of the full gradient's length
LIMITS = (5.0, 30.0)  # degrees: a small angle, a large one


def finding(found: Truncation, cut: Cut, config: RunConfig) -> str:
    """Of the reader's cut, then of the run's own where that is another."""
    named = words_of(config)
    chosen, own = found.biases[cut.which]
    if chosen is None or own is None:
        return t("gradients_truncate.nothing")
    said = [t("gradients_truncate.answer", k2=cut.reach, angle=degrees(chosen),
              part=part_name(cut.which), length=f"{chosen.length:.2f}", **named)]
    k1, k2 = cut.trained
    if k2 >= found.tokens:
        said.append(t("gradients_truncate.own_whole", k2=k2, tokens=found.tokens, **named))
    elif (k1, k2) == (cut.shift, cut.reach):
        said.append(t("gradients_truncate.own_same", k1=k1))
    else:
        said.append(t("gradients_truncate.own", k1=k1, k2=k2, angle=degrees(own),
                      length=f"{own.length:.2f}"))
    if config.windows == "random":
        said.append(t("gradients_truncate.random"))
    elif config.carry_length:
        said.append(t("gradients_truncate.carry", n=config.carry_length, **named))
    extra = (float(found.emptied[0]) - found.loss) / math.log(2)
    said.append(t("gradients_truncate.emptied", k1=cut.shift,
                  bits=hundredths(extra, sign=True), **named))
    return joined(said)


def joined(sentences: Sequence[str]) -> str:
    """One after another, with the gap that the language has between them."""
    return reduce(lambda one, next_: t("gradients_taught.then", first=one, second=next_),
                  sentences)


def guessed(guess: str, chosen: Bias | None) -> str:
    """What the reader thought, in front of what it is."""
    size = "none" if chosen is None else "small" if chosen.angle < LIMITS[0] else \
        "middle" if chosen.angle <= LIMITS[1] else "large"
    return t("gradients_truncate.guessed_right" if guess == size else
             "gradients_truncate.guessed_wrong",
             guess=t(f"gradients_truncate.guesses.{guess}")) + " "


def degrees(found: Bias) -> str:
    """An angle, with as many digits as it has to say."""
    return "< 0.1°" if found.angle < 0.1 else f"{found.angle:.1f}°" if found.angle < 10 \
        else f"{found.angle:.0f}°"


def bias_title(found: Truncation, which: str) -> str:
    """Whether a longer reach comes nearer to the full gradient, as the curve of k1 = k2 has it."""
    known = [(reach, bias) for (_, reach), bias in zip(found.cuts, found.biases[which], strict=True)
             if bias is not None]
    pairs = [(one, longer) for i, one in enumerate(known) for longer in known[i + 1:]]
    turned = max(pairs, key=lambda pair: pair[1][1].angle - pair[0][1].angle, default=None)
    dot = t("gradients_truncate.bias_dot")
    if turned is None:
        return dot
    (k, near), (longer, far) = turned
    if far.angle - near.angle > SAME_ANGLE:
        return joined([t("gradients_truncate.bias_turns", k=k, angle=degrees(near), longer=longer,
                         farther=degrees(far)), dot])
    (k, near), (longer, far) = max(pairs, key=lambda pair: pair[1][1].error - pair[0][1].error)
    if far.error - near.error > SAME_ERROR:
        return joined([t("gradients_truncate.bias_errs", k=k, error=hundredths(near.error),
                         longer=longer, larger=hundredths(far.error)), dot])
    return joined([t("gradients_truncate.bias_title"), dot])


def hundredths(value: float, sign: bool = False) -> str:
    """Two decimals; what is too small for them is no zero, and has no sign."""
    if 0 < abs(value) < 0.005:
        return "<\N{NO-BREAK SPACE}0.005"
    return (f"{value:+.2f}" if sign and value else f"{value:.2f}").replace("-", "−")


def part_name(part: str) -> str:
    """What a part of the weights is called in a sentence."""
    if part.startswith("layer"):
        return t("gradients_truncate.part_layer", n=int(part.removeprefix("layer")) + 1)
    return t(f"gradients_truncate.part.{part}")


def short_name(part: str) -> str:
    """The same on a button."""
    if part.startswith("layer"):
        return t("gradients_truncate.short_layer", n=int(part.removeprefix("layer")) + 1)
    return t(f"gradients_truncate.short.{part}")


def table(found: Truncation, cut: Cut, config: RunConfig) -> None:
    """K by K, the reader's in bold."""
    columns = [t(f"gradients_truncate.column.{name}", **words_of(config))
               for name in ("k", "angle", "length", "error", "emptied")]
    rows = []
    for (_, reach), one, emptied in zip(found.cuts, found.biases[cut.which], found.emptied,
                                        strict=True):
        numbers = ["–"] * 3 if one is None else [
            degrees(one), f"{one.length:.2f}", hundredths(one.error)]
        extra = hundredths((float(emptied) - found.loss) / math.log(2), sign=True)
        row = [str(reach), *numbers, extra]
        rows.append([f"**{cell}**" for cell in row] if reach == cut.reach == cut.shift else row)
    st.table({column: [row[i] for row in rows] for i, column in enumerate(columns)},
             border="horizontal", hide_index=True)


def cut_sentence(curve: LagCurve, cut: Cut, config: RunConfig) -> str:
    """How large the gradient still is where it is cut off."""
    if cut.reach >= len(curve.mean):
        return t("gradients_truncate.cut_beyond", k2=cut.reach, n=len(curve.mean) - 1,
                 **words_of(config))
    return t("gradients_truncate.cut", k2=cut.reach,
             size=size_text(float(curve.mean[cut.reach] / curve.mean[0])))


def size_text(share: float) -> str:
    """A share of something, down to what 64-bit floats end with."""
    if share >= 1e-4:
        return f"{100 * share:.{2 if share < 0.01 else 0}f}\N{NO-BREAK SPACE}%"
    if share < 1e-300:
        return "< 10⁻³⁰⁰"
    mantissa, power = f"{share:.0e}".split("e")
    return f"{mantissa}·10{str(int(power)).translate(_RAISED)}"


def chunk_sentence(cut: Cut, config: RunConfig) -> str:
    """The average of the saw-tooth, and what a longer reach than shift costs."""
    from rnnlm_core.insight.truncation import mean_lag

    overlap = max(0, cut.reach - cut.shift)
    name = "chunk" if not overlap else "overlap"
    return t(f"gradients_truncate.{name}", k1=cut.shift, k2=cut.reach, least=overlap,
             mean=f"{mean_lag(cut.shift, cut.reach):.1f}",
             cost=f"{max(1.0, cut.reach / cut.shift):g}", **words_of(config))
