"""The Build page as a visitor finds it: sizes by formula, fields, odd texts, too large a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.build_view import EQUATIONS

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="module", autouse=True)
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNROLL_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield


def opened(language: str = "en", **query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    sizes = {"cell": "lstm", "hidden": "256", "embedding": "64", "layers": "1"}
    for name, value in {"lang": language, **sizes, **query}.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("pages/build.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


# V·E + 4H·E + 4H·H + 8H + V·H + V with V = 40, E = 64, H = 256
@pytest.mark.parametrize("language", ["en", "zh"])
def test_build_answers_with_parameters_and_the_first_loss(language: str) -> None:
    app = opened(language)
    sentence = app.markdown[0].value
    assert "342,568" in sentence and "319,315" in sentence
    assert "ln 40 = 3.69" in sentence and "5.32" in sentence
    assert not app.error and app.latex[0].value.strip("$ \n") == EQUATIONS["lstm"]


def test_the_table_adds_up() -> None:
    table = opened(layers="2").dataframe[0].value
    assert int(table["Parameters"].sum()) == 342_568 + 2 * 4 * 256 * 256 + 2 * 4 * 256
    assert table["Share"].sum() == pytest.approx(1)


def test_fields_edit_the_draft_and_idle_ones_are_disabled() -> None:
    app = opened()
    assert app.selectbox(key="form.activation").disabled
    app.segmented_control(key="form.cell").set_value("rnn").run()
    assert app.number_input(key="form.forget_bias").disabled
    app.selectbox(key="form.activation").select("relu").run()
    assert app.markdown[0].value.startswith("**RNN ReLU 256") or "ReLU" in app.markdown[0].value
    assert "ReLU" in app.latex[0].value
    app.number_input(key="form.hidden").set_value(16).run()
    # V·E + H·E + H·H + 2H + V·H + V
    assert f"{40 * 64 + 16 * 64 + 256 + 32 + 640 + 40:,}" in app.markdown[0].value
    assert "fewer than characters" in said(app)
    app.segmented_control(key="form.cell").set_value("gru").run()
    assert "Cho 2014" in said(app) and not app.exception


@pytest.mark.parametrize("source", ["stories_zh", "source"])
def test_vocabulary_comes_from_the_text(source: str) -> None:
    v = {"stories_zh": 487, "source": 97}[source]
    assert f"ln {v} = " in opened(corpus=source).markdown[0].value


def test_a_text_that_is_gone_leaves_assumed_sizes() -> None:
    app = opened(corpus="text:" + "0" * 64)
    assert "no longer in the store" in app.error[0].value
    assert "V = 40 assumed" in app.markdown[0].value


def test_a_model_that_does_not_fit_is_told_with_the_limit() -> None:
    app = opened(hidden="2048", layers="4", batch="512", sequence_length="256")
    assert "4000 MB" in app.error[0].value.replace(",", "") and not app.exception
