"""What the dialog for a fork starts, whatever interrupts the page meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui import time_machine
from tests.app.inside_pages import trained


@pytest.fixture(scope="module")
def run(runs_folder: Path) -> RunFolder:
    return trained(runs_folder, max_steps=50)


def dialog(run: RunFolder, name: str, value: float) -> AppTest:
    """At step 22, one setting changed, just before Start."""
    def page(path: str) -> None:  # AppTest closes a real dialog at each run
        from rnnlm_core.run.directory import RunFolder
        from rnnlm_ui import fork_view

        fork_view.panel(RunFolder(path), 22, True)

    app = AppTest.from_function(page, args=(str(run.path),), default_timeout=60).run()
    app.multiselect(key="fork.changes").set_value([name]).run()
    app.segmented_control(key="fork.budget").set_value("double").run()
    app.number_input(key=f"fork.{name}").set_value(value)  # together with the press
    return app


def test_a_fork_is_made_once_and_looked_at_whatever_interrupts_the_page(
        run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    before, looked = launch.list_runs(run.path.parent), list[RunFolder]()
    real = time_machine.go_to

    def interrupted(folder: RunFolder, step: int | None) -> Any:
        looked.append(folder)
        if len(looked) == 1:
            st.rerun()  # a newer look at the page, in the worst moment
        real(folder, step)

    monkeypatch.setattr(time_machine, "go_to", interrupted)
    app = dialog(run, "learning_rate", 0.5)
    app.button(key="fork.start").click().run()
    assert not app.exception and not app.error
    [made] = [f for f in launch.list_runs(run.path.parent) if f.id not in {b.id for b in before}]
    origin = made.origin()
    assert origin is not None and (origin.parent, origin.step) == (run.id, 22)
    assert origin.changed["learning_rate"] == 0.5 and made.config().max_steps == 44
    assert [folder.id for folder in looked] == [made.id, made.id]


def test_settings_that_do_not_go_are_one_sentence_and_make_no_run(run: RunFolder) -> None:
    before = len(launch.list_runs(run.path.parent))
    app = dialog(run, "backprop_length", 2048)
    app.multiselect(key="fork.changes").set_value(["backprop_length", "windows"]).run()
    app.selectbox(key="fork.windows").set_value("random")
    app.button(key="fork.start").click().run()
    assert len(app.error) == 1 and len(launch.list_runs(run.path.parent)) == before
