"""The guessing game as a class plays it: bets, typed words, places in a link, bad input."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.data.tokenizer import (
    ByteTokenizer,
    CharTokenizer,
    GraphemeTokenizer,
    WordTokenizer,
)
from rnnlm_core.insight import guessing
from rnnlm_core.insight.guessing import passage
from rnnlm_core.lab import Run
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.generate import game_play as play
from rnnlm_ui.generate.game_score import mean_and_error, verdict
from rnnlm_ui.generate.signs import unsigned
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
MODELS = Path(__file__).resolve().parents[2] / "models"


def game(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("generate", run, language, writing="game", **query)


def coming(run: str, number: int = 1) -> tuple[str, ...]:
    """The characters that are to be guessed."""
    opened_run = Run(MODELS / run)
    made = passage(opened_run.model, opened_run.tokenizer, opened_run.validation_text, number)
    return made.characters[made.first:]


def guesses(app: AppTest) -> list[tuple[str | None, str]]:
    state = app.session_state
    kept = state["keep.game.guesses"][1] if "keep.game.guesses" in state else ()
    return [(guess.pick, guess.bet) for guess in kept]


def type_in(app: AppTest, text: str) -> AppTest:
    app.text_input(key="game.typed").set_value(text).run()
    assert not app.exception
    return app


def bits_said(app: AppTest) -> float:
    """What the last round cost the person."""
    line = next(m.value for m in app.markdown if m.value.startswith("You: "))
    return float(line.split("**")[1].split()[0])


@LANGUAGES
def test_a_game_from_the_first_guess_to_who_is_ahead(language: str) -> None:
    app = game(DIALOGUE, language, bet="sure")
    assert app.title[0].value == translate(language, "generate.question.game")
    assert translate(language, "generate_game.hidden") in said(app)
    assert translate(language, "generate_game.answer_none") in said(app)
    true = coming(DIALOGUE)
    type_in(app, true[0])
    assert guesses(app) == [(true[0], "sure")]
    early = translate(language, "generate_game.answer.early").split("{")[0]
    assert any(m.value.startswith(early) for m in app.markdown)
    for n in range(1, 12):
        app.button(key="game.none").click().run()
        assert guesses(app)[n] == (None, "sure")
    if language == "en":  # in another, AppTest sends the slider's first moment: the untrained one
        assert any(m.value.startswith("**The network is ahead: ") for m in app.markdown)
    assert not app.exception and not app.error and "{" not in said(app)


def test_the_network_shows_nothing_before_the_guess_and_all_of_it_after() -> None:
    app = game(DIALOGUE)
    true = coming(DIALOGUE)
    assert not any("The network: " in m.value for m in app.markdown)
    assert not app.subheader
    type_in(app, true[0])
    assert true[0] in app.subheader[0].value
    assert any(m.value.startswith("The network: **") for m in app.markdown)


def test_bets_cost_what_the_rule_says() -> None:
    app = game(DIALOGUE)
    true = coming(DIALOGUE)
    for bet, share in (("sure", 0.95), ("likely", 0.7), ("maybe", 0.4)):
        app.segmented_control(key="bet").set_value(bet).run()
        type_in(app, true[len(guesses(app))])
        assert bits_said(app) == pytest.approx(-math.log2(share), abs=0.006)
    type_in(app, "_" if true[3] != "_" else "e")
    assert bits_said(app) > -math.log2(0.6) + 1


@LANGUAGES
@pytest.mark.parametrize("typed", ["ZZ", "<b>", "☃"])
def test_what_cannot_come_uses_up_no_guess(typed: str, language: str) -> None:
    app = game(DIALOGUE, language)
    true = coming(DIALOGUE)
    type_in(app, true[0])
    type_in(app, true[1] + typed)
    assert guesses(app) == [(true[0], "likely")]
    note = translate(language, "generate_game.never").split("{")[0]
    assert sum(m.value.startswith(note) for m in app.markdown) == 1 and not app.error
    assert app.text_input(key="game.typed").value == true[1] + typed  # to be put right
    type_in(app, true[1])
    assert len(guesses(app)) == 2 and not any(m.value.startswith(note) for m in app.markdown)


def test_what_a_vocabulary_can_spell_by_hand() -> None:
    picks = ["a", "e\u0301", "☃", "\n"]
    assert guessing.that_never_come(CharTokenizer.fit("ae\u0301\n"), picks) == ("☃",)
    assert guessing.that_never_come(CharTokenizer.fit("ae"), picks) == ("e\u0301", "☃", "\n")
    assert guessing.that_never_come(GraphemeTokenizer.fit("a\u0301e"), picks) == (
        "a", "e\u0301", "☃", "\n")
    assert guessing.that_never_come(ByteTokenizer.fit("a"), picks) == ()
    assert guessing.that_never_come(WordTokenizer.fit("a sea"), ["s", "w"]) == ("w",)


def test_a_typed_word_is_taken_until_its_first_wrong_character() -> None:
    app = game(DIALOGUE)
    true = "".join(coming(DIALOGUE)[:6])
    wrong = "_" if true[3] != "_" else "e"
    type_in(app, f"{true[:3]}{wrong}{true[4:]}")
    assert [pick for pick, _ in guesses(app)] == [*true[:3], wrong]
    assert app.text_input(key="game.typed").value == ""
    type_in(app, "")
    assert len(guesses(app)) == 4
    assert unsigned("a␣b⏎⇥") == "a b\n\t"


def test_buttons_do_not_know_the_solution() -> None:
    app = game(NAMES)
    labels = [app.button(key=f"game.pick.{n}").label for n in range(6)]
    assert len(set(labels)) == 6
    app.button(key="game.pick.5").click().run()
    assert len(guesses(app)) == 1 and not app.exception


def test_the_text_stands_in_the_link_and_another_one_begins_anew() -> None:
    app = game(DIALOGUE, game_text=7)
    assert app.number_input(key="game_text").value == 7
    type_in(app, coming(DIALOGUE, 7)[0])
    assert bits_said(app) == pytest.approx(-math.log2(0.7), abs=0.006)
    app.button(key="game.another").click().run()
    assert app.number_input(key="game_text").value == 8
    assert translate("en", "generate_game.answer_none") in said(app)
    app.number_input(key="game_text").set_value(7).run()
    type_in(app, coming(DIALOGUE, 7)[0])
    app.button(key="game.again").click().run()
    assert guesses(app) == [] and not app.exception


def test_at_another_moment_the_guesses_stay() -> None:
    app = game(DIALOGUE, step=0)
    true = coming(DIALOGUE)
    type_in(app, "".join(true[:3]))
    early = next(m.value for m in app.markdown if m.value.startswith("The network: "))
    newest = next(b for b in app.button if b.label == translate("en", "time.newest"))
    newest.click().run()
    assert len(guesses(app)) == 3
    late = next(m.value for m in app.markdown if m.value.startswith("The network: "))
    assert float(late.split("**")[1].split()[0]) < float(early.split("**")[1].split()[0])


def test_the_verdict_by_hand() -> None:
    assert verdict([1.0] * 9, [2.0] * 9) == "early"
    assert verdict([1.0] * 10, [2.0] * 10) == "you"
    assert verdict([3.0, 1.0] * 5, [2.0, 2.0] * 5) == "close"
    assert verdict([5.0, 4.0] * 5, [2.0, 2.0] * 5) == "network"
    mean, error = mean_and_error([1.0, 2.0, 3.0, 6.0])
    assert mean == 3 and error == pytest.approx(1.96 * math.sqrt(14 / 3) / 2)
    assert mean_and_error([2.0]) == (2, 0)


@pytest.mark.parametrize("changes", [
    {"tokenizer": "words"}, {"tokenizer": "bytes"}, {"tokenizer": "graphemes"},
    {"tokenizer": "bpe", "max_vocabulary": 300}, {"cell": "cnn", "receptive_field": 8},
    {"marks": "lines"}], ids=lambda c: "-".join(map(str, c.values())))
def test_any_tokens_and_a_cnn(runs_folder: Path, changes: dict[str, object]) -> None:
    app = game(trained(runs_folder, **changes).id)
    type_in(app, "e")
    app.button(key="game.pick.0").click().run()
    assert not app.exception and not app.error and len(guesses(app)) == 2


def test_chinese_text(runs_folder: Path) -> None:
    folder = trained(runs_folder, "小猫说：“你好，<b>世界$。”\n然后它走了。\n" * 200,
                     tokenizer="bytes")
    app = type_in(game(folder.id, "zh"), "小")
    app.button(key="game.pick.1").click().run()
    assert not app.exception and not app.error and "�" not in said(app)


def test_the_error_is_told_from_the_tenth_guess_on() -> None:
    app = game(DIALOGUE)
    for count in range(1, 11):
        app.button(key="game.none").click().run()
        answer = next(m.value for m in app.markdown if f"after {count} character" in m.value)
        assert ("±" in answer) == (count == 10)


def test_too_little_held_out_text_is_a_calm_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "FEWEST", 10**7)
    play.passage.clear()
    app = game(DIALOGUE)
    assert not app.error and not app.exception
    assert "Characters in the text" in said(app) and "needs at least 10" in said(app)


def test_what_cannot_be_played_is_told(runs_folder: Path) -> None:
    app = game(trained(runs_folder, validation_share=0.0).id)
    assert ["trained on all of its text" in error.value for error in app.error] == [True]
    broken = trained(runs_folder, small_text(6_000, seed=3), cell="rnn", activation="relu",
                     optimizer="sgd", learning_rate=30.0, clip_norm=0.0, warm_up_steps=0,
                     schedule="constant", max_steps=80)
    app = game(broken.id)
    assert ["no numbers" in error.value for error in app.error] == [True]
    app = game(trained_nothing(runs_folder).id)
    assert len(app.error) == 1 and not app.exception


def trained_nothing(root: Path) -> RunFolder:
    """A run whose checkpoints are gone."""
    folder = trained(root, small_text(6_000, seed=5))
    for path in folder.checkpoints.iterdir():
        path.unlink()
    return folder
