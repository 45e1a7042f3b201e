"""What the Spectra tool says: its answer, the titles of its charts, numbers for a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlm_core.config import RunConfig
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.spectra import AtLag
    from rnnlm_ui.gradients.spectra import Found

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FLOOR = -300.0  # powers of ten
_SAME = math.log(1.05)  # within 5 %, nothing has shrunk or grown


# -- numbers --------------------------------------------------------------------------------------
def size(log: float) -> str:
    """A size of which the natural logarithm is given: `0.023`, `1.2 × 10⁻⁷`, `< 10⁻³⁰⁰`, `0`."""
    if log == -math.inf:
        return "0"
    power = log / math.log(10)
    if power < _FLOOR:
        return "<\N{NO-BREAK SPACE}10" + str(round(_FLOOR)).translate(_RAISED)
    if power > -_FLOOR:
        return ">\N{NO-BREAK SPACE}10" + str(round(-_FLOOR)).translate(_RAISED)
    if -2 <= power < 3:
        return f"{math.exp(log):.2g}" if power < 2 else f"{math.exp(log):.0f}"
    whole = math.floor(power)
    digits = f"{10 ** (power - whole):.1f}"
    if digits == "10.0":
        digits, whole = "1.0", whole + 1
    return f"{digits}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{str(whole).translate(_RAISED)}"


def left(participation: float) -> str:
    """How many directions: one decimal below 100."""
    return f"{participation:.1f}" if participation < 99.95 else f"{participation:.0f}"


def rate(exponent: float) -> str:
    return "−∞" if exponent == -math.inf else f"{exponent:+.3f}".replace("-", "−")


def factor(exponent: float) -> str:
    return f"{math.exp(exponent):.3f}"


def share(participation: float, directions: int) -> str:
    """How much of all directions is left, as a guess says it: `most`, `some` or `few`."""
    part = participation / directions
    return "most" if part > 0.5 else "some" if part >= 0.1 else "few"


# -- sentences ------------------------------------------------------------------------------------
def answer(found: Found, before: Found | None, config: RunConfig) -> str:
    """What is left after the chosen lag, and λ₁; beside it, the untrained network."""
    first = float(found.all.exponents[0])
    fate = t(f"gradients_spectra.fate.{_fate(found)}", rate=rate(first), factor=factor(first))
    parts = [_left(found, config), fate]
    if before is not None:
        start = float(before.all.exponents[0])
        parts.append(t("gradients_spectra.before", left=left(before.own.participation),
                       top=size(before.own.top), rate=rate(start)))
    return joined(parts)


def _fate(found: Found) -> str:
    """That of the long run; another word for it where the chosen lag still says the opposite."""
    fate, top = found.all.fate, found.own.top
    if fate == "vanishes" and top > _SAME:
        return "fades_later"
    return "grows_later" if fate == "explodes" and top < -_SAME else fate


def _left(found: Found, config: RunConfig) -> str:
    own, n = found.own, found.all.size
    common: dict[str, Any] = {"k": own.lag, "n": n, "top": size(own.top), **words_of(config)}
    if own.top == -math.inf:
        return t("gradients_spectra.answer_zero", **common)
    if n == 1:
        return t("gradients_spectra.answer_one", **common)
    change = "same" if abs(own.top) < _SAME else "shrunk" if own.top < 0 else "grown"
    return t("gradients_spectra.answer", left=left(own.participation), change=t(
        f"gradients_spectra.change.{change}", top=common["top"]), **common)


def guessed(guess: str, found: Found) -> str:
    """Whether it was right."""
    right = guess == share(found.own.participation, found.all.size)
    return t(f"gradients_spectra.guessed_{'right' if right else 'wrong'}",
             guess=t(f"gradients_spectra.guess_of.{guess}"))


def spectrum_title(own: AtLag, config: RunConfig) -> str:
    """One direction against a random one: a vector is not a matrix."""
    return t("gradients_spectra.spectrum_title", k=own.lag, top=size(own.top),
             typical=size(own.typical), **words_of(config))


def unresolved(own: AtLag) -> str | None:
    """How many singular values are too small beside the largest to be told from rounding."""
    hidden = 0 if own.values is None or own.top == -math.inf else int(np.isnan(own.values).sum())
    return t("gradients_spectra.unresolved", k=own.lag, n=hidden) if hidden else None


def participation_title(found: Found, before: Found | None, config: RunConfig) -> str:
    at_one = found.all.at(1)
    assert at_one is not None
    values = {"first": left(at_one.participation), "last": left(found.own.participation),
              "k": found.own.lag, "n": found.all.size, **words_of(config)}
    title = t("gradients_spectra.participation_title", **values)
    if before is None:
        return title
    return joined([title, t("gradients_spectra.against",
                            value=left(before.own.participation))])


def exponents_title(found: Found, config: RunConfig) -> str:
    rates, n = found.all.exponents, found.all.size
    above = int((rates > 0).sum())
    if len(rates) < n:
        title = t("gradients_spectra.exponents_leading", above=above, n=n, shown=len(rates))
    else:
        title = t("gradients_spectra.exponents_title", above=above, n=n,
                  median=factor(float(np.median(rates))), **words_of(config))
    lost = int(np.isneginf(rates).sum())
    return joined([title, t("gradients_spectra.exponents_lost", n=lost)]) if lost else title


def caption(found: Found, layer: int, config: RunConfig) -> str:
    state = t(f"gradients_spectra.state_{'c' if config.cell == 'lstm' else 'h'}",
              n=found.all.size)
    if config.layers > 1:
        state = t("gradients_spectra.of_layer", layer=layer + 1, layers=config.layers, state=state)
    return t("gradients_spectra.caption", state=state, places=found.all.places,
             followed=found.all.followed, steps=found.all.steps, **words_of(config))
