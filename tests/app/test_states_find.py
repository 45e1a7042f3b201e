"""The Find tool as a visitor finds it: answer, table, a label of one's own, odd texts and runs."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch
from rnnlm_core.run.checkpoint import load_weights
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import entries
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE
from rnnlm_ui.states import find, find_table, own_label, reading
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")


def finder(run: str, language: str = "en", **query: object) -> AppTest:
    return opened("states", run, language, tool="find", **query)


def table(app: AppTest):  # type: ignore[no-untyped-def]
    return app.dataframe[0].value


def bars(app: AppTest) -> list[float]:
    """One unit, all units, the base rate."""
    line = next(m.value for m in app.markdown if "(base rate" in m.value)
    return [float(share) for share in re.findall(r"(\d+\.\d)%", line)]


# -- what is found --------------------------------------------------------------------------------
@LANGUAGES
def test_the_best_that_passed_is_the_answer_and_the_first_row(language: str) -> None:
    app = finder(DIALOGUE, language)
    answer = app.markdown[0].value
    assert answer.startswith("**") and "14" in answer and not app.error
    score, control, chance = map(float, re.findall(r"\d\.\d\d", answer)[:3])
    rows = table(app)
    assert list(rows.columns) == ["label", "unit", "verdict", "auc", "rank", "correlation",
                                  "within", "control", "chance", "spans"]
    first = rows.iloc[0]
    assert first["label"] == translate(language, "states.label.inside_quotes")
    assert (round(first["auc"], 2), round(first["control"], 2), round(first["chance"], 2)) == (
        score, control, chance)
    assert score > max(control, chance)
    passed = [v.startswith("✓") for v in rows["verdict"]]
    assert passed == sorted(passed, reverse=True) and passed[0]
    vowel = rows[rows["label"] == translate(language, "states.label.vowel")].iloc[0]
    assert vowel["verdict"] == f"✗ {translate(language, 'states.doubt.echo')}"
    assert vowel["within"] == 0


def test_one_unit_a_probe_and_the_base_rate() -> None:
    unit, probe, base = bars(finder(DIALOGUE))
    assert unit > 99 and probe > 99 and 60 < base < 70


def test_a_row_chooses_label_and_unit_in_all_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    app = finder(DIALOGUE)
    labels = list(table(app)["label"])
    row = labels.index("vowel")
    real = find_table.guarded_table

    def clicked(look, findings, chosen, place):  # type: ignore[no-untyped-def]
        if look.choice.unit == 14:  # as the browser says it
            for rows, cells in (([], [(row, "auc")]), ([99], []), ([], [])):
                find.session.set_widget("a table", {"selection": {"rows": rows, "cells": cells}})
                find_table._picked(findings, "a table")
            find_table._picked(findings, "no table")
            find.st.rerun()
        real(look, findings, chosen, place)

    monkeypatch.setattr(find, "guarded_table", clicked)
    app.run()
    assert not app.exception
    unit = app.number_input(key="states_unit").value
    assert unit == int(table(app)["unit"][row])
    assert f"**Vowel: unit {unit} alone decides" in said(app)
    app.segmented_control(key="tool").set_value("read").run()
    assert app.number_input(key="states_unit").value == unit and not app.exception


def test_another_unit_is_judged_on_the_same_label() -> None:
    app = finder(DIALOGUE)
    before = bars(app)
    app.number_input(key="states_unit").set_value(3).run()
    after = bars(app)
    assert "Inside quotes: unit 3 alone" in said(app)
    assert after[0] < before[0] and after[1:] == before[1:]
    app.selectbox(key="states_part").select("z").run()  # a gate was not searched
    assert "Inside quotes: unit 14 alone" in said(app) and not app.exception


def test_where_none_passes_it_is_said_plainly(runs_folder: Path) -> None:
    app = finder(trained(runs_folder).id)
    assert app.markdown[0].value.startswith("**No unit passes every guard here**")
    assert all(v.startswith("✗") for v in table(app)["verdict"])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("changes", [
    {"cell": "lstm"}, {"cell": "gru"}, {"cell": "rnn"}, {"cell": "rnn", "activation": "relu"},
    {"cell": "lstm", "tokenizer": "words"}, {"cell": "gru", "tokenizer": "bytes"}],
    ids=lambda changes: " ".join(changes.values()))
def test_any_cell_with_a_pattern_and_marks(runs_folder: Path, changes: dict[str, object],
                                           layers: int) -> None:
    text = small_text(30_000, seed=4) if "tokenizer" in changes else None
    folder = trained(runs_folder, text, layers=layers, **changes)
    app = finder(folder.id)
    app.text_input(key="find.pattern").set_value("bead|face").run()
    assert not app.exception and not app.error
    assert table(app)["label"][0] == "matches of bead|face"
    text = "bead face deed abba cad " * 8
    app.text_area(key="states_text").set_value(text).run()
    app.session_state["keep.find.marks"] = (text, [(2, 34), (70, 100)])
    app.run()
    assert not app.exception and not app.error
    assert {"matches of bead|face", "marked in the text"} <= set(table(app)["label"])


def test_the_unguarded_list_stands_there_until_the_guards_are_done(
        monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        find.st.stop()

    monkeypatch.setattr(find, "SOON", -1.0)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "found_units", never)
        app = finder(DIALOGUE)
        assert list(table(app).columns) == ["label", "unit", "verdict", "auc", "rank"]
        assert set(table(app)["verdict"]) == {"… unguarded"}
        assert "**Unguarded**" in said(app)
    app.run()
    assert "within" in table(app).columns and "**Unguarded**" not in said(app)


def test_an_earlier_moment_has_findings_of_its_own() -> None:
    early = finder(DIALOGUE, step=entries(RunFolder(launch.models_root() / DIALOGUE).checkpoints
                                          )[0].step)
    assert early.markdown[0].value != finder(DIALOGUE).markdown[0].value
    assert not early.exception


# -- a label of one's own --------------------------------------------------------------------------
def test_a_pattern_is_searched_and_its_unit_looked_at() -> None:
    app = finder(DIALOGUE)
    app.text_input(key="find.pattern").set_value('(?<=")[a-z_]+').run()
    first = table(app).iloc[0]
    assert first["label"] == 'matches of (?<=")[a-z_]+'
    assert first["auc"] > 0.9 and first["verdict"].startswith("✓")
    assert app.number_input(key="states_unit").value == int(first["unit"])
    told = app.markdown[0].value.replace("\\", "")
    assert told.startswith(f'**Your label “matches of (?<=")[a-z_]+”: unit {first["unit"]} tells')
    assert f"AUC {first['auc']:.2f} on text" in told
    app.text_input(key="find.pattern").set_value("[aeiou]").run()
    assert "echo" in table(app)["verdict"][0]
    told = app.markdown[0].value.replace("\\", "")
    assert told.startswith("**Your label “matches of [aeiou]”: no unit passes every guard.**")
    assert f"Nearest is unit {table(app).iloc[0]['unit']}, AUC" in told and "echo" in told
    app.text_input(key="find.pattern").set_value("").run()
    assert "matches" not in " ".join(table(app)["label"]) and not app.exception


@pytest.mark.parametrize(("pattern", "sentence"), [
    ("(((", "has a bracket that is not closed"),
    ("a)", "is no regular expression: character 2"), ("^", "takes in no character"),
    ("zebra", "matches nothing"),
    ("(a|aa|aaa)+(?=€)x", "matches nothing"), ("^paper lantern", "too few characters")])
def test_a_wrong_pattern_is_one_sentence_and_all_else_stays(pattern: str, sentence: str) -> None:
    app = finder(DIALOGUE)
    rows = len(table(app))
    app.text_input(key="find.pattern").set_value(pattern).run()
    assert not app.exception and len(app.error) == 1 and len(table(app)) == rows
    assert sentence in app.error[0].value.replace("\\", "")


def test_a_pattern_that_fails_leaves_no_unit_behind() -> None:
    app = finder(DIALOGUE)
    best = app.number_input(key="states_unit").value
    app.text_input(key="find.pattern").set_value("[aeiou]").run()
    assert app.number_input(key="states_unit").value != best
    app.text_input(key="find.pattern").set_value("(").run()
    assert app.number_input(key="states_unit").value == best
    assert f"Inside quotes: unit {best} is at" in said(app)
    assert app.markdown[0].value.startswith(f"**Unit {best} tells inside from outside quotation")
    app.number_input(key="states_unit").set_value(3).run()  # the reader's own stays
    app.text_input(key="find.pattern").set_value("zebra").run()
    assert app.number_input(key="states_unit").value == 3 and not app.exception


def test_marks_are_of_their_text_and_can_be_taken_away() -> None:
    app = finder(DIALOGUE)
    text = str(app.text_area(key="states_text").value)
    quote = text.index('"')
    app.toggle(key="find.marking").set_value(True).run()
    app.session_state["keep.find.marks"] = (text, [(0, 8), (quote, quote + 20)])
    app.run()
    row = table(app)[table(app)["label"] == "marked in the text"].iloc[0]
    assert row["spans"] == 2 and "one text" in row["verdict"]
    app.session_state["keep.find.label"] = "own_marks"
    app.run()
    assert "**One text**" in said(app)
    app.button(key=f"find.unmark.{quote}.{quote + 20}").click().run()
    assert table(app)["spans"][0] == 1
    app.button(key="find.unmark.0.8").click().run()
    assert "marked in the text" not in set(table(app)["label"])
    app.session_state["keep.find.marks"] = (text, [(0, 1)])
    app.run()
    assert [("At least 5 characters" in e.value) for e in app.error] == [True]
    app.text_area(key="states_text").set_value("another text").run()
    assert not app.error and not app.exception


# -- odd texts and runs ----------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["a", "he said\n<b>$€", "😀 b", "مرحبا a", "a" * 2_000])
def test_odd_texts_with_marks(text: str) -> None:
    app = finder(DIALOGUE)
    app.toggle(key="find.marking").set_value(True).run()
    app.text_area(key="states_text").set_value(text[:500]).run()
    assert not app.exception
    shown = str(app.text_area(key="states_text").value)
    app.session_state["keep.find.marks"] = (shown, [(0, len(shown) // 2)])
    app.run()
    assert not app.exception


def test_a_short_and_a_lost_text_can_still_be_marked(runs_folder: Path) -> None:
    lost = trained(runs_folder, small_text(6_000, seed=7), sequence_length=9)
    shutil.rmtree(lost.store)
    for folder in (trained(runs_folder, small_text(900, seed=8)), lost):
        app = finder(folder.id)
        assert not app.exception and not app.dataframe
        assert app.text_input(key="find.pattern").disabled
        text = str(app.text_area(key="states_text").value)
        app.session_state["keep.find.marks"] = (text, [(0, 7), (20, 30)])
        app.run()
        if len(text) > 40:
            assert list(table(app)["label"]) == ["marked in the text"]
        assert not app.exception


def test_chinese(runs_folder: Path) -> None:
    folder = trained(runs_folder, "小猫说：“你好，<b>世界$。”\n然后它走了。\n" * 200)
    assert not finder(folder.id, "zh").error
    app = finder(folder.id)
    app.text_input(key="find.pattern").set_value(r"(?<=“)[^”]+").run()
    assert not app.error and not app.exception


def test_looking_changes_nothing_of_the_run(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="lstm")

    def digests() -> dict[str, str]:
        return {str(p.relative_to(folder.path)): hashlib.sha256(p.read_bytes()).hexdigest()
                for p in folder.path.rglob("*") if p.is_file()}

    before = digests()
    weights = {n: t.clone() for n, t in load_weights(folder.checkpoints, None).weights().items()}
    app = finder(folder.id)
    app.text_input(key="find.pattern").set_value("face").run()
    assert digests() == before
    run = reading.runs.opened(folder)
    assert all((weights[n] == t).all() for n, t in run.model.state_dict().items())


def test_the_words_of_this_tool_know_the_names_of_the_core() -> None:
    from rnnlm_core.insight import own_labels

    assert (own_label.OWN_PATTERN, own_label.OWN_MARKS, own_label.PATTERN_LENGTH) == (
        own_labels.PATTERN, own_labels.MARKS, own_labels.LONGEST_PATTERN)
