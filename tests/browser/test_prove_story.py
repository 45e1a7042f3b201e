"""Proving in a real browser: the switch that flips the prediction, by mouse and by keyboard."""

import re

from playwright.sync_api import expect

PATIENCE = 60_000  # milliseconds


def test_a_held_unit_flips_the_prediction_and_the_text_that_is_written(app, page):
    tab = page(app, "states?lang=en&tool=prove")
    expect(tab.get_by_text(re.compile("turns the space into “_”"))).to_be_visible(timeout=PATIENCE)
    free, changed = (tab.get_by_role("listbox", name=name) for name in (
        re.compile("written untouched"), re.compile("written with the change")))
    expect(changed.locator("[aria-selected=true]")).to_have_count(1, timeout=PATIENCE)
    assert "_" in changed.inner_text() and changed.inner_text() != free.inner_text()

    text = tab.get_by_role("listbox", name=re.compile("the span of the change is underlined"))
    span = text.locator(".marked")
    expect(span).to_have_count(3)
    colour = "el => getComputedStyle(el).backgroundColor"
    inside, before = span.first.evaluate(colour), text.locator("span[data-i]").nth(20).evaluate(
        colour)
    assert inside != before  # the held value against the unit's own outside quotes

    # the other mean: nothing changes, and the page says what that means
    tab.get_by_role("button", name=re.compile("mean elsewhere")).click()
    expect(tab.get_by_text(re.compile("changes nothing here"))).to_be_visible(timeout=PATIENCE)
    expect(tab.get_by_text(re.compile("no proof that it is unused"))).to_be_visible()
    tab.wait_for_function("([el, fill]) => getComputedStyle(el).backgroundColor !== fill",
                          arg=[span.first.element_handle(), inside], timeout=PATIENCE)

    # a click on a character takes the span along
    text.locator("span[data-i='12']").click(position={"x": 3, "y": 8})
    expect(text.locator(".marked").first).to_have_attribute("data-i", "9", timeout=PATIENCE)
    expect(text.locator(".marked")).to_have_count(3)
