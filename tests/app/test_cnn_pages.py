"""A CNN carries no state: the pages that look into one say so, and say it as no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.inside_pages import LANGUAGES, opened, said, trained


@LANGUAGES
@pytest.mark.parametrize("page", ["states", "gradients"])
def test_it_is_a_calm_note(runs_folder: Path, page: str, language: str) -> None:
    app = opened(page, trained(runs_folder, cell="cnn", receptive_field=8).id, language)
    assert not app.error
    assert any("CNN" in line and line.startswith(":gray[") for line in said(app).split("\n"))
