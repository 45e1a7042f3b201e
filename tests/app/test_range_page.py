"""The learning-rate range test on the Train page: its answer, its rates, and what they change."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.insight.range_test import range_config
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.worker import work
from tests.app.inside_pages import LANGUAGES, opened, said
from tests.small_runs import new_run


@pytest.fixture(scope="module")
def tested(runs_folder: Path) -> RunFolder:
    """A real range test, trained in this process."""
    config = range_config(RunConfig(cell="rnn", embedding=8, hidden=16, batch=8, sequence_length=8))
    changes = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)
               if f.name != "corpus"}
    folder = new_run(runs_folder, **changes)
    work(folder)
    return folder


@LANGUAGES
def test_the_answer_names_two_rates_and_their_source(tested: RunFolder, language: str) -> None:
    app = opened("train", tested.id, language)
    told = said(app)
    assert "Smith 2017" in told and "fastai" in told
    assert app.button(key="range.steepest").label and app.button(key="range.tenth").label
    assert not app.error  # a loss that left all bounds is no failure here


def test_a_suggested_rate_goes_into_the_settings(tested: RunFolder) -> None:
    app = opened("train", tested.id)
    rate = app.button(key="range.steepest").label.split()[1]
    app.button(key="range.steepest").click().run()
    assert float(app.query_params["learning_rate"]) == float(rate)
    assert app.select_slider(key="form.learning_rate").value == float(rate)
    assert "schedule" not in app.query_params  # only the rate is taken over
