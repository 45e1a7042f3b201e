"""The Data page as a visitor finds it: built-in, hub and own texts, and what can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnnlm_core.data.corpus import stored_manifests
from rnnlm_core.data.generated import GENERATED
from tests.app.inside_pages import LANGUAGES, opened, said

pytestmark = pytest.mark.usefixtures("own_runs_folder")


@pytest.mark.parametrize("language, first", [
    ("en", "**354,744 characters in 12,886 lines, 39 different ones.**"),
    ("zh", "**12,886 行，共 354,744 个字符，其中 39 种不同的字符**")])
def test_data_answers_with_sizes_and_entropy(language: str, first: str) -> None:
    app = opened("data", language=language)
    assert app.markdown[0].value.startswith(first) and "4.33" in app.markdown[0].value
    assert not app.error


def test_a_built_in_text_becomes_the_draft() -> None:
    app = opened("data")
    app.selectbox(key="form.corpus").select("stories_zh").run()
    assert "487 different ones" in said(app)
    assert app.query_params["corpus"] in ("stories_zh", ["stories_zh"])
    app.selectbox(key="form.corpus").select("manual").run()
    assert "differ from version to version" in said(app) and not app.exception


def test_a_text_with_a_number_has_a_slider_for_it() -> None:
    app = opened("data")
    app.selectbox(key="form.corpus").select("recall:20").run()
    assert "the best possible is 0.91" in said(app)  # (18 + 2) / 22 bits
    app.slider(key="data.parameter").set_value(50).run()
    assert app.query_params["corpus"] in ("recall:50", ["recall:50"])
    assert "Recall after 50 characters" in said(app) and "0.962 bits (0.666 nats)" in said(app)
    listed = app.selectbox(key="form.corpus").options
    assert sum(name.startswith("Recall after") for name in listed) == 1  # once, as it is now
    app.selectbox(key="form.corpus").select("zipf").run()
    assert not app.slider and "1,000 made-up words" in said(app) and not app.exception


@LANGUAGES
@pytest.mark.parametrize("source", GENERATED)
def test_every_generated_text_says_what_it_asks_for(source: str, language: str) -> None:
    app = opened("data", language=language, corpus=source)
    assert not app.error and "data." not in said(app) and "corpus." not in said(app)


def test_a_link_with_a_wrong_number_is_told_and_the_slider_mends_it() -> None:
    app = opened("data", corpus="recall:900")
    assert "from 2 to 200" in app.error[0].value and "**354,744 characters" in said(app)
    app.slider(key="data.parameter").set_value(30).run()
    assert not app.error and "Recall after 30 characters" in said(app)


def test_another_place_and_the_three_scales() -> None:
    app = opened("data")
    app.button(key="data.another").click().run()
    assert "**From character" in said(app)
    app.button(key="data.to_beginning").click().run()
    assert "**The beginning**" in said(app)
    for scale in ("log", "rank", "linear"):
        app.segmented_control(key="data.scale").set_value(scale).run()
        assert not app.exception


def test_pasted_text_is_used_and_kept(own_runs_folder: Path) -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.text_area(key="data.pasted").set_value("<b>$x$ **bold**\r\n" * 30).run()
    app.button(key="data.use_pasted").click().run()
    assert "**480 characters in 30 lines" in said(app) and not app.error
    assert "30 line ends made one character" in said(app)
    assert stored_manifests(own_runs_folder / "corpora")[0].source.startswith("text:")


@pytest.mark.parametrize("text, sentence", [
    ("", "The text is empty"), ("  \n ", "The text is empty"), ("short", "at least 32"),
    ("a" * 200, "one single character")])
def test_unusable_text_gets_one_sentence_and_changes_nothing(text: str, sentence: str) -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.text_area(key="data.pasted").set_value(text).run()
    app.button(key="data.use_pasted").click().run()
    assert len(app.error) == 1 and sentence in app.error[0].value
    assert "**354,744 characters" in said(app) and not app.exception
    assert app.text_area(key="data.pasted").value == text


def test_a_text_shorter_than_a_sequence_is_shown_and_said() -> None:
    app = opened("data", sequence_length="400")
    app.segmented_control(key="data.source").set_value("own").run()
    app.text_area(key="data.pasted").set_value("abcdefgh" * 30).run()
    app.button(key="data.use_pasted").click().run()
    assert "**240 characters" in said(app)
    assert "sequence" in app.error[0].value and not app.exception


@pytest.mark.parametrize("raw, sentence", [
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary data"),
    (b"ab\n" * 7_000_000, "larger than 20 MB")], ids=["binary", "large"])
def test_a_bad_upload_gets_one_sentence(raw: bytes, sentence: str) -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.file_uploader(key="data.upload").set_value(("file", raw, "text/plain")).run()
    assert len(app.error) == 1 and sentence in app.error[0].value.replace("\\", "")
    assert not app.exception


def test_an_upload_shows_its_encoding() -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.file_uploader(key="data.upload").set_value(
        ("café.txt", "un café à la crème\n".encode("latin-1") * 20, "text/plain")).run()
    assert "**380 characters in 20 lines" in said(app) and not app.error
    assert "Read as cp1252" in said(app)


@pytest.mark.parametrize("source, sentence", [
    ("text:" + "0" * 64, "no longer in the store"), ("nonsense", "no text called"),
    ("hf:acme/stories:small:train:text", "has not been read on this machine")])
def test_a_text_that_is_not_to_be_had_leaves_the_page_standing(source: str, sentence: str) -> None:
    app = opened("data", corpus=source)
    assert sentence in app.error[0].value.replace("\\", "")
    assert "Shown in its place: Character names" in said(app)
