"""Whether a network remembers what it must: right or wrong at the places where the text decides.

A decision is a place of a generated text (`data.generated`) at which one earlier symbol settles
which of a few characters comes next. It is right where the network holds the true one likelier than
each rival; all other characters do not matter. Decisions fall into groups (how deep the bracket,
how many nouns between), since the easy ones hide the hard ones in a mean.

Sources: agreement: Linzen, Dupoux & Goldberg 2016 (arXiv 1611.01368). Counting: Weiss, Goldberg &
Yahav 2018 (arXiv 1805.04908). Holding a unit: Radford et al. 2017 (arXiv 1704.01444).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.data.generated import BRACKETS, MOST_ATTRACTORS
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.units import Label, Part, UnitFinding, all_units, search
from rnnlm_core.nets.cells import Hook, State, unroll
from rnnlm_core.nets.language_model import LanguageModel

HELD_STEPS = 3  # characters before a decision over which a unit is held
_CONTEXT = 256  # characters read before a decision that is tested with a unit held
_PAIRS = dict(BRACKETS)
_CLOSERS = "".join(_PAIRS.values())


@dataclass(frozen=True)
class Decision:
    """After `text[:at]` the character `right` comes, and never one of `rivals`."""

    at: int  # index of the decided character, so text[at] is `right`
    right: str
    rivals: str
    groups: tuple[str, ...]


class Score(NamedTuple):
    """`right` of `cases`; `chance` is what blind guessing among the choices gives."""

    right: int
    cases: int
    chance: float

    @property
    def share(self) -> float:
        return self.right / self.cases


# -- the decisions of each text, read off the text alone -------------------------------------------
def anbn_decisions(text: str) -> list[Decision]:
    """Newline on time: after every b, whether the line ends (as many b's as a's) or goes on.

    Groups: `all`, `ends` (the newline is due), `goes_on`.
    """
    return [Decision(at, text[at], "b" if text[at] == "\n" else "\n",
                     ("all", "ends" if text[at] == "\n" else "goes_on"))
            for at in range(1, len(text)) if text[at - 1] == "b"]


def dyck2_decisions(text: str) -> list[Decision]:
    """The right closer, wherever a bracket closes. Groups: `all` and `depth_1` … (1: outermost).

    `returns` are those whose opener is not the character before: it must be remembered.
    """
    found = []
    for at, depth, opened in _brackets(text):
        if text[at] in _CLOSERS:
            groups = ["all", f"depth_{depth}"] + (["returns"] if opened < at - 1 else [])
            rivals = _CLOSERS.replace(text[at], "")
            found.append(Decision(at, text[at], rivals, tuple(groups)))
    return found


def agreement_decisions(text: str) -> list[Decision]:
    """The verb's first letter, i of `is` or a of `are`, by the number of nouns in between.

    Groups: `attractors_0` … `attractors_3`, `attractors` (1–3), and `conflict`: the noun just
    before the verb is of the other number than the subject.
    """
    found = []
    for sentence in re.finditer(r"the (\w+)((?: \w+ the \w+)*) (is|are) \w+\.", text):
        subject, between, verb = sentence.groups()
        nouns = re.findall(r" the (\w+)", between)
        groups = [f"attractors_{len(nouns)}"]
        if 1 <= len(nouns) <= MOST_ATTRACTORS:
            groups.append("attractors")
            if nouns[-1].endswith("s") != subject.endswith("s"):
                groups.append("conflict")
        found.append(Decision(sentence.start(3), verb[0], "a" if verb == "is" else "i",
                              tuple(groups)))
    return found


def dialogue2_decisions(text: str) -> list[Decision]:
    """The separator between two words of the list: `_` inside quotation marks, a space outside.

    Groups: `all`, `inside`, `outside`. The spaces around `said`, `and`, `left` are not counted.
    """
    found = []
    for gap in re.finditer(r"(?<=[a-z])[ _](?=[a-z])(?!said\b|left\b)", text):
        separator = gap[0]
        groups = ("all", "inside" if separator == "_" else "outside")
        found.append(Decision(gap.start(), separator, " " if separator == "_" else "_", groups))
    return found


DECISIONS: dict[str, Callable[[str], list[Decision]]] = {
    "anbn": anbn_decisions, "dyck2": dyck2_decisions, "agreement": agreement_decisions,
    "dialogue2": dialogue2_decisions}


def _brackets(text: str) -> list[tuple[int, int, int]]:
    """(index, depth, index of the opener) of every bracket; depth 1 is the outermost."""
    found, open_at = [], list[int]()
    for at, character in enumerate(text):
        if character in _PAIRS:
            open_at.append(at)
            found.append((at, len(open_at), at))
        elif character in _CLOSERS and open_at:
            found.append((at, len(open_at), open_at.pop()))
    return found


# -- labels for the search of single units ---------------------------------------------------------
def memories(corpus: str, text: str) -> list[Label]:
    """What a unit could hold at every character of `text` to decide well; empty for others.

    anbn: `counter`, a's less b's so far. dyck2: `depth`, and `top`, whether the innermost open
    bracket is a square one (where one is open). The last is searched away from openers, which show
    it; the two others count everywhere.
    """
    everywhere = np.ones(len(text), bool)
    if corpus == "anbn":
        return [Label("counter", "real", _counter(text), everywhere, False)]
    if corpus == "dyck2":
        depth, top = _open_brackets(text)
        away = np.array([c in _CLOSERS for c in text])
        return [Label("depth", "real", depth, everywhere, False),
                Label("top", "binary", top, away & (depth > 0), False)]
    return []


def _counter(text: str) -> NDArray[np.float64]:
    count, out = 0, []
    for character in text:
        count = 0 if character == "\n" else count + (1 if character == "a" else -1)
        out.append(count)
    return np.array(out, np.float64)


def _open_brackets(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Depth after each character, and 1 where the innermost open bracket is the second kind."""
    to_close, depth, top = "", [], []
    for character in text:
        if character in _PAIRS:
            to_close += _PAIRS[character]
        elif character in _CLOSERS:
            to_close = to_close[:-1]
        depth.append(len(to_close))
        top.append(to_close[-1:] == _CLOSERS[1])
    return np.array(depth, np.float64), np.array(top, np.float64)


def find_memories(model: LanguageModel, untrained: LanguageModel, tokenizer: Tokenizer,
                  corpus: str, text: str, seed: int = 0) -> list[UnitFinding]:
    """The best unit for each of `memories`, with the guards of `insight.units`."""
    ids = tokenizer.encode(text).astype(np.int64)
    parts: tuple[Part, ...] = ("h", "c") if model.config.cell == "lstm" else ("h",)
    names = [(part, layer, unit) for part in parts for layer in range(model.config.layers)
             for unit in range(model.config.hidden)]
    states, control = (all_units(m, ids) for m in (model, untrained))
    return search(states, control, names, memories(corpus, text), ids, seed=seed)


# -- right or wrong --------------------------------------------------------------------------------
def score(model: LanguageModel, tokenizer: Tokenizer, text: str,
          decisions: Sequence[Decision]) -> dict[str, Score]:
    """Each group's score. `text` is read once from the zero state, straight on, without dropout.

    Decisions about the first character have nothing to stand on and are left out. Errors:
    `text.too_short` where none is left.
    """
    usable = [d for d in decisions if d.at > 0]
    if not usable:
        raise BadInput("text.too_short", value=len(text), limit=2)
    ids = torch.from_numpy(tokenizer.encode(text).astype(np.int64))
    with torch.no_grad():
        logits, _ = model(ids[None].to(_device(model)))
    return _tally(logits[0].float().cpu().numpy()[[d.at - 1 for d in usable]], tokenizer, usable)


def _tally(logits: NDArray[np.float32], tokenizer: Tokenizer, decisions: Sequence[Decision]
           ) -> dict[str, Score]:
    """logits (N, V) before each of N decisions → the score of each group."""
    found: dict[str, list[tuple[bool, float]]] = {}
    for row, decision in zip(logits, decisions, strict=True):
        right = bool(row[tokenizer.id_of(decision.right)]
                     > max(row[tokenizer.id_of(rival)] for rival in decision.rivals))
        for group in decision.groups:
            found.setdefault(group, []).append((right, 1 / (1 + len(decision.rivals))))
    return {group: Score(sum(r for r, _ in cases), len(cases),
                         sum(c for _, c in cases) / len(cases))
            for group, cases in sorted(found.items())}


def score_with_unit_held(model: LanguageModel, tokenizer: Tokenizer, text: str,
                         decisions: Sequence[Decision], part: Part, layer: int, unit: int,
                         value: float, most: int = 600) -> dict[str, Score]:
    """The score with one unit held at `value` over the last three characters of each decision.

    Each of the first `most` decisions that have 256 characters before them is read from these.
    Errors: `text.too_short` where there is none.
    """
    usable = [d for d in decisions if d.at >= _CONTEXT][:most]
    if not usable:
        raise BadInput("text.too_short", value=len(text), limit=_CONTEXT + 1)
    ids = torch.from_numpy(tokenizer.encode(text).astype(np.int64))
    windows = torch.stack([ids[d.at - _CONTEXT:d.at] for d in usable])
    hook = _holding(part, layer, unit, value, since=_CONTEXT - HELD_STEPS)
    with torch.no_grad():
        logits = unroll(model, windows.to(_device(model)), hook=hook).logits[:, -1]
    return _tally(logits.float().cpu().numpy(), tokenizer, usable)


def _device(model: LanguageModel) -> torch.device:
    return next(model.parameters()).device


def _holding(part: Part, layer: int, unit: int, value: float, since: int) -> Hook:
    def hook(at_layer: int, t: int, state: State) -> State:
        if at_layer != layer or t < since:
            return state
        held = list(state)
        index = 0 if part == "h" else 1
        held[index] = state[index].clone()
        held[index][:, unit] = value
        return tuple(held)
    return hook
