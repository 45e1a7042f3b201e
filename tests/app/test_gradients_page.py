"""The Gradients page as a visitor finds it: answer, choices, odd runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from rnnlm_ui.runs import NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import new_run, small_text

pytestmark = pytest.mark.usefixtures("runs_folder")


@LANGUAGES
def test_gradients_answers_for_untrained_and_trained(language: str) -> None:
    app = opened("gradients", NAMES, language)
    sentence = app.markdown[0].value
    assert all(name in sentence for name in ("RNN", "GRU", "LSTM")) and not app.error
    assert len(re.findall(r"\d+", sentence)) >= 6
    table = app.table[0].value
    assert len(table) == 6 and len(table.columns) == 5


def test_gradients_choices(runs_folder: Path) -> None:
    app = opened("gradients", NAMES)
    app.segmented_control(key="gradients_show").set_value("untrained").run()
    assert len(app.table[0].value) == 4
    app.segmented_control(key="gradients_show").set_value("trained").run()
    assert len(app.table[0].value) == 2
    app.segmented_control(key="gradients_relative").set_value("no").run()
    app.segmented_control(key="gradients_lags").set_value(50).run()
    assert not app.exception and not app.error


@pytest.mark.parametrize("changes", [
    {"cell": "lstm", "layers": 2}, {"cell": "rnn", "activation": "sigmoid"}], ids=str)
def test_gradients_shows_any_cell(runs_folder: Path, changes: dict[str, object]) -> None:
    app = opened("gradients", trained(runs_folder, **changes).id)
    assert not app.error
    app.segmented_control(key="gradients_relative").set_value("no").run()
    assert not app.error and not app.exception


def test_a_run_whose_text_is_gone_reads_what_it_wrote_itself(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=4))
    shutil.rmtree(folder.store)
    app = opened("gradients", folder.id)
    assert not app.error and "the run itself has written" in said(app)


def test_before_the_first_checkpoint_the_untrained_are_shown(runs_folder: Path) -> None:
    app = opened("gradients", new_run(runs_folder, small_text(6_000)).id)
    assert len(app.table[0].value) == 4 and not app.error
    assert "has not written a checkpoint" in said(app)


def test_too_little_text_is_said_in_the_answers_place(runs_folder: Path) -> None:
    app = opened("gradients", new_run(runs_folder, small_text(400)).id)
    assert [error.value for error in app.error] == [
        "Tokens in the text\\: 38\\; this view needs at least 44\\."]


@LANGUAGES
def test_a_run_that_does_not_exist(language: str) -> None:
    app = opened("gradients", "no-such-run", language)
    assert len(app.error) == 1 and app.table
