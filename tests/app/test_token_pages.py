"""Every page on a run of words and on one of bytes, and with their settings in the draft."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_ui.config_form import idle
from tests.app.inside_pages import LANGUAGES, opened, said, trained

TEXT = "".join(f"“the cat {i % 3}” sat on the mat, 你好 said the dog.\n" for i in range(150))
PAGES = ("train", "states", "gradients", "generate", "build", "data", "home")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("runs")
    return {kind: trained(root, TEXT, tokenizer=kind).path for kind in ("words", "bytes")}


@pytest.mark.parametrize("kind", ["words", "bytes"])
@pytest.mark.parametrize("page", PAGES)
@LANGUAGES
def test_a_page_opens(kind: str, page: str, language: str, folders: dict[str, Path],
                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNROLL_RUNS", str(folders[kind].parent))
    app = opened(page, folders[kind].name, language)
    assert not app.error
    assert not re.search(r"\{(one|many|bits|share|value)\}", said(app))


def test_losses_of_other_tokens_are_told_a_character_too(
        folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNROLL_RUNS", str(folders["words"].parent))
    text = said(opened("train", folders["words"].name))
    assert "bits per token (" in text and "bits per character" in text
    assert "× 8 tokens" in text
    assert "bits per character**" in said(opened("train", "names-lstm"))


@pytest.mark.parametrize(("kind", "says"), [
    ("words", "one id for all others"), ("bytes", "every byte has an id")])
def test_the_data_page_shows_the_chosen_tokens(
        kind: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("UNROLL_RUNS", str(tmp_path))
    app = AppTest.from_file(str(Path(__file__).resolve().parents[2] / "app.py"),
                            default_timeout=60)
    for name, value in {"lang": "en", "corpus": "stories_en", "tokenizer": kind}.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("pages/data.py").run()
    assert not app.exception and not app.error
    assert says in said(app)
    assert ("comes back from its ids" in said(app)) == (kind == "bytes")
    assert ("have no id" in said(app)) == (kind == "words")
    app.selectbox(key="form.tokenizer").select("characters").run()
    assert "characters of the training part, and one id" in said(app) and not app.exception
    assert app.number_input(key="form.max_vocabulary").disabled is False
    app.selectbox(key="form.tokenizer").select("bytes").run()
    assert app.number_input(key="form.max_vocabulary").disabled is True
    app.switch_page("pages/build.py").run()
    assert "V = 256" in said(app) or "ln 256" in said(app)


def test_no_piece_is_frequent_enough_is_one_sentence(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("UNROLL_RUNS", str(tmp_path))
    app = AppTest.from_file(str(Path(__file__).resolve().parents[2] / "app.py"),
                            default_timeout=60)
    for name, value in {"lang": "en", "corpus": "stories_zh", "tokenizer": "words",
                        "min_frequency": "1000"}.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("pages/data.py").run()
    assert "No piece of the text occurs 1000 times" in app.error[0].value.replace("\\", "")
    assert not app.exception


@pytest.mark.parametrize(("config", "names"), [
    (RunConfig(), {"activation", "update_bias", "receptive_field", "layer_dropout", "residual",
                   "gain", "decay_factor", "decay_every"}),
    (RunConfig(cell="rnn", initialisation="orthogonal", layers=2, schedule="step"),
     {"forget_bias", "update_bias", "receptive_field", "chrono_steps"}),
    (RunConfig(cell="gru", chrono_steps=50, layers=2, schedule="one_cycle", windows="random",
               tokenizer="bytes", initialisation="xavier"),
     {"activation", "forget_bias", "update_bias", "receptive_field", "decay_factor",
      "decay_every", "warm_up_steps", "carry_length", "max_vocabulary", "min_frequency"}),
    (RunConfig(cell="cnn", initialisation="orthogonal", schedule="range"),
     {"activation", "forget_bias", "update_bias", "chrono_steps", "layers", "residual",
      "decay_factor", "decay_every", "warm_up_steps"}),
], ids=["lstm", "rnn", "gru", "cnn"])
def test_fields_that_change_nothing_are_disabled(config: RunConfig, names: set[str]) -> None:
    assert idle(config) == names
