"""Other places with the same pattern: a phrase, the units that are on all through it, and where in
a long text as many of them are on together.

A unit is on where its value lies above a threshold θ. Units may also be taken that are far below
(see `Levels`): then each unit counts twice, as itself and as its opposite; both are called switches
here. A place is as good as the number of the phrase's switches on all through it; of equals, the
one with fewer others on.

Source: Strobelt et al. 2018, LSTMVis (arXiv 1606.07461), section 5.2: selection and ranking. There
the threshold is for values above only; chance, by random sets of switches, is this project's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_MATCHES = 100
RANDOM_SETS = 20
_OFTEN = 0.95  # of the random sets lie below the level that is named beside their mean

Values = NDArray[np.floating]
Places = NDArray[np.int64]
Switches = NDArray[np.int64]  # unit u is switch u where it is above, H + u where it is far below


class Levels(NamedTuple):
    """Above `high` a unit is on; below `low`, where that counts too, its opposite is."""

    high: float
    low: float | None = None


class Span(NamedTuple):
    """Tokens `start` to `end`, both included."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start + 1


class Match(NamedTuple):
    span: Span
    on: int  # of the phrase's switches
    others: int  # further switches on all through it


@dataclass(frozen=True)
class Switchboard:
    """Which switch is on where, over T tokens; F switches, H or 2H of them."""

    on: NDArray[np.bool_]  # (T, F)
    last_off: NDArray[np.signedinteger]  # (T, F): up to here, tokens to the last that is off

    @property
    def length(self) -> int:
        return len(self.on)


def switchboard(values: Values, levels: Levels) -> Switchboard:
    """values (T, H) by their thresholds."""
    count, units = values.shape
    on = np.empty((count, units if levels.low is None else 2 * units), bool)
    np.greater(values, levels.high, out=on[:, :units])
    if levels.low is not None:
        np.less(values, levels.low, out=on[:, units:])
    kind = np.int16 if count < 2**15 else np.int32
    last_off = np.multiply(~on, np.arange(1, count + 1, dtype=kind)[:, None], dtype=kind)
    for before, here in pairwise(last_off):  # a tenth of the time of maximum.accumulate
        np.maximum(before, here, out=here)
    return Switchboard(on, last_off)


def switches_on(board: Switchboard, span: Span, alone: bool = False) -> Switches:
    """The switches on all through a span; `alone`: and off just before and just after it.

    Outside of the text everything is off.
    """
    return np.flatnonzero(_through(board, np.array([span.start]), np.array([span.end]), alone)[0])


def _through(board: Switchboard, starts: Places, ends: Places, alone: bool,
             chosen: Switches | slice = slice(None)) -> NDArray[np.bool_]:
    """(N, S): which switches are on all through each of N spans."""
    through: NDArray[np.bool_] = board.last_off[ends][:, chosen] <= starts[:, None]
    if alone:
        for beside, inside in ((starts - 1, starts > 0), (ends + 1, ends < board.length - 1)):
            through &= ~(board.on[np.clip(beside, 0, board.length - 1)][:, chosen]
                         & inside[:, None])
    return through


def find_matches(board: Switchboard, chosen: Switches, length: int, alone: bool = False,
                 any_length: bool = False, avoid: Span | None = None,
                 most: int = MOST_MATCHES) -> list[Match]:
    """The best places that do not overlap each other or `avoid`, at least half of `chosen` on.

    Places are as long as the phrase, `length`; with `any_length` from half as long to twice.
    """
    if len(chosen) == 0 or length > board.length:
        return []
    starts, ends = _stretches(board, chosen, length, alone) if any_length else (
        np.arange(board.length - length + 1), np.arange(length - 1, board.length))
    counts = _through(board, starts, ends, alone, chosen).sum(1)
    good = counts >= max(1, -(-len(chosen) // 2))
    starts, ends, counts = starts[good], ends[good], counts[good]
    others = _through(board, starts, ends, alone).sum(1) - counts
    order = np.lexsort((starts, others, -counts))
    taken = np.zeros(board.length, bool)
    if avoid is not None:
        taken[avoid.start:avoid.end + 1] = True
    found: list[Match] = []
    for i in order:
        start, end = int(starts[i]), int(ends[i])
        if not taken[start:end + 1].any():
            taken[start:end + 1] = True
            found.append(Match(Span(start, end), int(counts[i]), int(others[i])))
            if len(found) == most:
                break
    return found


def _stretches(board: Switchboard, chosen: Switches, length: int, alone: bool
               ) -> tuple[Places, Places]:
    """Starts and ends of the stretches, half to twice as long as the phrase, worth looking at.

    `alone`: each switch's own. Else the longest over which k of the switches are on, for each k:
    where k of them are on in turn, fewer are on all through.
    """
    on = board.on[:, chosen]
    if alone:
        rows = on.T
    else:
        together = on.sum(1)
        rows = together[None] >= np.arange(1, len(chosen) + 1)[:, None]
    edges = np.diff(np.pad(rows.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    starts, ends = np.nonzero(edges == 1)[1], np.nonzero(edges == -1)[1] - 1
    lengths = ends - starts + 1
    kept = (lengths * 2 >= length) & (lengths <= 2 * length)
    spans = np.unique(np.stack([starts[kept], ends[kept]], 1), axis=0)
    return spans[:, 0], spans[:, 1]


def random_sets(board: Switchboard, chosen: Switches, units: int, seed: int = 0,
                count: int = RANDOM_SETS) -> list[Switches]:
    """Sets of as many switches as `chosen`, of other units (of H `units`) that are ever on and
    ever off; of all such units where too few others are left."""
    moving = np.flatnonzero(board.on.any(0) & ~board.on.all(0))
    others = moving[~np.isin(moving % units, chosen % units)]
    pool = others if len(others) > len(chosen) else moving
    generator = np.random.default_rng(seed)
    return [np.sort(generator.choice(pool, min(len(chosen), len(pool)), replace=False))
            for _ in range(count)]


class Share(NamedTuple):
    """How often something holds of the matches, of all places, and of random sets' matches.

    None where it cannot be said of any of them.
    """

    matches: float | None
    everywhere: float
    random: float | None  # mean over the sets
    random_high: float | None  # 95 % of the sets lie below

    @property
    def telling(self) -> bool:
        """More than nearly all random sets give, and more than everywhere."""
        return self.matches is not None and self.matches > max(self.everywhere,
                                                               self.random_high or 0.0)


def label_share(holds: NDArray[np.bool_], counts: NDArray[np.bool_], matches: list[Match],
                random: list[list[Match]]) -> Share:
    """Of the tokens of the matches, those with a label: `holds` (T,), at the places that `counts`.

    Each match weighs the same, however long it is.
    """
    inside = np.concatenate([[0], np.cumsum(holds & counts)])
    places = np.concatenate([[0], np.cumsum(counts)])

    def of(found: list[Match]) -> float | None:
        shares = [(inside[m.span.end + 1] - inside[m.span.start]) / n for m in found
                  if (n := places[m.span.end + 1] - places[m.span.start])]
        return float(np.mean(shares)) if shares else None

    return _share(of(matches), float(inside[-1] / max(1, places[-1])), [of(r) for r in random])


def following_share(ids: NDArray[np.int64], token: int, matches: list[Match],
                    random: list[list[Match]]) -> Share:
    """How often `token` comes next after a match."""
    def of(found: list[Match]) -> float | None:
        after = following(ids, found)
        return float((after == token).mean()) if len(after) else None

    return _share(of(matches), float((ids[1:] == token).mean()), [of(r) for r in random])


def following(ids: NDArray[np.int64], matches: list[Match]) -> NDArray[np.int64]:
    """The token after each match; none after one that ends the text."""
    return ids[np.array([m.span.end + 1 for m in matches if m.span.end + 1 < len(ids)], np.int64)]


def _share(own: float | None, everywhere: float, random: list[float | None]) -> Share:
    told = [value for value in random if value is not None]
    return Share(own, everywhere, float(np.mean(told)) if told else None,
                 float(np.quantile(told, _OFTEN)) if told else None)
