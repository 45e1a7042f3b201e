"""Which race is looked at: by the group that its runs share, which the address carries."""

from __future__ import annotations

from collections.abc import Sequence

from rnnlm_core import sweep
from rnnlm_ui import session
from rnnlm_ui.compare_runs import Row

RACE = "race"


def races_of(listed: Sequence[Row]) -> dict[str, list[Row]]:
    """Every race with its runs, the newest first, those of the Compare page too."""
    found: dict[str, list[Row]] = {}
    for row in listed:
        if row.group and row.facts.origin is not None and row.facts.origin.kind == "race":
            found.setdefault(row.group, []).append(row)
    return found


def racers_of(members: Sequence[Row]) -> list[Row]:
    """One of each cell, that with the smallest seed, in the order of the cells."""
    return [min(of_cell, key=lambda row: row.facts.config.seed) for cell in sweep.CELLS
            if (of_cell := [row for row in members if row.facts.config.cell == cell])]


def chosen(races: dict[str, list[Row]]) -> str:
    """The group of the address or of the picker, else the newest; the address then names it."""
    if session.widget(session.choice(RACE, list(races), ""), "") not in races:
        session.set_widget(RACE, next(iter(races), ""))
    return session.widget(session.choice(RACE, list(races), ""), "")


def race_title(members: Sequence[Row]) -> str:
    """`Recall after 20 characters · RNN, GRU, LSTM · 11-28 11:20`."""
    row = members[0]
    cells = ", ".join(racer.facts.config.cell.upper() for racer in racers_of(members))
    day, clock = row.id[:8], row.id[9:13]
    return f"{row.facts.title} · {cells} · {day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:]}"
