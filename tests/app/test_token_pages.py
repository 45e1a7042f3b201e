"""Every page on runs of other tokens than characters, and with their settings in the draft."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnnlm_core.run.directory import RunFolder
from tests.app.inside_pages import LANGUAGES, go, opened, said, trained

TEXT = "".join(f"“the cat {i % 3}” sat on the mat, 你好 said the dog.\n" for i in range(150))
KINDS = ("words", "bytes", "bpe", "chinese")
PAGES = ("train", "states", "gradients", "generate", "build", "data", "home")

pytestmark = pytest.mark.usefixtures("runs_folder")


@pytest.fixture(scope="module")
def runs(runs_folder: Path) -> dict[str, RunFolder]:
    return {kind: trained(runs_folder, TEXT, tokenizer=kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("page", PAGES)
@LANGUAGES
def test_a_page_opens(kind: str, page: str, language: str, runs: dict[str, RunFolder]) -> None:
    app = opened(page, runs[kind].id, language)
    assert not app.error
    assert not re.search(r"\{(one|many|bits|share|value)\}", said(app))


def test_losses_of_other_tokens_are_told_a_character_too(runs: dict[str, RunFolder]) -> None:
    text = said(opened("train", runs["words"].id))
    assert "bits per token (" in text and "bits per character" in text
    assert "× 8 tokens" in text
    assert "bits per character**" in said(opened("train", "names-lstm"))


@pytest.mark.parametrize(("kind", "says"), [
    ("words", "one id for all others"), ("bytes", "every byte has an id"),
    ("bpe", "pieces merged from them in the training part"), ("chinese", "Chinese ones included"),
    ("graphemes", "accents and emoji whole")])
def test_the_data_page_shows_the_chosen_tokens(kind: str, says: str) -> None:
    app = opened("data", corpus="stories_en", tokenizer=kind)
    assert not app.error
    assert says in said(app)
    unknown = kind in ("words", "chinese")
    assert ("comes back from its ids" in said(app)) == (not unknown)
    assert ("have no id" in said(app)) == unknown
    assert "Commonest: " in said(app)
    assert re.search(r"occurs? (once|[\d,]+ times): ", said(app))
    assert ("never used" in said(app)) == (kind in ("bytes", "bpe"))
    app.segmented_control(key="data.scale").set_value("rank").run()
    assert "**Most frequent token:**" in said(app) and not app.exception
    app.selectbox(key="form.tokenizer").select("characters").run()
    assert "characters of the training part, and one id" in said(app) and not app.exception
    assert app.number_input(key="form.max_vocabulary").disabled is False
    app.selectbox(key="form.tokenizer").select("bytes").run()
    assert app.number_input(key="form.max_vocabulary").disabled is True
    assert "ln 256" in said(go(app, "build"))


def test_no_piece_is_frequent_enough_is_one_sentence() -> None:
    app = opened("data", corpus="stories_zh", tokenizer="words", min_frequency=1000)
    assert "No piece of the text occurs 1,000 times" in app.error[0].value.replace("\\", "")
