"""A reader goes from tool to tool, and back by the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from rnnlm_ui.i18n import translate

PATIENCE = 30_000


def test_back_shows_the_tool_before_and_forth_the_one_after(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "gradients?lab=textbook&lang=en")

    def shows(tool: str) -> None:
        expect(lab.get_by_role("heading", level=1)).to_have_text(
            translate("en", f"gradients.question.{tool}"), timeout=PATIENCE)
        # written last: only then there is something to go back from
        expect(lab).to_have_url(re.compile(f"lab={tool}"), timeout=PATIENCE)

    def press(tool: str) -> None:
        lab.get_by_role("radio", name=translate("en", f"gradients.tool_name.{tool}")).click()
        shows(tool)

    shows("textbook")
    press("room")
    press("clip")
    lab.go_back()
    shows("room")
    lab.go_back()
    shows("textbook")
    lab.go_forward()
    shows("room")
