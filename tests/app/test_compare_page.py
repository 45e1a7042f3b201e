"""The Compare page as a visitor finds it: the answer, what is chosen, the forms for more runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch
from rnnlm_core.records import Card
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import compare_runs, compare_table, session
from tests.app.inside_pages import LANGUAGES, opened, said, trained

pytestmark = pytest.mark.usefixtures("runs_folder")


@pytest.fixture(scope="module")
def two(runs_folder: Path) -> tuple[RunFolder, RunFolder]:
    """One that learns and one that can hardly."""
    return (trained(runs_folder, max_steps=30, learning_rate=0.03),
            trained(runs_folder, max_steps=30, cell="gru", learning_rate=1e-6))


def table(app: AppTest) -> object:
    return app.dataframe[0].value


def test_without_own_runs_it_shows_the_shipped_ones_and_offers_a_race() -> None:
    app = opened("compare")
    assert "these runs read different texts" in said(app)
    assert list(table(app)["shown"]) == [True, True]
    assert app.button(key="experiment.race").label.endswith("Race: RNN, GRU, LSTM]")


@LANGUAGES
def test_the_answer_names_the_better_run_and_claims_no_more_than_one_seed_shows(
        two: tuple[RunFolder, RunFolder], language: str) -> None:
    app = opened("compare", language=language, runs=f"{two[0].id}.{two[1].id}")
    answer = next(m.value for m in app.markdown if "LSTM" in m.value and "GRU" in m.value)
    finals = [launch.status(folder).final_validation for folder in two]
    assert finals[0] is not None and finals[1] is not None and finals[0] < finals[1]
    assert answer.startswith("**LSTM") and f"{finals[0]:.2f}" in answer
    assert {"en": "one seed each", "zh": "各只有一个种子"}[language] in answer
    assert "overlap" not in answer and "重叠" not in answer


def test_the_chosen_runs_are_marked_and_their_differing_settings_have_columns(
        two: tuple[RunFolder, RunFolder]) -> None:
    app = opened("compare", runs=f"{two[0].id}.{two[1].id}")
    frame = table(app)
    assert dict(zip(frame["run"], frame["shown"], strict=True)) == {
        two[0].id: True, two[1].id: True, "names-lstm": False, "dialogue2-gru": False}
    assert "learning_rate" in frame and "hidden" not in frame
    assert app.query_params["runs"] == f"{two[0].id}.{two[1].id}"


def test_a_run_of_the_address_that_is_gone_is_left_out(two: tuple[RunFolder, RunFolder]) -> None:
    app = opened("compare", runs=f"{two[0].id}.20200101-000000-0000.<b>")
    frame = table(app)
    assert list(frame["run"][frame["shown"]]) == [two[0].id]
    assert "Mark a second run" in said(app)


def test_filters_keep_the_rows_that_fit(two: tuple[RunFolder, RunFolder]) -> None:
    app = opened("compare")
    app.text_input(key="compare.filter").set_value("gru finished").run()
    assert list(table(app)["run"]) == [two[1].id]
    app.text_input(key="compare.filter").set_value("no such run").run()
    assert "No run fits" in said(app) and not app.dataframe


def test_what_a_person_writes_is_kept_and_searched(two: tuple[RunFolder, RunFolder]) -> None:
    rows = compare_runs.rows()
    at = next(i for i, row in enumerate(rows) if row.id == two[0].id)
    shipped = next(i for i, row in enumerate(rows) if row.id == "names-lstm")
    compare_table.keep_said(rows, {at: {"star": True, "note": "very\n good  "},
                                   shipped: {"name": "mine"}})
    assert two[0].card() == Card("", "very good", True)
    assert RunFolder(launch.models_root() / "names-lstm").card() == Card()
    app = opened("compare")
    app.toggle(key="compare.starred").set_value(True).run()
    assert list(table(app)["run"]) == [two[0].id]
    app.text_input(key="compare.filter").set_value("VERY").run()
    assert list(table(app)["note"]) == ["very good"]


def test_a_name_of_ones_own_stands_for_the_settings(two: tuple[RunFolder, RunFolder]) -> None:
    two[1].write_card(Card("slow *one*"))
    app = opened("compare", runs=f"{two[0].id}.{two[1].id}")
    assert r"slow \*one\*" in said(app)
    two[1].write_card(Card())


def test_a_sweep_says_how_many_runs_and_how_long_before_it_starts(
        runs_folder: Path, two: tuple[RunFolder, RunFolder]) -> None:
    before = [folder.id for folder in launch.list_runs(runs_folder)]
    app = opened("compare", max_seconds="20.0")
    app.multiselect(key="experiment.settings").set_value(["hidden", "cell"]).run()
    app.text_input(key="experiment.values.hidden").set_value("8，16 32").run()
    app.multiselect(key="experiment.values.cell").set_value(["rnn", "gru"]).run()
    assert "**6 runs, about" in said(app)
    assert app.button(key="experiment.start.sweep").label == "Start 6 runs"
    app.slider(key="experiment.seeds_each").set_value(3).run()
    assert "**18 runs, about" in said(app)
    assert [folder.id for folder in launch.list_runs(runs_folder)] == before


def test_values_that_cannot_work_are_one_sentence(two: tuple[RunFolder, RunFolder]) -> None:
    app = opened("compare")
    app.multiselect(key="experiment.settings").set_value(["hidden"]).run()
    app.text_input(key="experiment.values.hidden").set_value("64, 9999, x").run()
    assert not app.exception
    assert len(app.error) == 1 and "9,999" in app.error[0].value.replace("\\", "")
    assert not [b for b in app.button if b.key == "experiment.start.sweep"]


def test_at_most_twelve_are_compared(two: tuple[RunFolder, RunFolder]) -> None:
    many = ".".join(f"20200101-000000-00{n:02}" for n in range(20))
    app = opened("compare", runs=f"{two[0].id}.{many}")
    assert len(app.query_params["runs"].split(".")) == session.MOST_COMPARED
