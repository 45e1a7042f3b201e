"""Branches, undo, ways on, typing along and odd beginnings, as a visitor of the page meets them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.run.checkpoint import load_weights
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.components.type_along import Typed
from rnnlm_ui.generate.beginning import LONGEST_PROMPT
from rnnlm_ui.generate.completion import Completion
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import NAMES
from rnnlm_ui.session import reader_language
from tests.app.inside_pages import LANGUAGES, opened, said, trained, writing

pytestmark = pytest.mark.usefixtures("runs_folder", "on_a_quick_machine")
ODD = "".join(f"“the cat {i % 3}” sat on the mat, 你好 said the dog 👩‍👩‍👧.\n" for i in range(150))
HOSTILE = "<b>x</b> **y** $z$ [a](http://b.test) :red[c] \x00\x1b\u202e שלום مرحبا 👩‍👩‍👧"


@pytest.fixture(scope="module")
def runs(runs_folder: Path) -> dict[str, RunFolder]:
    return {kind: trained(runs_folder, ODD, tokenizer=kind)
            for kind in ("words", "bytes", "bpe", "chinese", "graphemes")}


def page(run: str | None = NAMES, language: str = "en", **query: object) -> AppTest:
    app = opened("generate", run, language, **query)
    return app.select_slider(key="pace").set_value("at_once").run() if "along" not in query else app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def begin(app: AppTest, prompt: str) -> AppTest:
    app.chat_input(key="generate.prompt").set_value(prompt).run()
    assert not app.exception and not app.error
    return app


def shown_branch(app: AppTest) -> Any:
    [control] = [c for c in app.segmented_control if str(c.key).startswith("generate.branch.")]
    return control


@LANGUAGES
def test_a_branch_is_drawn_chosen_taken_back_deleted_and_exported(
        language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # a test's browser finds the chosen moment by how it reads
    monkeypatch.setattr(reader_language, "_browser_language", lambda: language)
    app = page(language=language)
    first = writing(app).text
    assert app.button(key="generate.back").disabled and app.button(key="generate.forth").disabled
    assert app.button(key="generate.back").label == translate(language, "generate.back")
    press(app, "generate.put.0")
    second = writing(app).text
    assert second != first and len(writing(app).tree.branches) == 2
    assert any(heading.value.startswith("2 ") for heading in app.subheader)
    exported = app.get("download_button")
    assert translate(language, "generate.export") in [b.proto.label for b in exported]
    shown_branch(app).set_value(1).run()
    assert writing(app).text == first and not app.exception
    press(app, "generate.back")
    assert writing(app).text == second
    press(app, "generate.back")
    assert writing(app).text == first and len(writing(app).tree.branches) == 1
    press(app, "generate.forth")
    assert writing(app).text == second
    press(app, "generate.delete")
    assert writing(app).text == first and len(writing(app).tree.branches) == 1
    press(app, "generate.back")
    assert writing(app).text == second


def test_undo_brings_the_dial_back_with_the_text() -> None:
    app = page()
    text = writing(app).text
    app.slider(key="temperature").set_value(0.0).run()
    app.slider(key="temperature").set_value(0.3).run()
    assert writing(app).text != text
    press(app, "generate.back")
    assert writing(app).text == text and app.slider(key="temperature").value == 0.8
    press(app, "generate.forth")
    assert app.slider(key="temperature").value == 0.3 and writing(app).text != text


@LANGUAGES
def test_ways_on_are_shown_and_one_is_taken(language: str) -> None:
    app = page(language=language, beside="ways")
    assert not app.error
    adopt = [b.key for b in app.button if str(b.key).startswith("generate.adopt.")]
    assert len(adopt) == 6
    app.segmented_control(key="ways").set_value("8").run()
    assert translate(language, "generate.ways_say", n=8, seed=1, last=8) in said(app)
    before, first = writing(app).text, writing(app).tokens
    place = max(range(240), key=lambda i: first[i].surprise)
    headings = [heading.value for heading in app.subheader]
    app.segmented_control(key="beside").set_value("place").run()
    assert [heading.value for heading in app.subheader] == headings  # both mean the same place
    app.segmented_control(key="beside").set_value("ways").run()
    app.segmented_control(key="ways").set_value("8").run()
    press(app, "generate.adopt.7")
    assert len(writing(app).tokens) == place + 60 and writing(app).text != before
    assert writing(app).tokens[:place] == first[:place]
    assert writing(app).tree.branches[0].tokens == first
    assert app.segmented_control(key="beside").value == "place"


def test_letters_of_ones_own_are_put_in_and_unknown_ones_refused() -> None:
    app = page()
    before = writing(app).text
    place = max(range(240), key=lambda i: writing(app).tokens[i].surprise)
    app.text_input(key="generate.force").input("ZEBRA").run()
    assert not app.exception
    assert writing(app).text[:place + 5] == before[:place] + "ZEBRA"
    assert len(writing(app).tokens) == place + 5 + 240
    text = writing(app).text
    app.text_input(key="generate.force").input("ß").run()
    assert writing(app).text == text and "no id for ß" in said(app)
    assert "Nothing of it is left" in said(app)


@LANGUAGES
def test_typing_along_finishes_the_line_and_goes_on_writing(language: str) -> None:
    app = page(language=language, along="true")
    assert not app.exception and not app.error
    assert translate(language, "generate.along_none").split("**")[1] in said(app)
    assert not [b for b in app.button if b.key == "generate.another"]  # writes no text of its own
    app.session_state["keep.generate.typed"] = Typed(3, "LATIN SMALL LETTER ")
    app.run()
    found: Completion = app.session_state["made.generate.completion"][1]
    assert found.text and "\n" not in found.text
    assert re.search(r"\*\*.*\d\.\d\d.*\*\*", app.markdown[0].value)
    app.slider(key="temperature").set_value(0.0).run()
    assert app.session_state["made.generate.completion"][1].text != ""
    press(app, "generate.along_go_on")
    assert writing(app).prompt == "LATIN SMALL LETTER " and len(app.chat_input) == 1


def test_the_switch_turns_typing_along_on() -> None:
    app = page()
    app.toggle(key="along").set_value(True).run()
    assert not app.exception and len(app.chat_input) == 0
    app.toggle(key="along").set_value(False).run()
    assert not app.exception and len(app.chat_input) == 1


@pytest.mark.parametrize("kind", ["words", "bytes", "bpe", "chinese", "graphemes"])
def test_other_tokens_are_branched_forced_and_typed_along(
        kind: str, runs: dict[str, RunFolder]) -> None:
    app = begin(page(runs[kind].id), "the cat 你好")
    text = writing(app).text
    assert text.startswith("the cat 你好") and not text.endswith("�")
    press(app, "generate.put.0")
    app.text_input(key="generate.force").input("the dog").run()
    assert not app.exception and "the dog" in writing(app).text
    app.segmented_control(key="beside").set_value("ways").run()
    assert not app.exception and not app.error
    app = page(runs[kind].id, along="true")
    app.session_state["keep.generate.typed"] = Typed(1, "the ca")
    app.run()
    assert not app.exception and not app.error


def test_bytes_that_make_no_character_are_counted_and_each_byte_can_be_chosen(
        runs: dict[str, RunFolder]) -> None:
    app = begin(page(runs["bytes"].id, temperature="2.0"), "你好")
    stream = writing(app).run.tokenizer.stream()
    shown = "".join(stream.push(token.id) for token in writing(app).tokens)
    assert stream.invalid > 0 and shown.count("�") > 0
    assert f"{stream.invalid} written bytes are no UTF-8" in said(app)
    text = writing(app).shown
    assert "�" in text and len(text) == len(writing(app).owners)
    owners = writing(app).owners
    several = next(place for place, owner in enumerate(owners) if owner > 0
                   and not writing(app).tokens[owner - 1].text)
    app.session_state["keep.generate.selected"] = several
    app.run()
    first = owners[several]
    while first > 0 and not writing(app).tokens[first - 1].text:
        first -= 1
    [byte] = [c for c in app.segmented_control if str(c.key).startswith("generate.byte.")]
    byte.set_value(1).run()
    before = [token.id for token in writing(app).tokens]
    press(app, "generate.put.0")
    changed = [token.id for token in writing(app).tokens]
    assert changed[:first] == before[:first] and changed[first] != before[first]


@LANGUAGES
def test_a_hostile_beginning_is_shown_letter_by_letter(
        language: str, runs: dict[str, RunFolder]) -> None:
    app = begin(page(runs["bytes"].id, language), HOSTILE)
    assert writing(app).shown.startswith(HOSTILE) and writing(app).unknown == ()
    app = begin(page(NAMES, language), HOSTILE)
    assert writing(app).shown.startswith(HOSTILE)
    assert translate(language, "generate.underlined") in said(app)
    assert "<b>" not in said(app) and "\u202e" not in said(app)


def test_nothing_known_too_long_and_empty_beginnings_are_said() -> None:
    app = begin(page(), "漢字")
    assert "Nothing of your beginning is known" in said(app)
    assert writing(app).text == writing(app).run.write("", length=240)
    app = begin(page(), "X" * 77 + "LATIN " * (LONGEST_PROMPT // 6) + "GREEK "[:LONGEST_PROMPT % 6])
    assert "the first 77 characters were cut off, the last 20,000 are read" in said(app)
    assert "the last 500 are shown" in said(app)
    assert len(writing(app).tokens) == 240 and len(writing(app).start.shown) == 500
    app = begin(page(), "   ")
    assert len(writing(app).tokens) == 240


@pytest.mark.parametrize("query", [
    {"length": 1_000_000}, {"length": -1}, {"temperature": "nan"}, {"temperature": -1},
    {"temperature": 100}, {"temperature": "1e-9"}, {"top_k": 10**9, "keep": "top_k"},
    {"top_p": 0, "keep": "top_p"}, {"draw": -1}, {"along": "perhaps"}, {"beside": "<b>"}])
def test_a_link_with_a_bad_setting_opens_and_writes(query: dict[str, object]) -> None:
    app = opened("generate", NAMES, "en", **query)
    assert not app.exception and len(app.error) <= 1
    assert len(writing(app).tokens) <= 1_500


def test_what_was_made_with_one_run_waits_while_another_is_looked_at() -> None:
    app = page()
    press(app, "generate.put.0")
    text = writing(app).text
    [picker] = [box for box in app.selectbox if str(box.key).startswith("run_picker.")]
    other = next(name for name in picker.options if name != picker.value)
    picker.set_value(other).run()
    assert not app.exception and writing(app).text != text
    [picker] = [box for box in app.selectbox if str(box.key).startswith("run_picker.")]
    picker.set_value(NAMES).run()
    assert writing(app).text == text and len(writing(app).tree.branches) == 2


def test_writing_leaves_the_weights_as_they_are() -> None:
    app = page()
    model = writing(app).run.model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    press(app, "generate.put.0")
    app.segmented_control(key="beside").set_value("ways").run()
    app.toggle(key="along").set_value(True).run()
    kept = load_weights(writing(app).run.folder.checkpoints).weights()
    for name, tensor in model.state_dict().items():
        assert (tensor == before[name]).all() and (tensor == kept[name]).all()
