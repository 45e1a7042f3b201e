"""What is said of a gradient's reach: its numbers, and the answer in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnlm_core.config import RunConfig
from rnnlm_ui.i18n import joined, t
from rnnlm_ui.tokens import words_of

if TYPE_CHECKING:
    from rnnlm_core.insight.gradients import LagCurve, LagProfile
    from rnnlm_core.insight.reach_theory import Theory

_ROUND = (5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200)


@dataclass(frozen=True)
class Reaches:
    """What is compared. `trained` is None for a run without a checkpoint, or one that diverged."""

    trained: LagProfile | None
    untrained: dict[str, LagProfile]
    lags: int
    theory: Theory | None = None  # of this run's layer

    @property
    def windows(self) -> int:
        return next(iter(self.untrained.values())).windows


# -- numbers --------------------------------------------------------------------------------------
def horizon_text(curve: LagCurve) -> str:
    if curve.is_zero:
        return t("gradients.no_rate")
    beyond = t("gradients.beyond", n=len(curve.mean) - 1)
    return str(curve.horizon) if curve.horizon is not None else beyond


def reach_text(profile: LagProfile) -> str:
    """How far it reaches; for an LSTM by h and by c, as h alone understates its memory."""
    h = horizon_text(profile.h)
    if profile.c is None:
        return h
    return t("gradients.with_cell", h=h, c=horizon_text(profile.c))


def factor_text(factor: float | None) -> str:
    return t("gradients.no_rate") if factor is None else f"×\N{NO-BREAK SPACE}{factor:.3f}"


def rate_text(curve: LagCurve) -> str:
    return factor_text(curve.rate)


def half_life_text(curve: LagCurve) -> str:
    if curve.half_life is not None:
        return f"{curve.half_life:.1f}"
    return t("gradients.grows" if curve.grows else "gradients.no_rate")


def decades_text(curve: LagCurve) -> str:
    decades = curve.decades_per_100
    if decades is None:
        return t("gradients.no_rate")
    return f"{decades:+.1f}".replace("-", "−")


def matrix_text(reaches: Reaches) -> str:
    """The largest singular value of this run's W_hh and, of an RNN, its spectral radius."""
    theory = reaches.theory
    if theory is None or reaches.trained is None:
        return ""
    if theory.radius is not None:
        return t("gradients_reach.matrix", sigma=f"{theory.sigma:.2f}",
                 radius=f"{theory.radius:.2f}")
    return t("gradients_reach.matrix_gates", sigma=f"{theory.sigma:.2f}")


def zero_text(profile: LagProfile | None) -> str:
    """How many windows have no gradient at all, and so no part in the mean; "" for none or all."""
    n = max((curve.zero for curve in curves_of(profile)), default=0) if profile is not None else 0
    if profile is None or n in (0, profile.windows):
        return ""
    return t("gradients_reach.zero", n=n, all=profile.windows)


def curves_of(profile: LagProfile) -> list[LagCurve]:
    """That of h, and that of c where the cell has one."""
    return [curve for curve in (profile.h, profile.c) if curve is not None]


# -- sentences ------------------------------------------------------------------------------------
def finding(reaches: Reaches, config: RunConfig, untrained: bool = False) -> str:
    """How far the three start, and how far this run has come (`untrained`: it is at step 0)."""
    texts = {cell: reach_text(profile) for cell, profile in reaches.untrained.items()}
    horizons = [curve.horizon for profile in reaches.untrained.values()
                for curve in curves_of(profile)]
    known = [horizon for horizon in horizons if horizon is not None]
    limit = next((n for n in _ROUND if n > max(known, default=0)), None)
    if len(known) == len(horizons) and limit is not None:
        sentence = t("gradients.answer_short", limit=limit, **texts, **words_of(config))
    else:
        sentence = t("gradients.answer_long", **texts, **words_of(config))
    if reaches.trained is None:
        return sentence
    if untrained:
        after = t("gradients.answer_step_0")
    elif reaches.trained.h.is_zero:
        after = t("gradients_reach.answer_learned")
    else:
        after = t("gradients.answer_trained", cell=config.cell.upper(),
                  n=reach_text(reaches.trained))
    after = joined([after, explosion(reaches.trained)])
    return t("gradients.answer", untrained=sentence, trained=after)


def explosion(profile: LagProfile) -> str:
    """That a gradient reaches so far because it grows; "" of one that does not."""
    grown = [curve for curve in curves_of(profile) if curve.explodes]
    if not grown:
        return ""
    rate = grown[-1].rate  # of an LSTM the one along c, where that grows too
    if rate is None:
        return t("gradients_reach.explodes_beyond", last=len(profile.lags) - 1)
    return t("gradients_reach.explodes", rate=factor_text(rate))


def theory_finding(reaches: Reaches, config: RunConfig) -> str:
    """What was expected of this run's layer, beside what was measured."""
    assert reaches.trained is not None
    return joined([_theory_finding(reaches, config), explosion(reaches.trained)])


def _theory_finding(reaches: Reaches, config: RunConfig) -> str:
    trained, theory = reaches.trained, reaches.theory
    assert trained is not None and theory is not None
    measured = trained.h if trained.c is None else trained.c
    if measured.is_zero:
        return t("gradients_reach.answer_learned")
    cell = config.cell
    said = {"cell": cell.upper(), "rate": rate_text(measured), **words_of(config)}
    field = t("gradients_reach.theory_field", field=rate_text(theory.mean_field))
    if theory.direct is not None:
        rest = _farther(measured, theory.direct)
        return joined([
            t(f"gradients_reach.theory_{cell}", n=horizon_text(measured),
              direct=horizon_text(theory.direct), **said),
            t(f"gradients_reach.theory_rest_{cell}") if rest else "",
            t("gradients_reach.theory_measured", **said), field])
    if theory.factor is None:
        return joined([t("gradients_reach.theory_lower", **said), field])
    return joined([t("gradients_reach.theory_rnn", bound=factor_text(theory.factor),
                     sigma=f"{theory.sigma:.2f}", **said), field])


def _farther(measured: LagCurve, direct: LagCurve) -> bool:
    """Whether the gradient reaches farther than its gates alone would let it."""
    return direct.horizon is not None and (
        measured.horizon is None or measured.horizon > direct.horizon)
