"""What the places of a pattern have in common, beside the whole text and beside random sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlm_core.insight.labels import Label
from rnnlm_core.insight.long_reading import LongReading
from rnnlm_core.insight.match import (
    Levels,
    Match,
    Share,
    Span,
    Switches,
    Values,
    find_matches,
    following,
    following_share,
    label_share,
    random_sets,
    switchboard,
    switches_on,
)

NEXT = 6  # tokens that are named


class Named(NamedTuple):
    name: str  # of a label
    share: Share


class Next(NamedTuple):
    token: int
    share: float  # after the matches
    everywhere: float


@dataclass(frozen=True)
class MatchReport:
    """Ranked matches; `full` of them have all of `chosen` on, `same` read as the phrase does."""

    chosen: Switches
    matches: list[Match]
    full: int
    same: int
    labels: list[Named]  # what tells most beyond the random sets first
    after: list[Next]  # likeliest first
    likeliest: Share | None  # of the first of them
    random_found: float  # matches of a random set, on average


def match_report(phrase: Values, span: Span, ids: NDArray[np.int64], reading: LongReading,
                 labels: list[Label], levels: Levels, alone: bool = False,
                 any_length: bool = False, avoid: Span | None = None, seed: int = 0
                 ) -> MatchReport:
    """The units of `phrase` (T, H) that are on all through `span` of the short text `ids` (T,),
    and their places in a long reading. `avoid` is where the phrase itself stands in it."""
    chosen = switches_on(switchboard(phrase, levels), span, alone)
    board = switchboard(reading.values, levels)

    def found(switches: Switches) -> list[Match]:
        return find_matches(board, switches, len(span), alone, any_length, avoid)

    matches = found(chosen)
    drawn = [found(other) for other in random_sets(board, chosen, phrase.shape[1], seed)] \
        if matches else []
    own = ids[span.start:span.end + 1].tolist()
    named = [Named(label.name, label_share(label.values > 0, label.where, matches, drawn))
             for label in labels if label.kind == "binary"]
    after = _after(reading.ids, matches)
    return MatchReport(
        chosen, matches, sum(match.on == len(chosen) for match in matches),
        sum(reading.ids[m.span.start:m.span.end + 1].tolist() == own for m in matches),
        sorted((one for one in named if one.share.matches is not None),
               key=lambda one: _gain(one.share), reverse=True), after,
        following_share(reading.ids, after[0].token, matches, drawn) if after else None,
        float(np.mean([len(one) for one in drawn])) if drawn else 0.0)


def _gain(share: Share) -> float:
    assert share.matches is not None
    return share.matches - max(share.everywhere, share.random_high or 0.0)


def _after(ids: NDArray[np.int64], matches: list[Match]) -> list[Next]:
    """The commonest next tokens after the matches."""
    tokens = following(ids, matches)
    return [Next(token, count / len(tokens), float((ids[1:] == token).mean()))
            for token, count in Counter(tokens.tolist()).most_common(NEXT)]
