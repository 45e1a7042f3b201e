"""Which unit keeps track of what: an honest search over all units for features of the text.

The search is easily fooled, so each finding carries its guards: the unit is picked on one half of
the text and scored on the other; only letters count, so that the current character cannot give the
answer away; the correlation within the same character is reported; an untrained network of the
same size and shuffled labels are searched in the same way. Correlation is not use: hold the unit
(`nets.cells.Hook`) and see what changes.

Source: Karpathy et al. 2015 (arXiv 1506.02078).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.config import RunConfig
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.corpus_labels import labels_at_tokens
from rnnlm_core.insight.labels import Label, spans_of
from rnnlm_core.insight.picking import (
    FEWEST_CASES,
    FEWEST_MARKED,
    Floats,
    Places,
    Ranking,
    has_enough,
    places_of,
)
from rnnlm_core.insight.ranks import (
    Kind,
    as_score,
    centred_ranks,
    chance_level,
    effect,
    pearson,
)
from rnnlm_core.insight.states import without_character_means
from rnnlm_core.insight.strips import WARM_UP, all_units
from rnnlm_core.nets.language_model import LanguageModel

FEWEST_TOKENS = 200
FEWEST_SPANS = 10

Part = Literal["h", "c"]


@dataclass(frozen=True)
class UnitFinding:
    """The best unit for one label. Scores are AUC (binary) or |rank correlation| (real-valued)."""

    label: str
    kind: Kind
    part: Part  # h, or c of an LSTM
    layer: int
    unit: int
    sign: int  # +1: high where the label is; −1: low there
    score: float  # on the half that the unit was not picked on, with the sign of the other half
    picked_score: float  # on the half it was picked on
    correlation: float  # Pearson, on the scored half
    within_character: float  # the same with each character's means taken off: 0 is a mere echo
    control: float  # score of the best unit of the untrained network, picked in the same way
    chance: float  # 95 % of circularly shifted labels have no unit with a better picked score
    tried: int  # units × labels that were searched
    cases: int  # letters scored
    positives: int  # of them with the label (binary), 0 for a real-valued one
    spans: int  # independent stretches in the scored half
    mean_on: float  # the unit's mean with the label (or above its median), scored half
    mean_off: float  # and without: what to hold it at
    elsewhere: bool = True  # whether it was scored on text that it was not picked on

    @property
    def few_spans(self) -> bool:
        """Fewer than ten independent stretches: the score may be luck."""
        return self.spans < FEWEST_SPANS

    @property
    def strength(self) -> float:
        """0 is chance, 1 is perfect, for both kinds: 2·AUC − 1, or the rank correlation."""
        return 2 * self.score - 1 if self.kind == "binary" else self.score

    @property
    def trusted(self) -> bool:
        """Better than shuffled labels and the untrained network, elsewhere, on enough stretches."""
        return self.elsewhere and not self.few_spans and self.score > max(self.chance, self.control)


@dataclass(frozen=True)
class Candidate:
    """The best unit for one label, without any guard: it may be an echo, or luck."""

    label: str
    kind: Kind
    part: Part
    layer: int
    unit: int
    picked_score: float  # on the half of the text that it was picked on


def find_units(model: LanguageModel, untrained: LanguageModel, tokenizer: Tokenizer,
               text: str, top: int = 8, seed: int = 0, corpus: str = "") -> list[UnitFinding]:
    """The best unit for each label that `text` has enough cases of; trusted and strongest first.

    A generated text, by its name `corpus`, has labels of its own, which come with the others.

    Searches h of every layer and c of an LSTM. Unknown pieces are left out. Errors:
    `text.too_short` below 200 known tokens.
    """
    ids, labels = token_labels(tokenizer, text, corpus)
    return best_units(model, untrained, labels, ids, top, seed)


def token_labels(tokenizer: Tokenizer, text: str, corpus: str = ""
                 ) -> tuple[NDArray[np.int64], list[Label]]:
    """The known tokens of a text, and all that is to be searched for, at each of them.

    Errors: `text.too_short` below 200 known tokens.
    """
    ids = np.array(tokenizer.known(text), np.int64)
    if len(ids) < FEWEST_TOKENS:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST_TOKENS)
    return ids, labels_at_tokens(corpus, *tokenizer.owners(ids), ids)


def best_units(model: LanguageModel, untrained: LanguageModel, labels: list[Label],
               ids: NDArray[np.int64], top: int = 8, seed: int = 0) -> list[UnitFinding]:
    """The best unit for each of these labels of the tokens `ids`."""
    states, control = (all_units(m, ids) for m in (model, untrained))
    return search(states, control, unit_names(model.config), labels, ids, top, seed)


def unit_names(config: RunConfig) -> list[tuple[Part, int, int]]:
    """Part, layer and number of each row of `all_units`."""
    parts: tuple[Part, ...] = ("h", "c") if config.cell == "lstm" else ("h",)
    return [(part, layer, unit) for part in parts for layer in range(config.layers)
            for unit in range(config.hidden)]


def first_list(states: Floats, names: list[tuple[Part, int, int]], labels: list[Label]
               ) -> list[Candidate]:
    """The best unit for each label by its score on the half it is picked on, the best first.

    Much faster than `search`, and as easily fooled: to be shown only until that is done.
    """
    ranking, found = Ranking(states), []
    for label in labels:
        if has_enough(label, places := places_of(label)):
            row, value = ranking.best(label, places.picked)
            found.append((abs(value), Candidate(label.name, label.kind, *names[row],
                                                as_score(abs(value), label.kind))))
    return [candidate for _, candidate in sorted(found, key=lambda pair: -pair[0])]


def search(states: Floats, control: Floats, names: list[tuple[Part, int, int]], labels: list[Label],
           ids: NDArray[np.int64], top: int | None = 8, seed: int = 0, echoes: bool = False,
           halves: bool = True) -> list[UnitFinding]:
    """The search itself, over units (U, T) of a network and of its untrained control.

    Labels with too few cases are not searched, and those that the current character gives away
    only with `echoes`, to be caught. Without `halves` a unit is picked and scored on all of a short
    text, so that no finding of it can be trusted.
    """
    usable = [(label, places_of(label, halves)) for label in labels
              if echoes or not label.given_away]
    fewest = FEWEST_CASES if halves else FEWEST_MARKED
    usable = [(label, places) for label, places in usable if has_enough(label, places, fewest)]
    ranking, rivals = Ranking(states), Ranking(control)
    findings = [_finding(label, places, ranking, rivals, names, ids, len(states) * len(usable),
                         seed, halves) for label, places in usable]
    return sorted(findings, key=lambda f: (not f.trusted, -f.strength))[:top]


def score_again(model: LanguageModel, tokenizer: Tokenizer, text: str, finding: UnitFinding,
                corpus: str = "") -> float:
    """The score of a found unit in other weights of its network, on the same letters as then.

    Nothing is picked anew: unit, label and sign are those of the finding.
    """
    ids, labels = token_labels(tokenizer, text, corpus)
    label = next(one for one in labels if one.name == finding.label)
    half = len(ids) // 2
    before = min(half, WARM_UP)
    row = unit_names(model.config).index((finding.part, finding.layer, finding.unit))
    values = all_units(model, ids[half - before:])[row, before:][label.where[half:]]
    own = float(effect(centred_ranks(values[None]), label.values[half:][label.where[half:]],
                       label.kind)[0])
    return as_score(own * finding.sign, label.kind)


def _finding(label: Label, places: Places, ranking: Ranking, rivals: Ranking,
             names: list[tuple[Part, int, int]], ids: NDArray[np.int64], tried: int, seed: int,
             elsewhere: bool) -> UnitFinding:
    picked, held = label.values[places.picked], label.values[places.scored]
    unit, effect_there = ranking.best(label, places.picked)
    rival, rival_there = rivals.best(label, places.picked)
    sign = 1 if effect_there >= 0 else -1
    values = ranking.units[unit, places.scored].astype(np.float64)
    other = rivals.units[rival, places.scored]
    own = float(effect(centred_ranks(values[None]), held, label.kind)[0]) * sign
    its = float(effect(centred_ranks(other[None]), held, label.kind)[0] * np.sign(rival_there))
    on = held > (0.5 if label.kind == "binary" else np.median(held))
    both = without_character_means(np.stack([values, held], 1), ids[places.scored])
    chance = chance_level(ranking.at(places.picked), picked, label.kind, seed)
    part, layer, index = names[unit]
    return UnitFinding(
        label.name, label.kind, part, layer, index, sign, as_score(own, label.kind),
        as_score(abs(effect_there), label.kind), pearson(values, held),
        pearson(both[:, 0], both[:, 1]), as_score(its, label.kind),
        as_score(chance, label.kind), tried, len(held),
        int(held.sum()) if label.kind == "binary" else 0, spans_of(label, places.scored),
        _mean(values[on]), _mean(values[~on]), elsewhere)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
