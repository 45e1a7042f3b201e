"""For the app tests of States and Gradients: small trained runs, and a page opened on one."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.run.directory import RunFolder
from rnnlm_core.worker import work
from tests.small_runs import new_run, small_text, with_plan

APP = Path(__file__).resolve().parents[2] / "app.py"
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def trained(root: Path, text: str | None = None, **changes: object) -> RunFolder:
    folder = with_plan(new_run(root, text or small_text(6_000), **{"max_steps": 12, **changes}))
    work(folder)
    return folder


def opened(page: str, run: str | None = None, language: str = "en") -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["lang"] = language
    if run is not None:
        app.query_params["run"] = run
    app.run()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)
