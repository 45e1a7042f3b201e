"""Which unit keeps track of what: an honest search over all units for features of the text.

The search is easily fooled, so each finding carries its guards: the unit is picked on one half of
the text and scored on the other; only letters count, so that the current character cannot give the
answer away; the correlation within the same character is reported; an untrained network of the
same size and shuffled labels are searched in the same way. Correlation is not use: hold the unit
(`nets.cells.Hook`) and see what changes.

Source: Karpathy et al. 2015 (arXiv 1506.02078); AUC by ranks: Mann & Whitney 1947, Hanley &
McNeil 1982; ties share their mean rank.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.states import without_character_means
from rnnlm_core.nets.cells import unroll
from rnnlm_core.nets.language_model import LanguageModel

FEWEST_TOKENS = 200
FEWEST_CASES = 20  # of each class, in each half
FEWEST_SPANS = 10
SHIFTS = 40
PICKED_ON = 2000  # letters: neighbours are nearly the same case, so every second or third will do
STRIPS, WARM_UP = 48, 128  # a long text is read in strips side by side, each with a run-up

Floats = NDArray[np.float32]
Ranks = NDArray[np.float64]
Part = Literal["h", "c"]
Kind = Literal["binary", "real"]
OPENING, CLOSING = "([{（【《「", ")]}）】》」"


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
        """Better than shuffled labels and than the untrained network, on enough stretches."""
        return not self.few_spans and self.score > max(self.chance, self.control)


def find_units(model: LanguageModel, untrained: LanguageModel, tokenizer: Tokenizer,
               text: str, top: int = 8, seed: int = 0) -> list[UnitFinding]:
    """The best unit for each label that `text` has enough cases of; trusted and strongest first.

    Searches h of every layer and c of an LSTM. Unknown pieces are left out. Errors:
    `text.too_short` below 200 known tokens.
    """
    ids = np.array(tokenizer.known(text), np.int64)
    if len(ids) < FEWEST_TOKENS:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST_TOKENS)
    parts: tuple[Part, ...] = ("h", "c") if model.config.cell == "lstm" else ("h",)
    names = [(part, layer, unit) for part in parts for layer in range(model.config.layers)
             for unit in range(model.config.hidden)]
    states, control = (all_units(m, ids) for m in (model, untrained))
    read, owners = tokenizer.owners(ids)
    labels = [label_of_tokens(label, owners, ids) for label in labels_of(read)]
    return search(states, control, names, labels, ids, top, seed)


def all_units(model: LanguageModel, ids: NDArray[np.int64]) -> Floats:
    """Every unit of h (all layers), then of c, over ids (T,) → (units, T).

    Read in 48 strips at once, each from the 128 tokens before it: after these the state
    no longer depends on where reading began, but for a memory that is longer.
    """
    length = -(-len(ids) // STRIPS)
    padded = np.concatenate([np.repeat(ids[:1], WARM_UP), ids,
                             np.repeat(ids[-1:], STRIPS * length - len(ids))])
    windows = np.arange(STRIPS)[:, None] * length + np.arange(WARM_UP + length)
    batch = torch.from_numpy(padded[windows]).to(model.device)
    with torch.no_grad():
        trace = unroll(model, batch)
        parts = [layer.h for layer in trace.layers]
        parts += [layer.c for layer in trace.layers if layer.c is not None]
        units = torch.stack([p[:, WARM_UP:].flatten(0, 1)[:len(ids)].T for p in parts])  # (P, H, T)
    return units.flatten(0, 1).float().cpu().contiguous().numpy()


def search(states: Floats, control: Floats, names: list[tuple[Part, int, int]], labels: list[Label],
           ids: NDArray[np.int64], top: int = 8, seed: int = 0) -> list[UnitFinding]:
    """The search itself, over units (U, T) of a network and of its untrained control.

    Labels that the current character gives away and those with too few cases are not searched.
    """
    half = len(ids) // 2
    first = np.arange(len(ids)) < half
    usable = [label for label in labels if not label.given_away and _enough(label, first)]
    ranked: dict[bytes, tuple[Ranks, Ranks]] = {}  # by which places count: labels share them
    findings = []
    for label in usable:
        pick, score = _thinned(label.where & first), label.where & ~first
        key = pick.tobytes()
        if key not in ranked:
            ranked[key] = (centred_ranks(states[:, pick]), centred_ranks(control[:, pick]))
        findings.append(_finding(label, pick, score, states, control, ranked[key], names, ids,
                                 len(states) * len(usable), seed))
    return sorted(findings, key=lambda f: (not f.trusted, -f.strength))[:top]


def score_again(model: LanguageModel, tokenizer: Tokenizer, text: str, finding: UnitFinding
                ) -> float:
    """The score of a found unit in other weights of its network, on the same letters as then.

    Nothing is picked anew: unit, label and sign are those of the finding.
    """
    ids = np.array(tokenizer.known(text), np.int64)
    read, owners = tokenizer.owners(ids)
    label = next(label_of_tokens(one, owners, ids) for one in labels_of(read)
                 if one.name == finding.label)
    half = len(ids) // 2
    before = min(half, WARM_UP)
    layers, hidden = model.config.layers, model.config.hidden
    row = ((finding.part == "c") * layers + finding.layer) * hidden + finding.unit
    values = all_units(model, ids[half - before:])[row, before:][label.where[half:]]
    own = float(effect(centred_ranks(values[None]), label.values[half:][label.where[half:]],
                       label.kind)[0])
    return _as_score(own * finding.sign, label.kind)


def _thinned(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """At most 2,000 of the places, evenly: ranking all units is the costly part of a search."""
    places = np.flatnonzero(where)
    kept = np.zeros(len(where), bool)
    kept[places[::-(-len(places) // PICKED_ON) or 1]] = True
    return kept


def _enough(label: Label, first: NDArray[np.bool_]) -> bool:
    for part in (_thinned(label.where & first), label.where & ~first):
        values = label.values[part]
        if len(values) < 2 * FEWEST_CASES:
            return False
        positives = values.sum()
        if label.kind == "binary" and min(positives, len(values) - positives) < FEWEST_CASES:
            return False
        if label.kind == "real" and values.min() == values.max():
            return False
    return True


def _finding(label: Label, pick: NDArray[np.bool_], score: NDArray[np.bool_], states: Floats,
             control: Floats, ranks: tuple[Ranks, Ranks], names: list[tuple[Part, int, int]],
             ids: NDArray[np.int64], tried: int, seed: int) -> UnitFinding:
    picked, held = label.values[pick], label.values[score]
    scores = effect(ranks[0], picked, label.kind)
    unit = int(np.abs(scores).argmax())
    rival = int(np.abs(control_scores := effect(ranks[1], picked, label.kind)).argmax())
    sign = 1 if scores[unit] >= 0 else -1
    values = states[unit, score].astype(np.float64)
    other = control[rival, score]
    own = float(effect(centred_ranks(values[None]), held, label.kind)[0]) * sign
    its = float(effect(centred_ranks(other[None]), held, label.kind)[0]
                * np.sign(control_scores[rival]))
    on = held > (0.5 if label.kind == "binary" else np.median(held))
    both = without_character_means(np.stack([values, held], 1), ids[score])
    part, layer, index = names[unit]
    return UnitFinding(
        label.name, label.kind, part, layer, index, sign, _as_score(own, label.kind),
        _as_score(abs(float(scores[unit])), label.kind), _pearson(values, held),
        _pearson(both[:, 0], both[:, 1]), _as_score(its, label.kind),
        _as_score(chance_level(ranks[0], picked, label.kind, seed), label.kind), tried,
        len(held), int(held.sum()) if label.kind == "binary" else 0,
        spans_of(label, score), _mean(values[on]), _mean(values[~on]))


# -- ranks ------------------------------------------------------------------------------------
def centred_ranks(units: NDArray[np.floating]) -> Ranks:
    """Ranks of each row of (U, n), ties sharing their mean, less (n + 1)/2: each row sums to 0."""
    order = np.argsort(units, axis=1)
    ordered = np.take_along_axis(units, order, 1)
    n = units.shape[1]
    place = np.arange(n)
    fresh = np.ones(units.shape, bool)  # starts a run of equal values
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=fresh[:, 1:])
    ranks = np.empty(units.shape)
    if fresh.all():
        np.put_along_axis(ranks, order, np.broadcast_to(place - (n - 1) / 2, units.shape), 1)
        return ranks
    first = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    ends = np.roll(fresh, -1, axis=1)
    ends[:, -1] = True
    last = np.minimum.accumulate(np.where(ends, place, n)[:, ::-1], axis=1)[:, ::-1]
    np.put_along_axis(ranks, order, (first + last - (n - 1)) / 2, 1)
    return ranks


def auc(units: NDArray[np.floating], label: NDArray[np.bool_]) -> Ranks:
    """P(unit is higher with the label than without), ties counting half, for all rows of (U, n)."""
    return (effect(centred_ranks(units), label.astype(np.float64), "binary") + 1) / 2


def effect(ranks: Ranks, label: NDArray[np.float64], kind: Kind) -> Ranks:
    """2·AUC − 1, or the rank correlation, each in [−1, 1], of all rows of ranks (U, n) at once."""
    if kind == "binary":
        positives = label.sum()
        difference: Ranks = 2 * (ranks @ label) / (positives * (len(label) - positives))
        return difference
    other = centred_ranks(label[None])[0]
    size = np.sqrt((ranks**2).sum(1) * (other @ other))
    correlation: Ranks = ranks @ other / np.maximum(size, 1e-300)
    return correlation


def chance_level(ranks: Ranks, label: NDArray[np.float64], kind: Kind,
                 seed: int = 0) -> float:
    """95 % quantile, over circular shifts of the label, of the best unit's |effect|.

    A shift keeps the label's stretches, which plain shuffling would break up: neighbouring
    characters are not independent, and chance is higher than for independent ones.
    """
    n = len(label)
    offsets = np.random.default_rng(seed).integers(n // 20 + 1, n - n // 20, SHIFTS)
    values = label if kind == "binary" else centred_ranks(label[None])[0]
    shifted = np.stack([np.roll(values, o) for o in offsets], 1).astype(np.float32)
    best = np.abs(ranks.astype(np.float32) @ shifted)
    if kind == "binary":
        best = 2 * best / (label.sum() * (n - label.sum()))
    else:
        best /= np.maximum(np.sqrt((ranks**2).sum(1) * (values @ values)), 1e-300)[:, None]
    return float(np.quantile(best.max(0), 0.95))


def _as_score(value: float, kind: Kind) -> float:
    return (value + 1) / 2 if kind == "binary" else value


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Correlation, and 0 where either does not vary (up to rounding)."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-9 * len(a) else 0.0


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0


# -- labels: exact, read off the text, no network in sight --------------------------------------
@dataclass(frozen=True)
class Label:
    """One feature at every character, and the places where it counts.

    `where` is letters only (`str.isalpha`, Chinese characters included), so that a quote or bracket
    itself, or the space in front of it, cannot tell. `given_away` says that even there the current
    character alone decides the label: nothing is remembered, so nothing is searched.
    """

    name: str
    kind: Kind
    values: NDArray[np.float64]  # (T,)
    where: NDArray[np.bool_]  # (T,)
    given_away: bool


def inside_quotes(text: str) -> list[int]:
    """1 after an opening quote up to its closing one: straight ", or “ and ”.

    A blank line closes what was left open, so that one lost quote does not turn the rest around.
    """
    inside, out = False, []
    for before, character in zip("\n" + text, text, strict=False):
        if character in "“”":
            inside = character == "“"
        elif character == '"':
            inside = not inside
        elif character == before == "\n":
            inside = False
        out.append(int(inside))
    return out


def inside_brackets(text: str) -> list[int]:
    """1 from an opening bracket of any kind up to the last closing one; blank lines close all."""
    depth, out = 0, []
    for before, character in zip("\n" + text, text, strict=False):
        if character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth = max(0, depth - 1)
        elif character == before == "\n":
            depth = 0
        out.append(int(depth > 0))
    return out


def line_position(text: str) -> list[int]:
    """Characters since the line began: 0 for its first."""
    out, position = [], 0
    for character in text:
        out.append(position)
        position = 0 if character == "\n" else position + 1
    return out


def word_position(text: str) -> list[int]:
    """Letters of the word before this one; 0 for its first letter and between words."""
    out, position = [], 0
    for character in text:
        out.append(position if character.isalpha() else 0)
        position = position + 1 if character.isalpha() else 0
    return out


def capital_word(text: str) -> list[int]:
    """1 throughout a word that begins with a capital letter."""
    out = [0] * len(text)
    for word in re.finditer(r"[^\W\d_]+", text):
        if word[0][0].isupper():
            out[word.start():word.end()] = [1] * len(word[0])
    return out


def digit(text: str) -> list[int]:
    """1 at a digit: visible in the character itself, so always given away; here to be caught."""
    return [int(c.isdigit()) for c in text]


_BINARY: dict[str, Callable[[str], list[int]]] = {
    "inside_quotes": inside_quotes, "inside_brackets": inside_brackets,
    "capital_word": capital_word, "digit": digit}
_REAL: dict[str, Callable[[str], list[int]]] = {
    "line_position": line_position, "word_position": word_position}


def labels_of(text: str) -> list[Label]:
    """All labels of a text, in a fixed order."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    letters = np.array([c.isalpha() for c in text], bool)
    small = letters & ~np.array([c.isupper() for c in text], bool)
    # a capital letter itself tells that its word has one; a digit is no letter
    places = {"capital_word": small, "digit": np.ones(len(text), bool)}
    out = []
    for kind, table in (("binary", _BINARY), ("real", _REAL)):
        for name, function in table.items():
            values = np.array(function(text), np.float64)
            where = places.get(name, letters)
            out.append(Label(name, kind, values, where,  # type: ignore[arg-type]
                             decided_by_character(values[where], points[where])))
    return out


def label_of_tokens(label: Label, owners: NDArray[np.int64], ids: NDArray[np.int64]) -> Label:
    """A label at every token: that of the character which the token ends.

    A byte in the midst of a character has none. What the current token gives away (with words,
    whether it begins with a capital) is not searched.
    """
    tokens = np.arange(len(ids))
    last = np.searchsorted(owners, tokens, side="right") - 1
    ends = (last >= 0) & (owners[np.maximum(last, 0)] == tokens)
    values, where = label.values[np.maximum(last, 0)], label.where[np.maximum(last, 0)] & ends
    return Label(label.name, label.kind, values, where,
                 decided_by_character(values[where], ids[where]))


def decided_by_character(values: NDArray[np.float64], characters: NDArray[np.integer]) -> bool:
    """Whether the label is a function of the current character or token (and varies at all)."""
    if len(values) == 0 or values.min() == values.max():
        return False
    _, index = np.unique(characters, return_inverse=True)
    low, high = np.full(index.max() + 1, np.inf), np.full(index.max() + 1, -np.inf)
    np.minimum.at(low, index, values)
    np.maximum.at(high, index, values)
    return bool((low == high).all())


def spans_of(label: Label, where: NDArray[np.bool_]) -> int:
    """Independent stretches of a label among the places `where`.

    Binary: runs of 1 over the whole text that hold such a place. Real-valued: times that it starts
    again from a lower value, plus the first.
    """
    if label.kind == "real":
        return int((np.diff(label.values[where]) < 0).sum()) + 1
    starts = np.diff(label.values, prepend=0.0) > 0
    run = np.cumsum(starts)
    return len(np.unique(run[where & (label.values > 0)]))
