"""How far back a network looks, as a visitor of the States page finds it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from rnnlm_ui.states.context import VIEWS
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")


def context(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("states", run, language, tool="context", **query)


def begins(app: AppTest, language: str, key: str) -> str:
    start = translate(language, f"states_context.{key}").split("{")[0]
    return next(m.value for m in app.markdown if m.value.startswith(start))


@LANGUAGES
def test_it_answers_with_a_length_and_the_loss_it_is_held_against(language: str) -> None:
    app = context(NAMES, language)
    told = begins(app, language, "used")
    used, same = map(int, re.findall(r"\d+", told)[:2])
    assert used == same and 8 <= used <= 128
    assert 0.9 < float(re.findall(r"\d\.\d\d", told)[0]) < 1.2  # 1.02 on all of its held-out text
    assert not app.error and not app.exception


@LANGUAGES
def test_a_wrong_character_costs_bits_and_is_forgotten(language: str) -> None:
    app = context(DIALOGUE, language, context="wrong")
    told = begins(app, language, "over")
    guesses = int(re.findall(r"\d+", told)[0])
    first, total = map(float, re.findall(r"\d+\.\d+", told))
    assert 1 <= guesses <= 50 and 1 < first < total


@LANGUAGES
def test_the_pull_on_a_guess_and_another_place(language: str) -> None:
    app = context(DIALOGUE, language, context="pull")
    first = next(m.value for m in app.markdown if m.value.startswith("**“"))
    app.session_state["keep.states.place"] = (app.text_area(key="states_text").value, 60)
    app.run()
    assert next(m.value for m in app.markdown if m.value.startswith("**“")) != first
    assert not app.error and not app.exception


def test_a_click_on_the_text_asks_what_that_guess_hangs_on(monkeypatch: pytest.MonkeyPatch
                                                           ) -> None:
    monkeypatch.setattr("rnnlm_ui.states.pull.coloured_text", lambda *_, **__: 25)
    app = context(DIALOGUE, context="pull")
    text = app.text_area(key="states_text").value
    told = next(m.value for m in app.markdown if m.value.startswith("**“"))
    assert f"“{text[25]}” after" in told and text[20:25].strip() in told.replace("·", " ")


@pytest.mark.parametrize("changes", [
    {"cell": "lstm"}, {"cell": "lstm", "layers": 2}, {"cell": "gru", "embedding": 0},
    {"cell": "gru", "layers": 2}, {"cell": "rnn"}, {"cell": "rnn", "activation": "relu"},
    {"cell": "rnn", "layers": 2, "activation": "sigmoid"},
    {"cell": "lstm", "tokenizer": "words"}, {"cell": "lstm", "tokenizer": "bytes"},
    {"cell": "gru", "tokenizer": "bpe", "max_vocabulary": 300}],
    ids=lambda c: " ".join(str(v) for v in c.values()))
def test_every_view_of_every_cell(runs_folder: Path, changes: dict[str, object]) -> None:
    folder = trained(runs_folder, max_steps=40, learning_rate=0.03, **changes)
    before = weights(folder)
    app = context(folder.id)
    answers = set()
    for view in VIEWS:
        app.segmented_control(key="context").set_value(view).run()
        assert not app.exception and not app.error
        answers.add(next(m.value for m in app.markdown if m.value.startswith("**")))
    assert len(answers) == len(VIEWS)
    assert weights(folder) == before


@pytest.mark.parametrize("text", [
    "a", "ab" * 1_000, "he said 🙂\n🙂🙂", "שלום עולם and left", "<b>*$\\_`"])
def test_odd_texts_for_the_pull(text: str) -> None:
    app = context(DIALOGUE, context="pull")
    app.text_area(key="states_text").set_value(text[:500]).run()
    assert not app.exception and not app.error


def test_an_empty_text_is_told_and_another_shown() -> None:
    app = context(DIALOGUE, context="pull")
    app.text_area(key="states_text").set_value("").run()
    assert not app.exception and len(app.error) == 1


def test_nothing_stands_before_the_first_character() -> None:
    app = context(DIALOGUE, context="pull")
    app.session_state["keep.states.place"] = (app.text_area(key="states_text").value, 0)
    app.run()
    assert "Nothing before it pulls" in said(app) and not app.exception


def test_an_untrained_network_uses_next_to_nothing(runs_folder: Path) -> None:
    folder = trained(runs_folder, max_steps=60, learning_rate=0.05)
    begins(context(folder.id, step=0), "en", "one_is_enough")
    begins(context(folder.id, step=0, context="wrong"), "en", "unfelt")


def test_a_held_out_text_that_is_too_short_is_said_so(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(800, seed=9), sequence_length=5)
    for view in ("fed", "wrong"):
        app = context(folder.id, context=view)
        assert not app.exception and not app.error
        assert "needs at least 120" in said(app)


def test_a_run_whose_text_is_gone(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=7), sequence_length=9)
    shutil.rmtree(folder.store)
    app = context(folder.id)
    assert not app.exception and not app.error
