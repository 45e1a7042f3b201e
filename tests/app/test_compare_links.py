"""Compare: links to runs that are not here, and what closes once runs have been started."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnnlm_core import launch
from rnnlm_core.run.directory import RunFolder
from tests.app.inside_pages import LANGUAGES, opened, trained


@pytest.fixture(scope="module")
def run(runs_folder: Path) -> RunFolder:
    return trained(runs_folder)


@LANGUAGES
def test_a_link_to_runs_that_are_not_here_is_one_sentence(run: RunFolder, language: str) -> None:
    app = opened("compare", language=language, runs=f"{run.id}.20200101-000000-0000.<b>*x*")
    assert len(app.error) == 1
    told = app.error[0].value
    assert r"20200101\-000000\-0000" in told and r"\<b\>\*x\*" in told and run.id not in told
    assert list(app.dataframe[0].value["run"][app.dataframe[0].value["shown"]]) == [run.id]


def test_without_a_link_nothing_is_missing(run: RunFolder) -> None:
    assert not opened("compare").error and not opened("compare", runs=run.id).error


def test_the_form_of_a_sweep_closes_once_it_has_been_started(
        run: RunFolder, runs_folder: Path) -> None:
    app = opened("compare", hidden=8, embedding=8, max_steps=2, max_seconds=0.0)
    app.session_state["experiment.open.sweep"] = True
    app.multiselect(key="experiment.settings").set_value(["batch"]).run()
    app.text_input(key="experiment.values.batch").set_value("2 4").run()
    assert app.session_state["experiment.open.sweep"]
    before = len(launch.list_runs(runs_folder))
    app.button(key="experiment.start.sweep").click().run()
    assert not app.error and len(launch.list_runs(runs_folder)) == before + 2
    assert not app.session_state["experiment.open.sweep"]
