"""One word in different sentences, as a visitor of the States page finds it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE
from tests.app.inside_pages import LANGUAGES, go, opened, said, trained
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")


def words(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("states", run, language, tool="words", **query)


def answer(app: AppTest, language: str = "en") -> str:
    start = translate(language, "contextual.own").split("{")[0]
    return next(m.value for m in app.markdown if m.value.startswith(start))


@LANGUAGES
def test_it_answers_for_the_commonest_word_beside_what_it_is_held_against(language: str) -> None:
    app = words(DIALOGUE, language)
    told = answer(app, language).replace("−", "-")
    own, others, same_end = map(float, re.findall(r"-?\d\.\d\d", told))
    assert others < same_end < own < 1  # a trained run, so near 1 that it must not be called 1.00
    assert "> 0.99" in told
    assert str(app.selectbox(key="contextual.word").value) in told


def test_a_word_that_stands_nowhere_is_answered_in_one_sentence() -> None:
    app = go(words(DIALOGUE), "home")
    app.session_state["contextual.word"] = "xylophone*"
    app = go(app, "states")
    assert not app.error
    assert "“xylophone\\*” stands in 0 places" in said(app)


@pytest.mark.parametrize("changes", [
    {"tokenizer": "words"}, {"tokenizer": "bytes", "cell": "rnn", "activation": "relu"},
    {"tokenizer": "bpe", "max_vocabulary": 300, "max_steps": 12}, {"tokenizer": "graphemes"}],
    ids=lambda changes: changes["tokenizer"])
def test_all_tokens_and_both_states(runs_folder: Path, changes: dict[str, object]) -> None:
    settings = {"max_steps": 60, "learning_rate": 0.03, "cell": "lstm", **changes}
    folder = trained(runs_folder, **settings)
    app = words(folder.id)
    before = answer(app)
    switches = [switch for switch in app.toggle if switch.key == "contextual.cell_state"]
    assert len(switches) == (folder.config().cell == "lstm")
    for switch in switches:
        switch.set_value(True).run()
        assert answer(app) != before
    assert not app.exception and not app.error


def test_an_earlier_moment_has_its_own_states(runs_folder: Path) -> None:
    folder = trained(runs_folder, max_steps=60, learning_rate=0.03)
    assert answer(words(folder.id)) != answer(words(folder.id, step=0))


def test_a_text_of_chinese_words(runs_folder: Path) -> None:
    folder = trained(runs_folder, "小猫说：“你好，<b>世界$。”\n然后它走了。\n" * 200)
    assert "处" in answer(words(folder.id, "zh"), "zh")


def test_a_run_whose_text_is_gone(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=5), sequence_length=9)
    shutil.rmtree(folder.store)
    words(folder.id)
