"""The first page: complete without torch, and the way back to a run of one's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui.i18n import translate
from tests.app.inside_pages import APP, LANGUAGES, opened, said
from tests.small_runs import new_run

pytestmark = pytest.mark.usefixtures("own_runs_folder")
HEAVY = ("torch", "datasets", "sklearn", "pandas", "scipy", "tsdownsample")
PROBE = f"""
import sys
from streamlit.testing.v1 import AppTest
from rnnlm_ui import warm
warm._AFTER_SECONDS = 3600
app = AppTest.from_file({str(APP)!r}, default_timeout=60).run()
assert not app.exception and len(app.subheader) == 2
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def home(**query: str) -> AppTest:
    app = opened("home", **query)
    assert not app.error
    return app


def links(app: AppTest) -> list[str]:
    return [element.proto.label for element in app.get("page_link")]


def test_the_first_paint_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], text=True, capture_output=True,
                          timeout=120, cwd=APP.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")


@LANGUAGES
def test_home_answers_with_numbers_and_names_both_models(language: str) -> None:
    app = home(language=language)
    assert app.title[0].value == translate(language, "home.title")
    assert "1.02" in app.markdown[0].value and "5.32" in app.markdown[0].value
    words = said(app)
    assert "LSTM 128" in words and "GRU 48" in words and "AUC" in words
    assert any(translate(language, "home.train") in label for label in links(app))
    assert not any(translate(language, "home.go_on", run="") in label for label in links(app))


@LANGUAGES
def test_a_run_of_ones_own_is_one_click_away(language: str, own_runs_folder: Path) -> None:
    folder = new_run(own_runs_folder)
    app = home(language=language)
    first = app.get("page_link")[0].proto
    assert first.label.startswith(translate(language, "home.go_on", run=""))
    assert f"run={folder.id}" in first.query_string


def test_the_run_looked_at_last_comes_before_a_newer_one(own_runs_folder: Path) -> None:
    older = new_run(own_runs_folder)
    older.path.rename(own_runs_folder / "20200101-000000-aaaa")
    new_run(own_runs_folder)
    app = home(run="20200101-000000-aaaa")
    assert "run=20200101-000000-aaaa" in app.get("page_link")[0].proto.query_string


def test_a_damaged_run_costs_nothing_but_its_own_line(own_runs_folder: Path) -> None:
    folder = new_run(own_runs_folder)
    (folder.path / "config.json").write_text("{")
    assert not any("Go on with" in label for label in links(home()))
