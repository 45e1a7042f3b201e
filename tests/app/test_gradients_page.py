"""The Gradients page as a visitor finds it: answer, choices, odd runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from rnnlm_core import launch
from rnnlm_ui.runs import NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained
from tests.small_runs import new_run, small_text

pytestmark = pytest.mark.usefixtures("runs_folder")


@LANGUAGES
def test_gradients_answers_for_untrained_and_trained(language: str) -> None:
    app = opened("gradients", NAMES, language)
    sentence = app.markdown[0].value
    assert all(name in sentence for name in ("RNN", "GRU", "LSTM")) and not app.error
    assert len(re.findall(r"\d+", sentence)) >= 6
    table = app.table[0].value
    assert len(table) == 6 and len(table.columns) == 5


def test_gradients_choices(runs_folder: Path) -> None:
    app = opened("gradients", NAMES)
    app.segmented_control(key="gradients_show").set_value("untrained").run()
    assert len(app.table[0].value) == 4
    app.segmented_control(key="gradients_show").set_value("trained").run()
    assert len(app.table[0].value) == 2
    app.segmented_control(key="gradients_relative").set_value("no").run()
    app.segmented_control(key="gradients_lags").set_value(50).run()
    assert not app.exception and not app.error


@pytest.mark.parametrize("changes", [
    {"cell": "lstm", "layers": 2}, {"cell": "rnn", "activation": "sigmoid"}], ids=str)
def test_gradients_shows_any_cell(runs_folder: Path, changes: dict[str, object]) -> None:
    app = opened("gradients", trained(runs_folder, **changes).id)
    assert not app.error
    app.segmented_control(key="gradients_relative").set_value("no").run()
    assert not app.error and not app.exception


def test_a_run_whose_text_is_gone_reads_what_it_wrote_itself(runs_folder: Path) -> None:
    folder = trained(runs_folder, small_text(6_000, seed=4))
    shutil.rmtree(folder.store)
    app = opened("gradients", folder.id)
    assert not app.error and "the run itself has written" in said(app)


def test_before_the_first_checkpoint_the_untrained_are_shown(runs_folder: Path) -> None:
    app = opened("gradients", new_run(runs_folder, small_text(6_000)).id)
    assert len(app.table[0].value) == 4 and not app.error
    assert "has not written a checkpoint" in said(app)


def test_too_little_text_is_said_in_the_answers_place(runs_folder: Path) -> None:
    app = opened("gradients", new_run(runs_folder, small_text(400)).id)
    assert [error.value for error in app.error] == [
        "Tokens in the text\\: 38\\; this view needs at least 44\\."]


@LANGUAGES
def test_a_run_that_does_not_exist(language: str) -> None:
    app = opened("gradients", "no-such-run", language)
    assert len(app.error) == 1 and app.table


# -- theory, layers, the course of training -------------------------------------------------------
@LANGUAGES
@pytest.mark.parametrize(("changes", "curves"), [
    ({"cell": "rnn"}, 3), ({"cell": "gru"}, 3), ({"cell": "lstm", "layers": 4, "hidden": 1}, 4)],
    ids=str)
def test_reach_stands_beside_theory_in_every_layer(
        runs_folder: Path, language: str, changes: dict[str, object], curves: int) -> None:
    app = opened("gradients", trained(runs_folder, **changes).id, language, gradients_show="theory")
    assert app.segmented_control(key="gradients_show").value == "theory"  # as the link says
    assert len(app.table[0].value) == curves and not app.error
    assert "σ" in said(app)
    for layer in range(1, int(str(changes.get("layers", 1)))):
        app.segmented_control(key="gradients_layer").set_value(str(layer)).run()
        assert len(app.table[0].value) == curves and not app.error and not app.exception


def test_the_bound_is_that_of_the_top_layer_alone(runs_folder: Path) -> None:
    app = opened("gradients", trained(runs_folder, cell="rnn", layers=2).id,
                 gradients_show="theory")
    assert "where the bound would allow" in said(app) and len(app.table[0].value) == 3
    app.segmented_control(key="gradients_layer").set_value("1").run()
    assert "holds for the top layer only" in said(app) and len(app.table[0].value) == 2


@LANGUAGES
def test_a_run_without_profiles_is_measured_at_its_kept_moments(
        runs_folder: Path, language: str) -> None:
    app = opened("gradients", trained(runs_folder, cell="gru", max_steps=40).id, language)
    told = {"en": "measured now at {} of 5", "zh": "在 5 个保留的时刻中测了 {} 个"}[language]
    assert told.format(1) in said(app)
    for n in range(2, 6):  # one more at each look
        app.run()
        assert told.format(n) in said(app)
        concluded = {"en": "step 0 to 40", "zh": "第 0 到 40 步"}[language] in said(app)
        assert concluded is (n == 5), n  # nothing is concluded from some of the moments
    assert not app.exception


def test_the_newest_moment_is_measured_first(
        runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnnlm_ui.gradients import reach_training

    steps, measured = [], reach_training._point

    def recorded(step: int, profile):
        steps.append(step)
        return measured(step, profile)

    monkeypatch.setattr(reach_training, "_point", recorded)
    opened("gradients", trained(runs_folder, cell="rnn", max_steps=40).id)
    assert steps == [40]


def test_a_run_that_diverged_is_said_to_have_diverged(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="rnn", activation="relu", initialisation="identity",
                     optimizer="sgd", learning_rate=50.0, clip_norm=0.0, sequence_length=32)
    assert launch.status(folder).state == "diverged"
    step = launch.status(folder).error["values"]["step"]
    for tool in ("reach", "taught"):
        app = opened("gradients", folder.id, lab=tool)
        assert f"**This run diverged at step {step}**" in said(app), tool
    assert "这次训练在第" in said(opened("gradients", folder.id, "zh"))


@LANGUAGES
def test_what_the_worker_wrote_is_shown_with_its_time_and_cost(
        runs_folder: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setattr("rnnlm_core.profiling.SHARE", 1e6)
    folder = trained(runs_folder, cell="lstm", layers=2)
    monkeypatch.undo()
    app = opened("gradients", folder.id, language)
    assert {"en": "Last profile at step 12", "zh": "最近一次测量在第 12 步"}[language] in said(app)
    assert {"en": "step 0 to 12", "zh": "第 0 到 12 步"}[language] in said(app)


def test_while_it_trains_the_first_profile_is_waited_for(
        runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = trained(runs_folder, cell="rnn")
    monkeypatch.setattr("rnnlm_ui.gradients.reach_training.runs.is_active", lambda _state: True)
    app = opened("gradients", folder.id)
    assert "The first profile of this run is taken as soon as" in said(app) and not app.error


def test_a_cnn_has_no_state_to_reach_back_to(runs_folder: Path) -> None:
    app = opened("gradients", trained(runs_folder, cell="cnn").id)
    assert not app.error and not app.exception and not app.table


def test_a_text_that_is_nearly_one_character(runs_folder: Path) -> None:
    """One of a single character is refused before it becomes a run."""
    app = opened("gradients", trained(runs_folder, "b" + "a" * 3_000, cell="gru").id)
    for shown in ("both", "theory"):
        app.segmented_control(key="gradients_show").set_value(shown).run()
        assert not app.error and not app.exception and "nan" not in said(app)


@pytest.mark.parametrize("name", ["gone", "../../etc", "A b"])
def test_a_link_to_what_can_be_no_run_is_told_as_one_to_a_run_that_is_gone(name: str) -> None:
    app = opened("gradients", name)
    assert len(app.error) == 1 and not app.exception
    assert "is not here" in app.error[0].value and app.error[0].value.count("etc") == (
        "etc" in name)
