"""What a reader has made on the Write page stays: newer weights, other moments and Undo."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from rnnlm_core.run.checkpoint import (
    WEIGHTS,
    Checkpoint,
    entries,
    load_weights,
    save_weights,
)
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.generate.pen import PACES
from rnnlm_ui.i18n import translate
from rnnlm_ui.session import reader_language
from rnnlm_ui.session.looked_at import _STEPS
from tests.app.inside_pages import LANGUAGES, opened, said, trained, writing
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder", "on_a_quick_machine")


@pytest.fixture(autouse=True)
def at_once_where_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PACES, "reading", None)


@pytest.fixture
def folder(runs_folder: Path) -> RunFolder:
    return trained(runs_folder, small_text(4_000, seed=9))


def page(folder: RunFolder, language: str = "en") -> AppTest:
    return opened("generate", folder.id, language, length=40).run()


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception and not app.error
    return app


def newer(folder: RunFolder) -> int:
    """One more checkpoint, of another network; its step."""
    newest = load_weights(folder.checkpoints)
    tensors = {f"{WEIGHTS}{name}": tensor + 0.5 * torch.randn_like(tensor)
               for name, tensor in newest.weights().items()}
    save_weights(folder.checkpoints, Checkpoint(newest.step + 1, tensors, newest.values))
    return newest.step + 1


def go_to(app: AppTest, folder: RunFolder, step: int | None) -> AppTest:
    """As a hand on the time machine does."""
    slider = next(s for s in app.select_slider if str(s.key).startswith("time.moment."))
    steps = [entry.step for entry in entries(folder.checkpoints)]
    slider.set_value(steps[-1] if step is None else step).run()
    assert not app.exception and not app.error
    return app


def speaks(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a script the options of the sliders read in this language, too: a test's browser
    finds the chosen one by how it reads."""
    monkeypatch.setattr(reader_language, "_browser_language", lambda: language)


def looked_at(app: AppTest) -> list[int]:
    return list(app.session_state[_STEPS].values()) if _STEPS in app.session_state else []


@LANGUAGES
def test_continue_goes_on_with_the_text_on_the_screen_though_newer_weights_are_there(
        folder: RunFolder, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    speaks(language, monkeypatch)
    app = page(folder, language)
    first, text = writing(app).step, writing(app).text
    step = newer(folder)
    press(app, "generate.go_on")
    assert len(text) == 40 and writing(app).text.startswith(text)
    assert len(writing(app).tokens) == 80 and not app.button(key="generate.back").disabled
    assert writing(app).branch.steps == [first, step]
    part = [translate(language, "generate.part", n=40, step=s) for s in (first, step)]
    assert translate(language, "generate.by_steps", parts=translate(
        language, "generate.then").join(part)) in said(app)
    text, latest = writing(app).text, newer(folder)
    app.run()
    app.run()
    assert writing(app).text == text and writing(app).branch.steps == [first, step]
    assert translate(language, "generate.newer", now=latest) in said(app)
    press(app, "generate.write_with")
    assert writing(app).branch.steps == [latest] and len(writing(app).text) == 40
    assert not [b for b in app.button if b.key == "generate.write_with"]
    press(app, "generate.back")
    assert writing(app).text == text


def test_a_choice_and_a_stop_stay_under_newer_weights(folder: RunFolder) -> None:
    app = page(folder)
    text = writing(app).text
    app.session_state["keep.generate.selected"] = 7  # a reader clicked a character
    newer(folder)
    app.run()
    assert writing(app).text == text
    instead = next(c for c, _ in writing(app).tokens[7].alternatives if c != text[7])
    press(app, "generate.put.0")
    assert writing(app).text[:8] == text[:7] + instead
    app = page(folder)
    app.session_state["pace"] = "slow"
    press(app, "generate.go_on")
    press(app, "generate.stop")
    text = writing(app).text
    newer(folder)
    app.run()
    assert writing(app).text == text and not writing(app).active


def test_another_moment_is_a_step_that_is_taken_back_with_the_slider(folder: RunFolder) -> None:
    early = entries(folder.checkpoints)[0].step
    newer(folder)
    app = page(folder)
    app.chat_input(key="generate.prompt").set_value("abba ").run()
    press(app, "generate.go_on")
    text = writing(app).text
    go_to(app, folder, early)
    assert writing(app).branch.steps == [early] and writing(app).text != text
    assert writing(app).text.startswith("abba ") and looked_at(app) == [early]
    press(app, "generate.back")
    assert writing(app).text == text and looked_at(app) == []
    press(app, "generate.forth")
    assert writing(app).branch.steps == [early] and looked_at(app) == [early]
    press(app, "generate.go_on")
    there = writing(app).text
    go_to(app, folder, None)
    assert writing(app).text == text
    go_to(app, folder, early)
    assert writing(app).text == there


def test_there_and_back_again_is_no_step(folder: RunFolder) -> None:
    early = entries(folder.checkpoints)[0].step
    newer(folder)
    app = page(folder)
    press(app, "generate.go_on")
    text, steps = writing(app).text, len(writing(app).history.past)
    go_to(go_to(app, folder, early), folder, None)
    assert writing(app).text == text and len(writing(app).history.past) == steps


def test_undo_comes_to_the_beginning(folder: RunFolder) -> None:
    early = entries(folder.checkpoints)[0].step
    newer(folder)
    app = page(folder)
    example = writing(app).text
    app.chat_input(key="generate.prompt").set_value("abba ").run()
    begun = writing(app).text
    go_to(app, folder, early)
    seen = []
    for _ in range(2):
        press(app, "generate.back")
        seen.append(writing(app).text)
    assert seen == [begun, example]
    assert app.button(key="generate.back").disabled


def test_what_a_reader_goes_on_with_waits_while_another_run_is_looked_at(
        folder: RunFolder, runs_folder: Path) -> None:
    app = page(folder)
    press(app, "generate.go_on")
    text = writing(app).text
    for run in (trained(runs_folder, small_text(4_000, seed=3)).id, folder.id):
        app.run()  # the list has the new run
        [picker] = [box for box in app.selectbox if str(box.key).startswith("run_picker.")]
        picker.set_value(run).run()
    assert writing(app).text == text
