"""The States page as a visitor finds it: answer, choices, bad input, odd runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE
from rnnlm_ui.states.choice import PARTS
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import new_run, small_text

pytestmark = pytest.mark.usefixtures("runs_folder")


@LANGUAGES
def test_states_answers_with_score_control_and_chance(language: str) -> None:
    app = opened("states", DIALOGUE, language)
    assert app.title[0].value == translate(language, "states.question.read")
    numbers = re.findall(r"\d\.\d\d", app.markdown[0].value)
    assert len(numbers) == 3 and not app.error
    score, control, chance = map(float, numbers)
    assert score > max(control, chance)


def test_states_choices_change_the_view_and_are_kept() -> None:
    app = opened("states", DIALOGUE)
    app.number_input(key="states_unit").set_value(5).run()
    app.selectbox(key="states_part").select("z").run()
    app.selectbox(key="states_order").select("similarity").run()
    app.segmented_control(key="tool").set_value("move").run()
    app.toggle(key="states_means").set_value(True).run()
    assert not app.exception
    app.segmented_control(key="tool").set_value("read").run()
    assert app.number_input(key="states_unit").value == 5
    assert "Unit z5 after it" in said(app)
    app.radio(key="states_found").set_value(0).run()
    assert app.selectbox(key="states_part").value == "h" and not app.exception


@pytest.mark.parametrize("colour", ["unit", "two", "surprise"])
def test_the_text_is_filled_with_one_unit_two_or_the_surprise(colour: str) -> None:
    app = opened("states", DIALOGUE)
    app.segmented_control(key="states_colour").set_value(colour).run()
    app.toggle(key="states_expected").set_value(True).run()
    assert not app.exception and not app.error
    seconds = [box for box in app.number_input if box.key == "states_second"]
    assert len(seconds) == (colour == "two")
    if seconds:
        seconds[0].set_value(47).run()
        assert not app.exception


def test_states_reads_odd_text_and_names_what_it_never_saw() -> None:
    app = opened("states", DIALOGUE)
    app.text_area(key="states_text").set_value("he said\n<b>$€").run()
    assert not app.exception and not app.error
    assert "has no id for" in said(app) and "€" in said(app)


@pytest.mark.parametrize(("text", "sentence"), [
    ("", "Tokens in the text: 0"), ("€☃", "has no id for")])
def test_states_says_what_is_wrong_with_a_text_and_still_shows_a_picture(text: str, sentence: str
                                                                         ) -> None:
    app = opened("states", DIALOGUE)
    app.text_area(key="states_text").set_value(text).run()
    assert not app.exception
    assert [sentence in error.value.replace("\\", "") for error in app.error] == [True]
    assert "after it" in said(app)


@pytest.mark.parametrize("changes", [
    {"cell": "lstm", "layers": 2}, {"cell": "rnn", "activation": "relu"},
    {"cell": "rnn", "activation": "sigmoid"}, {"cell": "gru", "hidden": 40}],
    ids=["lstm x 2", "relu", "sigmoid", "gru"])
def test_states_shows_any_cell(runs_folder: Path, changes: dict[str, object]) -> None:
    folder = trained(runs_folder, **changes)
    app = opened("states", folder.id)
    assert not app.error
    for part in PARTS[folder.config().cell]:
        app.selectbox(key="states_part").select(part).run()
        assert not app.exception and not app.error


def test_chinese_text_with_marks(runs_folder: Path) -> None:
    text = "小猫说：“你好，<b>世界$。”\n然后它走了。\n" * 200
    folder = trained(runs_folder, text)
    app = opened("states", folder.id, "zh")
    assert not app.error and "单元" in said(app)


def test_a_run_whose_text_is_gone_is_still_shown(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=3), sequence_length=9)
    shutil.rmtree(folder.store)
    app = opened("states", folder.id)
    assert not app.exception
    assert "after it" in said(app)


@LANGUAGES
def test_a_run_without_a_checkpoint_and_one_that_does_not_exist(runs_folder: Path, language: str
                                                                ) -> None:
    for run in (new_run(runs_folder).id, "no-such-run"):
        app = opened("states", run, language)
        assert len(app.error) == 1
        assert app.title[0].value == translate(language, "states.question.read")


@LANGUAGES
def test_a_cnn_has_no_state_and_the_page_says_only_that(runs_folder: Path, language: str) -> None:
    app = opened("states", trained(runs_folder, cell="cnn", receptive_field=8).id, language)
    told = [element.value for element in (*app.error, *app.markdown)]
    assert any("CNN" in text for text in told)
    assert not app.exception
