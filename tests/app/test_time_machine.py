"""The time machine as a visitor finds it: one slider, every page, one moment a run, and forks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import Entry, entries
from rnnlm_ui import fork_view, session, time_machine
from tests.app.inside_pages import LANGUAGES, go, opened, said, trained
from tests.small_runs import wait_until

PAGES = ("train", "states", "gradients", "generate")


@pytest.fixture(scope="module")
def run(runs_folder: Path) -> RunFolder:
    return trained(runs_folder, max_steps=50)


def slider(app: AppTest) -> Any:
    return next(one for one in app.select_slider if (one.key or "").startswith("time.moment."))


def moment(app: AppTest) -> object:
    return slider(app).value


def test_a_moment_chosen_on_one_page_holds_on_all_and_in_the_address(run: RunFolder) -> None:
    app = opened("states", run.id)
    kept = [entry.step for entry in entries(run.checkpoints)]
    assert moment(app) == kept[-1] and "step" not in app.query_params
    slider(app).set_value(16).run()
    for page in PAGES:
        go(app, page)
        assert moment(app) == 16
        assert app.query_params["step"] == "16"


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_a_moment_shows_that_moment(run: RunFolder, page: str) -> None:
    app = opened(page, run.id, step=22)
    assert moment(app) == 22 and not app.error


@LANGUAGES
@pytest.mark.parametrize("page", PAGES)
def test_a_step_that_is_not_kept_is_refused_with_the_way_out(run: RunFolder, page: str,
                                                             language: str) -> None:
    app = opened(page, run.id, language, step=17)
    assert len(app.error) == 1
    assert "17" in app.error[0].value and "22" in app.error[0].value
    assert moment(app) == entries(run.checkpoints)[-1].step


def test_the_way_out_of_a_step_that_is_not_kept(run: RunFolder) -> None:
    app = opened("gradients", run.id, step=17)
    app.button(key="time.best").click().run()
    assert not app.error
    assert moment(app) == next(e.step for e in entries(run.checkpoints) if e.best)


def test_newest_and_best_are_one_press_away(run: RunFolder) -> None:
    app = opened("gradients", run.id, step=16)
    app.button(key="time.newest").click().run()
    assert moment(app) == entries(run.checkpoints)[-1].step
    assert "step" not in app.query_params
    app.button(key="time.best").click().run()
    assert moment(app) == next(e.step for e in entries(run.checkpoints) if e.best)


def test_the_slider_goes_back_to_where_a_button_has_taken_it_from(run: RunFolder) -> None:
    app = opened("gradients", run.id, step=16)
    app.button(key="time.newest").click().run()
    slider(app).set_value(16).run()
    assert moment(app) == 16 and app.query_params["step"] == "16"
    slider(app).set_value(22).run()
    assert moment(app) == 22


def test_what_a_busy_browser_says_late_takes_no_moment_back(run: RunFolder) -> None:
    app = opened("gradients", run.id, step=16)
    late = app._tree.get_widget_states()  # the slider at 16
    app.button(key="time.newest").click().run()
    app._run(late)
    assert moment(app) == entries(run.checkpoints)[-1].step and not app.exception


def test_each_run_has_its_own_moment(run: RunFolder, runs_folder: Path) -> None:
    other = trained(runs_folder, max_steps=30)
    app = opened("gradients", run.id, step=16)
    app.selectbox(key=f"run_picker.{run.id}").select(other.id).run()
    assert moment(app) == entries(other.checkpoints)[-1].step
    app.selectbox(key=f"run_picker.{other.id}").select(run.id).run()
    assert moment(app) == 16


def test_what_a_busy_browser_says_late_does_not_change_the_run(
        run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("train")
    late = app._tree.get_widget_states()  # what was shown before the run was chosen
    app.session_state["unroll.run"] = run.id  # as a press on Start does it
    app.run()
    chosen: list[str | None] = []
    monkeypatch.setattr(session, "choose_run", chosen.append)
    app._run(late)
    assert chosen == [] and not app.exception


def test_train_tells_of_the_moment_and_shows_no_later_sample(run: RunFolder) -> None:
    app = opened("train", run.id, step=22)
    assert any(re.search(r"bits per character\*\*.* at step ", text.value) and "step 22" in
               text.value for text in app.markdown)
    later = [s.step for s in run.samples()[0] if s.step > 22]
    assert later and not any(f"at step {step}]" in said(app) for step in later)


def test_the_last_moment_has_the_exact_loss_of_the_run(run: RunFolder) -> None:
    exact = launch.status(run).final_validation
    assert exact is not None
    told = said(opened("train", run.id, step=50, unit="nats"))
    assert f"**{exact:.2f} nats" in told and "at step 50, the last one" in told


def test_the_untrained_moment_says_so_on_gradients(run: RunFolder) -> None:
    assert "has not made a step yet" in said(opened("gradients", run.id, step=0))


def test_generate_writes_with_the_weights_of_the_moment(run: RunFolder) -> None:
    texts = {}
    app = opened("generate", run.id, step=0)
    for step in (0, 44, 0):
        slider(app).set_value(step).run()
        texts.setdefault(step, []).append(app.markdown[0].value)
    assert texts[0][0] == texts[0][1] != texts[44][0]


def test_a_damaged_history_is_one_sentence(runs_folder: Path) -> None:
    broken = trained(runs_folder, max_steps=20)
    (broken.checkpoints / "latest.json").write_text("{", "utf-8")
    for page in ("states", "gradients"):
        app = opened(page, broken.id, step=16)
        assert len(app.error) == 1


def test_a_walk_begins_at_the_first_moment_and_can_be_held(run: RunFolder) -> None:
    app = opened("gradients", run.id)
    app.button(key="time.walk").click().run()
    assert moment(app) == 0
    assert app.button(key="time.walk").label == "Hold"
    app.button(key="time.walk").click().run()
    assert moment(app) == 0 and app.button(key="time.walk").label == "Play"


# -- forks -----------------------------------------------------------------------------------------
def test_a_budget_counts_what_has_been_trained() -> None:
    config = RunConfig(max_seconds=120.0, max_steps=0)
    assert fork_view.with_budget(config, "2", 500, 30.2).max_seconds == 151.0
    doubled = fork_view.with_budget(config, "double", 500, 30.2)
    assert (doubled.max_steps, doubled.max_seconds) == (1000, 0.0)
    assert fork_view.with_budget(config, "same", 500, 30.2) == config
    assert "same" not in fork_view.budgets(config, 900, 120.0)
    assert "same" in fork_view.budgets(config, 900, 119.0)
    assert "double" not in fork_view.budgets(config, 0, 0.0)


def test_best_is_the_marked_moment_else_the_lowest_measured_near() -> None:
    listed = [Entry(step, "f", "s", False) for step in (0, 100, 200)]
    assert time_machine.best(listed, {1: 3.0, 110: 1.0, 190: 2.0}) == 100
    assert time_machine.best([*listed, Entry(150, "f", "s", True, best=True)], {110: 1.0}) == 150
    assert time_machine.best(listed, {}) is None


def test_training_longer_makes_a_fork_that_goes_on(run: RunFolder) -> None:
    app, before = opened("train", run.id), launch.list_runs(run.path.parent)
    app.button(key="longer.double").click().run()
    assert not app.exception and not app.error
    [forked] = [f for f in launch.list_runs(run.path.parent) if f.id not in {b.id for b in before}]
    origin = forked.origin()
    assert origin is not None and (origin.parent, origin.step) == (run.id, 50)
    wait_until(lambda: launch.status(forked).state == "finished")
    assert launch.status(forked).step == 100
    app = opened("train", forked.id)
    assert not app.error and "Forked from" in app.button(key="time.parent").label
    app.button(key="time.parent").click().run()
    assert app.query_params["run"] == run.id and app.query_params["step"] == "50"
