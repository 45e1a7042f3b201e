"""What a token begins with, chosen on the Data page: random, made here, from a table."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.page import plain
from tests.app.inside_pages import LANGUAGES, opened, said

TABLE = b"e 1 0 0\na 0 1 0\nE 0 0 1\n"

pytestmark = pytest.mark.usefixtures("own_runs_folder")


def from_file(raw: bytes = TABLE) -> AppTest:
    app = opened("data")
    app.segmented_control(key="embeddings.source").set_value("file").run()
    assert "none is chosen" in app.error[0].value
    app.file_uploader(key="embeddings.upload").set_value(("t.vec", raw, "text/plain")).run()
    assert not app.exception
    return app


@LANGUAGES
def test_a_start_that_is_made_here_is_shown(language: str) -> None:
    app = opened("data", language=language)
    start = {"en": "No: each token begins as random", "zh": "不认识：每个词元都从随机数开始"}
    assert start[language] in said(app)
    app = opened("data", language=language, embedding_source="ppmi")
    known = {"en": "**39 of 40 tokens begin with a vector of their own**, 100.0% of",
             "zh": "**40 个词元中有 39 个以自己的向量开始**，占训练部分的 100.0%"}
    assert known[language] in said(app) and not app.error and not app.exception


def test_it_can_be_frozen() -> None:
    app = opened("data", embedding_source="skipgram")
    app.toggle(key="form.freeze_embedding").set_value(True).run()
    assert app.query_params["freeze_embedding"] in ("true", ["true"])
    assert not app.exception and not app.error


def test_a_table_of_another_size_is_mended_by_one_click() -> None:
    app = from_file()
    sentence = "t.vec has 3 numbers for each word, but “Embedding size E” is 64."
    assert plain(sentence) in app.error[0].value
    app.button(key="embeddings.set_size").click().run()
    assert not app.error and not app.exception
    # of 40 tokens: E, and A as a, are in the table; the names are written in capitals
    assert "**2 of 40 tokens begin with a vector of their own**" in said(app)
    assert "The commonest without one" in said(app)


def test_what_is_no_table_is_told_with_its_line_and_changes_nothing() -> None:
    app = from_file(b"e 1 0 0\na 0 1\n")
    assert plain("Line 2 of t.vec has 2 numbers") in app.error[0].value
    assert app.selectbox(key="form.vectors").value == ""


@pytest.mark.parametrize(("query", "sentence"), [
    ({"embedding": 0}, "need an embedding to go into"),
    ({"tie_weights": "true", "embedding": 64, "hidden": 64, "freeze_embedding": "false"}, "")])
def test_what_contradicts_it_is_told_there(query: dict[str, object], sentence: str) -> None:
    app = opened("data", **query)
    app.segmented_control(key="embeddings.source").set_value("ppmi").run()
    assert not app.exception
    assert [sentence in error.value for error in app.error] == [True] * bool(sentence)
