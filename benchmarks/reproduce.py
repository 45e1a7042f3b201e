"""`python -m benchmarks.reproduce [SECTION …] [--text PATH] [--seeds 1 2 3]`: the learning figures.

Sections: recall, anbn, dyck2, agreement, dialogue2 and, where a text is given, shakespeare. Rows
go into `docs/reproduced.json` and `docs/reproduced.md` as soon as they are measured, in place of
earlier ones of the same name; at its end a section's leftovers of earlier runs go.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rnnlm_core.run.process import sleep_while_waiting

sleep_while_waiting()  # before torch is imported: two threads beside anything else

from benchmarks import reproduce_corpora, reproduce_recall, reproduce_shakespeare  # noqa: E402
from benchmarks.reproduce_shakespeare import RECIPES  # noqa: E402
from benchmarks.reproduced import Row, keep  # noqa: E402

SECTIONS: dict[str, Callable[[tuple[int, ...], Path], Iterator[list[Row]]]] = {
    "recall": reproduce_recall.recall,
    "anbn": reproduce_corpora.anbn,
    "dyck2": reproduce_corpora.dyck2,
    "agreement": reproduce_corpora.agreement,
    "dialogue2": reproduce_corpora.dialogue2}
SEEDS = {"recall": (1, 2, 3, 4, 5), "dialogue2": (1, 2, 3, 4, 5)}
_SEEDS = (1, 2, 3)
_HOLDS = {True: "holds", False: "DOES NOT HOLD", None: ""}


def main() -> None:
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
            parts = SECTIONS[name](seeds, Path(runs)) if name in SECTIONS else iter([
                reproduce_shakespeare.shakespeare(
                    name, seeds, Path(runs), asked.text, asked.seconds)])
            for rows in parts:
                keep(name, rows, complete=False)
                every += rows
                for row in rows:
                    print(f"{row.figure:<60} expected {row.expected:<22} ours {row.ours:<22} "
                          f"{_HOLDS[row.holds]}", flush=True)
        keep(name, every, complete=True)


if __name__ == "__main__":
    main()
