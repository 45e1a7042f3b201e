"""Who taught whom, and truncation, as visitors of the Gradients page find them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from rnnlm_ui.session import reader_language
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import new_run, small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
CELLS = pytest.mark.parametrize("changes", [
    {"cell": "lstm"}, {"cell": "lstm", "layers": 2}, {"cell": "gru", "embedding": 0},
    {"cell": "gru", "layers": 2}, {"cell": "rnn"}, {"cell": "rnn", "activation": "relu"},
    {"cell": "rnn", "layers": 2, "activation": "sigmoid"}, {"cell": "lstm", "hidden": 1},
    {"cell": "lstm", "tokenizer": "words"}, {"cell": "gru", "tokenizer": "bytes"}],
    ids=lambda c: " ".join(str(v) for v in c.values()))


def lab(tool: str, run: str, language: str = "en", **query: object) -> AppTest:
    return opened("gradients", run, language, lab=tool, **query)


@pytest.fixture
def spoken(language: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """AppTest names options outside of the session, where the browser's language holds."""
    monkeypatch.setattr(reader_language, "_browser_language", lambda: language)
    return language


def begins(app: AppTest, language: str, key: str) -> str:
    start = re.split(r"\{", translate(language, key))[0]
    return next(m.value for m in app.markdown if start and start in m.value)


# -- who taught whom ------------------------------------------------------------------------------
@LANGUAGES
def test_taught_answers_with_shares_and_what_they_were_before(language: str) -> None:
    app = lab("taught", DIALOGUE, language)
    told = begins(app, language, "gradients_taught.answer")
    first, five, ten, before = (int(n.replace("−", "-")) for n in
                                re.findall(r"(−?\d+)\N{NO-BREAK SPACE}%", told))
    assert first < five and before > first  # it has learned to reach farther
    assert 80 < ten < 130
    assert not app.error and not app.exception


@LANGUAGES
def test_every_control_of_taught(spoken: str) -> None:
    app = lab("taught", NAMES, spoken)
    answers = [begins(app, spoken, "gradients_taught.answer")]
    for key, value in (("taught_tokens", "64"), ("taught_part", "c")):
        app.segmented_control(key=key).set_value(value).run()
        answers.append(begins(app, spoken, "gradients_taught.answer"))
    app.number_input(key="taught.from").set_value(500).run()
    answers.append(begins(app, spoken, "gradients_taught.answer"))
    assert len(set(answers)) == len(answers)
    for measure in ("shares", "sizes", "parts"):
        app.segmented_control(key="taught_measure").set_value(measure).run()
        start = translate(spoken, f"gradients_taught.bars.{measure}").split("{")[0]
        assert sum(start in m.value for m in app.markdown) == 1
    app.text_input(key="taught_own").set_value("LATIN SMALL LETTER A\nLATIN").run()
    assert begins(app, spoken, "gradients_taught.answer") not in answers
    assert not app.error and not app.exception


def test_a_click_asks_about_another_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlm_ui.gradients.taught_text.coloured_text", lambda *_, **__: 5)
    app = lab("taught", DIALOGUE)
    app.text_input(key="taught_own").set_value("he said so").run()
    assert "The guess of “i”" in said(app).replace("\\", "")
    assert app.session_state["keep.taught.place"][1] == 5


@CELLS
def test_both_tools_of_every_cell(runs_folder: Path, changes: dict[str, object]) -> None:
    folder = trained(runs_folder, max_steps=20, **changes)
    before = weights(folder)
    app = lab("taught", folder.id)
    seen = [begins(app, "en", "gradients_taught.answer")]
    if changes["cell"] == "lstm":
        app.segmented_control(key="taught_part").set_value("c").run()
        seen.append(begins(app, "en", "gradients_taught.answer"))
    if changes.get("layers") == 2:
        app.segmented_control(key="taught_layer").set_value("1").run()
        seen.append(begins(app, "en", "gradients_taught.answer"))
    assert not app.error and not app.exception
    assert len(set(seen)) == len(seen) or changes.get("hidden") == 1
    app.segmented_control(key="lab").set_value("truncate").run()
    assert begins(app, "en", "gradients_truncate.answer")
    if changes.get("layers") == 2:
        app.segmented_control(key="truncate_which").set_value("layer0").run()
        assert "W_hh of layer 1" in begins(app, "en", "gradients_truncate.answer")
    assert not app.error and not app.exception
    assert weights(folder) == before


def test_a_choice_that_another_run_has_not_gives_way(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="rnn")
    app = lab("taught", folder.id, taught_part="c", taught_layer=4, taught_tokens=7)
    assert not app.error and not app.exception
    assert app.segmented_control(key="taught_tokens").value == "32"


@pytest.mark.parametrize("text", ["🙂", "🙂🙂"])
def test_a_text_of_characters_without_an_id_is_told_so(text: str) -> None:
    app = lab("taught", DIALOGUE)
    app.text_input(key="taught_own").set_value(text).run()
    assert [e.value for e in app.error] == [
        "Nothing is left to read\\: the model has no id for 🙂\\. Write with characters of its own "
        "text\\."]


@pytest.mark.parametrize(("text", "code"), [
    ("a", "1"), ("", None), ("ab", None), ("he said 🙂\n🙂🙂", None),
    ("<b>*$\\_`{guess}%{x}", None), ("e" * 500, None)])
def test_odd_texts(text: str, code: str | None) -> None:
    app = lab("taught", DIALOGUE)
    app.text_input(key="taught_own").set_value(text).run()
    assert not app.exception
    assert [e.value.startswith(f"Tokens in the text\\: {code}") for e in app.error] == \
        ([True] if code is not None else [])
    app.text_input(key="taught_own").set_value("he said").run()  # nothing is lost
    assert not app.error


def test_taught_of_an_untrained_network(runs_folder: Path) -> None:
    folder = trained(runs_folder)
    assert translate("en", "gradients.answer_step_0") in said(lab("taught", folder.id, step=0))


def test_nothing_recurs_nothing_is_taught_from_afar(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="rnn", initialisation="orthogonal", gain=0.0, max_steps=1,
                     learning_rate=1e-6)
    told = begins(lab("taught", folder.id, step=0), "en", "gradients_taught.answer")
    assert "100\N{NO-BREAK SPACE}%" in told


# -- truncation -----------------------------------------------------------------------------------
@LANGUAGES
def test_truncate_answers_with_an_angle_and_the_runs_own(language: str) -> None:
    app = lab("truncate", NAMES, language)
    told = begins(app, language, "gradients_truncate.answer")
    angle, own = (float(n) for n in re.findall(r"([\d.]+)°", told))
    assert 90 > angle > own > 0  # 16 against the 64 it was trained with
    table = app.table[0].value
    assert len(table) == 8 and len(table.columns) == 5
    assert not app.error and not app.exception


@LANGUAGES
def test_every_control_of_truncate(spoken: str) -> None:
    app = lab("truncate", NAMES, spoken)
    answers = [begins(app, spoken, "gradients_truncate.answer")]
    app.select_slider(key="truncate_k2").set_value("8").run()
    answers.append(begins(app, spoken, "gradients_truncate.answer"))
    app.select_slider(key="truncate_k1").set_value("1").run()
    answers.append(begins(app, spoken, "gradients_truncate.answer"))
    app.segmented_control(key="truncate_which").set_value("everything").run()
    answers.append(begins(app, spoken, "gradients_truncate.answer"))
    assert len(set(answers)) == len(answers)
    angles = [float(re.findall(r"([\d.]+)°", a)[0]) for a in answers]
    assert angles[2] < angles[1]  # a shift of 1 gives every guess its whole reach
    app.toggle(key="truncate.guess_first").set_value(True).run()
    assert translate(spoken, "gradients_truncate.guess_now").split("{")[0] in said(app)
    assert not app.table
    guess = next(g for g in app.segmented_control if str(g.key).startswith("truncate.guess."))
    guess.set_value("middle").run()
    assert begins(app, spoken, "gradients_truncate.answer") and app.table
    assert not app.error and not app.exception


@pytest.mark.parametrize(("guess", "right"), [("small", False), ("large", True)])
def test_a_guess_is_told_whether_it_was_right(guess: str, right: bool) -> None:
    app = lab("truncate", NAMES, truncate_k2="1")
    app.toggle(key="truncate.guess_first").set_value(True).run()
    next(g for g in app.segmented_control if str(g.key).startswith("truncate.guess.")
         ).set_value(guess).run()
    assert ("is right" in said(app)) == right


@pytest.mark.parametrize(("changes", "words"), [
    ({"backprop_length": 4}, "k1 = 8, k2 = 4"), ({"backprop_length": 24}, "k1 = 8, k2 = 24"),
    ({"backprop_length": 2048}, "nothing is cut"), ({"windows": "random"}, "begin anywhere"),
    ({"carry_length": 16}, "empties the state every 16")], ids=str)
def test_how_the_run_itself_was_cut(runs_folder: Path, changes: dict[str, object], words: str
                                    ) -> None:
    folder = trained(runs_folder, **changes)
    assert words in begins(lab("truncate", folder.id), "en", "gradients_truncate.answer")


def test_a_reach_of_its_own_is_among_the_choices(runs_folder: Path) -> None:
    folder = trained(runs_folder, sequence_length=12)
    app = lab("truncate", folder.id, truncate_k2="12", truncate_k1="12")
    assert app.select_slider(key="truncate_k2").value == "12"
    assert "how this run trains" in begins(app, "en", "gradients_truncate.answer")


# -- both -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("tool", ["taught", "truncate"])
def test_runs_that_have_nothing_to_show(runs_folder: Path, tool: str) -> None:
    new = lab(tool, new_run(runs_folder, small_text(6_000)).id)
    assert translate("en", "inside.waiting") in said(new) and not new.error
    cnn = lab(tool, trained(runs_folder, cell="cnn").id)
    assert "A CNN has no state" in said(cnn) and not cnn.error
    assert not new.exception and not cnn.exception


@pytest.mark.parametrize("tool", ["taught", "truncate"])
def test_a_run_whose_text_is_gone(runs_folder: Path, tool: str) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=4))
    shutil.rmtree(folder.store)
    app = lab(tool, folder.id)
    assert not app.error and not app.exception
    assert "the run itself has written" in said(app)


def test_too_little_text(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(200), batch=1)
    app = lab("truncate", folder.id)
    assert [e.value.startswith("Tokens in the text") for e in app.error] == [True]
    taught = lab("taught", folder.id)
    assert begins(taught, "en", "gradients_taught.answer") and not taught.error
