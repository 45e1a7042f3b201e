"""A reader walks along the state's path and brushes a phrase, with mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from rnnlm_ui.i18n import translate

PATIENCE = 30_000


def ring(plot: Locator) -> float:
    found: float = plot.evaluate("el => el.data[el.layout.meta.walk.ring].x[0]")
    return found


def test_the_path_is_walked_along_and_the_zoom_stays(app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "states?tool=move&lang=en")
    plot = lab.get_by_role("img", name=re.compile("^The state after each"))
    expect(plot).to_have_attribute("data-drawn", re.compile("."), timeout=PATIENCE)
    button = lab.get_by_role("button", name=re.compile(translate("en", "component.walk_play")),
                             exact=False).last
    slider = lab.get_by_role("slider", name=translate("en", "component.walk_place"))
    slider.fill("3")
    expect(slider).to_have_value("3")
    plot.evaluate("el => Plotly.relayout(el, {'xaxis.range': [-2, 2]})")
    before = ring(plot)

    button.click()
    lab.wait_for_function("el => Number(el.value) >= 8", arg=slider.element_handle(),
                          timeout=PATIENCE)
    assert ring(plot) != before
    lab.locator(".live-plot-walk button").click()

    expect(lab.locator(".live-plot-walk button")).to_contain_text("▶")
    at = int(slider.input_value())
    # where the walk stopped is told to the page, which draws the chart anew around it
    lab.wait_for_function(
        "([el, at]) => el.layout.meta.walk.at === at", arg=[plot.element_handle(), at],
        timeout=PATIENCE)
    assert plot.evaluate("el => el._fullLayout.xaxis.range.map(Number)") == [-2, 2]
    assert int(slider.input_value()) == at


def test_a_phrase_is_brushed_by_clicks_by_dragging_and_with_keys(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "states?tool=match&lang=en")
    text = lab.locator(".coloured-text.brushing")
    expect(text).to_be_visible(timeout=PATIENCE)

    def brushed() -> str:
        return "".join(text.locator(".brushed").all_text_contents())

    def answered(phrase: str) -> None:
        expect(lab.get_by_text(re.compile(f"all through “{phrase}”")).first).to_be_visible(
            timeout=PATIENCE)
        assert brushed() == phrase

    text.locator("[data-i='6']").click()
    assert brushed() == "l"
    text.locator("[data-i='12']").click()
    answered("lantern")

    text.locator("[data-i='20']").hover()
    lab.mouse.down()
    text.locator("[data-i='27']").hover()
    lab.mouse.up()
    answered("mountain")

    text.focus()
    lab.keyboard.press("Home")
    for _ in range(4):
        lab.keyboard.press("Shift+ArrowRight")
    answered("paper")


def test_a_phone_sees_the_places_without_scrolling_sideways(
        app: Any, page: Callable[..., Page]) -> None:
    lab = page(app, "states?tool=match&lang=zh", width=390, locale="zh-CN")
    lines = lab.locator(".coloured-text.lines")
    expect(lines).to_be_visible(timeout=PATIENCE)
    lab.wait_for_function("el => el.scrollWidth <= el.clientWidth", arg=lines.element_handle(),
                          timeout=PATIENCE)
    assert lab.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == 390
