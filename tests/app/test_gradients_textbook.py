"""Check the textbook, as a visitor uses it: every part, every control, both languages."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui import i18n
from rnnlm_ui.claims import TOPICS, loaded
from rnnlm_ui.gradients import tools
from rnnlm_ui.gradients.room_parts import factor_text
from rnnlm_ui.gradients.textbook_backward import tried
from rnnlm_ui.gradients.textbook_formulas import EXERCISES
from rnnlm_ui.gradients.textbook_loss import EPSILONS
from rnnlm_ui.i18n import translate
from tests.app.inside_pages import LANGUAGES, opened, said

pytestmark = pytest.mark.usefixtures("runs_folder")
RIGHT = {"transpose": 1, "no_slope": 2, "squares": 0, "slope_of_h": 1, "no_carry": 1,
         "no_carry_pairs": 2, "no_output": 2, "sign": 2, "mean": 2, "delta_loss": 1,
         "squared_error": 2, "test_text": 1}


@pytest.fixture(autouse=True)
def options_in_the_readers_language(request: pytest.FixtureRequest,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest names an option as it reads; it formats it outside the script, where the language of
    the page is not known."""
    parameters = getattr(request.node, "callspec", None)
    code = parameters.params.get("language", "en") if parameters else "en"
    monkeypatch.setattr(i18n, "language", lambda: code)


def textbook(language: str = "en", **query: object) -> AppTest:
    app = opened("gradients", language=language, lab="textbook", **query)
    assert not app.error
    return app


def answer(app: AppTest) -> str:
    """The page's sentence: it comes first, and begins with (or holds) what is bold."""
    sentence = app.markdown[0].value
    assert "**" in sentence
    return sentence


@LANGUAGES
def test_the_backward_formula_is_derived_line_by_line(language: str) -> None:
    app = textbook(language)
    sentence = answer(app)
    assert "−0.06" in sentence and "1.00" in sentence and "80 " in sentence
    assert float(re.search(r"10⁻(\S\S)", sentence)[1].translate(
        str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))) >= 9
    lines = [translate(language, f"textbook.line.{line}") for line in ("parts", "error", "whole")]
    assert [line in said(app) for line in lines] == [True, False, False]
    app.button(key="textbook.next").click().run()
    assert [line in said(app) for line in lines] == [True, True, False]
    app.button(key="textbook.all").click().run()
    assert all(line in said(app) for line in lines)
    assert not [button for button in app.button if button.key == "textbook.next"]
    app.button(key="textbook.first").click().run()
    assert [line in said(app) for line in lines] == [True, False, False]
    assert not app.exception


def check(app: AppTest, name: str, guess: int) -> AppTest:
    app.segmented_control(key="spot").set_value(name).run()
    assert app.button(key="textbook.check").disabled
    app.radio(key=f"textbook.guess.{name}.False").set_value(guess).run()
    app.button(key="textbook.check").click().run()
    assert not app.exception and not app.error
    return app


@LANGUAGES
def test_every_exercise_is_run_and_the_score_is_kept(language: str) -> None:
    app = textbook(language, textbook="spot")
    assert answer(app) == translate(language, "textbook.spot_ask")
    for done, name in enumerate(EXERCISES, 1):
        check(app, name, RIGHT[name])
        assert translate(language, "textbook.guessed_right") in answer(app)
        assert translate(language, f"textbook.spot_why.{name}") in said(app)
        assert translate(language, "textbook.score", right=done, done=done, total=12) in said(app)
    assert not app.exception


@LANGUAGES
def test_a_wrong_guess_counts_once_and_can_be_begun_again(language: str) -> None:
    app = check(textbook(language, textbook="spot"), "sign", 0)
    assert translate(language, "textbook.guessed_wrong") in answer(app)
    assert app.radio(key="textbook.guess.sign.True").disabled
    assert translate(language, "textbook.score", right=0, done=1, total=12) in said(app)
    app.segmented_control(key="textbook.source.sign").set_value("pairs").run()
    app.button(key="textbook.next_exercise").click().run()
    assert app.segmented_control(key="spot").value == "mean"
    app.button(key="textbook.again").click().run()
    assert answer(app) == translate(language, "textbook.spot_ask")
    assert not app.exception


def test_a_formula_that_diverges_says_so() -> None:
    app = check(textbook(textbook="spot"), "no_slope", 2)
    assert "no number any more" in answer(app)


def test_an_exercise_leads_to_its_part() -> None:
    app = check(textbook(textbook="spot"), "test_text", 0)
    app.button(key="textbook.to_part").click().run()
    assert app.segmented_control(key="textbook").value == "prediction"
    assert not app.exception


@LANGUAGES
def test_squared_error_hardly_pulls_where_the_network_is_sure_and_wrong(language: str) -> None:
    app = textbook(language, textbook="loss")
    assert "0.003992" in answer(app) and "0.999" in answer(app)
    assert "**131**" in said(app) and "**4**" in said(app)
    for epsilon in EPSILONS:
        app.select_slider(key="textbook.epsilon").set_value(epsilon).run()
        assert f"{epsilon:g}" in answer(app) and not app.exception


@LANGUAGES
def test_the_loss_of_delta_does_not_exist(language: str) -> None:
    app = textbook(language, textbook="loss")
    app.segmented_control(key="textbook_loss").set_value("delta").run()
    assert "3" in answer(app) and "7" in answer(app)
    assert said(app).count(translate(language, "textbook.undefined")) >= 3
    assert not app.exception and not app.error


@LANGUAGES
def test_updating_on_the_test_text_lowers_only_its_own_loss(language: str) -> None:
    app = textbook(language, textbook="prediction")
    before = answer(app)
    app.slider(key="textbook.passes").set_value(1).run()
    assert answer(app) != before
    app.slider(key="textbook.passes").set_value(60).run()
    found = [float(n) for n in re.findall(r"\d\.\d\d", answer(app))]
    test, best, other_before, other = found
    assert test < best < other_before < other
    assert not app.exception


@LANGUAGES
def test_claims_show_their_verdicts_and_lead_to_their_tools(language: str) -> None:
    app = textbook(language, textbook="claims")
    assert str(len(loaded())) in answer(app)
    for topic in TOPICS:
        app.segmented_control(key="claims").set_value(topic).run()
        for claim in loaded():
            present = translate(language, f"claims.said.{claim.name}") in said(app)
            assert present == (claim.topic == topic)
            buttons = {button.key for button in app.button}
            assert (f"claims.see.{claim.name}" in buttons) == (
                present and claim.lab in tools.TOOLS)
    app.button(key="claims.see.tutorial_loss").click().run()
    assert app.segmented_control(key="textbook").value == "loss"
    assert app.segmented_control(key="textbook_loss").value == "delta"
    assert not app.exception


def test_a_claim_leads_to_another_tool() -> None:
    app = textbook(textbook="claims", claims="theory")
    app.button(key="claims.see.eigenvalues").click().run()
    assert app.segmented_control(key="lab").value == "room"
    assert app.segmented_control(key="room").value == "matrix"
    assert not app.exception


@pytest.mark.parametrize(("name", "figure"), [
    ("lstm_exploding", "rate"), ("gru_keeps", "plus"), ("direct_path", "rate"),
    ("sigma_explodes", "rate"), ("g_one", "weak"), ("sigmoid", "rate"), ("relu", "more")])
def test_a_claim_leads_to_the_very_network_that_was_measured(name: str, figure: str) -> None:
    claim = next(claim for claim in loaded() if claim.name == name)
    app = textbook(textbook="claims", claims=claim.topic)
    app.button(key=f"claims.see.{name}").click().run()
    assert not app.exception
    assert f"× {factor_text(claim.values[figure])} a step" in answer(app)
    link = dict(part.split("=") for part in claim.address.split("&"))
    assert answer(opened("gradients", language="en", **link)) == answer(app)


def test_a_rule_has_one_cosine_wherever_it_is_shown() -> None:
    """The transpose alone is missing in the last but one stage of mending, and in Exercise 1."""
    app = check(textbook(textbook="spot"), "transpose", 1)
    stage = f"{tried().cosines[-2]:.2f}"
    assert f"cosine {stage}," in answer(app) and f"(cosine {stage})" in said(app)


def test_a_link_brings_the_part_and_the_exercise() -> None:
    app = textbook(textbook="spot", spot="sign")
    assert app.segmented_control(key="spot").value == "sign"
    app = textbook(textbook="nonsense", spot="nonsense")
    assert app.segmented_control(key="textbook").value == "backward"
