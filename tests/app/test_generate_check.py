"""Check, as a visitor of the Generate page finds it: six looks at four kinds of text."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.lab import Run
from rnnlm_core.prepared import divided
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import runs
from rnnlm_ui.generate.branches import Part
from rnnlm_ui.generate.check import VIEWS
from rnnlm_ui.generate.check_text import SOURCES
from rnnlm_ui.generate.check_two import halfway
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import new_run

pytestmark = pytest.mark.usefixtures("runs_folder", "on_a_quick_machine")
MODELS = Path(__file__).resolve().parents[2] / "models"
ODD = ("\x07\u202e<b>bold</b> **no** $x^2$ \U0001f468\u200d\U0001f469\u200d\U0001f467 "
       "\u0634\u0643\u0631\u0627 end")
# looks at a text that can be typed here: AppTest sends a select box back in English alone
TYPED = [(view, language) for view in VIEWS[:-1] for language in ("en", "zh")
         if (view, language) != ("two", "zh")]


def check(run: str, view: str = "surprise", language: str = "en", **query: object) -> AppTest:
    return opened("generate", run, language, writing="check", check=view, **query)


def fine(app: AppTest) -> AppTest:
    assert not app.exception and not app.error
    return app


def read(app: AppTest, text: str) -> AppTest:
    """Type a text of one's own, where that is chosen."""
    return app.text_area(key="check_own").set_value(text).run()


def numbers(app: AppTest) -> list[float]:
    """Those of the answer."""
    bold = next(m.value for m in app.markdown if m.value.startswith("**"))
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", bold)]


# -- every look, every text, both languages ----------------------------------------------------
@LANGUAGES
@pytest.mark.parametrize("view", VIEWS[:-1])
def test_each_look_answers_with_numbers(view: str, language: str) -> None:
    for source in SOURCES[:-1]:
        assert numbers(fine(check(DIALOGUE, view, language, check_text=source)))
    app = check(DIALOGUE, view, language, check_text="own")
    assert translate(language, "generate_check.empty") in said(fine(app))
    if (view, language) in TYPED:
        assert numbers(fine(read(app, "the horse left and the cloud said so again")))


@LANGUAGES
@pytest.mark.parametrize("of", ["best", "every"])
def test_calibration_is_of_the_network_and_of_no_text(of: str, language: str) -> None:
    app = fine(check(DIALOGUE, "calibration", language, check_guess=of))
    assert not any(box.key == "check_text" for box in app.segmented_control)
    error, chance = (float(n) for n in re.findall(r"\d\.\d", next(
        m.value for m in app.markdown
        if m.value.startswith(translate(language, "generate_check.calibration.error")[:8])))[:2])
    assert 0 < chance < error < 3 and numbers(app)


def test_controls_lead_from_look_to_look_and_text_to_text() -> None:
    app = check(DIALOGUE)
    for view in reversed(VIEWS):
        app.segmented_control(key="check").set_value(view).run()
        assert numbers(fine(app))
    app.segmented_control(key="check").set_value("repeats").run()
    for source in ("sample", "own", "held_out"):
        app.segmented_control(key="check_text").set_value(source).run()
    before = numbers(fine(app))
    app.button(key="check.next").click().run()
    assert numbers(fine(app)) != before
    app.segmented_control(key="check").set_value("calibration").run()
    app.segmented_control(key="check_guess").set_value("every").run()
    assert "groups" in said(fine(app))


@LANGUAGES
def test_its_own_text_surprises_as_it_expects_and_safe_text_less(language: str) -> None:
    app = check(DIALOGUE, check_text="sample", language=language)
    surprise, entropy, band = numbers(app)[:3]
    assert abs(surprise - entropy) <= band + 0.01
    before = said(app)
    app.button(key="check.another").click().run()
    assert said(fine(app)) != before
    app.slider(key="check_temperature").set_value(0.3).run()
    surprise, entropy = numbers(fine(app))[:2]
    assert surprise < entropy
    told = translate(language, "generate_check.surprise.bent_below")
    assert told.split("{")[0] in said(app)
    app.slider(key="check_temperature").set_value(0.0).run()
    assert numbers(fine(app))


def test_the_text_that_was_written_is_the_one_that_is_checked() -> None:
    app = opened("generate", DIALOGUE)
    app.select_slider(key="pace").set_value("at_once").run()
    app.chat_input(key="generate.prompt").set_value("the horse ").run()
    written = app.session_state["keep.generate.writing"]
    app.segmented_control(key="writing").set_value("check").run()
    fine(app)
    assert "Nothing was written" not in said(app)
    mine = sum(token.surprise for token in written.tokens) / len(written.tokens)
    assert numbers(app)[0] == pytest.approx(mine, abs=0.006)
    app.segmented_control(key="check").set_value("repeats").run()
    length = len(written.text) - len("the horse ")
    assert f"in these {length} characters" in said(fine(app))


# -- each look against what is known otherwise ---------------------------------------------------
def test_repeats_of_a_known_text() -> None:
    app = read(check(DIALOGUE, "repeats", check_text="own"), "the horse left. " * 5)
    # 80 characters: 73 places, the first 16 begin something new
    assert numbers(app)[0] == round(100 * 57 / 73)
    assert "more than in any held-out passage" in said(fine(app))
    read(app, "the horse left.")
    assert "No 8 characters in a row come twice" in said(fine(app))


def test_a_passage_of_the_training_text_is_found_at_its_place() -> None:
    training = divided(RunFolder(Run(Path("models") / NAMES).path)).training
    line = training.count("\n", 0, 20_000) + 1
    passage = training[20_000:20_200]
    app = read(check(NAMES, "copied", check_text="own"), passage)
    assert numbers(app)[0] == 200 and "longer than in any held-out passage" in said(app)
    assert f"Line {line:,} of the training text, character 20,001" in said(app)
    read(app, "QZQZQZQZQZ")
    assert "Nothing is copied" in said(fine(app))


def test_the_loop_is_that_of_the_states_page() -> None:
    text = Run(Path("models") / DIALOGUE).validation_text[:500]
    here = fine(check(DIALOGUE, "loop", check_text="held_out"))
    there = opened("states", DIALOGUE, tool="move", move="loop")
    there.text_area(key="states_text").set_value(text).run()
    sentence = next(m.value for m in here.markdown if m.value.startswith("**"))
    assert sentence.split(" have stood")[0].rsplit(". ", 1)[0] in said(there)


def test_two_models_are_compared_with_a_cnn_too(runs_folder: Path) -> None:
    other = trained(runs_folder, cell="cnn", receptive_field=8)
    folder = trained(runs_folder, cell="gru")
    app = check(folder.id, "two", check_text="held_out")
    app.selectbox(key="check_two_run").select(other.id).run()
    fine(app)
    bits = re.findall(r"\d\.\d\d", app.markdown[0].value)
    back = check(other.id, "two", check_text="held_out")
    back.selectbox(key="check_two_run").select(folder.id).run()
    assert len(bits) == 2
    assert re.findall(r"\d\.\d\d", fine(back).markdown[0].value) == bits[::-1]


def test_two_models_begin_with_two_that_have_learned(runs_folder: Path) -> None:
    """A middle moment of the run; the shipped one instead where it has the same vocabulary."""
    app = fine(check(DIALOGUE, "two", check_text="held_out"))
    assert app.selectbox(key="check_two_run").value == DIALOGUE
    steps = [int(s.removeprefix("step ").replace(",", ""))
             for s in app.selectbox(key="check_two_step").options]
    chosen = app.selectbox(key="check_two_step").value
    assert abs(chosen - max(steps) / 2) == min(abs(s - max(steps) / 2) for s in steps)
    assert 0 < chosen < max(steps)
    assert halfway([0, 12], without=12) == 0 and halfway([0, 5, 12], without=5) in (0, 12)
    assert halfway([7], without=7) == 7
    alike = trained(runs_folder)
    shutil.copy(MODELS / NAMES / "tokenizer.json", alike.path / "tokenizer.json")
    assert getattr(runs.shipped_alike(alike), "id", None) == NAMES
    assert runs.shipped_alike(RunFolder(MODELS / NAMES)) is None


def test_a_text_has_one_surprise_under_both_looks() -> None:
    """With and without `<unk>` 4,000 X’s differed by 0.03 bits; on text that is read all the same
    the looks give the same number."""
    text = "X" * 4_000
    alone = numbers(read(check(NAMES, check_text="own"), text))
    two = numbers(read(check(NAMES, "two", check_text="own"), text))
    assert alone[0] in two


# -- any network -------------------------------------------------------------------------------
@pytest.mark.parametrize("changes", [
    {"cell": "cnn", "receptive_field": 8}, {"cell": "rnn", "layers": 2},
    {"tokenizer": "words"}, {"tokenizer": "bytes"}, {"tokenizer": "bpe", "max_vocabulary": 300},
    {"tokenizer": "chinese", "text": "今天天气很好，我们去公园。\n" * 300},
    {"marks": "lines"}], ids=str)
def test_every_look_of_every_kind_of_network(runs_folder: Path, changes: dict[str, object]
                                             ) -> None:
    changes = dict(changes)
    text = changes.pop("text", None)
    folder = trained(runs_folder, text if isinstance(text, str) else None, **changes)
    app = check(folder.id)
    for view in VIEWS:
        app.segmented_control(key="check").set_value(view).run()
        assert numbers(fine(app))
    app.segmented_control(key="check").set_value("surprise").run()
    for source in SOURCES[:3]:
        app.segmented_control(key="check_text").set_value(source).run()
        assert numbers(fine(app)) and "�" not in said(app)


def test_an_earlier_moment_says_which_network_wrote(runs_folder: Path) -> None:
    app = opened("generate", NAMES)
    app.segmented_control(key="writing").set_value("check").run()
    assert "it is read by that of step" not in said(fine(app))
    kept = app.session_state["keep.generate.writing"]
    kept.branch.parts = (Part(0, 236),)
    app.segmented_control(key="check").set_value("repeats").run()
    assert "by the network of step 236; it is read by that of step 5,000" in said(fine(app))


# -- bad input ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("view", "language"), TYPED)
def test_odd_texts_have_a_sentence_or_are_read_letter_by_letter(view: str, language: str) -> None:
    app = check(DIALOGUE, view, language, check_text="own")
    for text in ("a", ODD, "☃☃☃☃☃☃☃☃☃☃☃☃", "the cloud said that it left. " * 200):
        read(app, text)
        assert not app.exception
        assert "<b>bold" not in said(app)
        assert len(app.error) <= 1
    assert translate(language, "states.text_cut", n="4,000") in said(app)


def test_nothing_known_of_a_text_is_said_and_one_character_is_a_limit() -> None:
    for view in VIEWS[:-1]:
        app = read(check(DIALOGUE, view, check_text="own"), "☃☃☃")
        assert not app.error and "Nothing is left to read" in said(app) and "for ☃" in said(app)
    app = read(check(DIALOGUE, check_text="own"), "a")
    assert not app.error and "needs at least 2" in said(app)
    read(app, "the ☃ horse")
    assert not app.error and "no id for ☃" in said(app)


@LANGUAGES
def test_too_little_text_has_no_verdict(language: str) -> None:
    app = check(DIALOGUE, language=language, check_text="own")
    short = translate(language, "generate_check.surprise.short").split("**")[1]
    for text in ("th", "the horse left and t"):  # 1 and 19 guesses
        told = said(fine(read(app, text)))
        assert short in told and "inf" not in told.replace(":material/info:", "")
        assert "nan" not in told
    assert short not in said(fine(read(app, "the horse left and th")))
    unknown = translate(language, "generate_check.surprise.mostly_unknown").split("**")[1]
    assert unknown in said(fine(read(app, "the horse left and the horse left" + 40 * "☃")))
    assert unknown not in said(fine(read(app, "the horse left and the horse left" + 4 * "☃")))


def test_a_run_without_weights_or_with_nan_is_told_in_words(runs_folder: Path) -> None:
    waiting = new_run(runs_folder)
    app = check(waiting.id)
    assert not app.exception and len(app.error) == 1
    diverged = trained(runs_folder, cell="rnn", activation="relu", optimizer="sgd",
                       learning_rate=30.0, clip_norm=0.0, warm_up_steps=0, schedule="constant",
                       max_steps=80)
    for view in ("surprise", "loop", "two", "calibration"):  # the others read no network
        app = check(diverged.id, view, check_text="held_out")
        assert not app.exception and len(app.error) == 1
        assert "no numbers" in app.error[0].value


def test_checking_changes_no_weight(runs_folder: Path) -> None:
    folder = trained(runs_folder)
    before = weights(folder)
    app = check(folder.id)
    for view in VIEWS:
        app.segmented_control(key="check").set_value(view).run()
    fine(app)
    assert weights(folder) == before
