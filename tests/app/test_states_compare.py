"""Two networks on one text, as a visitor of the States page compares them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnnlm_core.insight.alignment import UnitPair
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from rnnlm_ui.states.compare import pairs_file
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import new_run

pytestmark = pytest.mark.usefixtures("runs_folder")


@LANGUAGES
def test_a_trained_network_is_compared_with_itself_before_it_learned(language: str) -> None:
    app = opened("states", DIALOGUE, language, tool="compare")
    assert not app.exception and not app.error
    this, other = map(float, re.findall(r"\d\.\d\d", app.markdown[0].value))
    assert this < 1 < other
    assert translate(language, "states_compare.correlation") in said(app)


def test_the_same_moment_is_no_comparison() -> None:
    app = opened("states", DIALOGUE, tool="compare")
    newest = app.selectbox(key="states_compare_step").options[-1]
    app.selectbox(key="states_compare_step").select(
        int(newest.removeprefix("step ").replace(",", ""))).run()
    assert "Both are the same network" in said(app) and not app.error


def test_two_runs_are_compared_on_a_typed_text() -> None:
    app = opened("states", DIALOGUE, tool="compare")
    app.text_area(key="states_text").set_value("the horse left and the cloud said so again").run()
    app.selectbox(key="states_compare_run").select(NAMES).run()
    assert (not app.exception and not app.error) or "read by both" in app.error[0].value
    steps = app.selectbox(key="states_compare_step")
    assert steps.value == 5_000  # another run is looked at as it is, not untrained


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_any_cell_is_compared_with_any_other(runs_folder: Path, cell: str, layers: int) -> None:
    other = trained(runs_folder, cell="gru", hidden=7, layers=3, tokenizer="bytes")
    folder = trained(runs_folder, cell=cell, layers=layers)
    app = opened("states", folder.id, tool="compare")
    assert not app.error and not app.exception
    app.selectbox(key="states_compare_run").select(other.id).run()
    assert not app.exception and not app.error
    assert "matched units" in said(app)


def test_short_text_and_unfinished_run_have_a_sentence_and_no_cnn_is_offered(
        runs_folder: Path) -> None:
    app = opened("states", DIALOGUE, tool="compare")
    app.text_area(key="states_text").set_value("a cat").run()
    assert ["at least 32" in error.value for error in app.error] == [True]
    app.text_area(key="states_text").set_value("the cloud said that it left the door " * 3).run()
    waiting = new_run(runs_folder)
    trained(runs_folder, cell="cnn", receptive_field=8)
    app = opened("states", DIALOGUE, tool="compare")
    app.selectbox(key="states_compare_run").select(waiting.id).run()
    assert not app.exception and translate("en", "inside.waiting") in said(app)
    offered = app.selectbox(key="states_compare_run").options
    assert any("GRU" in name for name in offered)
    assert not any("CNN" in name for name in offered), "it has no state to compare"


def test_each_pair_in_the_file_names_the_layers_it_is_of() -> None:
    pairs = [UnitPair(3, 0, 0.75), UnitPair(1, 2, -0.5)]
    assert pairs_file(pairs, (1, 2)).splitlines() == [
        "this_layer,this,other_layer,other,correlation", "1,3,2,0,0.750000", "1,1,2,2,-0.500000"]
