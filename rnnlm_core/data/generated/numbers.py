"""Texts that must be reckoned: sums whose carry runs on, days that follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from math import log

from rnnlm_core.data.generated.grammar import Chunk, Grammar, State, write
from rnnlm_core.data.generated.teaching import Teaching

YEARS = range(2000, 2100)
DAYS_A_LINE, BETWEEN = 3, " > "


def addition(digits: int) -> Teaching:
    """Sums of two numbers of so many digits, the sum written from its last digit on: `37+58=590`.

    58 + 37 = 095, read backwards, so that each digit needs the carry of the one just written.
    Source of the task: Zaremba & Sutskever 2014, Learning to execute (arXiv 1410.4615); of the
    order: Lee et al. 2023, Teaching arithmetic to small transformers (arXiv 2307.03381).
    """
    def follow(line: State) -> Sequence[Chunk]:
        if len(line) < 2 * digits:
            plus = "+" if len(line) == digits else ""
            return [Chunk(1, f"{plus}{digit}", f"{line}{digit}") for digit in range(10)]
        total = f"{int(line[:digits]) + int(line[digits:]):0{digits + 1}}"
        return [Chunk(1, f"={total[::-1]}\n", "")]

    grammar = Grammar("", follow)
    length = 2 * digits + len("+=") + digits + 1 + len("\n")
    return Teaching(partial(write, grammar), grammar, 2 * digits * log(10) / length)


def calendar() -> Teaching:
    """A day of the years 2000–2099 and the two after it: `2024-02-28 > 2024-02-29 > 2024-03-01`.

    All 36,525 days are equally likely; what follows is settled by the length of the month.
    """
    def follow(state: State) -> Sequence[Chunk]:
        if state == "":
            return [Chunk((date(year + 1, 1, 1) - date(year, 1, 1)).days, f"{year}-", (year,))
                    for year in YEARS]
        if len(state) == 1:
            year, = state
            return [Chunk(days_in(year, month), f"{month:02}-", (year, month))
                    for month in range(1, 13)]
        year, month = state
        return [Chunk(1, _line(date(year, month, day)).removeprefix(f"{year}-{month:02}-"), "")
                for day in range(1, days_in(year, month) + 1)]

    grammar = Grammar("", follow)
    days = sum(days_in(year, month) for year in YEARS for month in range(1, 13))
    length = len(_line(date(YEARS[0], 1, 1)))
    return Teaching(partial(write, grammar), grammar, log(days) / length)


def days_in(year: int, month: int) -> int:
    """Of the Gregorian calendar."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return (after - date(year, month, 1)).days


def _line(day: date) -> str:
    days = (day + timedelta(n) for n in range(DAYS_A_LINE))
    return BETWEEN.join(one.isoformat() for one in days) + "\n"
