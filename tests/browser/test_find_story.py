"""Finding units in a real browser: a row of the table, and stretches that are marked by clicks."""

import re

from playwright.sync_api import expect

from rnnlm_ui.runs import DIALOGUE

PATIENCE = 60_000  # milliseconds; two busy cores load a page in several seconds
HEAD, ROW = 38, 35  # pixels of the table


def says(tab, pattern):
    expect(tab.get_by_text(re.compile(pattern)).first).to_be_visible(timeout=PATIENCE)


def test_a_click_on_a_row_looks_at_its_label_and_unit(app, page):
    tab = page(app, f"states?lang=en&run={DIALOGUE}&tool=find")
    says(tab, "Unit 14 tells inside from outside quotation marks")
    says(tab, "Inside quotes: unit 14 alone decides")
    table = tab.get_by_test_id("stDataFrame").first
    table.click(position={"x": 120, "y": HEAD + 1.5 * ROW})
    says(tab, r"above \d+ or not: unit \d+ alone decides")


def test_stretches_are_marked_by_two_clicks_and_taken_away(app, page):
    tab = page(app, f"states?lang=en&run={DIALOGUE}&tool=find")
    says(tab, "Inside quotes: unit 14 alone decides")
    tab.get_by_text("or mark it in the text").click()
    says(tab, "Click the first character")
    text = tab.locator(".coloured-text").first
    for first, last in ((0, 8), (30, 40)):
        says(tab, "Click the first character")
        text.locator(f"span[data-i='{first}']").click()
        says(tab, "now click the last character")
        text.locator(f"span[data-i='{last}']").click()
        expect(tab.get_by_role("button", name="✕")).to_have_count(
            1 if first == 0 else 2, timeout=PATIENCE)
    says(tab, "One text")
    tab.get_by_role("button", name="Take all away").click()
    expect(tab.get_by_role("button", name="✕")).to_have_count(0, timeout=PATIENCE)
    says(tab, "alone decides")
