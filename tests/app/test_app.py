"""What every page shares: a fault of ours is one sentence in the reader's language."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_ui import home_view

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.mark.a_page_fails
@pytest.mark.parametrize(("language", "words"), [("en", "could not be shown"), ("zh", "无法显示")])
def test_a_page_that_fails_says_so_without_a_traceback(language, words, tmp_path, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("secret/path")

    monkeypatch.setenv("UNROLL_RUNS", str(tmp_path))
    monkeypatch.setattr(home_view, "finding", broken)
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["lang"] = language
    app.run()

    assert [words in error.value for error in app.error] == [True]
    assert not app.exception
    assert not any("secret" in text.value for text in [*app.markdown, *app.error])
