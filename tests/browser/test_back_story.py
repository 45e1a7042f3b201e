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


def test_ones_own_text_and_unit_come_back_by_a_reload_and_each_by_one_step_back(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "states?lang=en")
    text = lab.locator(".st-key-states_text textarea")
    unit = lab.locator(".st-key-states_unit input")
    expect(text).not_to_have_value("", timeout=PATIENCE)
    found, own = text.input_value(), 'the horse said "hello"\nand <b>left</b> & more 😀'
    text.fill(own)
    text.press("Control+Enter")
    expect(lab).to_have_url(re.compile("states_text=the.horse"), timeout=PATIENCE)
    unit.fill("5")
    unit.press("Enter")
    expect(lab).to_have_url(re.compile("states_unit=5"), timeout=PATIENCE)
    lab.reload()
    expect(text).to_have_value(own, timeout=PATIENCE)
    expect(unit).to_have_value("5", timeout=PATIENCE)
    lab.go_back()
    expect(unit).not_to_have_value("5", timeout=PATIENCE)
    expect(text).to_have_value(own, timeout=PATIENCE)
    lab.go_back()
    expect(text).to_have_value(found, timeout=PATIENCE)
    lab.go_forward()
    expect(text).to_have_value(own, timeout=PATIENCE)
