"""Match, as a visitor finds it: a phrase, its units, its places, and what luck gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.insight.long_reading import LongReading
from rnnlm_core.insight.match import Levels, Match, Span
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE
from rnnlm_ui.states.brush import default_span
from rnnlm_ui.states.choice import PARTS
from rnnlm_ui.states.match_lines import line_of
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")


def match(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("states", run, language, tool="match", **query)


@LANGUAGES
def test_the_shipped_dialogue_finds_other_quotations(language: str) -> None:
    app = match(DIALOGUE, language)
    told = said(app)
    assert not app.error
    label = translate(language, "states.label.inside_quotes")
    start = translate(language, "states_match.common").split("{")[0]
    assert f"{start}{label}" in told and "100\u00a0%" in told
    assert translate(language, "states_match.luck").split("{")[0] in told


def test_a_phrase_is_chosen_with_the_slider_and_kept_for_its_text() -> None:
    app = match(DIALOGUE)
    app.slider(key="match.phrase").set_value((0, 4)).run()
    assert "“paper”" in said(app)
    app.selectbox(key="states_part").select("z").run()
    assert "“paper”" in said(app) and not app.exception
    app.text_area(key="states_text").set_value("green and blue\n").run()
    assert "“paper”" not in said(app) and not app.exception


def test_a_high_threshold_leaves_no_unit_and_the_sentence_says_what_to_do() -> None:
    app = match(DIALOGUE)
    app.slider(key="match.phrase").set_value((0, 60)).run()
    app.slider(key="match.theta.signed").set_value(0.95).run()
    assert "No unit is on all through" in said(app) and "Lower θ" in said(app)
    assert not app.error and not app.exception


@pytest.mark.parametrize("changes", [
    {"cell": "lstm", "layers": 2}, {"cell": "rnn", "activation": "relu"},
    {"cell": "rnn", "activation": "sigmoid", "layers": 2}, {"cell": "gru", "tokenizer": "words"}],
    ids=["lstm x 2", "relu", "sigmoid x 2", "gru words"])
def test_every_control_on_every_part(runs_folder: Path, changes: dict[str, object]) -> None:
    folder = trained(runs_folder, **{"max_steps": 40, "learning_rate": 0.03, **changes})
    before, app = weights(folder), match(folder.id)
    for part in PARTS[folder.config().cell]:
        app.selectbox(key="states_part").select(part).run()
        assert not app.exception and not app.error
    if folder.config().layers > 1:
        app.selectbox(key="states_layer").select(0).run()
    for toggle in ("match.alone", "match.any_length", "match.opposite"):
        for switch in [one for one in app.toggle if one.key == toggle]:
            switch.set_value(not switch.value).run()
            assert not app.exception and not app.error
    assert any(key in said(app) for key in ("on all through", "No unit"))
    assert weights(folder) == before


@pytest.mark.parametrize("text", ["a", "f", "abba €☃ cad", "مرحبا abba", "abba cad deed " * 40])
def test_odd_texts(runs_folder: Path, text: str) -> None:
    folder = trained(runs_folder, max_steps=12)
    app = match(folder.id)
    app.text_area(key="states_text").set_value(text).run()
    assert not app.exception and not app.error
    assert "on all through" in said(app) or "No unit" in said(app)


def test_a_text_of_nothing_known_is_an_error_and_the_picture_stays() -> None:
    app = match(DIALOGUE)
    app.text_area(key="states_text").set_value("").run()
    assert len(app.error) == 1 and "on all through" in said(app)


def test_chinese_text_and_one_that_is_gone(runs_folder: Path) -> None:
    chinese = trained(runs_folder, "小猫说：“你好，世界$|。”\n然后它走了。\n" * 200)
    assert not match(chinese.id, "zh").error
    gone = trained(runs_folder, small_text(6_000, seed=9), sequence_length=9)
    shutil.rmtree(gone.store)
    app = match(gone.id)
    assert not app.exception


def test_the_phrase_that_is_shown_first_is_where_the_chosen_unit_is_on() -> None:
    values = np.zeros((30, 2), np.float32)
    values[4:11, 1], values[20:24, 1] = -0.8, 0.8
    assert default_span(values, 1, Levels(0.3, -0.3)) == Span(4, 10)
    assert default_span(values, 1, Levels(0.3)) == Span(20, 23)
    assert default_span(values, 0, Levels(0.3)) == Span(20, 23)  # another unit's
    assert default_span(np.zeros((3, 2), np.float32), 0, Levels(0.3)) == Span(0, 2)


def test_matched_stretches_stand_below_each_other() -> None:
    text = "一二\nabcdefghij" + "k" * 30
    long = LongReading(text, np.arange(len(text)), tuple(text), np.arange(len(text)),
                       np.zeros((len(text), 1), np.float32), np.zeros(len(text), np.float32))
    on = np.arange(len(text))
    line = line_of(Match(Span(5, 7), 2, 0), long, on, (8, 6, 4), 3)
    assert line.text == "2/3  " + "一二⏎ab" + "cde" + "fghi"
    assert line.on == (*[-1] * 10, 5, 6, 7, *[-1] * 4)
    cut = line_of(Match(Span(3, 20), 3, 0), long, on, (2, 6, 2), 3)
    assert cut.text.startswith("3/3  ") and "abcde…" in cut.text
    assert len(cut.on) == len(cut.text)
