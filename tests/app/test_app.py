"""What every page shares: a fault of ours is one sentence in the reader's language."""

import pytest

from rnnlm_ui import home_view
from tests.app.inside_pages import opened


@pytest.mark.a_page_fails
@pytest.mark.usefixtures("own_runs_folder")
@pytest.mark.parametrize(("language", "words"), [("en", "could not be shown"), ("zh", "无法显示")])
def test_a_page_that_fails_says_so_without_a_traceback(language, words, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("secret/path")

    monkeypatch.setattr(home_view, "finding", broken)
    app = opened("home", language=language)

    assert [words in error.value for error in app.error] == [True]
    assert not any("secret" in text.value for text in [*app.markdown, *app.error])
