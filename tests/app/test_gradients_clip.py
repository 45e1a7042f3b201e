"""The clipping tool of the Gradients page as a visitor finds it: five parts, every control."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnnlm_core import launch, sweep
from rnnlm_core.clip_pair import pair
from rnnlm_core.nets.build import build
from rnnlm_core.worker import work
from rnnlm_ui.runs import NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import new_run, small_text, with_plan

pytestmark = pytest.mark.usefixtures("runs_folder")
PARTS = ("norms", "arrows", "cliff", "pair", "limits")


def clip(part: str, run: str | None = NAMES, language: str = "en", **query: object):
    return opened("gradients", run, language, lab="clip", clip=part, **query)


def answer(app) -> str:
    """The part's own sentence."""
    return next(e.value for e in app.markdown if e.value.startswith("**"))


def table(app) -> list[list[str]]:
    """The rows of the first table, its head left out."""
    lines = next(e.value for e in app.markdown if e.value.startswith("| ")).split("\n")[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


@pytest.fixture(scope="module")
def clipped_run(runs_folder: Path):
    """A run most of whose steps are clipped."""
    folder = new_run(runs_folder, small_text(6_000), clip_norm=0.05, cell="rnn", layers=2,
                     max_steps=20)
    names = [name for name, _ in build(folder.config(), 8).named_parameters()]
    work(with_plan(folder, parameter_names=names))
    return folder


@LANGUAGES
@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_by_a_link_and_answers_in_bold(part: str, language: str) -> None:
    app = clip(part, language=language)
    assert not app.error and not app.exception
    assert app.segmented_control(key="clip").value == part
    assert answer(app)


# -- this run --------------------------------------------------------------------------------------
@LANGUAGES
def test_the_share_of_clipped_steps_and_each_part(clipped_run, language: str) -> None:
    app = clip("norms", clipped_run.id, language)
    assert re.search(r"\*\*.*\d+ %.*\*\*", answer(app)) and "0.05" in answer(app)
    assert len(table(app)) == 4  # embedding, two layers, output
    if language == "en":  # a test cannot press an option by its translated name
        app.segmented_control(key="clip_by").set_value("parameter").run()
    else:
        app = clip("norms", clipped_run.id, language, clip_by="parameter")
    assert len(table(app)) == 1 + 2 * 4 + 2 and any("W\\_hh" in row[0] for row in table(app))
    assert all(float(row[2]) < float(row[1]) for row in table(app))  # clipped: smaller


def test_a_run_without_clipping_is_told_what_a_limit_would_do(runs_folder: Path) -> None:
    app = clip("norms", trained(runs_folder, clip_norm=0.0).id)
    assert "This run does not clip." in said(app) and not app.error


def test_a_run_clipped_by_value(runs_folder: Path) -> None:
    app = clip("norms", trained(runs_folder, clip_norm=0.0, clip_value=0.001).id)
    assert "by value at ± 0.001" in said(app) and not app.error


def test_a_run_of_before_the_parts_were_logged() -> None:
    assert "were not logged" in said(clip("norms", NAMES))


@LANGUAGES
@pytest.mark.parametrize("part", PARTS)
def test_a_run_that_has_not_begun(runs_folder: Path, part: str, language: str) -> None:
    app = clip(part, new_run(runs_folder, small_text(6_000)).id, language)
    assert not app.error and not app.exception and answer(app)


@pytest.fixture(scope="module")
def diverged_run(runs_folder: Path):
    folder = with_plan(new_run(
        runs_folder, small_text(6_000), cell="rnn", activation="relu", initialisation="identity",
        optimizer="sgd", learning_rate=50.0, clip_norm=0.0, sequence_length=32))
    work(folder)
    assert launch.status(folder).state == "diverged"
    return folder


@LANGUAGES
@pytest.mark.parametrize("part", PARTS)
def test_a_run_that_diverged(diverged_run, part: str, language: str) -> None:
    app = clip(part, diverged_run.id, language)
    assert not app.exception
    if part == "norms":
        assert ("It diverged at step" if language == "en" else "步发散") in answer(app)


def test_a_cnn_has_a_gradient_and_no_state(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="cnn")
    assert "dimensions" in said(clip("arrows", folder.id))
    app = clip("limits", folder.id)
    assert "CNN" in said(app) and "Adam" in said(app) and not app.error


def test_looking_changes_no_weights(clipped_run) -> None:
    before = weights(clipped_run)
    for part in PARTS:
        clip(part, clipped_run.id)
    assert weights(clipped_run) == before


# -- norm or value ---------------------------------------------------------------------------------
@LANGUAGES
def test_three_four_is_clipped_as_in_the_book(language: str) -> None:
    app = clip("arrows", language=language)
    told = answer(app)
    assert "(0.6, 0.8)" in told and "(0.5, 0.5)" in told and "8.13°" in told
    assert [row[1:] for row in table(app)] == [
        ["(3, 4)", "5.000", "0.00°"], ["(0.6, 0.8)", "1.000", "0.00°"],
        ["(0.5, 0.5)", "0.707", "8.13°"]]
    app.slider(key="clip.arrow_g1").set_value(4.0).run()
    assert "°" not in answer(app) and table(app)[2][3] == "0.00°"  # (4, 4) is cut alike
    app.slider(key="clip.arrow_norm").set_value(6.0).run()
    app.slider(key="clip.arrow_value").set_value(6.0).run()
    assert "(4, 4)" in answer(app)
    for key in ("clip.arrow_g1", "clip.arrow_g2"):
        app.slider(key=key).set_value(0.0)
    app.run()
    assert not app.exception and ("zero" if language == "en" else "零") in answer(app)


def test_this_runs_gradient_turns_the_more_the_harder_it_is_clipped(clipped_run) -> None:
    app = clip("arrows", clipped_run.id)
    turned = []
    for kept in (100, 50, 5):
        app.slider(key="clip.kept").set_value(kept).run()
        turned.append(int(re.search(r"turns by (\d+)°", said(app)).group(1)))
    assert turned[0] == 0 < turned[1] < turned[2]


# -- the cliff -------------------------------------------------------------------------------------
@LANGUAGES
def test_the_cliff_throws_one_walk_off_and_the_other_comes_down(language: str) -> None:
    app = clip("cliff", language=language)
    told = answer(app)
    assert "5,436" in told and "1,442" in told and "0.0005" in told
    app.segmented_control(key="clip_walker").set_value("clipped").run()
    for key, value in (("w", 6.8), ("b", -2.1), ("rate", 0.1), ("limit", 1.0)):
        app.slider(key=f"clip.cliff_{key}").set_value(value).run()
        assert not app.exception
    assert "5,436" not in answer(app)


# -- two real runs ---------------------------------------------------------------------------------
@LANGUAGES
def test_both_runs_start_and_one_diverges(
        own_runs_folder: Path, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The button makes both; the worker of each is played here, in this process."""
    monkeypatch.setattr(launch, "enqueue", lambda folders, user="": None)
    monkeypatch.setattr(launch, "keep_queue_going", lambda root: None)
    app = clip("pair", language=language)
    app.segmented_control(key="clip.limit").set_value(10.0)
    app.number_input(key="clip.seed").set_value(3).run()
    app.button(key="clip.start").click().run()
    assert not app.exception and not app.error
    free, clipped = sorted(launch.list_runs(own_runs_folder), key=lambda f: f.config().clip_norm)
    assert [f.config().clip_norm for f in (free, clipped)] == [0, 10]
    assert {f.config().seed for f in (free, clipped)} == {3}
    assert app.query_params["runs"] == f"{free.id}.{clipped.id}"
    work(with_plan(free))
    app.run()
    assert ("diverged at step" if language == "en" else "步发散") in answer(app)
    assert len(app.get("page_link")) >= 3


def test_a_pair_is_found_without_a_link_and_a_single_run_is_none(own_runs_folder: Path) -> None:
    assert "Guess" in answer(clip("pair"))
    trained(own_runs_folder)
    assert "Guess" in answer(clip("pair"))
    variants = pair(1.0, 1)
    sweep.create_group("sweep", variants, own_runs_folder)
    assert "Without clipping" in answer(clip("pair"))


@LANGUAGES
def test_a_pair_that_was_stopped_says_so_and_can_be_started_again(
        own_runs_folder: Path, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "enqueue", lambda folders, user="": None)
    monkeypatch.setattr(launch, "keep_queue_going", lambda root: None)
    app = clip("pair", language=language)
    app.button(key="clip.start").click().run()
    assert app.button(key="clip.start").disabled
    app.button(key="clip.stop").click().run()
    assert {launch.status(f).state for f in launch.list_runs(own_runs_folder)} == {"stopped"}
    for word in ({"en": ("stopped", "begins a new pair"), "zh": ("已停止", "重新开始")}[language]):
        assert word in answer(app)
    assert "starting" not in answer(app) and "正在启动" not in answer(app)
    app.button(key="clip.start").click().run()
    assert len(launch.list_runs(own_runs_folder)) == 4


def test_a_click_while_a_pair_goes_on_makes_no_second_one(
        own_runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "enqueue", lambda folders, user="": None)
    monkeypatch.setattr(launch, "keep_queue_going", lambda root: None)
    app = clip("pair")
    start = app.button(key="clip.start")
    start.click().run()
    start.click().run()  # as it still stands in a browser that has not drawn it anew
    assert len(launch.list_runs(own_runs_folder)) == 2


def test_a_stopped_pair_does_not_hide_an_earlier_one(
        own_runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "keep_queue_going", lambda root: None)
    earlier = sweep.create_group("sweep", pair(1.0, 1), own_runs_folder)
    for folder in earlier:
        folder.write("status.json", '{"state":"finished","step":5}')
    later = sweep.create_group("sweep", pair(1.0, 2), own_runs_folder)
    for folder in later:
        launch.cancel(folder)
    app = clip("pair", runs=".".join(folder.id for folder in later))
    assert "The newest pair was stopped" in said(app)
    shown = [link.proto.query_string for link in app.get("page_link")]
    assert any(f"run={earlier[0].id}" in query for query in shown)
    assert not any(f"run={later[0].id}" in query for query in shown)


# -- what it cannot do -----------------------------------------------------------------------------
@LANGUAGES
def test_the_reach_is_the_same_and_adam_hardly_sees_it(clipped_run, language: str) -> None:
    app = clip("limits", clipped_run.id, language)
    for factor in ("0.5", "0.1", "0.01"):
        app.segmented_control(key="clip_factor").set_value(factor).run()
        rows = table(app)
        assert all(row[1] == row[2] for row in rows[:3])  # rate, half-life, horizon
        assert rows[4][2] == f"{100 * float(factor):.3g} %"  # SGD
    assert not app.error
