"""The Train page: what could be better, one change to try, knobs of a run in hand."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch
from rnnlm_core.records import Event
from rnnlm_core.run.directory import RunFolder
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import new_run, small_text, wait_until, with_plan

SLOW = {"max_steps": 120, "learning_rate": 1e-5, "hidden": 8}

pytestmark = pytest.mark.usefixtures("runs_folder")


@pytest.fixture(scope="module")
def slow(runs_folder: Path) -> RunFolder:
    """Its learning rate is far too low; the unigram's loss, which it does not reach, is made up."""
    return trained(runs_folder, small_text(3_000), **SLOW)


@LANGUAGES
def test_a_finding_with_its_evidence_and_a_button(slow: RunFolder, language: str) -> None:
    app = opened("train", slow.id, language)
    text = said(app)
    assert ("What could be better?" if language == "en" else "还能改进什么？") in [
        head.value for head in app.subheader]
    assert "1e-05" in text
    assert ("looks too low" if language == "en" else "看来太低") in text
    assert r"1e\-05 → 0\.0001" in text
    assert "0" in app.button(key="diagnosis.rate_low").label  # the step it forks from


def test_looking_deeper_adds_what_the_weights_say(slow: RunFolder) -> None:
    app = opened("train", slow.id)
    assert "a step changes" not in said(app)
    app.button(key="diagnosis.deeper").click().run()
    assert not app.exception and not app.error
    assert "a step changes" in said(app) and "Clear signs" in said(app)
    assert app.button(key="diagnosis.deeper").disabled


def test_the_button_forks_and_shows_the_fork(slow: RunFolder, runs_folder: Path) -> None:
    before = {run.id for run in launch.list_runs(runs_folder)}
    app = opened("train", slow.id)
    app.button(key="diagnosis.rate_low").click().run()
    [made] = [run for run in launch.list_runs(runs_folder) if run.id not in before]
    origin = made.origin()
    assert origin is not None and (origin.parent, origin.step) == (slow.id, 0)
    assert made.config().learning_rate == pytest.approx(1e-4)
    assert app.query_params["run"] == made.id
    wait_until(lambda: launch.status(made).state == "finished")


def test_a_knob_turned_on_the_page_reaches_the_run(runs_folder: Path) -> None:
    folder = with_plan(new_run(runs_folder, small_text(3_000), max_steps=1_000_000))
    launch.start(folder)
    wait_until(lambda: launch.status(folder).state == "running" and launch.status(folder).step > 3)
    app = opened("train", folder.id)
    name = f"knob.{folder.id}.clip_norm"
    assert app.number_input(key=name).value == folder.config().clip_norm
    app.number_input(key=name).set_value(0.25).run()
    assert folder.control().knobs == {"clip_norm": 0.25}
    wait_until(lambda: any(e.kind == "knob" for e in folder.events()[0]), 20)
    [event] = [e for e in folder.events()[0] if e.kind == "knob"]
    assert event.values == {"name": "clip_norm", "value": 0.25, "before": 1.0}
    app.run()
    assert "Last changed after step" in said(app)
    launch.stop_for_good(folder)


def test_the_shipped_run_is_diagnosed_at_once() -> None:
    began = time.monotonic()
    app = opened("train", "names-lstm")
    assert "What could be better?" in [head.value for head in app.subheader]
    assert time.monotonic() - began < 30 and not app.error


def test_a_run_whose_folder_goes_while_it_is_watched_is_told_as_gone(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(3_000))
    app = opened("train", folder.id)
    shutil.rmtree(folder.path)
    app.run()
    assert not app.exception
    assert any(folder.id in plain for plain in map(unescaped, said_errors(app)))


def said_errors(app: AppTest) -> list[str]:
    return [element.value for element in (*app.error, *app.warning, *app.info, *app.markdown)]


def unescaped(text: str) -> str:
    return text.replace("\\", "")


def test_a_turned_knob_is_what_is_spoken_of(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(3_000))
    folder.write("events.jsonl", Event(5, 0.0, "knob", {
        "name": "learning_rate", "value": 0.25, "before": 4e-3}).to_json() + "\n")
    assert "AdamW 0\\.25" in said(opened("train", folder.id))
