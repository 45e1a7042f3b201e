"""For the app tests: small trained runs, a page as a link opens it, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.run.directory import RunFolder
from rnnlm_core.worker import work
from rnnlm_ui.generate.writing import Writing
from tests.small_runs import new_run, small_text, with_plan

APP = Path(__file__).resolve().parents[2] / "app.py"
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def trained(root: Path, text: str | None = None, **changes: object) -> RunFolder:
    folder = with_plan(new_run(root, text or small_text(6_000), **{"max_steps": 12, **changes}))
    work(folder)
    return folder


def weights(folder: RunFolder) -> dict[str, bytes]:
    """All kept checkpoints, to the bit: looking at a run changes none."""
    kept = {path.name: path.read_bytes() for path in folder.checkpoints.iterdir()}
    assert kept
    return kept


def opened(page: str, run: str | None = None, language: str = "en", **query: object) -> AppTest:
    """A page as a link to it with these query parameters shows it."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    query |= {"lang": language} | ({} if run is None else {"run": run})
    app.query_params.update({name: str(value) for name, value in query.items()})
    app.run()
    return go(app, page)


def go(app: AppTest, page: str) -> AppTest:
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


def writing(app: AppTest) -> Writing:
    """What the Generate page writes in."""
    kept: Writing = app.session_state["keep.generate.writing"]
    return kept
