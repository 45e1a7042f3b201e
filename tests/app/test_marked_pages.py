"""Every page on runs whose documents stand between marks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.run.directory import RunFolder
from tests.app.inside_pages import LANGUAGES, opened, said, trained

NAMES = "".join(f"{name}{i % 7}\n" for i in range(260) for name in ("anna", "bob", "eve"))
POEMS = "".join(f"the cat sat {i}\non the mat, 你好\n\n" for i in range(150))
RUNS = {"lines": {"text": NAMES, "marks": "lines"},
        "paragraphs": {"text": POEMS, "marks": "paragraphs", "tokenizer": "bpe",
                       "max_vocabulary": 300},
        "words": {"text": POEMS, "marks": "paragraphs", "tokenizer": "words"},
        "gru": {"text": NAMES, "marks": "lines", "tokenizer": "bytes", "cell": "gru"}}
PAGES = ("train", "compare", "states", "gradients", "generate", "build", "data", "home")

pytestmark = pytest.mark.usefixtures("runs_folder")


@pytest.fixture(scope="module")
def runs(runs_folder: Path) -> dict[str, RunFolder]:
    return {name: trained(runs_folder, **settings) for name, settings in RUNS.items()}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens(name: str, page: str, runs: dict[str, RunFolder]) -> None:
    app = opened(page, runs[name].id)
    assert not app.error
    assert not re.search(r"\{(one|many|bits|share|value|n)\}", said(app))


@LANGUAGES
def test_the_data_page_shows_the_marks(language: str) -> None:
    config = RunConfig(corpus="names", marks="lines")
    app = opened("data", language=language, **config.to_query())
    assert not app.error
    text = said(app)
    assert "⟨start⟩" in text and "⟨end⟩" in text  # among the documents and the commonest pieces
    assert ("Every letter of the text comes back" if language == "en" else "一字不差") in text
    assert ("and the two marks" if language == "en" else "另有两个标记") in text
    app = opened("data", language=language, corpus="names", marks="paragraphs")
    assert ("None of them ends" if language == "en" else "没有一篇有结尾") in said(app)


def test_marks_are_chosen_on_the_data_page() -> None:
    app = opened("data", corpus="stories_en")
    app.selectbox(key="form.marks").select("paragraphs").run()
    assert re.search(r"[\d,]+ paragraphs, each between", said(app))
    app.button(key="data.another").click().run()
    app.segmented_control(key="data.scale").set_value("rank").run()
    app.toggle(key="data.streams").set_value(True).run()
    assert not app.exception and not app.error
    app.selectbox(key="form.division").select("lines").run()
    assert "no paragraphs left" in app.error[0].value
    app.button(key="data.repair.config.marks_division.0").click().run()
    assert not app.error and app.selectbox(key="form.marks").value == "lines"


@pytest.mark.usefixtures("on_a_quick_machine")
def test_the_writing_page_stops_at_the_end_of_a_document(runs: dict[str, RunFolder]) -> None:
    app = opened("generate", runs["lines"].id, documents=3, length=1000, temperature=1.0)
    app.select_slider(key="pace").set_value("at_once").run()
    assert app.number_input(key="documents").value == 3
    assert "Each line was learned between marks" in said(app)
    writing = app.session_state["keep.generate.writing"]
    assert not writing.active
    assert writing.text.count("\n") == 3 and writing.text.endswith("\n")
    assert not {"⟨", "⟩"} & set(writing.text)
    app.button(key="generate.go_on").click().run()
    assert writing.text.count("\n") == 6 and writing.text.endswith("\n")
    with pytest.raises(KeyError):
        opened("generate", "names-lstm").number_input(key="documents")
