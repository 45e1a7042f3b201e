"""How often a network is right, by how far back lies what it must know.

Three measures, each on held-out text; which one a text allows is a property of the text:

- `distance`: of a generated text it is known which earlier character settles each decision, so the
  decisions fall apart by how far back that one stands (brackets, copies, verbs).
- `fed_decisions`: where it stands equally far back for all (`recall:20`), a distance says little.
  Then the network is fed only the last n characters: with fewer than the distance it can but guess.
- `fed`: of any other text nobody knows what must be remembered. The share of next tokens that are
  the network's first choice when only the last n are fed, from the zero state.

A decision is right where the true character is held likelier than each of its rivals
(`insight.scoring`); a next token, where it is held likeliest of all.

Source of feeding the last n: Khandelwal et al. 2018 (arXiv 1805.04623), there for the loss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlm_core.config import RunConfig
from rnnlm_core.data.generated import family_of
from rnnlm_core.data.generated.memory import AGAIN, KEYS
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.context import places_for
from rnnlm_core.insight.decisions import Decision, brackets, decisions_of
from rnnlm_core.nets.language_model import LanguageModel

Kind = Literal["distance", "fed_decisions", "fed"]
LENGTHS = (1, 2, 3, 5, 10, 20, 50)  # how many last tokens are fed
BEFORE = 128  # characters read before a decision, from the zero state
BINS = (1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 61, 91, BEFORE)  # of distances: first of each
FEWEST_CASES = 10  # of a bin
FEWEST_TOKENS = 120

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class ByLag:
    """Shares that are right, at `at`: distances back (their mean in each bin), or tokens fed."""

    kind: Kind
    at: NDArray[np.float64]  # (N,) rising
    right: NDArray[np.float64]  # (N,) shares
    cases: NDArray[np.int64]  # (N,)
    chance: float  # what guessing gives: among the choices, or always the commonest token
    distance: int | None = None  # `fed_decisions`: how far back stands what settles them

    @property
    def whole(self) -> float:
        """Over all cases; where tokens are fed, of the longest stretch."""
        if self.kind == "distance":
            return float((self.right * self.cases).sum() / self.cases.sum())
        return float(self.right[-1])


@dataclass(frozen=True)
class Places:
    """P places of a text at which a network is asked."""

    ends: Ids  # (P,) the asked token is ids[end]
    rivals: Ids | None  # (P, R) ids that must be less likely; None: all others
    distances: Ids | None  # (P,) back to what settles it
    chance: float


def answers_by_lag(model: LanguageModel, tokenizer: Tokenizer, text: str, config: RunConfig,
                   seed: int = 0) -> ByLag:
    """The measure that the text of `config` allows, at up to 256 places of held-out `text`,
    twice as many where they fall apart by distance.

    Errors: `text.too_short` below 120 tokens.
    """
    ids = np.asarray(tokenizer.encode(text), np.int64)
    if len(ids) < FEWEST_TOKENS:
        raise BadInput("text.too_short", value=len(ids), limit=FEWEST_TOKENS)
    places = _decided(config, tokenizer, text) or _anywhere(ids)
    most = places_for(config)
    if places.distances is None:
        return _by_fed(model, ids, _some(places, most, seed), "fed")
    if len(set(places.distances.tolist())) == 1:
        return _by_fed(model, ids, _some(places, most, seed), "fed_decisions")
    return _by_distance(model, ids, _some(places, 2 * most, seed))  # read once, but then divided


# -- where it is asked -----------------------------------------------------------------------------
def origins(corpus: str, text: str) -> list[tuple[Decision, int]]:
    """Decisions of a generated text with the index of the character that settles each.

    Empty for texts of which no single character does, or none is known.
    """
    family, found = family_of(corpus), decisions_of(corpus, text)
    if family == "recall":
        settled = [(d, text.rfind("\n", 0, d.at) + 1) for d in found]
        return [(d, at) for d, at in settled if text[at] in KEYS]  # the first line may be cut
    if family == "copy":  # the same place of the first half
        bars = [(d, text.rfind(AGAIN, 0, d.at)) for d in found if "letters" in d.groups]
        pairs = [(d, text.rfind("\n", 0, bar) + d.at - bar) for d, bar in bars]
        return [(d, at) for d, at in pairs if text[at] == d.right]
    if family == "dyck":
        openers = {at: opener for at, _, opener in brackets(text)}
        return [(d, openers[d.at]) for d in found if any(g.startswith("depth") for g in d.groups)]
    if family == "agreement":  # the last letter of the subject: an s, or none
        subjects = {m.start(2): m.end(1) - 1
                    for m in re.finditer(r"the (\w+)(?: of the \w+)* (is|are)\b", text)}
        return [(d, subjects[d.at]) for d in found if d.at in subjects]
    return []


def _decided(config: RunConfig, tokenizer: Tokenizer, text: str) -> Places | None:
    """None where the tokens are no characters or nothing is known to be decided."""
    if not config.by_character:
        return None
    usable = [(d, at) for d, at in origins(config.corpus, text)
              if d.at >= BEFORE and d.at - at <= BEFORE]
    if len(usable) < FEWEST_CASES:
        return None
    width = max(len(d.rivals) for d, _ in usable)
    # fewer rivals are filled up with the first of them
    rivals = [[tokenizer.id_of(c) for c in d.rivals.ljust(width, d.rivals[0])] for d, _ in usable]
    chance = float(np.mean([1 / (1 + len(d.rivals)) for d, _ in usable]))
    return Places(np.array([d.at for d, _ in usable], np.int64), np.array(rivals, np.int64),
                  np.array([d.at - at for d, at in usable], np.int64), chance)


def _anywhere(ids: Ids) -> Places:
    """Every token with as many before it as are fed at most; guessing: always the commonest."""
    longest = min(max(LENGTHS), len(ids) // 2)
    return Places(np.arange(longest, len(ids)), None, None,
                  float(np.bincount(ids).max() / len(ids)))


def _some(places: Places, most: int, seed: int) -> Places:
    kept = np.sort(np.random.default_rng(seed).permutation(len(places.ends))[:most])
    return Places(places.ends[kept], None if places.rivals is None else places.rivals[kept],
                  None if places.distances is None else places.distances[kept], places.chance)


# -- asking ----------------------------------------------------------------------------------------
def _right(model: LanguageModel, ids: Ids, places: Places, fed: int) -> NDArray[np.bool_]:
    """(P,) whether it is right when the last `fed` tokens are read from the zero state."""
    read = ids[places.ends[:, None] + np.arange(-fed, 0)]  # (P, fed)
    wanted = torch.from_numpy(ids[places.ends])
    with torch.inference_mode():
        states, _ = model.read(torch.from_numpy(read))
        logits = model.output(states[:, -1])  # (P, V)
        if places.rivals is None:
            return (logits.argmax(-1) == wanted).numpy()
        true = logits.gather(1, wanted[:, None])  # (P, 1)
        rivals = logits.gather(1, torch.from_numpy(places.rivals))  # (P, R)
        return (true > rivals).all(-1).numpy()


def _by_fed(model: LanguageModel, ids: Ids, places: Places, kind: Kind) -> ByLag:
    lengths = [n for n in LENGTHS if n <= int(places.ends.min())]
    distance = None
    if places.distances is not None:
        distance = int(places.distances[0])
        # one token less than is needed, just enough, and some more
        lengths = sorted({n for n in (*LENGTHS, distance - 1, distance, BEFORE) if n > 0})
    right = [_right(model, ids, places, n).mean() for n in lengths]
    return ByLag(kind, np.array(lengths, np.float64), np.array(right),
                 np.full(len(lengths), len(places.ends)), places.chance, distance)


def _by_distance(model: LanguageModel, ids: Ids, places: Places) -> ByLag:
    assert places.distances is not None
    right, at, shares, cases = _right(model, ids, places, BEFORE), [], [], []
    for low, high in pairwise([*BINS, BEFORE + 1]):
        inside = (places.distances >= low) & (places.distances < high)
        if (count := int(inside.sum())) >= FEWEST_CASES:
            at.append(float(places.distances[inside].mean()))
            shares.append(float(right[inside].mean()))
            cases.append(count)
    return ByLag("distance", np.array(at), np.array(shares), np.array(cases, np.int64),
                 places.chance)
