"""`python -m benchmarks.reproduce [SECTION …] [--text PATH] [--seeds 1 2 3]`: the learning figures.

Sections: recall, classroom, clipping, anbn, dyck2, agreement, dialogue2, source and, where a text
is given, shakespeare. Rows go into `docs/reproduced.json` and `docs/reproduced.md` as soon as they
are measured, in place of earlier ones of the same name; at its end a section's leftovers of earlier
runs go.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.reproduced import Row, keep
from rnnlm_core.run.process import sleep_while_waiting

SECTIONS = ("recall", "classroom", "clipping", "anbn", "dyck2", "agreement", "dialogue2", "source")
RECIPES = ("shakespeare", "shakespeare_narrow")  # need a text that is not part of the project
SEEDS = {"recall": (1, 2, 3, 4, 5), "classroom": (1, 2, 3, 4, 5),
         "clipping": (1, 2, 3, 4, 5), "agreement": (1, 2, 3, 4, 5),
         "dialogue2": (1, 2, 3, 4, 5)}
_SEEDS = (1, 2, 3)
_HOLDS = {True: "holds", False: "DOES NOT HOLD", None: ""}


def _measured(name: str, seeds: tuple[int, ...], runs: Path, asked: argparse.Namespace
              ) -> Iterator[list[Row]]:
    # here, as they import torch
    from benchmarks import (
        reproduce_classroom,
        reproduce_clipping,
        reproduce_corpora,
        reproduce_recall,
        reproduce_shakespeare,
    )

    if name in RECIPES:
        yield reproduce_shakespeare.shakespeare(name, seeds, runs, asked.text, asked.seconds)
    elif name == "recall":
        yield from reproduce_recall.recall(seeds, runs)
    elif name == "classroom":
        yield from reproduce_classroom.classroom(seeds, runs)
    elif name == "clipping":
        yield from reproduce_clipping.clipping(seeds, runs)
    else:
        yield from getattr(reproduce_corpora, name)(seeds, runs)


def main() -> None:
    sleep_while_waiting()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reproduce")
    parser.add_argument("sections", nargs="*", metavar="SECTION",
                        help=", ".join([*SECTIONS, *RECIPES]) + "; all where none is given")
    parser.add_argument("--text", type=Path, help="tiny Shakespeare; it is not part of the project")
    parser.add_argument("--seconds", type=float, default=180.0, help="of each Shakespeare run")
    parser.add_argument("--seeds", type=int, nargs="+")
    asked = parser.parse_args()
    if unknown := set(asked.sections) - {*SECTIONS, *RECIPES}:
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    if set(asked.sections) & set(RECIPES) and asked.text is None:
        parser.error("Shakespeare needs --text PATH: the text is not part of the project")
    if asked.text is not None and not asked.text.is_file():
        parser.error(f"there is no file {asked.text}")
    names = asked.sections or [*SECTIONS, *(RECIPES if asked.text else [])]
    for name in names:
        print(name, "…", file=sys.stderr)
        seeds = tuple(asked.seeds or SEEDS.get(name, _SEEDS))
        every: list[Row] = []
        with tempfile.TemporaryDirectory() as runs:
            for rows in _measured(name, seeds, Path(runs), asked):
                keep(name, rows, complete=False)
                every += rows
                for row in rows:
                    print(f"{row.figure:<60} expected {row.expected:<22} ours {row.ours:<22} "
                          f"{_HOLDS[row.holds]}", flush=True)
        keep(name, every, complete=True)


if __name__ == "__main__":
    main()
