"""`python -m benchmarks [NAME …]`: one table, and `benchmarks/results.json`.

Each row is name, value, unit, target, whether it was met, the machine with its load, and the date.
Ratios are medians of pairs taken in turn. `peers` needs a second Python (see `benchmarks/peers.py`)
and runs only where it is named or `--peers-python` is given; all others run by default.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import (
    cell_page,
    data,
    gradients,
    gradients_credit,
    gradients_jacobians,
    gradients_room,
    instruments,
    learning,
    page,
    peers,
    race,
    reader,
    speed,
    states,
    states_move,
    states_page,
    states_trace,
    words,
    writing,
    writing_page,
)
from benchmarks.machine import machine
from benchmarks.rows import Found, Row

RESULTS = Path(__file__).resolve().with_name("results.json")


def measures(asked: argparse.Namespace) -> dict[str, Callable[[Path], list[Found]]]:
    """By name: what is given a folder for its runs and returns its rows."""
    return {
        "speed": speed.speed,
        "neighbour": speed.neighbour,
        "instruments": instruments.instruments,
        "reader": reader.reader,
        "data": data.data,
        "states": states.states,
        "states_trace": states_trace.states_trace,
        "states_move": states_move.states_move,
        "states_page": states_page.states_page,
        "race": race.race,
        "gradients_room": gradients_room.gradients_room,
        "gradients_credit": gradients_credit.gradients_credit,
        "gradients_jacobians": gradients_jacobians.gradients_jacobians,
        "gradients": gradients.gradients,
        "writing": writing.writing,
        "writing_page": writing_page.writing_page,
        "cell_page": cell_page.cell_page,
        "words": lambda _runs: words.words(asked.text),
        "learning": learning.learning,
        "worker": page.worker,
        "paint": page.paint,
        "memory": lambda runs: page.memory(runs, asked.minutes),
        "peers": lambda runs: peers.peers(runs, asked.peers_python)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=", ".join(measures(argparse.Namespace())))
    parser.add_argument("--minutes", type=float, default=10.0, help="of the memory benchmark")
    parser.add_argument("--text", type=Path, help="of the words benchmark")
    parser.add_argument("--peers-python", type=Path, help="a Python with benchmarks/peers.txt")
    asked = parser.parse_args()
    known = measures(asked)
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(known)}")
    names = asked.names or [n for n in known if n != "peers" or asked.peers_python]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            print(name, "…", file=sys.stderr)
            here, date = machine(), time.strftime("%Y-%m-%d")
            rows += [Row(*found, here, date) for found in known[name](Path(folder))]
    keep(rows)
    for row in rows:
        value = "never" if row.value is None else f"{row.value:.3g}"
        met = "" if row.met is None else "met" if row.met else "MISSED"
        print(f"{row.name:<56}{value:>9} {row.unit:<5} target {row.target:<9} {met}")


def keep(rows: list[Row]) -> None:
    """Beside the rows of other names, in the place of their own."""
    kept = {row["name"]: row for row in json.loads(RESULTS.read_text())} if RESULTS.exists() else {}
    kept |= {row.name: asdict(row) for row in rows}
    RESULTS.write_text(json.dumps(list(kept.values()), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
