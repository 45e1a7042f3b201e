"""The table of claims: its figures computed anew, its verdicts, and that page and docs agree."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.claims import CHECKS, as_markdown
from benchmarks.reproduced import DOCS
from rnnlm_ui.claims import PATH, loaded, readable, readables, source_text
from rnnlm_ui.i18n import translate

LABS = {"reach", "race", "taught", "spectra", "clip", "truncate", "room", "dial", "textbook"}
CLAIMS = {claim.name: claim for claim in loaded()}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_figures_come_out_again_and_bear_the_verdict_out(check) -> None:
    kept, fresh = CLAIMS[check.name], check.measured()

    assert set(fresh.values) == set(kept.values)
    assert {name: pytest.approx(value, rel=1e-3, abs=1e-10)
            for name, value in fresh.values.items()} == kept.values
    assert replace(fresh, values=kept.values) == kept


def test_figures_that_say_otherwise_are_refused() -> None:
    check = next(check for check in CHECKS if check.name == "lstm_exploding")

    with pytest.raises(ValueError, match="lstm_exploding is called contradicted"):
        replace(check, measure=lambda: {"rate": 0.9}).measured()


def test_page_and_docs_are_made_of_the_same_rows() -> None:
    assert PATH == DOCS / "claims.json"
    assert [row["name"] for row in json.loads(PATH.read_text("utf-8"))] == [
        check.name for check in CHECKS]
    assert as_markdown(loaded()) == (DOCS / "claims.md").read_text("utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_claim_is_told_in_both_languages(language: str) -> None:
    for claim in CLAIMS.values():
        found = translate(language, f"claims.found.{claim.name}", **readables(claim))
        assert translate(language, f"claims.said.{claim.name}") != f"claims.said.{claim.name}"
        assert any(figure in found for figure in readables(claim).values())
        assert "{" not in found and "|" not in found
        assert claim.lab in LABS and claim.address.startswith(f"lab={claim.lab}")


@pytest.mark.parametrize(("value", "text"), [
    (5, "5"), (0.0, "0"), (2.0, "2"), (1000, "1000"), (0.646, "0.646"), (38.7420489, "38.74"),
    (0.003992004, "0.003992"), (1.363e-23, "1.4 × 10⁻²³"), (-0.0609, "−0.0609"),
    (-3.2e-5, "−3.2 × 10⁻⁵"), (float("inf"), "inf")])
def test_figures_are_written_for_people(value: float, text: str) -> None:
    assert readable(value) == text


def test_sources_are_named_in_the_readers_language() -> None:
    assert source_text("tutorial 3.3.2", "zh") == "教程 3.3.2"
    assert source_text("tutorial FAQ", "en") == "the tutorial, FAQ"
    assert source_text("Pascanu et al. 2013", "zh") == "Pascanu et al. 2013"
