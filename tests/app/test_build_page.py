"""The Build page as a visitor finds it: sizes by formula, fields, odd texts, too large a model."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.config import RunConfig
from rnnlm_core.presets import PRESETS
from rnnlm_ui.build_start import EQUATIONS
from tests.app.inside_pages import LANGUAGES, opened, said

SIZES = {"cell": "lstm", "hidden": "256", "embedding": "64", "layers": "1"}
pytestmark = pytest.mark.usefixtures("runs_folder")


def build(language: str = "en", **query: str) -> AppTest:
    return opened("build", language=language, **SIZES | query)


# V·E + 4H·E + 4H·H + 8H + V·H + V with V = 40, E = 64, H = 256
@LANGUAGES
def test_build_answers_with_parameters_and_the_first_loss(language: str) -> None:
    app = build(language)
    sentence = app.markdown[0].value
    assert "342,568" in sentence and "319,315" in sentence
    assert "ln 40 = 3.69" in sentence and "5.32" in sentence
    assert not app.error and app.latex[0].value.strip("$ \n") == EQUATIONS["lstm"]


def test_the_table_adds_up() -> None:
    table = build(layers="2").dataframe[0].value
    assert int(table["Parameters"].sum()) == 342_568 + 2 * 4 * 256 * 256 + 2 * 4 * 256
    assert table["Share"].sum() == pytest.approx(1)


def test_fields_edit_the_draft_and_idle_ones_are_disabled() -> None:
    app = build()
    assert app.selectbox(key="form.activation").disabled
    app.segmented_control(key="form.cell").set_value("rnn").run()
    assert app.number_input(key="form.forget_bias").disabled
    app.selectbox(key="form.activation").select("relu").run()
    assert "ReLU" in app.markdown[0].value
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
    assert f"ln {v} = " in build(corpus=source).markdown[0].value


def test_a_text_that_is_gone_leaves_assumed_sizes() -> None:
    app = build(corpus="text:" + "0" * 64)
    assert "not on this machine" in app.error[0].value
    assert "V = 40 assumed" in app.markdown[0].value


def test_a_model_that_does_not_fit_is_told_with_the_limit() -> None:
    app = build(hidden="2048", layers="4", batch="512", sequence_length="256")
    assert "4,000 MB" in app.error[0].value.replace("\\", "") and not app.exception


# -- every lever -------------------------------------------------------------------------------
def test_a_cnn_has_its_own_fields_equations_and_reach() -> None:
    app = build(cell="cnn", receptive_field="64", hidden="128")
    # V·E + H·E + 6·(2·H·H + H) + V·H + V
    total = 40 * 64 + 128 * 64 + 6 * (2 * 128 * 128 + 128) + 40 * 128 + 40
    assert f"{total:,}" in app.markdown[0].value and "last 64" in app.markdown[0].value
    keys = [field.key for field in app.number_input]
    assert "form.receptive_field" in keys and app.latex[0].value.strip("$ \n") == EQUATIONS["cnn"]
    assert app.number_input(key="form.forget_bias").disabled
    assert "Spectral radius" not in said(app) and "6 additions" in said(app)


@pytest.mark.parametrize("changes, words", [
    ({"embedding": "0"}, "onehot"), ({"embedding": "256", "tie_weights": "true"}, "E\\,h_t"),
    ({"layer_norm": "true"}, "LN"), ({"layers": "2", "residual": "true"}, "l > 1"),
    ({"softmax": "adaptive"}, "tail")])
def test_what_stands_around_the_cell_is_told(changes: dict[str, str], words: str) -> None:
    app = build(**changes)
    assert any(words in formula.value for formula in app.latex[1:]) and not app.error


@LANGUAGES
@pytest.mark.parametrize("changes, figures", [
    ({"cell": "rnn"}, ("0.58", "1.15")),  # PyTorch's start: 1/√3 and 2/√3
    ({"cell": "rnn", "initialisation": "orthogonal", "gain": "1.5"}, ("1.50",)),
    ({"forget_bias": "3"}, ("0.953", "14")),  # half-life 14.27
    ({"cell": "gru", "update_bias": "1"}, ("0.731", "2.2")),
    ({"chrono_steps": "50"}, ("Chrono", "T = 50"))])
def test_the_start_is_told_in_numbers(
        changes: dict[str, str], figures: tuple[str, ...], language: str) -> None:
    told = said(build(language, **changes))
    assert all(figure in told for figure in figures)


def test_a_recipe_fills_the_draft_and_is_told() -> None:
    app = build(corpus="stories_en")
    app.selectbox(key="preset.picked.popover").select("char_rnn").run()
    assert not app.exception and "240,321" in said(app) and "char-rnn/blob" in said(app)
    assert app.number_input(key="form.embedding").value == 0
    assert app.query_params["optimizer"] == "rmsprop"
    app.number_input(key="form.hidden").set_value(64).run()
    assert app.selectbox(key="preset.picked.popover").value is None


@LANGUAGES
def test_a_link_to_the_tutorial_lists_what_is_wrong(language: str) -> None:
    app = build(language, **PRESETS["tutorial"].applied(RunConfig()).to_query())
    assert "return_sequences=True" in said(app) and not app.exception
    assert app.button(key="preset.mend.build").label


def test_the_tutorial_is_mended_at_a_click() -> None:
    app = build(**PRESETS["tutorial"].applied(RunConfig()).to_query())
    app.button(key="preset.mend.build").click().run()
    assert "windows" not in app.query_params and not app.exception
    assert app.selectbox(key="preset.picked.popover").value == "tutorial_mended"
