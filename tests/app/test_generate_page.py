"""The Generate page as a visitor finds it: written, turned, cut, gone on with, and faulty."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from rnnlm_core.lab import Run
from rnnlm_core.run.checkpoint import (
    WEIGHTS,
    Checkpoint,
    entries,
    load_weights,
    save_weights,
)
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained, writing
from tests.small_runs import new_run, small_text

pytestmark = pytest.mark.usefixtures("runs_folder", "on_a_quick_machine")


def page(run: str | None = None, language: str = "en") -> AppTest:
    """Opened. Torch is loaded here, so the first paint has the interactive text already."""
    return opened("generate", run, language)


def at_once(app: AppTest) -> AppTest:
    return app.select_slider(key="pace").set_value("at_once").run()


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


@LANGUAGES
@pytest.mark.parametrize("run", [NAMES, DIALOGUE])
def test_generate_answers_with_its_surprise_and_that_at_real_text(language: str, run: str) -> None:
    app = page(run, language)
    assert app.title[0].value == translate(language, "generate.question.write")
    bits, real = map(float, re.findall(r"\d\.\d\d", app.markdown[0].value))
    tokens = writing(app).tokens
    assert len(tokens) == 240 and not app.error
    assert bits == pytest.approx(sum(t.surprise for t in tokens) / 240, abs=0.006)
    assert real == {NAMES: 1.02, DIALOGUE: 0.77}[run]


def test_a_prompt_is_gone_on_with_and_what_is_unknown_is_named() -> None:
    app = at_once(page())
    app.chat_input(key="generate.prompt").set_value("LATIN ß漢$").run()
    assert not app.exception and not app.error
    assert writing(app).text.startswith("LATIN ") and len(writing(app).tokens) == 240
    assert "no id for ß 漢 \\$" in said(app)
    assert writing(app).text[6:] == Run(writing(app).run.folder).write("LATIN ", length=240)


def test_temperature_zero_is_greedy_and_the_same_seed_deforms() -> None:
    app = page()
    before = writing(app).text
    app.slider(key="temperature").set_value(0.0).run()
    assert all(token.kept == 1 for token in writing(app).tokens)
    assert all(token.text == token.alternatives[0][0] for token in writing(app).tokens)
    app.slider(key="temperature").set_value(0.8).run()
    assert writing(app).text == before


def test_top_k_and_top_p_keep_fewer() -> None:
    app = page()
    app.segmented_control(key="keep").set_value("top_k").run()
    app.number_input(key="top_k").set_value(2).run()
    assert max(token.kept for token in writing(app).tokens) == 2
    app.segmented_control(key="keep").set_value("top_p").run()
    app.number_input(key="top_p").set_value(0.5).run()
    assert not app.exception and min(token.kept for token in writing(app).tokens) == 1


def test_go_on_from_here_with_another_character_and_back() -> None:
    app = at_once(page())
    before = writing(app).text
    place = max(range(240), key=lambda i: writing(app).tokens[i].surprise)
    instead = next(c for c, _ in writing(app).tokens[place].alternatives if c != before[place])
    press(app, "generate.put.0")
    text = writing(app).text
    assert text[:place] == before[:place] and text[place] == instead
    assert len(text) == place + 1 + 240
    press(app, "generate.undo")
    assert len(writing(app).text) < len(text) and text.startswith(writing(app).text)
    length = len(writing(app).tokens)
    press(app, "generate.go_on")
    assert len(writing(app).tokens) == length + 240 and not app.exception


def test_stop_ends_a_slow_text_and_it_can_go_on() -> None:
    app = page()
    app.select_slider(key="pace").set_value("slow").run()
    press(app, "generate.go_on")
    assert writing(app).active
    press(app, "generate.stop")
    length = len(writing(app).tokens)
    app.run()
    assert not writing(app).active and len(writing(app).tokens) == length < 480


def test_another_draw_and_no_beginning() -> None:
    app = at_once(page())
    app.chat_input(key="generate.prompt").set_value("GREEK ").run()
    first = writing(app).text
    press(app, "generate.another")
    assert writing(app).text.startswith("GREEK ") and writing(app).text != first
    press(app, "generate.clear")
    assert writing(app).prompt == "" and len(writing(app).text) == 240


def test_a_cleared_number_is_one_sentence_and_the_text_stays() -> None:
    app = page()
    app.segmented_control(key="keep").set_value("top_k").run()
    text = writing(app).text
    app.session_state["top_k"] = None
    app.run()
    assert not app.exception
    assert len(app.error) <= 1 and writing(app).text == text


def test_a_run_without_checkpoint_says_so(runs_folder: Path) -> None:
    folder = new_run(runs_folder)
    app = page(folder.id)
    assert len(app.error) == 1 and "checkpoint" in app.error[0].value
    assert app.chat_input(key="generate.prompt") is not None


@pytest.mark.parametrize("changes", [
    {"cell": "rnn"}, {"cell": "gru", "layers": 2}, {"cell": "lstm", "hidden": 64}])
def test_any_network_writes_chinese_and_odd_characters(runs_folder: Path, changes: dict[str, object]
                                                       ) -> None:
    text = small_text(3_000).replace("face", "<b>$字、").replace("cad", "*_[`")
    folder = trained(runs_folder, text, **changes)
    app = at_once(page(folder.id))
    app.chat_input(key="generate.prompt").set_value("<b>$\n字").run()
    assert not app.exception and not app.error
    assert len(writing(app).tokens) == 240
    press(app, "generate.put.0")
    assert not app.exception


def test_a_run_whose_text_is_gone_still_writes(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(4_000, seed=5))
    for kept in (runs_folder / "corpora").rglob("text.txt"):
        kept.unlink()
    app = page(folder.id)
    assert not app.exception and not app.error and len(writing(app).tokens) == 240


def test_a_damaged_checkpoint_is_one_sentence(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(4_000, seed=6))
    for entry in entries(folder.checkpoints):
        (folder.checkpoints / entry.file).write_bytes(b"nothing")
    app = page(folder.id)
    assert not app.exception and len(app.error) == 1


def test_newer_weights_write_the_example_anew_but_not_what_a_reader_began(runs_folder: Path
                                                                           ) -> None:
    folder = trained(runs_folder, small_text(4_000, seed=7))
    app = at_once(page(folder.id))
    step, text = writing(app).step, writing(app).text
    _newer_checkpoint(folder)
    app.run()
    assert not app.error, [error.value for error in app.error]
    assert writing(app).step == step + 1 and writing(app).text != text
    app.chat_input(key="generate.prompt").set_value("abba ").run()
    begun = writing(app).text
    _newer_checkpoint(folder)
    app.run()
    assert writing(app).text == begun and "Written by the network of step" in said(app)


def _newer_checkpoint(folder: RunFolder) -> None:
    newest = load_weights(folder.checkpoints)
    tensors = {f"{WEIGHTS}{name}": tensor + 0.5 * torch.randn_like(tensor)
               for name, tensor in newest.weights().items()}
    save_weights(folder.checkpoints, Checkpoint(newest.step + 1, tensors, newest.values))


def test_two_runs_of_one_name_can_be_told_apart_and_a_damaged_one_listed(runs_folder: Path
                                                                          ) -> None:
    _, _, damaged = (new_run(runs_folder) for _ in range(3))
    (damaged.path / "config.json").write_text("{")
    [picker] = [box for box in page().selectbox if str(box.key).startswith("run_picker.")]
    names = picker.options
    assert len(set(names)) == len(names) and damaged.id in names
