"""The table of reproduced figures: what holds, what replaces what, and what is never invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks import reproduce
from benchmarks.reproduce_shakespeare import RECIPES, RUN_UP, carried_loss, shakespeare_config
from benchmarks.reproduced import DOCS, TITLES, Measurement, Row, as_markdown, keep, needed
from rnnlm_core.nets.build import build
from rnnlm_core.prepared import prepare
from tests.small_runs import new_run, small_text

HERE = Measurement("anbn", (1, 2, 3, 4, 5), "a machine, load 2.5", "2026-11-25", 1.234, 2.5)


def row(section: str, figure: str) -> Row:
    return Measurement(section, (1,), "a machine, load 2.5", "2026-11-25").at_least(
        figure, "1", 0.5, [0.75], 10)


@pytest.mark.parametrize(("seeds", "reach"), [(5, 4), (3, 3), (1, 1), (10, 8)])
def test_four_fifths_of_the_seeds_must_hold(seeds: int, reach: int) -> None:
    assert needed(seeds) == reach


@pytest.mark.parametrize(("each", "holds"), [
    ([0.9, 0.9, 0.9, 0.9, 0.1], True), ([0.9, 0.9, 0.9, 0.1, 0.1], False),
    ([0.8] * 5, True)])
def test_a_figure_holds_where_enough_seeds_reach_it(each: list[float], holds: bool) -> None:
    found = HERE.at_least("share", ".95", 0.8, each, 840)
    assert found.holds is holds
    assert found.each == each
    assert HERE.at_most("share", ".95", 0.8, [1 - value for value in each], 840).holds is (
        sum(1 - value <= 0.8 for value in each) >= 4)
    assert HERE.shown("share", "–", each, 840).holds is None


def figures(folder: Path) -> list[tuple[str, str]]:
    kept = json.loads((folder / "reproduced.json").read_text("utf-8"))
    page = (folder / "reproduced.md").read_text("utf-8")
    found = [(r["section"], r["figure"]) for r in kept]
    assert [f for _, f in found] == [line.split(" | ")[0][2:] for line in page.splitlines()
                                     if " | 0.75 | " in line]
    return found


def test_a_section_replaces_its_own_rows_only(tmp_path: Path) -> None:
    keep("dyck2", [row("dyck2", "depth")], True, tmp_path)
    keep("recall", [row("recall", "before"), row("recall", "T = 10")], True, tmp_path)
    keep("recall", [row("recall", "T = 10")], False, tmp_path)  # measured, more to come
    assert figures(tmp_path) == [("recall", "before"), ("recall", "T = 10"), ("dyck2", "depth")]

    keep("recall", [row("recall", "T = 10"), row("recall", "T = 30")], True, tmp_path)
    assert figures(tmp_path) == [("recall", "T = 10"), ("recall", "T = 30"), ("dyck2", "depth")]


def test_a_line_shows_each_seed_and_what_was_not_reached() -> None:
    line = next(line for line in as_markdown([HERE.row(
        "T = 10", "5/5", "≥ 4 solved", "4/5", [48, None], False, 153)]).splitlines()
        if line.startswith("| T = 10"))
    assert line == ("| T = 10 | 5/5 | 4/5 | 48 – | ≥ 4 solved | **no** | 153 | 1, 2, 3, 4, 5 "
                    "| 1.23 | 2.50 |")


def test_the_page_in_docs_is_made_from_the_rows_in_docs() -> None:
    rows = json.loads((DOCS / "reproduced.json").read_text("utf-8"))
    assert as_markdown([Row(**one) for one in rows]) == (DOCS / "reproduced.md").read_text("utf-8")


def test_shakespeare_is_scored_straight_on_with_every_target_once(tmp_path: Path) -> None:
    """Against one pass over the run-up and the whole validation part."""
    folder = new_run(tmp_path, small_text(12_000))
    prepared = prepare(folder)
    model = build(folder.config(), prepared.tokenizer.size).eval()
    start, count = len(prepared.train_ids), len(prepared.validation_ids)
    assert count > 1_000 and start > RUN_UP + 1
    ids = torch.from_numpy(prepared.ids[start - 1 - RUN_UP:].astype("int64"))
    with torch.no_grad():
        log_p = torch.log_softmax(model(ids[None, :-1])[0][0].double(), -1)
    surprise = -log_p[torch.arange(len(ids) - 1), ids[1:]]

    for at_once in (100_000, 512, 7):
        found = carried_loss(model, prepared, at_once)
        assert found == pytest.approx(float(surprise[-count:].mean()), abs=1e-6)


def test_the_shakespeare_preset_is_valid() -> None:
    assert shakespeare_config("shakespeare_narrow", 180.0, 1, "text:" + "0" * 64).problems() == []


def test_every_recipe_has_its_place_in_the_table() -> None:
    assert set(RECIPES) == set(reproduce.RECIPES)
    assert {*reproduce.SECTIONS, *reproduce.RECIPES} == set(TITLES)


def test_machines_are_named_once_with_the_loads_they_had() -> None:
    def measured(load: str, day: str) -> Row:
        return Measurement("anbn", (1,), f"one, 2 cores, load {load}", day).at_least(
            "x", "1", 0.5, [0.75], 10)

    page = as_markdown([measured("9.5", "2026-11-24"), measured("12.0", "2026-11-25")])
    assert "Measured on: one, 2 cores, load 9.5 to 12.0; 2026-11-24 to 2026-11-25.\n" in page
