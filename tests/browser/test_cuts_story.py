"""A character is asked for with the mouse, and the rules are shown for its place."""

import re

from playwright.sync_api import expect

PATIENCE = 60_000  # milliseconds; two busy cores load a page in several seconds


def test_a_click_on_a_character_shows_its_place(app, page):
    tab = page(app, "generate?lang=en&run=names-lstm&writing=cuts&cut_text=LATIN+SMALL&cut_at=9")
    expect(tab.get_by_text(re.compile("“A”, which stands here"))
           ).to_be_visible(timeout=PATIENCE)
    tab.locator(".coloured-text [data-i='6']").click(timeout=PATIENCE)
    expect(tab.get_by_text(re.compile("“S”, which stands here"))).to_be_visible(timeout=PATIENCE)
    tab.get_by_role("button", name="Text", exact=False).click(timeout=PATIENCE)
    expect(tab.get_by_role("spinbutton", name="Place")).to_have_value("7", timeout=PATIENCE)
    tab.wait_for_url(re.compile("cut_at=7"), timeout=PATIENCE)
