"""What temperature and cuts do to one distribution, rule by rule, in the order of `reshape`.

Source of the order: `sampling.reshape`, which is asked again for each rule more; nothing is
computed a second way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import RunError
from rnnlm_core.nets.language_model import LanguageModel
from rnnlm_core.sampling import SamplingSettings, reshape

Rule = Literal["model", "repetition_penalty", "temperature", "top_k", "top_p", "min_p"]
ORDER: tuple[Rule, ...] = ("repetition_penalty", "temperature", "top_k", "top_p", "min_p")
# every rule without effect: p as the model gives it
OFF: dict[str, Any] = {str(rule): getattr(SamplingSettings(temperature=1.0), rule)
                       for rule in ORDER}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stage:
    """The distribution after one rule. `cut`: what this rule alone took away."""

    rule: Rule
    p: Floats  # (V,), sums to 1
    cut: NDArray[np.bool_]  # (V,)
    threshold: float | None = None  # of min-p: the probability, before it, below which all is cut
    reached: tuple[float, float] | None = None  # of top-p: together without and with the last kept

    @property
    def kept(self) -> int:
        return int((self.p > 0).sum())

    @property
    def entropy(self) -> float:
        """Bits."""
        return entropy_of(self.p)


def entropy_of(p: Floats) -> float:
    """Bits of a distribution (V,)."""
    some = p[p > 0]
    return max(0.0, float(-(some @ np.log2(some))))


def plain(settings: SamplingSettings) -> SamplingSettings:
    """The same with no rule in force: temperature 1, no cut."""
    return replace(settings, **OFF)


def rules_of(settings: SamplingSettings) -> list[Rule]:
    """Those that do something, in their order. Greedy writing leaves nothing to a later cut."""
    on = [rule for rule in ORDER if getattr(settings, rule) != OFF[rule]]
    greedy = settings.temperature == 0
    return [rule for rule in on if not greedy or ORDER.index(rule) <= ORDER.index("temperature")]


def stages(logits: NDArray[np.floating], settings: SamplingSettings, before: Sequence[int] = ()
           ) -> list[Stage]:
    """logits (V,) after the ids `before` → the model's own distribution, then what is left after
    each rule in force.

    Raises `ConfigError`, as `generate` does, where the settings are no good.
    """
    settings = settings.checked()
    now = plain(settings)
    p = reshape(logits, now)
    found = [Stage("model", p, np.zeros(len(p), bool))]
    for rule in rules_of(settings):
        now = replace(now, **{rule: getattr(settings, rule)})
        last, p = p, reshape(logits, now, before)
        found.append(Stage(
            rule, p, (last > 0) & (p == 0) & _cuts(rule, settings),
            settings.min_p * float(last.max()) if rule == "min_p" else None,
            _together(last, p) if rule == "top_p" else None))
    return found


def _cuts(rule: Rule, settings: SamplingSettings) -> bool:
    """A low temperature cuts nothing, it only makes what is unlikely too small for a number."""
    return rule in ("top_k", "top_p", "min_p") or settings.temperature == 0


def _together(before: Floats, after: Floats) -> tuple[float, float]:
    """What the kept ones had together before top-p, without and with the least likely of them."""
    kept = before[after > 0]
    whole = float(kept.sum())
    return whole - float(kept.min()), whole


def logits_after(model: LanguageModel, tokenizer: Tokenizer, ids: Sequence[int]) -> Floats:
    """The logits (V,) of what comes after these, −∞ for what is never written there.

    Where there are none, after what `generate` reads before an empty prompt. Errors:
    `run.no_numbers`.
    """
    ids = list(ids) or [tokenizer.first_known]
    with torch.no_grad():
        h, _ = model.read(torch.tensor([ids], device=model.device))
        logits = model.output(h[:, -1:])[0, 0].float().cpu().numpy().astype(np.float64)
    if not np.isfinite(logits).all():
        raise RunError("run.no_numbers")
    logits[tokenizer.barred_after(ids[-1])] = -np.inf
    found: Floats = logits
    return found
